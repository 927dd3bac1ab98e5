"""The closed vocabulary of conditions: pure questions about one client, one fact and one recipient, in three values."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from sauma.asking import Asks
from sauma.client import OPEN, Client, WillState
from sauma.endpoints import AGENCY
from sauma.fact import ACTIVATION_PLAN, MULTI_SECTOR, MULTI_SECTOR_PLAN, Fact
from sauma.ids import EndpointId
from sauma.lifecycle import REFERRAL_ENDS
from sauma.places import Endpoint
from sauma.question import Predicate, Question, Truth, Unknown
from sauma.wills import WILL_KIND, WILL_PREDICATES

__all__ = ["CONDITIONS", "WILL_KIND", "Condition", "condition", "is_addressed_to", "referral_state"]


def is_addressed_to(fact: Fact, recipient: Endpoint, makers: tuple[EndpointId, ...]) -> bool:
    """Whether the fact's address, if it has one, is this recipient: by endpoint, by role, or as one of the plan's makers."""
    address = fact.addressed_to
    return address in (recipient.id, recipient.role) or (address == "makers" and recipient.id in makers)


def _makers(q: Question) -> tuple[EndpointId, ...]:
    plan = q.client.head.plan(q.fact.plan)
    return plan.makers if plan else ()


def _relationship(q: Question, _: WillState | None) -> str:
    """open, over, annulled where it was started in error, or empty where there never was one."""
    relationship = q.client.head.relationship
    if relationship is None:
        return ""
    return "open" if relationship.state in OPEN else "annulled" if relationship.state == "annulled" else "over"


def _recipient_is_party(q: Question, _: WillState | None) -> Truth:
    relationship = q.client.head.relationship
    return relationship is not None and q.recipient.id in relationship.parties


def _roles_of_others(q: Question, _: WillState | None) -> tuple[str, ...]:
    """Of those who disclose, the roles of such as belong to another agency than the recipient."""
    own = AGENCY[q.recipient.role]
    return tuple([discloser.role for discloser in q.disclosers if AGENCY[discloser.role] != own])


def _taking_part_confirmed(q: Question, _: WillState | None) -> Truth:
    relationship = q.client.head.relationship
    return relationship is not None and relationship.is_confirmed


def _affects_employment(q: Question, _: WillState | None) -> Truth:
    return q.fact.marks.affects_employment is not None


def _necessary_for_recipient(q: Question, _: WillState | None) -> Truth:
    # Being a maker of a joint fact is the necessity: nobody can confirm what it may not see.
    if q.fact.is_joint and q.recipient.id in _makers(q):
        return True
    return q.fact.marks.is_necessary(MULTI_SECTOR, q.recipient.role)


_NO_PURPOSE: frozenset[str] = frozenset()


def _purposes(q: Question, _: WillState | None) -> frozenset[str]:
    """What a professional has decided that the fact is necessary for, at this recipient: each purpose carries its own act alone."""
    role = q.recipient.role
    purposes = [mark.purpose for mark in q.fact.marks.necessary_for if mark.role == role]
    return frozenset(purposes) if purposes else _NO_PURPOSE


def _necessary_for_service(q: Question, _: WillState | None) -> Truth:
    return q.fact.marks.is_necessary(MULTI_SECTOR)


def _marked_after_start(q: Question, _: WillState | None) -> Truth:
    """The marks that carry this release were journalled after the assessment started, not before (TYM 15 §)."""
    relationship, marks = q.client.head.relationship, q.fact.marks
    if relationship is None or marks.affects_employment is None:
        return False
    since = relationship.started_at
    necessities = marks.necessities(MULTI_SECTOR, None if q.recipient.role == "keha" else q.recipient.role)
    return marks.affects_employment.journalled_at >= since and any(m.journalled_at >= since for m in necessities)


def _fact_in_force(q: Question, _: WillState | None) -> Truth:
    return not q.fact.is_joint or q.fact.kind == "relationship" or q.fact.status == "in-force"


def _addressed_to_recipient(q: Question, _: WillState | None) -> Truth:
    return is_addressed_to(q.fact, q.recipient, _makers(q))


def _referred_to_recipient(q: Question, _: WillState | None) -> Truth:
    """The referral, until it ends, or the relationship that it led to does, also for this recipient alone (TYM 3 §).

    A relationship that was started in error is as good as none: the referral was no error.
    """
    relationship = q.client.head.relationship
    return (
        is_addressed_to(q.fact, q.recipient, ())
        and referral_state(q.client, q.fact) not in REFERRAL_ENDS
        and (
            relationship is None
            or relationship.state == "annulled"
            or (relationship.is_open and q.recipient.id in relationship.parties)
        )
    )


def _recipient_is_owner(q: Question, _: WillState | None) -> Truth:
    return q.fact.owner == q.recipient.id and not q.fact.is_joint


def _provider_is_party_of_plan(q: Question, _: WillState | None) -> Truth:
    plan = q.client.head.plan(q.fact.plan)
    return plan is not None and q.recipient.id in plan.providers and q.client.head.is_in_relationship


def _plan_kind(q: Question, _: WillState | None) -> str | Unknown:
    """A fact of category 7 outside any plan is the multi-sector plan's; of a plan that nobody declared it is not known."""
    if q.fact.plan is None:
        return MULTI_SECTOR_PLAN
    plan = q.client.head.plan(q.fact.plan)
    return plan.kind if plan else Unknown("plan-kind")


