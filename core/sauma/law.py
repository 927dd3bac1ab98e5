"""Finds the rules that speak of a fact and lets them rule on who may hold it; it knows no rule by name.

What the rules come to together is `sauma.precedence`'s to say. Each way in which their conditions can fall out is worked
out once and remembered, so a decision costs the few conditions it hangs on, however many rules there are.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, partial

from sauma.asking import NO_WILL, Remembered, gone_through
from sauma.client import Given
from sauma.fact import Fact, Moment
from sauma.precedence import Found, Released, Ruling, Undecided, Withheld, answer, found
from sauma.question import Question
from sauma.rule import Rule

__all__ = ["Candidates", "Law", "Released", "Rule", "Ruling", "Undecided", "Withheld", "decide"]

_Key = tuple[int, str, str, tuple[str, ...], str]
"""Category, kind, handling, the disclosers' roles, the recipient's role."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """The rules that speak of such a fact between such roles, each kind by order."""

    withholds: tuple[Rule, ...]
    releases: tuple[Rule, ...]
    _rulings: dict[tuple[str, ...], Remembered[Found]] = field(default_factory=dict, compare=False, repr=False)
    """By the kinds of the client's wills."""

    def rulings(self, wills: tuple[str, ...]) -> Remembered[Found]:
        """What they say to questions about clients with wills of these kinds."""
        known = self._rulings.get(wills)
        if known is None:
            known = self._rulings[wills] = Remembered(partial(found, self.withholds, self.releases, wills))
        return known

    def ruling(self, question: Question) -> Found:
        """What they say to one question."""
        wills = tuple([will.will.kind for will in question.client.head.wills])
        if len(wills) > _WILLS_REMEMBERED:
            return gone_through(partial(found, self.withholds, self.releases, wills), question)
        return self.rulings(wills).result(question)


_WILLS_REMEMBERED = 4
"""Wills of one client for which the ways of answering are remembered. More of them are rare, and the ways multiply."""


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

    def candidates(self, fact: Fact, from_roles: tuple[str, ...], to_role: str) -> Candidates:
        """The rules that speak of such a fact between such roles; found once, then remembered."""
        key = (fact.category, fact.kind, fact.handling, from_roles, to_role)
        known = self._candidates.get(key)
        if known is None:
            matching = sorted(
                (
                    rule
                    for rule in self.rules
                    if to_role in rule.to_roles and not rule.from_roles.isdisjoint(from_roles) and rule.speaks_of(fact)
                ),
                key=lambda rule: (rule.order, rule.id),
            )
            known = self._candidates[key] = Candidates(
                tuple(rule for rule in matching if rule.effect == "withhold"),
                tuple(rule for rule in matching if rule.effect == "release"),
            )
        return known


def decide(law: Law, question: Question) -> Ruling:
    """The ruling on one question."""
    disclosers, given = question.disclosers, question.given
    roles = (disclosers[0].role,) if len(disclosers) == 1 else tuple([d.role for d in disclosers])
    ruling, will = law.candidates(question.fact, roles, question.recipient.role).ruling(question)
    if isinstance(ruling, Released) and will != NO_WILL:
        return Released(ruling.rule, question.client.head.wills[will].will.will)
    if isinstance(ruling, Undecided) and ruling.hangs_on and given is not None and given.will is not None:
        return _of_own_will(law, question, given) or ruling
    return ruling


def _of_own_will(law: Law, question: Question, given: Given) -> Withheld | None:
    """That the will which a given fact rests on carries it no longer, or nothing: another will that may carry it is no ground."""
    rule, wills = law.by_id.get(given.rule), question.client.head.wills
    number = next((n for n, will in enumerate(wills) if will.will.will == given.will), NO_WILL)
    if rule is None or number == NO_WILL or not given.is_live:
        return None
    failed = gone_through(partial(answer, rule, number), question).failed
    return Withheld(failed) if failed else None
