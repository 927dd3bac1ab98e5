"""What one resource of the export says, as statements, and in which order statements stand."""

from collections.abc import Iterator, Sequence
from typing import assert_never

from sauma.content import CATEGORY_OF
from sauma.fact import KINDS
from sauma.ids import EndpointId, FactId
from sauma_connectors.sdk.contract import (
    Answered,
    ClientApproved,
    ClientChanged,
    Confirmed,
    Corrected,
    FactRow,
    Own,
    Person,
    PlanDeclared,
    Proposed,
    ReferralAnswered,
    ReferralMade,
    RelationshipStep,
    Shared,
    Statement,
    WillGiven,
    WillWithdrawn,
)
from sauma_connectors.welfare_area import wire
from sauma_connectors.welfare_area.inbound import (
    ERROR,
    NOT_YET,
    Reading,
    changed_at,
    fact_row,
    handling_of,
    key_of,
    state_of,
    stated_content,
)
from sauma_connectors.welfare_area.patients import identity_of, municipality_of
from sauma_connectors.welfare_area.tasks import task
from sauma_connectors.welfare_area.validator import Unfit
from sauma_connectors.welfare_area.wills import is_will, will
from sauma_connectors.welfare_area.wire import Resource


def order(said: Statement) -> tuple[int, int, str]:
    """By time; at one moment a step opens before facts, an answer comes before the item it changes, a will comes last."""
    match said.says:
        case ClientChanged() | RelationshipStep() | ReferralMade() | ReferralAnswered():
            rank = 0
        case PlanDeclared():
            rank = 1
        case Answered():
            rank = 2
        case FactRow():
            rank = 3 if said.says.kind in KINDS and KINDS[said.says.kind].accompanies else 4
        case Proposed() | Confirmed() | ClientApproved():
            rank = 5
        case WillGiven() | WillWithdrawn():
            rank = 6
        case Corrected():
            rank = 7
        case _:
            assert_never(said.says)
    return said.occurred_at, rank, said.row


def statements_of(reading: Reading, resource: Resource) -> Iterator[Statement]:
    """What one resource says; raises Unfit. A patient is translated by itself, since it hangs on the others."""
    match resource:
        case wire.Task():
            said = task(reading, resource)
            if said is not None:
                yield said
        case wire.Consent():
            if is_will(reading, resource) and (said := will(reading, resource)) is not None:
                yield said
        case wire.CarePlan():
            yield from _plan(reading, resource)
        case wire.Observation() | wire.ClinicalImpression() | wire.Basic():
            yield from _fact(reading, resource, reading.code(resource.code, "joint-kind"), resource.subject)
        case wire.ServiceRequest() | wire.Goal():
            kind = next((k for c in resource.category if (k := reading.code(c, "joint-kind"))), None)
            yield from _fact(reading, resource, kind, resource.subject)


def _fact(reading: Reading, resource: Resource, kind: str | None, subject: wire.Reference) -> Iterator[Statement]:
    person = reading.person(subject, f"{resource.resource_type}.subject")
    key, at, state = key_of(resource), changed_at(resource), state_of(resource)
    if state == ERROR:
        yield Statement(f"{key}#entered-in-error", person, Corrected(key, "entered-in-error"), at)
    if state in (ERROR, NOT_YET):
        return
    content = stated_content(reading, resource, kind or "")
    proposal = next((e for e in resource.extension if e.url == reading.url("proposes-change-to")), None)
    is_proposal = isinstance(resource, wire.ServiceRequest) and resource.intent == "proposal"
    if proposal is None:
        if is_proposal:
            raise Unfit("wrong-shape", "ServiceRequest.extension(proposes-change-to)", "is missing")
        row = fact_row(reading, resource, kind or "", content)
        if kind == "referral" and isinstance(resource, wire.ServiceRequest):
            yield Statement(key, person, _referral(reading, resource, person, row), at)
        else:
            yield Statement(key, person, row, at)
        return
    parts = {e.url: e for e in proposal.extension}
    fact = parts["fact"].value_string if "fact" in parts else None
    version = parts["version"].value_positive_int if "version" in parts else None
    if fact is None or version is None:
        where = f"{resource.resource_type}.extension(proposes-change-to)"
        raise Unfit("wrong-shape", where, "needs fact and version of the item as it was delivered")
    category = CATEGORY_OF[type(content).__name__][0]
    yield Statement(key, person, Proposed(FactId(fact), version, content, category, handling_of(reading, resource)), at)


def _referral(reading: Reading, resource: wire.ServiceRequest, person: Person, row: FactRow) -> ReferralMade:
    role = reading.code(resource.performer_type, "partner")
    if role is None:
        raise Unfit("wrong-shape", "ServiceRequest.performerType", "names no partner role to refer to")
    identity = FactRow("identity", 1, identity_of(reading, person))
    return ReferralMade(role, municipality_of(reading, person), row, identity)


def _plan(reading: Reading, resource: wire.CarePlan) -> Iterator[Statement]:
    if resource.status not in ("active", "on-hold", "completed"):
        return
    person = reading.person(resource.subject, "CarePlan.subject")
    system = reading.register.terms.identifiers("shared-plan")
    shared = next((i.value for i in resource.identifier if i.system == system and i.value), None)
    makers = _partners(reading, resource.contributor, "contributor")
    providers = _partners(
        reading,
        [e.value_reference for e in resource.extension if e.url == reading.url("service-provider")],
        "extension(service-provider)",
    )
    plan = Shared(shared) if shared else Own(key_of(resource))
    declared = PlanDeclared(plan, makers, providers, is_kept_current=True)
    yield Statement(key_of(resource), person, declared, changed_at(resource))


def _partners(reading: Reading, references: Sequence[wire.Reference | None], element: str) -> tuple[EndpointId, ...]:
    found = [reading.identifier(reference, "partner") for reference in references]
    if None in found:
        raise Unfit("wrong-shape", f"CarePlan.{element}", "names somebody who is no partner of the area")
    return tuple(EndpointId(name) for name in found if name)
