"""Tells in words which questions change their answer between two rule sets; what changes is found elsewhere."""

from collections.abc import Iterable
from dataclasses import dataclass

from sauma.fact import HANDLING, KINDS, ROLES
from sauma.law import Law
from sauma.predicates import WILL_KIND
from sauma_services.lawbook.answers import Answer, Place
from sauma_services.lawbook.diff import Change, Difference, RuleChange
from sauma_services.lawbook.periods import Period
from sauma_services.lawbook.rule_words import named, roles
from sauma_services.lawbook.words import Words, runs


@dataclass(frozen=True, slots=True)
class Spot:
    """Some of the questions that a change is about: from whom, to whom, which data."""

    discloser: str
    recipient: str
    data: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Told:
    """One change in words."""

    before: str
    after: str
    rules: str
    spots: tuple[Spot, ...]
    where: tuple[str, ...]
    where_not: tuple[str, ...]
    unless: tuple[str, ...]
    """Grounds that are asked earlier, and leave these questions only where they do not answer."""
    questions: int


def told(change: Change, compared: Difference, words: Words) -> Told:
    """One change in words."""
    return Told(
        before=answer(change.before, words),
        after=answer(change.after, words),
        rules=f"{change.rule_before or '-'} -> {change.rule_after or '-'}",
        spots=tuple(_spots(change.places, words)),
        where=tuple(_where(change, compared, words)),
        where_not=tuple(
            words.condition(atom.name, atom.purpose, holds=False)
            for atom, value in sorted(change.always.items())
            if not value and atom.will < 0
        ),
        unless=tuple(sorted(_paragraphs(change.goes_before, (compared.before, compared.after)))),
        questions=change.questions,
    )


def lines(compared: Difference, words: Words) -> list[str]:
    """A whole difference as lines of text."""
    found = [f"{compared.before.in_force_from} -> {compared.after.in_force_from}"]
    if not compared.changes:
        found.append(words.label("nothing_differs"))
    else:
        found.append(f"{words.count('changes', len(compared.changes))}, {words.count('questions', compared.questions)}")
    for number, change in enumerate(compared.changes, 1):
        found += ["", *_change_lines(number, told(change, compared, words), words)]
    if compared.rules:
        found += ["", f"{words.label('rules_changed')}:"]
        found += [line for one in compared.rules for line in _rule_lines(one, words)]
    return found


def period_lines(found: tuple[Period, ...], words: Words) -> list[str]:
    """Two histories as lines of text, stretch by stretch."""
    if not found:
        return [words.label("nothing_differs")]
    said: list[str] = []
    for period in found:
        stretch = f"{words.label('stretch')}: {period.since} - {period.until or '...'}"
        said += ["", stretch, *lines(period.difference, words)]
    return said[1:]


def _change_lines(number: int, change: Told, words: Words) -> list[str]:
    found = [
        f"{number}. {words.label('answer_before')}: {change.before}",
        f"   {words.label('answer_after')}: {change.after}",
        f"   {words.label('rule')}: {change.rules}",
    ]
    for spot in change.spots:
        found.append(f"   {words.label('discloser')}: {spot.discloser}; {words.label('recipient')}: {spot.recipient}")
        found += [f"      {data}" for data in spot.data]
    for label, texts in (
        ("if_that_is_so", change.where),
        ("if_not", change.where_not),
        ("if_no_earlier", change.unless),
    ):
        if texts:
            found.append(f"   {words.label(label)}:")
            found += [f"      - {text}" for text in texts]
    return [*found, f"   {words.count('questions', change.questions)}"]


def _rule_lines(change: RuleChange, words: Words) -> list[str]:
    found = [f"   {change.rule}: {words.label(f'rule_{change.what}')}"]
    for name, (before, after) in change.fields.items():
        found.append(f"      {words('field', name)}: {before or '-'} -> {after or '-'}")
    return found


def answer(given: Answer, words: Words) -> str:
    """An answer in words."""
    if given.outcome == "withheld":
        by = f", {words.label('forbidden_by')} {given.discloser}" if given.discloser else ""
        return words("outcome", "withheld") + by
    if given.outcome == "along":
        return f"{words.label('goes_along')}: {given.discloser or words.label('goes_along_cites')}"
    ending = words.label("once") if given.when_it_ends == "once" else words("ending", given.when_it_ends)
    parts = (
        f"{words('outcome', 'released')}, {given.discloser}",
        f"{words.label('recipient_ground')}: {given.recipient}",
        f"{words.label('purpose')}: {words.purpose(given.purpose)}",
        f"{words.label('rests_on')}: {words.label(f'rests_on_{given.rests_on}')}",
        f"{words.label('asks_when_it_ends')}: {ending}",
    )
    return "; ".join(parts)


