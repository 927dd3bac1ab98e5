"""Finds which questions two rule sets answer differently: every one, derived from what the rules themselves tell apart."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import combinations

from sauma.fact import HANDLING, KINDS, ROLES, THE_THREE
from sauma.law import Law, Rule
from sauma_services.lawbook.answers import (
    NOTHING,
    Answer,
    Entries,
    Place,
    Region,
    answer_of,
    entries,
    regions,
    says_of,
)
from sauma_services.lawbook.situations import Atom


@dataclass(slots=True)
class Change:
    """One answer that changed: what one rule, or none, said before and what one, or none, says now."""

    before: Answer
    after: Answer
    rule_before: str
    rule_after: str
    places: set[Place] = field(default_factory=set)
    questions: int = 0
    always: dict[Atom, bool] = field(default_factory=dict)
    """What holds, or does not, in every question that it changes for."""
    goes_before: set[str] = field(default_factory=set)
    """The rules that have to leave these questions to the two: they are asked earlier, on either side."""


@dataclass(frozen=True, slots=True)
class RuleChange:
    """One rule whose text changed, whether or not any answer did."""

    rule: str
    what: str
    """added, removed or changed."""
    fields: Mapping[str, tuple[str, str]]
    """Field by field, before and after."""


@dataclass(frozen=True, slots=True)
class Difference:
    """Everything that differs between two rule sets."""

    before: Law
    after: Law
    changes: tuple[Change, ...]
    rules: tuple[RuleChange, ...]

    @property
    def questions(self) -> int:
        """How many questions change their answer."""
        return sum(change.questions for change in self.changes)


def difference(before: Law, after: Law) -> Difference:
    """All that changes from one rule set to another. Not sampled; a set against itself gives nothing."""
    changes = sorted(_changes(before, after), key=_weight)
    return Difference(before, after, tuple(changes), tuple(_rule_changes(before, after)))


def _weight(change: Change) -> tuple[bool, bool, int, str, str]:
    """What is newly released comes first, then what is no longer released, then what rests on another ground."""
    outcomes = change.before.outcome, change.after.outcome
    newly, no_longer = outcomes == ("withheld", "released"), outcomes == ("released", "withheld")
    return not newly, not no_longer, -change.questions, change.rule_before, change.rule_after


def places(rules: Iterable[Rule]) -> Iterator[Place]:
    """Everything a question can be about that any of these rules speaks of: whatever the model lets a fact be."""
    known = tuple(rules)
    of_makers = [tuple(sorted(pair)) for pair in combinations(sorted(THE_THREE), 2)]
    for kind in KINDS.values():
        disclosers = [(role,) for role in sorted(ROLES)] + (of_makers if kind.is_joint else [])
        for category in sorted(kind.categories if not kind.accompanies else ()):
            for handling in sorted({kind.handling} if kind.handling else HANDLING):
                speaking = [rule for rule in known if says_of(rule, category, kind.name, handling)]
                for to_role in sorted({role for rule in speaking for role in rule.to_roles}):
                    to_it = [rule for rule in speaking if to_role in rule.to_roles]
                    for from_roles in disclosers:
                        if any(not rule.from_roles.isdisjoint(from_roles) for rule in to_it):
                            yield Place(category, kind.name, handling, from_roles, to_role)


def _changes(before: Law, after: Law) -> Iterator[Change]:
    found: dict[tuple[str, str], Change] = {}
    known: dict[tuple[Entries, Entries], list[Region]] = {}
    for place in places(_touching(before, after)):
        pair = entries(before, place), entries(after, place)
        if [e.meaning for e in pair[0]] == [e.meaning for e in pair[1]]:
            continue
        if pair not in known:
            known[pair] = [r for r in regions(*pair) if _answer(r.before) != _answer(r.after)]
        for region in known[pair]:
            _add(found, region, place, pair)
    yield from found.values()
    yield from _changes_going_along(before, after)


def _touching(before: Law, after: Law) -> list[Rule]:
    """The rules that are not the same in both sets: where none of them speaks, nothing can change."""
    sets = [{_meaning(rule): rule for rule in law.rules} for law in (before, after)]
    return [rules[key] for rules, others in (sets, sets[::-1]) for key in rules.keys() - others.keys()]


def _meaning(rule: Rule) -> tuple[object, ...]:
    return (rule.id, *(getattr(rule, name) for name in _FIELDS if name not in _SAYS_NOTHING))


def _answer(entry: object) -> Answer:
    return getattr(entry, "answer", NOTHING)


def _add(found: dict[tuple[str, str], Change], region: Region, place: Place, pair: tuple[Entries, Entries]) -> None:
    names = (region.before.rule if region.before else "", region.after.rule if region.after else "")
    change = found.get(names)
    if change is None:
        change = found[names] = Change(
            _answer(region.before), _answer(region.after), *names, always=dict(region.always)
        )
    change.places.add(place)
    change.questions += region.questions
    change.always = {atom: value for atom, value in change.always.items() if region.always.get(atom) is value}
    for name, rules in zip(names, pair, strict=True):
        for entry in rules:
            if entry.rule == name:
                break
            change.goes_before.add(entry.rule)


def _changes_going_along(before: Law, after: Law) -> Iterator[Change]:
    """Kinds that go wherever anything goes: one question each, whoever the discloser and the recipient are."""
    for kind in KINDS.values():
        if not kind.accompanies:
            continue
        rules = before.accompanying.get(kind.name), after.accompanying.get(kind.name)
        first, second = (answer_of(rule) if rule else NOTHING for rule in rules)
        if first != second:
            old, new = (rule.id if rule else "" for rule in rules)
            anyone = tuple(sorted(ROLES))
            whole = {Place(c, kind.name, kind.handling or "ordinary", anyone, "") for c in kind.categories}
            yield Change(first, second, old, new, places=whole, questions=len(whole))


_FIELDS = (
    "effect",
    "order",
    "categories",
    "kinds",
    "handling",
    "from_roles",
    "to_roles",
    "when",
    "discloser",
    "recipient",
    "purpose",
    "when_it_ends",
    "once",
    "since",
    "until",
    "note",
)

_SAYS_NOTHING = frozenset({"since", "until", "note"})
"""What a rule tells its readers only; of its dates the loader sees to it that they fit the set's."""


def _rule_changes(before: Law, after: Law) -> Iterator[RuleChange]:
    names = sorted(before.by_id.keys() | after.by_id.keys())
    for name in names:
        old, new = before.by_id.get(name), after.by_id.get(name)
        if old is None or new is None:
            yield RuleChange(name, "added" if old is None else "removed", {})
        elif fields := dict(_fields(old, new)):
            yield RuleChange(name, "changed", fields)


def _fields(old: Rule, new: Rule) -> Iterator[tuple[str, tuple[str, str]]]:
    for name in _FIELDS:
        first, second = getattr(old, name), getattr(new, name)
        if first != second:
            yield name, (_shown(first), _shown(second))


def _shown(value: object) -> str:
    if isinstance(value, Iterable) and not isinstance(value, str):
        listed = list(value) if isinstance(value, tuple) else sorted(value, key=str)
        return ", ".join(map(str, listed))
    return "" if value is None else str(value)
