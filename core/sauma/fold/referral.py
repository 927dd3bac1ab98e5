"""Folds the steps of a referral: two writers, so two facts, the sender's referral and the receiver's status."""

from sauma.client import Client, FactState
from sauma.event import Referral
from sauma.fact import THE_THREE, Fact
from sauma.fold.change import Change, Context, Folded, Refusal
from sauma.fold.facts import authored, next_version, put
from sauma.fold.relationship import placed
from sauma.ids import referral_status_fact
from sauma.lifecycle import NEW, REFERRAL, REFERRAL_BY_SENDER
from sauma.making import replace
from sauma.places import Resident
from sauma.predicates import is_addressed_to, referral_state


def fold(change: Change, context: Context, body: Referral) -> Folded:
    """One step of a referral, by the table; made and cancelled are the sender's, all others the receiver's."""
    referral = _referral(change.client, body)
    state = referral_state(change.client, referral.fact) if referral else NEW
    then = REFERRAL.get((state, body.step))
    if then is None:
        return Refusal("step-not-possible" if referral or body.step == "made" else "unknown-referral")
    if body.step == "made":
        return _made(change, context, body)
    if referral is None:
        return Refusal("unknown-referral")
    if body.step in REFERRAL_BY_SENDER:
        if referral.fact.owner != context.event.source:
            return Refusal("not-the-sender")
        return change.facts(next_version(referral, author=context.event.source, status=then))
    return _answered(change, context, body, referral, then)


def _made(change: Change, context: Context, body: Referral) -> Folded:
    """A referral opens the client: its municipality, the identity, and what the receiver needs to begin."""
    if body.to_role not in THE_THREE or context.source.role not in THE_THREE:
        return Refusal("not-of-the-three")
    head = change.client.head
    municipality = head.municipality
    if body.municipality is not None and municipality is None:
        resident = context.places.resident(body.municipality)
        if not isinstance(resident, Resident):
            return Refusal(resident.reason if hasattr(resident, "reason") else "unknown-municipality")
        municipality = body.municipality
    if municipality != head.municipality:
        change = change.rights()  # an earlier referral to a role now has an address
    change = change.head(municipality=municipality, is_opened=True)
    if head.municipality is None:
        change = placed(change, context)
    address = (context.places.role_at(municipality, body.to_role) if municipality else None) or body.to_role
    folded = _facts(change, context, body, address)
    if isinstance(folded, Refusal):
        return folded
    referral = _referral(folded.client, body)
    if referral is None:
        return Refusal("referral-without-fact")
    return folded.facts(replace(referral, fact=replace(referral.fact, status="made")))


def _facts(change: Change, context: Context, body: Referral, address: str) -> Folded:
    """What the sender puts with its referral, which the fold addresses."""
    for step in body.facts:
        stated = step.put
        if step.step != "put":
            return Refusal("put-without-fact")  # other steps have conditions of their own, which are not asked here
        if stated is not None and stated.kind == "referral":
            step = replace(step, put=replace(stated, referral=body.referral, addressed_to=address))  # noqa: PLW2901 - the fold addresses it
        folded = put(change, context, step)
        if isinstance(folded, Refusal):
            return folded
        change = folded
    return change


def _answered(change: Change, context: Context, body: Referral, referral: FactState, then: str) -> Folded:
    """The receiver's status: addressed to the sender, status and reason code only."""
    if not is_addressed_to(referral.fact, context.source, ()):
        return Refusal("not-the-receiver")
    clear = {"status": then, **({"reason": body.reason} if body.reason else {})}
    source = context.event.source
    known = change.client.facts.get(referral_status_fact(body.referral))
    if known is None:
        status = Fact(
            id=referral_status_fact(body.referral),
            owner=source,
            kind="referral-status",
            category=2,
            handling="ordinary",
            version=1,
            status=then,
            author=source,
            referral=body.referral,
            addressed_to=referral.fact.owner,
            clear=clear,
        )
        return change.facts(authored(status, None), referral)
    return change.facts(next_version(known, author=source, status=then, clear=clear), referral)


def _referral(client: Client, body: Referral) -> FactState | None:
    return next(
        (s for s in client.facts.values() if s.fact.kind == "referral" and s.fact.referral == body.referral), None
    )
