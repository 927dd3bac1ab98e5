"""Folds one event into a client. Only here does a client change; refusals are values."""

from sauma.event import (
    Body,
    ClientChange,
    Correction,
    Facts,
    FactStep,
    PlanUpdate,
    Receipt,
    Referral,
    Relationship,
    Will,
    put_steps,
)
from sauma.fact import KINDS
from sauma.fold import facts, people, plans, receipts, referral, relationship, wills
from sauma.fold.change import Change, Context, Folded, Refusal, may_speak

__all__ = ["Change", "Context", "Folded", "Refusal", "fold"]


FACTS_MAX = 2_000
"""Facts of one client: a long life has some hundreds. A decision names every fact with each recipient, in one record, and
a log takes records of a few megabytes: a client of ten thousand facts stood still for ever, and its partition with it."""


def fold(change: Change, context: Context) -> Folded:
    """The client after the event, or the reason why it has no effect."""
    body = context.event.body
    refused = _may_not(change, context, body)
    if refused:
        return Refusal(refused)
    folded = _folded(change, context, body)
    # Only what puts facts is refused: whatever ends, withdraws or answers has to go on.
    facts_max = max(FACTS_MAX, len(change.client.facts))
    if isinstance(folded, Change) and len(folded.client.facts) > facts_max and put_steps(body):
        return Refusal("too-many-facts")
    return folded


def _folded(change: Change, context: Context, body: Body) -> Folded:
    match body:
        case Referral():
            return referral.fold(change, context, body)
        case PlanUpdate():
            return _plan(change, context, body)
        case Facts():
            return _steps(change, context, body.steps)
        case Relationship():
            return relationship.fold(change, context, body)
        case Will():
            return wills.fold(change, context, body)
        case ClientChange():
            return people.fold(change, context, body)
        case Correction():
            return people.correct(change, context, body)
        case Receipt():
            return receipts.fold(change, context, body)


def _may_not(change: Change, context: Context, body: Body) -> str:
    """Who may say what at all: only a referral or an assessment opens a client, only its own agencies speak of it."""
    head = change.client.head
    if isinstance(body, Receipt):
        return ""
    if isinstance(body, Will) and body.step == "withdrawn":
        return ""
    if head.has_died:
        return "client-died"
    if not head.is_opened:
        opens = (isinstance(body, Referral) and body.step == "made") or (
            isinstance(body, Relationship) and body.step == "started"
        )
        return "" if opens else "client-not-opened"
    if isinstance(body, Referral):
        return ""  # a referral has a ground of its own, party or not (TYM 381/2023 3 §)
    return "" if may_speak(head, context.source, context.places) else "not-a-party"


def _plan(change: Change, context: Context, body: PlanUpdate) -> Folded:
    declared = plans.declare(change, context, body)
    return declared if isinstance(declared, Refusal) else _steps(declared, context, body.steps)


def _steps(change: Change, context: Context, steps: tuple[FactStep, ...]) -> Folded:
    """All steps of one event, or none."""
    for step in steps:
        folded = _step(change, context, step)
        if isinstance(folded, Refusal):
            return folded
        change = folded
    return change


_PLAIN = {
    "close": facts.close,
    "void": facts.void,
    "mark": facts.mark,
    "confirm": plans.confirm,
    "approve": plans.approve,
    "propose": plans.propose,
    "accept": plans.accept,
    "decline": plans.decline,
    "settle": plans.settle,
}


def _step(change: Change, context: Context, step: FactStep) -> Folded:
    if step.step == "put":
        if step.put is not None and step.put.kind == "referral":
            return Refusal("kind-not-putable")  # a referral comes by its own steps, which address it
        joint = step.put is not None and step.put.kind in KINDS and KINDS[step.put.kind].is_joint
        return plans.put_joint(change, context, step) if joint else facts.put(change, context, step)
    handler = _PLAIN.get(step.step)
    return handler(change, context, step) if handler else Refusal("unknown-code")
