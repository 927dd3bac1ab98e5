"""The closed vocabulary of conditions: pure questions about one client, one fact and one recipient, in three values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sauma.client import Client, Given, WillState
from sauma.fact import Fact, Moment
from sauma.ids import EndpointId
from sauma.lifecycle import REFERRAL_ENDS
from sauma.places import Endpoint


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer hangs on something that nobody has told yet."""

    missing: str


Truth = bool | Unknown


@dataclass(frozen=True, slots=True)
class Question:
    """May this recipient hold this fact now? `disclosers` are those whose role the rule names."""

    client: Client
    fact: Fact
    disclosers: tuple[Endpoint, ...]
    recipient: Endpoint
    given: Given | None
    now: Moment


Predicate = Callable[[Question, WillState | None], Truth]


def is_addressed_to(fact: Fact, recipient: Endpoint, makers: tuple[EndpointId, ...]) -> bool:
    """Whether the fact's address, if it has one, is this recipient: by endpoint, by role, or as one of the plan's makers."""
    address = fact.addressed_to
    return address in (recipient.id, recipient.role) or (address == "makers" and recipient.id in makers)


def will_names(will: WillState, recipient: Endpoint) -> bool:
    """Whether the will speaks of this recipient, by endpoint or by role."""
    return recipient.id in will.will.recipients or recipient.role in will.will.recipients


def _makers(q: Question) -> tuple[EndpointId, ...]:
    plan = q.client.head.plan(q.fact.plan)
    return plan.makers if plan else ()


def _relationship_open(q: Question, _: WillState | None) -> Truth:
    return q.client.head.is_in_relationship


def _relationship_over(q: Question, _: WillState | None) -> Truth:
    return q.client.head.is_relationship_over


def _relationship_not_over(q: Question, _: WillState | None) -> Truth:
    return not q.client.head.is_relationship_over


def _recipient_is_party(q: Question, _: WillState | None) -> Truth:
    return q.recipient.id in q.client.head.parties


def _other_agency(q: Question, _: WillState | None) -> Truth:
    return any(discloser.agency != q.recipient.agency for discloser in q.disclosers)


def _taking_part_confirmed(q: Question, _: WillState | None) -> Truth:
    relationship = q.client.head.relationship
    return relationship is not None and relationship.is_confirmed


def _affects_employment(q: Question, _: WillState | None) -> Truth:
    return q.fact.marks.affects_employment is not None


def _necessary_for_recipient(q: Question, _: WillState | None) -> Truth:
    # Being a maker of a joint fact is the necessity: nobody can confirm what it may not see.
    if q.fact.is_joint and q.recipient.id in _makers(q):
        return True
    return q.fact.marks.necessity(q.recipient.role) is not None


def _necessary_for_service(q: Question, _: WillState | None) -> Truth:
    return bool(q.fact.marks.necessary_for)


def _marked_after_start(q: Question, _: WillState | None) -> Truth:
    """The marks that carry this release were journalled after the assessment started, not before (TYM 15 §)."""
    relationship, marks = q.client.head.relationship, q.fact.marks
    if relationship is None or marks.affects_employment is None:
        return False
    since = relationship.started_at
    for_anyone = q.recipient.role == "keha"
    necessities = (m for m in marks.necessary_for if for_anyone or m.role == q.recipient.role)
    return marks.affects_employment.journalled_at >= since and any(m.journalled_at >= since for m in necessities)


def _fact_in_force(q: Question, _: WillState | None) -> Truth:
    return not q.fact.is_joint or q.fact.kind == "relationship" or q.fact.status == "in-force"


def _addressed_to_recipient(q: Question, _: WillState | None) -> Truth:
    return is_addressed_to(q.fact, q.recipient, _makers(q))


def _referred_to_recipient(q: Question, _: WillState | None) -> Truth:
    """The referral, until it ends, or the relationship that it led to does, also for this recipient alone (TYM 3 §)."""
    relationship = q.client.head.relationship
    return (
        is_addressed_to(q.fact, q.recipient, ())
        and referral_state(q.client, q.fact) not in REFERRAL_ENDS
        and (relationship is None or (relationship.is_open and q.recipient.id in relationship.parties))
    )