def _where(change: Change, compared: Difference, words: Words) -> Iterable[str]:
    """What holds in every one of these questions; of a will, what both rules ask of it."""
    for atom, value in sorted(change.always.items()):
        if value and atom.will < 0:
            yield words.condition(atom.name, atom.purpose)
    of_will: dict[str, None] = {}
    for law, name in ((compared.before, change.rule_before), (compared.after, change.rule_after)):
        if name:
            of_will |= dict.fromkeys(one for one in law.by_id[name].when if one in WILL_KIND)
    for name in of_will:
        yield words.condition(name, "")


def _paragraphs(rules: Iterable[str], laws: tuple[Law, ...]) -> set[str]:
    return {law.by_id[name].discloser or name for name in rules for law in laws if name in law.by_id}


_What = frozenset[tuple[int, str, str]]
"""Category, kind and class of some data."""


def _spots(places: Iterable[Place], words: Words) -> Iterable[Spot]:
    """Places drawn together: first the data of each pair of roles, then the pairs of which the same data are meant."""
    data: dict[tuple[tuple[str, ...], str], set[tuple[int, str, str]]] = {}
    for place in places:
        data.setdefault((place.from_roles, place.to_role), set()).add((place.category, place.kind, place.handling))
    for (from_roles, to_role), what in data.items():
        if len(from_roles) == 2:  # joint data: said already of one of those who make the plan, where it holds of one
            what.difference_update(*(data.get(((role,), to_role), ()) for role in from_roles))
    disclosers: dict[tuple[_What, str], list[tuple[str, ...]]] = {}
    for (from_roles, to_role), what in sorted(data.items()):
        if what:
            disclosers.setdefault((frozenset(what), to_role), []).append(from_roles)
    recipients: dict[tuple[_What, tuple[tuple[str, ...], ...]], list[str]] = {}
    for (same, to_role), from_whom in disclosers.items():
        recipients.setdefault((same, tuple(from_whom)), []).append(to_role)
    for (same, who), whom in recipients.items():
        to_whom = roles([role for role in whom if role], words) or roles(ROLES, words)
        yield Spot(_disclosers(who, words), to_whom, tuple(_data(same, words)))


def _disclosers(who: tuple[tuple[str, ...], ...], words: Words) -> str:
    singles = [names[0] for names in who if len(names) == 1]
    together = [" + ".join(roles([role], words) for role in names) for names in who if len(names) == 2]
    everybody = [roles(ROLES, words)] if any(len(names) > 2 for names in who) else []
    return "; ".join([*everybody, *([roles(singles, words)] if singles else []), *together])


def _data(what: _What, words: Words) -> Iterable[str]:
    """Categories, kinds and classes, drawn together where the same is said of several."""
    classes: dict[tuple[int, str], set[str]] = {}
    for category, kind, handling in what:
        classes.setdefault((category, kind), set()).add(handling)
    kinds: dict[tuple[int, frozenset[str]], set[str]] = {}
    for (category, kind), of_kind in classes.items():
        kinds.setdefault((category, frozenset(of_kind)), set()).add(kind)
    categories: dict[tuple[str, frozenset[str]], list[int]] = {}
    for (category, same), names in kinds.items():
        categories.setdefault((_kinds(category, names, words), same), []).append(category)
    for (shown, same), numbers in sorted(categories.items(), key=lambda item: (item[1], item[0][0])):
        in_words = words.label("all_handling") if same == HANDLING else named("handling", same, words)
        yield (
            f"{words.label('category')} {runs(sorted(numbers))}; {words.label('kind')}: {shown}; "
            f"{words.label('handling')}: {in_words}"
        )


def _kinds(category: int, names: set[str], words: Words) -> str:
    whole = {kind.name for kind in KINDS.values() if category in kind.categories and not kind.accompanies}
    fixed = {name for name in whole if KINDS[name].handling}
    return words.label("all_kinds") if names >= whole - fixed and len(names) > 1 else named("kind", names, words)
