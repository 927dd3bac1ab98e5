"""Translates a task of the export: steps of the relationship, answers to referrals, confirmations, answers to proposals."""

import base64
import re
from collections.abc import Mapping

from sauma.ids import EndpointId, FactId
from sauma_connectors.sdk.contract import (
    Act,
    Answered,
    ClientApproved,
    Confirmed,
    FactRow,
    Own,
    Person,
    Reference,
    ReferralAnswered,
    RelationshipStep,
    Shared,
    Statement,
)
from sauma_connectors.welfare_area import wire
from sauma_connectors.welfare_area.inbound import Reading, changed_at, fact_row, key_of, stated_content
from sauma_connectors.welfare_area.validator import Unfit, validate

REFERRAL_STEP: Mapping[str, str] = {
    "received": "received",
    "accepted": "accepted",
    "rejected": "declined",
    "in-progress": "started",
    "on-hold": "interrupted",
    "completed": "completed",
    "cancelled": "cancelled",
}
"""FHIR's task status as a step of a referral."""

RELATIONSHIP_STEPS = (
    "started",
    "taking-part",
    "joined",
    "left",
    "reviewed",
    "end-proposed",
    "end-confirmed",
    "end-objected",
    "end-withdrawn",
    "annul",
    "annul-confirmed",
)
ANSWERS = ("accept", "decline", "settle")
CODES = ("relationship-step", "referral-answer", "confirmation", "client-approval", "answer")

_REASON = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_REASON_LENGTH_MAX = 40  # a reason is a code that travels in the clear: a sentence would not fit


def task(reading: Reading, resource: wire.Task) -> Statement | None:
    """What a task says, or None for one that has not been done; raises Unfit."""
    code = reading.code(resource.code, "joint-task")
    person = reading.person(resource.for_, "Task.for")
    if code not in CODES:
        raise Unfit("unknown-code", "Task.code", f"is none of {', '.join(CODES)}")
    if code == "referral-answer":
        return _referral_answer(reading, resource, person)
    if resource.status != "completed":
        return None
    says: Act
    match code:
        case "relationship-step":
            says = _relationship_step(reading, resource)
        case "confirmation":
            says = _confirmation(reading, resource)
        case "client-approval":
            says = _client_approval(reading, resource)
        case _:
            says = _answer(reading, resource, person)
    return Statement(key_of(resource), person, says, changed_at(resource))


def _referral_answer(reading: Reading, resource: wire.Task, person: Person) -> Statement | None:
    step = REFERRAL_STEP.get(resource.status)
    if step is None:
        if resource.status in ("draft", "requested", "ready", "entered-in-error"):
            return None
        raise Unfit("unknown-code", "Task.status", f"is no step of a referral; use {', '.join(REFERRAL_STEP)}")
    referral: Reference
    if (shared := reading.identifier(resource.focus, "shared-referral")) is not None:
        referral = Shared(shared)
    elif resource.focus is not None and (own := resource.focus.reference) is not None:
        referral = Own(own)
    else:
        raise Unfit("wrong-shape", "Task.focus", "names no referral; refer to it by its shared identifier")
    reason = reading.code(resource.status_reason, "reason")
    if reason is not None and not (_REASON.fullmatch(reason) and len(reason) <= _REASON_LENGTH_MAX):
        raise Unfit("unknown-code", "Task.statusReason", "must be a code such as full-capacity, never a sentence")
    says = ReferralAnswered(referral, step, reason)
    # One task may walk through several steps: each is said once, under its own key.
    return Statement(f"{key_of(resource)}#{step}", person, says, changed_at(resource))


def _relationship_step(reading: Reading, resource: wire.Task) -> RelationshipStep:
    step = reading.code(resource.business_status, "step")
    if step not in RELATIONSHIP_STEPS:
        raise Unfit("unknown-code", "Task.businessStatus", f"is none of {', '.join(RELATIONSHIP_STEPS)}")
    on_behalf_of = _input(reading, resource, "on-behalf-of").value_string
    evidence = _input(reading, resource, "evidence").value_string
    return RelationshipStep(step, evidence, EndpointId(on_behalf_of) if on_behalf_of else None)


def _confirmation(reading: Reading, resource: wire.Task) -> Confirmed:
    fact = _focused_fact(reading, resource)
    version = _input(reading, resource, "version").value_positive_int
    digest = _input(reading, resource, "digest").value_base64_binary
    if version is None or digest is None:
        raise Unfit("wrong-shape", "Task.input", "needs version and digest as they were delivered")
    return Confirmed(fact, version, base64.b64decode(digest))


def _client_approval(reading: Reading, resource: wire.Task) -> ClientApproved:
    evidence = _input(reading, resource, "evidence").value_string
    if evidence is None:
        raise Unfit("wrong-shape", "Task.input", "needs evidence: a reference into this register's own archive")
    own = resource.focus.reference if resource.focus else None
    return ClientApproved(None if own else _focused_fact(reading, resource), own, evidence)


def _answer(reading: Reading, resource: wire.Task, person: Person) -> Answered:
    step = reading.code(resource.business_status, "step")
    if step not in ANSWERS:
        raise Unfit("unknown-code", "Task.businessStatus", f"is none of {', '.join(ANSWERS)}")
    row = resource.reason_reference.reference if resource.reason_reference else None
    if row is None:
        raise Unfit("wrong-shape", "Task.reasonReference", "is missing; name the own row that the proposal is about")
    fact = None if step == "decline" else _item(reading, resource, row, person)
    return Answered(step, _focused_fact(reading, resource), row, fact)


def _item(reading: Reading, resource: wire.Task, row: str, person: Person) -> FactRow:
    """The item as it reads from now on: contained in the task, so that one file says the whole answer."""
    if len(resource.contained) != 1:
        raise Unfit("wrong-shape", "Task.contained", "must hold the item as it reads from now on, and nothing else")
    inner = validate(resource.contained[0])
    kind = "plan-item"
    if not isinstance(inner, wire.ServiceRequest) or row != key_of(inner):
        raise Unfit(
            "wrong-shape", "Task.contained[0]", "must be the own ServiceRequest that Task.reasonReference names"
        )
    if reading.person(inner.subject, "Task.contained[0].subject") != person:
        raise Unfit("wrong-shape", "Task.contained[0].subject", "is another person than the task's")
    # A contained resource may have no security labels of its own; the task's are its labels.
    labels = resource.meta.security
    return fact_row(reading, inner, kind, stated_content(reading, inner, kind), labels=labels)


def _focused_fact(reading: Reading, resource: wire.Task) -> FactId:
    fact = reading.identifier(resource.focus, "shared-fact")
    if fact is None:
        raise Unfit("wrong-shape", "Task.focus", "names no shared fact; refer to it by its shared identifier")
    return FactId(fact)


def _input(reading: Reading, resource: wire.Task, name: str) -> wire.TaskInput:
    found = (i for i in resource.input if reading.code(i.type, "task-input") == name)
    return next(found, wire.TaskInput(type=wire.CodeableConcept()))
