"""Reads one register's resources out of the area's export folder, all of them each time, and says them in their order."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, assert_never

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
    Snapshot,
    Statement,
    Unreadable,
    WillGiven,
    WillWithdrawn,
)
from sauma_connectors.welfare_area import folder, wire
from sauma_connectors.welfare_area.inbound import (
    ERROR,
    NOT_YET,
    Patients,
    Reading,
    changed_at,
    fact_row,
    handling_of,
    key_of,
    state_of,
    stated_content,
)
from sauma_connectors.welfare_area.links import links
from sauma_connectors.welfare_area.patients import identity_of, municipality_of, patient, person_of
from sauma_connectors.welfare_area.shared import everything
from sauma_connectors.welfare_area.tasks import task
from sauma_connectors.welfare_area.terms import REGISTER_SYSTEM, Register
from sauma_connectors.welfare_area.validator import Unfit, parse, validate
from sauma_connectors.welfare_area.wills import is_will, will
from sauma_connectors.welfare_area.wire import Resource

READ = (
    "Patient",
    "Observation",
    "ClinicalImpression",
    "ServiceRequest",
    "CarePlan",
    "Goal",
    "Basic",
    "Task",
    "Consent",
)
"""The folders of the export that are read; any other is left alone."""


@dataclass(slots=True)
class _Read:
    """What one reading has found so far."""

    resources: list[tuple[str, Resource]] = field(default_factory=list)
    bad: list[Unreadable] = field(default_factory=list)
    is_whole: bool = True

    def refuse(self, row: str, error: Unfit, shown: str) -> None:
        """One bad resource: its row stands among the others, so that it is not taken for gone."""
        self.bad.append(Unreadable(row, error.fault.reason, f"{shown}: {error.fault.detail}"))


@dataclass(frozen=True, slots=True)
class WelfareAreaSource:
    """The export folder's resources of one register. It remembers nothing between readings."""

    register: Register
    root: Path

    def read(self) -> Snapshot:
        """All rows of this register, oldest first; not complete where a folder could not be read or a file was just going.

        A resource that cannot be read is one bad row, under the key that it has as a good one.
        """
        found = self._resources()
        patients = {key_of(r): r for _, r in found.resources if isinstance(r, wire.Patient)}
        reading = Reading(self.register, Patients(patients))
        statements: list[Statement] = []
        for shown, resource in found.resources:
            if isinstance(resource, wire.Patient):
                continue
            try:
                statements += _statements(reading, resource)
            except Unfit as error:
                found.refuse(key_of(resource), error, shown)
        statements += self._of_patients(reading, found, statements)
        statements = list(_with_answers(statements, found))
        rows: list[Statement | Unreadable] = [*sorted(statements, key=_order), *found.bad]
        return Snapshot(rows, is_complete=found.is_whole)

    def _resources(self) -> _Read:
        """The register's own resources; those of the other register, and what came from outside, are left out."""
        found = _Read()
        if not (self.root / folder.EXPORT).is_dir():
            found.refuse(
                "out", Unfit("unreadable-row", "the export folder", "is missing; is the share mounted?"), "out"
            )
        for resource_type in READ:
            try:
                for file in folder.files(self.root, folder.EXPORT, resource_type):
                    self._one(found, file, resource_type)
            except Unfit as error:
                found.is_whole = False
                found.refuse(f"out/{resource_type}", error, f"out/{resource_type}")
        return found

    def _one(self, found: _Read, file: folder.Found, resource_type: str) -> None:
        try:
            value = parse(folder.load(file))
            if value.get("resourceType") != resource_type:
                raise Unfit("wrong-shape", "resourceType", "is another than the folder's")
            if not _is_ours(value, self.register) or not _is_of(value, self.register):
                return
            resource = validate(value)
            if f"{resource.id}.json" != file.path.name:
                raise Unfit("wrong-shape", f"{resource_type}.id", "must be the file's name without .json")
            if resource.modifier_extension or resource.implicit_rules:
                where = f"{resource_type}.modifierExtension or implicitRules"
                raise Unfit("unknown-code", where, "changes the meaning in a way not known here; nothing was sent")
            if not _is_from_outside(resource, self.register):
                found.resources.append((file.shown, resource))
        except folder.Gone:
            found.is_whole = False
        except Unfit as error:
            found.refuse(file.shown.removeprefix("out/").removesuffix(".json"), error, file.shown)

    def _of_patients(self, reading: Reading, found: _Read, said: list[Statement]) -> Iterator[Statement]:
        """What patients say, for persons dealt with jointly: this register says something of them, or was given something."""
        started = {s.person for s in said if s.says == RelationshipStep("started")}
        joint = {s.person for s in said} | {Person(r.person) for r in everything(self.root, self.register)}
        told = {link.row for link in links(self.root, self.register)}
        for shown, resource in found.resources:
            if not isinstance(resource, wire.Patient):
                continue
            is_told = f"{key_of(resource)}#contact" in told
            is_marked = any(e.url == reading.url("necessary-for") for e in resource.extension)
            try:
                person = person_of(reading, resource)
                if person in joint or is_marked:
                    yield from patient(reading, resource, has_started=person in started, is_contact_shared=is_told)
            except Unfit as error:
                found.refuse(key_of(resource), error, shown)


