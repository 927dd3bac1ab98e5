"""Rule sets with one thing changed: a rule gone, a condition gone, a date a day off, roles swapped."""

import datetime
from collections.abc import Iterator
from dataclasses import dataclass, replace

from sauma.fact import KINDS
from sauma.law import Law, Rule
from sauma.rulefile import Laws, midnight_in_helsinki

ABOUT_ANOTHERS = frozenset({"proposal", "conflict"})
"""Kinds of facts that are about a fact of somebody else's, and of whatever category that one is."""

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Mutant:
    """One change to one rule of one rule set."""

    law: str
    rule: str
    change: str
    laws: Laws
    touched: tuple[Rule, ...]
    """The rule as it was and as it is: whatever neither speaks of is decided as before."""

    def __str__(self) -> str:
        return f"{self.law} {self.rule}: {self.change}"


def of_rule(laws: Laws, law: Law, rule: Rule) -> Iterator[Mutant]:
    """Every change to this rule: deleted; each condition deleted; from and to swapped; one role fewer on either side."""
    yield _mutant(laws, law, rule, "deleted", None)
    for name in rule.when:
        changed = replace(rule, when=tuple(other for other in rule.when if other != name))
        yield _mutant(laws, law, rule, f"without {name}", changed)
    if rule.effect == "accompany":
        return
    if rule.from_roles != rule.to_roles:
        swapped = replace(rule, from_roles=rule.to_roles, to_roles=rule.from_roles)
        yield _mutant(laws, law, rule, "from and to swapped", swapped)
    if len(rule.to_roles) > 1:
        for role in sorted(rule.to_roles):
            yield _mutant(laws, law, rule, f"not to {role}", replace(rule, to_roles=rule.to_roles - {role}))
    if len(rule.from_roles) > 1:
        for role in sorted(rule.from_roles):
            if can_disclose(role, rule):
                yield _mutant(laws, law, rule, f"not from {role}", replace(rule, from_roles=rule.from_roles - {role}))


def can_disclose(role: str, rule: Rule) -> bool:
    """Whether a register of this role can own a fact that the rule speaks of, other than a proposal about somebody else's."""
    named = rule.kinds or frozenset(KINDS)
    own = named - ABOUT_ANOTHERS or named
    return any(
        role in kind.owners
        and not kind.accompanies
        and kind.categories & rule.categories
        and (kind.handling is None or kind.handling in rule.handling)
        for kind in (KINDS[name] for name in own)
    )


def with_condition_true(laws: Laws, name: str) -> tuple[Laws, tuple[Rule, ...]]:
    """The laws as they would be if the condition were always true, in every rule; and the rules it stands in."""
    sets, touched = [], []
    for law in laws.sets:
        rules = [replace(r, when=tuple(other for other in r.when if other != name)) for r in law.rules]
        touched += [rule for rule in law.rules if name in rule.when]
        sets.append(_law(law, rules))
    return Laws(tuple(sets)), tuple(touched)


def a_day_off(laws: Laws, law: Law, days: int) -> Laws:
    """The laws with the day moved on which one set comes into force."""
    date = datetime.date.fromisoformat(law.in_force_from) + days * DAY
    moved = Law(f"{date}+moved", str(date), midnight_in_helsinki(date), law.rules)
    return Laws(tuple(moved if one is law else one for one in laws.sets))


def _mutant(laws: Laws, law: Law, rule: Rule, change: str, changed: Rule | None) -> Mutant:
    rules = [changed if one is rule else one for one in law.rules]
    mutated = _law(law, [one for one in rules if one is not None])
    sets = tuple(mutated if one is law else one for one in laws.sets)
    return Mutant(law.in_force_from, rule.id, change, Laws(sets), (rule, changed) if changed else (rule,))


def _law(law: Law, rules: list[Rule]) -> Law:
    return Law(law.id, law.in_force_from, law.starts_at, tuple(rules))
