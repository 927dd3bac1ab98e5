"""Decides whether one recipient may hold one fact, by rules that are data; it knows no rule by name.

Precedence: (1) a withhold rule that matches decides; (2) release rules by order, statute before will, the first whose
conditions hold is cited; (3) none holds: withheld with the reason of the rule that got furthest, or undecided where
what failed is unknown rather than false. Default deny.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

from sauma.client import Client, Given, WillState
from sauma.delivery import Basis
from sauma.fact import Fact, Moment
from sauma.ids import WillId
from sauma.making import cheap_to_make
from sauma.places import Endpoint
from sauma.predicates import PREDICATES, WILL_KIND, Predicate, Question


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Released:
    """The recipient may hold the fact."""

    rule: str
    will: WillId | None = None


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Withheld:
    """The recipient may not hold the fact."""

    reason: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """Something needed to decide is not known: nothing new is released, what was given on such a rule is left untouched.

    A fact that was given on a rule which now plainly fails is taken back all the same: that some other rule might yet
    carry it is no ground to keep it.
    """

    missing: str
    hangs_on: frozenset[str] = frozenset()
    """The rules that may hold, once what is missing is known; empty: a rule that forbids may hold, so all of them."""
    otherwise: str = "no-rule"
    """The reason of withholding, for whoever holds the fact on none of these rules."""


Ruling = Released | Withheld | Undecided


@dataclass(frozen=True, slots=True)
class _Answer:
    """What one rule says to one question: holds, fails at a condition, or hangs on something unknown."""

    holds: bool
    met: int = 0
    failed: str = ""
    missing: str = ""
    will: WillState | None = None


_HOLDS = _Answer(holds=True)


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a rule set. What its names stand for is looked up once, here: a rule is asked thousands of times a second."""

    id: str
    effect: str
    """release, withhold or accompany."""
    order: int
    categories: frozenset[int]
    kinds: frozenset[str]
    """Empty: every kind of these categories."""
    handling: frozenset[str]
    from_roles: frozenset[str]
    to_roles: frozenset[str]
    when: tuple[str, ...]
    discloser: str
    recipient: str
    purpose: str
    when_it_ends: str
    """stop or erase."""
    once: bool = False
    """The release is the last one: the recipient is told, and no longer kept up to date."""
    note: str = ""
    place: str = ""
    """File and line, for errors and explanations."""
    will_kind: str | None = field(init=False)
    """The kind of will that the rule rests on, or None for a rule of statute."""
    basis: Basis = field(init=False)
    """The basis of a release by this rule, without the will that it may rest on."""
    conditions: tuple[tuple[Predicate, _Answer], ...] = field(init=False)
    """What `when` names, each with the rule's answer where it is the first that does not hold."""

    def __post_init__(self) -> None:
        found = {
            "will_kind": next((WILL_KIND[name] for name in self.when if name in WILL_KIND), None),
            "basis": Basis(self.id, self.discloser, self.recipient, self.purpose),
            "conditions": tuple(
                (PREDICATES[name], _Answer(holds=False, met=met, failed=name)) for met, name in enumerate(self.when)
            ),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def speaks_of(self, fact: Fact) -> bool:
        """Whether the rule is about such facts at all."""
        return (
            fact.category in self.categories
            and fact.handling in self.handling
            and (not self.kinds or fact.kind in self.kinds)
        )


_Key = tuple[int, str, str, tuple[str, ...], str]


@dataclass(frozen=True)
class Law:
    """One dated rule set, ready to be asked."""

    id: str
    in_force_from: str
    """ISO 8601 date."""
    starts_at: Moment
    """That date's midnight in Helsinki."""
    rules: tuple[Rule, ...]
    _candidates: dict[_Key, tuple[tuple[Rule, ...], tuple[Rule, ...]]] = field(
        default_factory=dict, compare=False, repr=False
    )

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """The rules by their id."""
        return {rule.id: rule for rule in self.rules}

    def accompanying(self, kind: str) -> Rule | None:
        """The rule by which facts of this kind go wherever any other fact goes."""
        return next((rule for rule in self.rules if rule.effect == "accompany" and kind in rule.kinds), None)

    def candidates(
        self, fact: Fact, from_roles: tuple[str, ...], to_role: str
    ) -> tuple[tuple[Rule, ...], tuple[Rule, ...]]:
        """The withhold and the release rules that speak of such a fact between such roles; found once, then remembered."""
        key = (fact.category, fact.kind, fact.handling, from_roles, to_role)
        found = self._candidates.get(key)
        if found is None:
            matching = [
                rule
                for rule in sorted(self.rules, key=lambda rule: (rule.order, rule.id))
                if rule.speaks_of(fact) and to_role in rule.to_roles and not rule.from_roles.isdisjoint(from_roles)
            ]
            found = self._candidates[key] = (
                tuple(rule for rule in matching if rule.effect == "withhold"),
                tuple(rule for rule in matching if rule.effect == "release"),
            )
        return found


def decide(
    law: Law,
    *,
    client: Client,
    fact: Fact,
    disclosers: tuple[Endpoint, ...],
    recipient: Endpoint,
    given: Given | None,
    now: Moment,
) -> Ruling:
    """The ruling on one question. `disclosers` has more than one endpoint for a joint fact only."""
    withholds, releases = law.candidates(fact, tuple([d.role for d in disclosers]), recipient.role)
    question = Question(client, fact, disclosers, recipient, given, now)
    unknown = ""
    for rule in withholds:
        answer = _ask(rule, question)
        if answer.holds:
            return Withheld(rule.id)
        unknown = unknown or answer.missing
    if unknown:
        return Undecided(unknown)
    furthest: _Answer | None = None
    undecided: dict[str, str] = {}
    for rule in releases:
        answer = _ask(rule, question)
        if answer.holds:
            return Released(rule.id, answer.will.will.will if answer.will else None)
        if answer.missing:
            undecided[rule.id] = answer.missing
        elif furthest is None or answer.met > furthest.met:
            furthest = answer
    reason = furthest.failed if furthest else "no-rule"
    if undecided:
        ended = _failed_of_own_will(law, question)
        if ended:
            return Withheld(ended)
        return Undecided(next(iter(undecided.values())), frozenset(undecided), reason)
    return Withheld(reason)


def _failed_of_own_will(law: Law, question: Question) -> str:
    """Why the will that a given fact rests on carries it no longer, or nothing: another will that may carry it is no ground."""
    given = question.given
    will = question.client.head.will(given.will) if given is not None and given.is_live and given.will else None
    rule = law.by_id.get(given.rule) if given is not None else None
    return _evaluate(rule, question, will).failed if will is not None and rule is not None else ""


def _ask(rule: Rule, question: Question) -> _Answer:
    if len(question.disclosers) > 1:
        speaking = tuple(d for d in question.disclosers if d.role in rule.from_roles)
        question = replace(question, disclosers=speaking)
    kind = rule.will_kind
    answer = _evaluate(rule, question, None)
    if kind is None:
        return answer
    for will in question.client.head.wills:
        if will.will.kind != kind:
            continue
        by_this = _evaluate(rule, question, will)
        if by_this.holds:
            return by_this
        if by_this.missing or (not answer.missing and by_this.met > answer.met):
            answer = by_this
    return answer


def _evaluate(rule: Rule, question: Question, will: WillState | None) -> _Answer:
    """An and in three values: false wins over unknown, unknown over true."""
    unknown: _Answer | None = None
    for holds, failing in rule.conditions:
        truth = holds(question, will)
        if truth is True:
            continue
        if truth is False:
            return replace(failing, met=unknown.met) if unknown else failing
        unknown = unknown or _Answer(holds=False, met=failing.met, missing=truth.missing, will=will)
    if unknown:
        return unknown
    return _HOLDS if will is None else _Answer(holds=True, met=len(rule.conditions), will=will)