def _statements(reading: Reading, resource: Resource) -> Iterator[Statement]:
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
    makers = [reading.identifier(c, "partner") for c in resource.contributor]
    providers = [
        reading.identifier(e.value_reference, "partner")
        for e in resource.extension
        if e.url == reading.url("service-provider")
    ]
    if None in makers or None in providers:
        raise Unfit("wrong-shape", "CarePlan.contributor", "names somebody who is no partner of the area")
    plan = Shared(shared) if shared else Own(key_of(resource))
    makers_, providers_ = ([EndpointId(name) for name in names if name] for names in (makers, providers))
    yield Statement(
        key_of(resource), person, PlanDeclared(plan, tuple(makers_), tuple(providers_)), changed_at(resource)
    )


def _with_answers(statements: list[Statement], found: _Read) -> Iterator[Statement]:
    """An answer newer than the item's own resource says how the item reads: the two files are written one after the other."""
    answers: dict[str, Statement] = {}
    for said in sorted(statements, key=_order):
        if isinstance(said.says, Answered) and said.says.fact is not None:
            answers[said.says.row] = said
    for said in statements:
        answer = answers.get(said.row)
        if answer is None or not isinstance(said.says, FactRow) or not isinstance(answer.says, Answered):
            yield said
        elif answer.person != said.person:
            fault = Unfit("wrong-shape", "Task.reasonReference", "names another person's row")
            found.refuse(answer.row, fault, answer.row)
        elif answer.says.fact is not None and answer.occurred_at > said.occurred_at:
            yield replace(said, says=answer.says.fact, occurred_at=answer.occurred_at)
        else:
            yield said


def _is_ours(value: dict[str, Any], register: Register) -> bool:
    """Whether the resource speaks in the area's joint codes at all; others are the area's own affair."""
    if value.get("resourceType") == "Patient":
        return True
    base = register.terms.codes("")
    return any(_codes_below(value.get(name), base) for name in ("code", "category"))


def _codes_below(value: object, base: str) -> bool:
    if isinstance(value, list):
        return any(_codes_below(item, base) for item in value)
    if not isinstance(value, dict):
        return False
    system = value.get("system")
    return (isinstance(system, str) and system.startswith(base)) or _codes_below(value.get("coding"), base)


def _is_of(value: dict[str, Any], register: Register) -> bool:
    """Whose the resource is, by its tags; raises Unfit where they do not tell. Only a patient may be of both registers."""
    meta = value.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    systems = {tag.get("system") for tag in tags if isinstance(tag, dict)} if isinstance(tags, list) else set()
    named = systems & set(REGISTER_SYSTEM.values())
    if not named or (len(named) > 1 and value.get("resourceType") != "Patient"):
        where = f"{value.get('resourceType')}.meta.tag"
        raise Unfit("wrong-shape", where, f"must name one register, by one of {', '.join(REGISTER_SYSTEM.values())}")
    return register.system in named


def _is_from_outside(resource: Resource, register: Register) -> bool:
    """No echo: what was received carries its origin, and is dropped should the area's system export it again."""
    return any(i.system == register.terms.identifiers("shared-fact") for i in resource.identifier)


def _order(said: Statement) -> tuple[int, int, str]:
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
