"""Decides what each audience may see of a ruling; whatever it may not see never reaches the words.

Who may tell what apart, and why, stands in docs/decisions/0009-who-may-tell-what-apart.md.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from sauma.fact import KINDS
from sauma.law import Law
from sauma_services.lawbook.case import Case, RuleChecked, speaking
from sauma_services.lawbook.reach import can_hold_between

AUDIENCES = ("client", "recipient", "sender", "operator")

OWN_HANDS: Mapping[str, str] = {
    "affects-employment": "affects-employment",
    "necessary-for-recipient": "necessary-for-recipient",
    "necessary-for-service": "necessary-for-service",
    "necessary-for-purpose": "necessary-for-purpose",
    "marked-after-start": "marked-after-start",
    "addressed-to-recipient": "addressed-to-recipient",
    "plan-is-multi-sector": "plan-kind",
    "plan-is-activation": "plan-kind",
    "no-prohibition": "place-of-fact",
    "will-covers-fact": "place-of-fact",
    "will-itemises-fact": "place-of-fact",
    "permit-in-force": "place-of-fact",
}
"""What a discloser can see to itself, by the condition that asks for it. It is told of the rules, never of the client."""


@dataclass(frozen=True, slots=True)
class Ground:
    """What a release rests on."""

    discloser: str
    recipient: str
    purpose: str
    rests_on: str
    """statute, consent, permit; or empty where the rule is not at hand."""
    when_it_ends: str


@dataclass(frozen=True, slots=True)
class Traces:
    """What only whoever answers for the service sees: ids and codes, as they stand in the log."""

    discloser: str
    recipient: str
    fact: str
    version: int
    rule: str
    place: str
    reason: str


@dataclass(frozen=True, slots=True)
class Seen:
    """What one audience sees of one ruling: the words are made from this and from nothing else."""

    audience: str
    told: str = ""
    """The code of a text of `told` that stands for everything that is not shown."""
    discloser: str = ""
    recipient: str = ""
    """Roles, never endpoints: the name of an endpoint gives away where the client is."""
    kind: str = ""
    category: int = 0
    outcome: str = ""
    ground: Ground | None = None
    ask: str = ""
    reason: str = ""
    forbidden_by: str = ""
    """The paragraph of a rule that forbids."""
    rules: tuple[RuleChecked, ...] = ()
    own_hands: tuple[tuple[str, str], ...] = ()
    """What the discloser can see to, each with the purpose it is about."""
    no_rule: bool = False
    """Whether no rule releases such data between such roles, whoever the client is."""
    traces: Traces | None = None


NOTHING_FOR_RECIPIENT = Seen("recipient", told="recipient_nothing")
"""What a recipient sees of whatever it was not given: the same, whether there is anything or not."""


def seen_by(audience: str, case: Case) -> Seen:
    """What this audience sees of a ruling."""
    if audience == "recipient":
        return _recipient(case)
    if audience == "sender":
        return _sender(case)
    if audience == "client":
        return _client(case)
    return _operator(case)


def _recipient(case: Case) -> Seen:
    """What it was given and on which ground; of what was taken back, what is asked and not why; of all else nothing."""
    if case.is_released:
        return _named("recipient", case, case.outcome, ground=_ground(case))
    if case.outcome == "retracted":
        return _named("recipient", case, case.outcome, told="recipient_retracted", ask=case.ask)
    return NOTHING_FOR_RECIPIENT


def _sender(case: Case) -> Seen:
    """What was disclosed and on which ground. Of what was not: that, and what the law asks of a discloser of such data.

    Withheld, undecided and taken back are one to it, and what it can do is told from the rules alone: everything that
    hangs on the client's will, on a relationship or on what other registers have recorded stays out, also by its absence.
    """
    if case.is_released:
        return _named("sender", case, case.outcome, ground=_ground(case))
    if case.reason == "void":
        return _named("sender", case, case.outcome, reason=case.reason, ask=case.ask)
    own_hands, no_rule = _asked_of_discloser(case)
    return _named("sender", case, "withheld", told="sender_not_released", own_hands=own_hands, no_rule=no_rule)


def _asked_of_discloser(case: Case) -> tuple[tuple[tuple[str, str], ...], bool]:
    """From the rules alone, whatever the client's situation and whatever class of handling the fact has."""
    if case.law is None or KINDS[case.kind].accompanies:
        return (), False
    found = dict.fromkeys(_hands(case.law, case))
    return tuple(found), not found


def _hands(law: Law, case: Case) -> Iterator[tuple[str, str]]:
    between = case.discloser_role, case.recipient_role
    for rule in speaking(law, kind=case.kind, category=case.category, from_role=between[0], to_role=between[1]):
        if rule.effect == "release" and can_hold_between(rule, *between):
            yield "class", ""
            for name in rule.when:
                if name in OWN_HANDS:
                    yield OWN_HANDS[name], rule.purpose if name == "necessary-for-purpose" else ""


def _client(case: Case) -> Seen:
    """Everything about the client's own data, in words: it is the client's to know (GDPR 15, ATL 11 §)."""
    return _whole("client", case, traces=None)


def _operator(case: Case) -> Seen:
    """Everything that the log of disclosures holds, with its ids and codes (ATL 10 §, TihL 17 §); no content."""
    rule = case.rule
    named = case.basis.rule if case.basis else case.reason
    place = rule.place if rule else ""
    traces = Traces(case.discloser, case.recipient, case.fact, case.version, named, place, case.reason)
    return _whole("operator", case, traces=traces)


def _whole(audience: str, case: Case, *, traces: Traces | None) -> Seen:
    forbidding = case.law.by_id.get(case.reason) if case.law and not case.is_released else None
    return _named(
        audience,
        case,
        case.outcome,
        told="client_withheld" if audience == "client" and case.outcome in ("withheld", "undecided") else "",
        ground=_ground(case),
        ask=case.ask,
        reason="" if case.is_released else case.reason,
        forbidden_by=forbidding.discloser if forbidding else "",
        rules=case.rules,
        traces=traces,
    )


def _named(audience: str, case: Case, outcome: str, **rest: object) -> Seen:
    return Seen(
        audience,
        discloser=case.discloser_role,
        recipient=case.recipient_role,
        kind=case.kind,
        category=case.category,
        outcome=outcome,
        **rest,  # type: ignore[arg-type] # fields of Seen
    )


def _ground(case: Case) -> Ground | None:
    if case.basis is None:
        return None
    rule = case.rule
    ending = ("once" if rule.once else rule.when_it_ends) if rule else ""
    rests_on = (rule.will_kind or "statute") if rule else ""
    return Ground(case.basis.discloser, case.basis.recipient, case.basis.purpose, rests_on, ending)
