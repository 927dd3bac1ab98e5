"""Decides what several rules say together, as a procedure that asks their conditions one by one; it looks at no client itself.

Precedence: (1) a withhold rule that matches decides; (2) release rules by order, statute before will, the first whose
conditions hold is cited; (3) none holds: withheld with the reason of the rule that got furthest, or undecided where
what failed is unknown rather than false. Default deny.
"""

from collections.abc import Generator, Sequence
from dataclasses import dataclass
from typing import Any

from sauma.asking import NO_WILL, Asked
from sauma.ids import WillId
from sauma.making import cheap_to_make
from sauma.question import Unknown
from sauma.rule import Rule


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


Found = tuple[Ruling, int]
"""The ruling, and the number of the client's will that it rests on, or `NO_WILL`."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What one rule says to one question: holds, fails at a condition, or hangs on something unknown."""

    holds: bool
    met: int = 0
    """How many conditions hold before the first one that does not."""
    failed: str = ""
    missing: str = ""
    will: int = NO_WILL


def found(withholds: Sequence[Rule], releases: Sequence[Rule], wills: Sequence[str]) -> Generator[Asked, Any, Found]:
    """What these rules, each kind by order, say of a client with wills of these kinds."""
    unknown = ""
    for rule in withholds:
        said = yield from _of_any_will(rule, wills)
        if said.holds:
            return Withheld(rule.id), NO_WILL
        unknown = unknown or said.missing
    if unknown:
        return Undecided(unknown), NO_WILL
    furthest: Answer | None = None
    undecided: dict[str, str] = {}
    for rule in releases:
        said = yield from _of_any_will(rule, wills)
        if said.holds:
            return Released(rule.id), said.will
        if said.missing:
            undecided[rule.id] = said.missing
        elif furthest is None or said.met > furthest.met:
            furthest = said
    reason = furthest.failed if furthest else "no-rule"
    if undecided:
        return Undecided(next(iter(undecided.values())), frozenset(undecided), reason), NO_WILL
    return Withheld(reason), NO_WILL


def _of_any_will(rule: Rule, wills: Sequence[str]) -> Generator[Asked, Any, Answer]:
    """Of several wills the first by which the rule holds; else one by which it may, else the one that came furthest."""
    best = yield from answer(rule, NO_WILL)
    for number, kind in enumerate(wills):
        if kind != rule.will_kind:
            continue
        said = yield from answer(rule, number)
        if said.holds:
            return said
        if said.missing or (not best.missing and said.met > best.met):
            best = said
    return best


def answer(rule: Rule, will: int) -> Generator[Asked, Any, Answer]:
    """An and in three values, all of it about this one will: false wins over unknown, unknown over true."""
    unknown: Answer | None = None
    for met, condition in enumerate(rule.conditions):
        said = yield condition.asks, will if condition.is_of_will else NO_WILL
        if isinstance(said, Unknown):
            unknown = unknown or Answer(holds=False, met=met, missing=said.missing, will=will)
        elif not condition.says(said):
            return Answer(holds=False, met=unknown.met if unknown else met, failed=condition.name)
    return unknown or Answer(holds=True, met=len(rule.conditions), will=will)