def _recipient_is_owner(q: Question, _: WillState | None) -> Truth:
    return q.fact.owner == q.recipient.id and not q.fact.is_joint


def _provider_is_party_of_plan(q: Question, _: WillState | None) -> Truth:
    plan = q.client.head.plan(q.fact.plan)
    return plan is not None and q.recipient.id in plan.providers and q.client.head.is_in_relationship


def _holds_earlier_version(q: Question, _: WillState | None) -> Truth:
    return q.given is not None and q.given.is_live and q.given.version < q.fact.version


def _in_force(will: WillState, now: Moment) -> bool:
    said = will.will
    return (
        will.withdrawn_at is None
        and (said.valid_from is None or said.valid_from <= now)
        and (said.valid_until is None or now < said.valid_until)
    )


def covers(will: WillState, fact: Fact) -> bool:
    """Whether the fact lies in the will's scope; a will that names nothing covers nothing."""
    scope = will.will.scope
    sides = (
        (scope.facts, fact.id in scope.facts),
        (scope.kinds, fact.kind in scope.kinds),
        (scope.categories, fact.category in scope.categories),
        (scope.registers, fact.owner in scope.registers),
    )
    named = [is_inside for values, is_inside in sides if values]
    return bool(named) and all(named)


def _will_in_force(q: Question, will: WillState | None) -> Truth:
    return will is not None and _in_force(will, q.now) and will_names(will, q.recipient)


def _will_itemises_fact(q: Question, will: WillState | None) -> Truth:
    if will is None:
        return False
    return q.fact.id in will.will.scope.facts or q.fact.kind in will.will.scope.kinds


def _permit_in_force(q: Question, will: WillState | None) -> Truth:
    """A disclosure permit (luovutuslupa) is read from elsewhere: never read, or read too long ago, is not known."""
    if will is None:
        known = any(w.will.kind == "permit" for w in q.client.head.wills)
        return False if known else Unknown("permit")
    if not (will_names(will, q.recipient) and covers(will, q.fact) and _in_force(will, q.now)):
        return False
    read_at, age_ms_max = will.will.read_at, will.will.age_ms_max
    if read_at is not None and age_ms_max is not None and q.now > read_at + age_ms_max:
        return Unknown("permit-read-again")
    return True


def _no_prohibition(q: Question, _: WillState | None) -> Truth:
    return not any(
        will.will.kind == "prohibition"
        and _in_force(will, q.now)
        and (not will.will.recipients or will_names(will, q.recipient))
        and covers(will, q.fact)
        for will in q.client.head.wills
    )


def referral_state(client: Client, referral: Fact) -> str:
    """Where a referral stands: its receiver's word where there is one, unless the sender has cancelled it."""
    if referral.status in REFERRAL_ENDS:
        return referral.status
    for state in client.facts.values():
        is_word_on_it = state.fact.kind == "referral-status" and state.fact.referral == referral.referral
        if is_word_on_it and state.fact.status != "void":
            return state.fact.status
    return referral.status


PREDICATES: Mapping[str, Predicate] = {
    "relationship-open": _relationship_open,
    "relationship-over": _relationship_over,
    "relationship-not-over": _relationship_not_over,
    "recipient-is-party": _recipient_is_party,
    "other-agency": _other_agency,
    "taking-part-confirmed": _taking_part_confirmed,
    "affects-employment": _affects_employment,
    "necessary-for-recipient": _necessary_for_recipient,
    "necessary-for-service": _necessary_for_service,
    "marked-after-start": _marked_after_start,
    "fact-in-force": _fact_in_force,
    "addressed-to-recipient": _addressed_to_recipient,
    "referred-to-recipient": _referred_to_recipient,
    "recipient-is-owner": _recipient_is_owner,
    "provider-is-party-of-plan": _provider_is_party_of_plan,
    "holds-earlier-version": _holds_earlier_version,
    "no-prohibition": _no_prohibition,
    "will-in-force": _will_in_force,
    "will-itemises-fact": _will_itemises_fact,
    "permit-in-force": _permit_in_force,
}

WILL_KIND: Mapping[str, str] = {
    "will-in-force": "consent",
    "will-itemises-fact": "consent",
    "permit-in-force": "permit",
}
"""The predicates that speak of one will, and of which kind; within a rule they all speak of the same one."""
