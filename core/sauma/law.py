"""Decides whether one recipient may hold one fact, by rules that are data; it knows no rule by name.

Precedence: (1) a withhold rule that matches decides; (2) release rules by order, statute before will, the first whose
conditions hold is cited; (3) none holds: withheld with the reason of the rule that got furthest, or undecided where
what failed is unknown rather than false. Default deny.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property

from sauma.client import Client, Given, WillState
from sauma.delivery import Basis
from sauma.fact import Fact, Moment
from sauma.ids import WillId
from sauma.making import cheap_to_make
from sauma.places import Endpoint
from sauma.predicates import OF_PURPOSE, WILL_KIND, predicate
from sauma.question import Predicate, Question


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
    """release, withhold, accompany; or no-ground, which decides nothing: it says why nothing releases here."""
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
    since: date | None = None
    """The day the paragraph came into force, where it is known; None where it is not."""
    until: date | None = None
    """The last day it is in force, where that is known."""
    note: str = ""
    place: str = ""
    """File and line, for errors and explanations."""
    will_kind: str | None = field(init=False)
    """The kind of will that the rule rests on, or None for a rule of statute."""
    basis: Basis = field(init=False)
    """The basis of a release by this rule, without the will that it may rest on."""
    conditions: tuple[tuple[Predicate, _Answer], ...] = field(init=False, compare=False, repr=False)
    """What `when` names, each with the rule's answer where it is the first that does not hold."""

    def __post_init__(self) -> None:
        found = {
            "will_kind": next((WILL_KIND[name] for name in self.when if name in WILL_KIND), None),
            "basis": Basis(self.id, self.discloser, self.recipient, self.purpose),
            "conditions": tuple(
                (predicate(name, self.purpose), _Answer(holds=False, met=met, failed=name))
                for met, name in enumerate(self.when)
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
"""Category, kind, handling, the disclosers' roles, the recipient's role."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rules that speak of such a fact between such roles, each kind by order."""

    withholds: tuple[Rule, ...]
    releases: tuple[Rule, ...]
    """Of those that ask the same between the same roles only the first: the others cannot hold where it does not."""
    same: Mapping[str, frozenset[str]]
    """Under each release rule's id, its own and those of the rules left out because they ask the same."""


@dataclass(frozen=True)
class Law:
    """One dated rule set, ready to be asked."""

    id: str
    in_force_from: str
    """ISO 8601 date."""
    starts_at: Moment
    """That date's midnight in Helsinki."""
    rules: tuple[Rule, ...]
    _candidates: dict[_Key, Candidates] = field(default_factory=dict, compare=False, repr=False)

    @cached_property
    def by_id(self) -> Mapping[str, Rule]:
        """The rules by their id."""
        return {rule.id: rule for rule in self.rules}

    @cached_property
    def accompanying(self) -> Mapping[str, Rule]:
        """By kind, the rule by which facts of this kind go wherever any other fact goes; of several the first."""
        return {kind: rule for rule in reversed(self.rules) if rule.effect == "accompany" for kind in rule.kinds}

    @cached_property
    def _by_category_and_recipient(self) -> Mapping[tuple[int, str], tuple[Rule, ...]]:
        found: dict[tuple[int, str], list[Rule]] = {}
        for rule in sorted(self.rules, key=lambda rule: (rule.order, rule.id)):
            if rule.effect in ("withhold", "release"):
                for category in rule.categories:
                    for role in rule.to_roles:
                        found.setdefault((category, role), []).append(rule)
        return {key: tuple(rules) for key, rules in found.items()}

    def candidates(self, fact: Fact, from_roles: tuple[str, ...], to_role: str) -> Candidates:
        """The rules that speak of such a fact between such roles; found once, then remembered."""
        key = (fact.category, fact.kind, fact.handling, from_roles, to_role)
        found = self._candidates.get(key)
        if found is None:
            found = self._candidates[key] = _candidates(
                [
                    rule
                    for rule in self._by_category_and_recipient.get((fact.category, to_role), ())
                    if rule.speaks_of(fact) and not rule.from_roles.isdisjoint(from_roles)
                ],
                from_roles,
            )
        return found


def _candidates(matching: list[Rule], from_roles: tuple[str, ...]) -> Candidates:
    first: dict[object, Rule] = {}
    same: dict[str, frozenset[str]] = {}
    for rule in matching:
        if rule.effect == "release":
            purpose = rule.purpose if OF_PURPOSE.keys() & set(rule.when) else None
            asks = rule.when, purpose, rule.from_roles & frozenset(from_roles)
            leader = first.setdefault(asks, rule).id
            same[leader] = same.get(leader, frozenset()) | {rule.id}
    withholds = tuple(rule for rule in matching if rule.effect == "withhold")
    return Candidates(withholds, tuple(first.values()), same)


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
    candidates = law.candidates(fact, tuple([d.role for d in disclosers]), recipient.role)
    question = Question(client, fact, disclosers, recipient, given, now)
    unknown = ""
    for rule in candidates.withholds:
        answer = _ask(rule, question)
        if answer.holds:
            return Withheld(rule.id)
        unknown = unknown or answer.missing
    if unknown:
        return Undecided(unknown)
    furthest: _Answer | None = None
    undecided: dict[str, str] = {}
    for rule in candidates.releases:
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
        hangs_on = frozenset().union(*(candidates.same[rule] for rule in undecided))
        return Undecided(next(iter(undecided.values())), hangs_on, reason)
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