def _recipient_makes_plan(q: Question, _: WillState | None) -> Truth:
    return q.recipient.id in _makers(q)


def _client_relationship_known(q: Question, _: WillState | None) -> Truth:
    """A register that is a party, or has put a fact of its own, has the client; of any other nobody has told (ATL 9 §)."""
    if q.recipient.id in q.client.head.parties:
        return True
    has_client = any(state.fact.owner == q.recipient.id for state in q.client.facts.values())
    return has_client or Unknown("client-relationship")


def _holds_earlier_version(q: Question, _: WillState | None) -> Truth:
    return q.given is not None and q.given.is_live and q.given.version < q.fact.version


def referral_state(client: Client, referral: Fact) -> str:
    """Where a referral stands: its receiver's word where there is one, unless the sender has cancelled it."""
    if referral.status in REFERRAL_ENDS:
        return referral.status
    for state in client.facts.values():
        is_word_on_it = state.fact.kind == "referral-status" and state.fact.referral == referral.referral
        if is_word_on_it and state.fact.status != "void":
            return state.fact.status
    return referral.status


Says = Callable[[Any], bool]
"""What an answer means for a condition; an `Unknown` answer is not put to it, and leaves the condition unknown."""

_PLAIN: Mapping[str, Predicate] = {
    "recipient-is-party": _recipient_is_party,
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
    "recipient-makes-plan": _recipient_makes_plan,
    "client-relationship-known": _client_relationship_known,
    "holds-earlier-version": _holds_earlier_version,
    **WILL_PREDICATES,
}
"""Conditions whose answer is true, false or unknown."""

_READ: Mapping[str, tuple[Asks, Says]] = {
    "relationship-open": (_relationship, lambda stands: stands == "open"),
    "relationship-over": (_relationship, lambda stands: stands in ("over", "annulled")),
    "relationship-not-over": (_relationship, lambda stands: stands != "over"),
    "plan-is-multi-sector": (_plan_kind, lambda kind: kind == MULTI_SECTOR_PLAN),
    "plan-is-activation": (_plan_kind, lambda kind: kind == ACTIVATION_PLAN),
}
"""Conditions that share what they ask, and read the answer each in its own way."""

_OF_RULE: Mapping[str, tuple[Asks, Callable[[str, frozenset[str]], Says]]] = {
    "necessary-for-purpose": (_purposes, lambda purpose, _: lambda purposes: purpose in purposes),
    "other-agency": (_roles_of_others, lambda _, speakers: lambda roles: not speakers.isdisjoint(roles)),
}
"""Conditions that read the answer by the purpose, or the disclosers' roles, of the rule they stand in."""

CONDITIONS = frozenset(_PLAIN) | frozenset(_READ) | frozenset(_OF_RULE)
"""Every name that a rule may use."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One condition of one rule: what it asks, which other rules may ask too, and what the answer means here."""

    name: str
    asks: Asks
    says: Says

    @property
    def is_of_will(self) -> bool:
        """Whether it is asked of one will at a time."""
        return self.name in WILL_KIND


def condition(name: str, *, purpose: str, speakers: frozenset[str]) -> Condition:
    """A condition of a rule with this purpose and these disclosers' roles. KeyError for a name that is none of `CONDITIONS`."""
    if name in _OF_RULE:
        asks, reads = _OF_RULE[name]
        return Condition(name, asks, reads(purpose, speakers))
    return Condition(name, *_READ[name]) if name in _READ else Condition(name, _PLAIN[name], bool)
