"""Gives, for one kind of question, everything that a rule set can answer to it and when; nothing here is sampled.

For a discloser, a recipient and a kind of data the rules that speak of it are a list, asked from the top: the first whose
conditions all hold answers, as `sauma.law.decide` does it; where none holds the data are withheld. What is unknown needs
no place here: rules only ever ask that conditions hold, so an answer with something unknown is settled by the answers
with it true and with it false, and two rule sets that give the same ones to those give the same one to it.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from sauma.fact import KINDS
from sauma.law import Law, Rule
from sauma.predicates import WILL_KIND
from sauma_services.lawbook.reach import OF_PURPOSE, settled_by_roles
from sauma_services.lawbook.situations import Atom, completions, is_possible, nogoods


@dataclass(frozen=True, slots=True)
class Answer:
    """What comes of a question, without the rule that says it: two rules that say the same give the same answer."""

    outcome: str
    """released, withheld, or along: wherever anything else goes."""
    discloser: str = ""
    recipient: str = ""
    purpose: str = ""
    rests_on: str = ""
    """statute, consent or permit."""
    when_it_ends: str = ""
    """stop, erase, or once."""


NOTHING = Answer("withheld")
"""The answer where no rule speaks."""


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """What a question is about, besides the client's situation."""

    category: int
    kind: str
    handling: str
    from_roles: tuple[str, ...]
    """One role; of joint data also two: of all who make it, two are enough to meet any two rules."""
    to_role: str


@dataclass(frozen=True, slots=True)
class Entry:
    """One rule at one place: what it still asks, and what it answers."""

    asks: frozenset[Atom]
    answer: Answer
    rule: str

    @property
    def meaning(self) -> tuple[frozenset[Atom], Answer]:
        """What it does, whatever it is called."""
        return self.asks, self.answer


Entries = tuple[Entry, ...]


def answer_of(rule: Rule) -> Answer:
    """What the rule answers where it holds."""
    if rule.effect == "withhold":
        return Answer("withheld", rule.discloser)
    if rule.effect == "accompany":
        return Answer("along", rule.discloser, rule.recipient, rule.purpose)
    ending = "once" if rule.once else rule.when_it_ends
    return Answer("released", rule.discloser, rule.recipient, rule.purpose, rule.will_kind or "statute", ending)


def says_of(rule: Rule, category: int, kind: str, handling: str) -> bool:
    """Whether the rule decides anything about such data, whoever has them."""
    return (
        rule.effect in ("withhold", "release")
        and category in rule.categories
        and handling in rule.handling
        and (not rule.kinds or kind in rule.kinds)
    )


def entries(law: Law, place: Place) -> Entries:
    """The rules that speak of this place, in the order in which they are asked."""
    speaking = [
        rule
        for rule in law.rules
        if place.to_role in rule.to_roles
        and not rule.from_roles.isdisjoint(place.from_roles)
        and says_of(rule, place.category, place.kind, place.handling)
    ]
    speaking.sort(key=lambda rule: (rule.effect != "withhold", rule.order, rule.id))
    return tuple(entry for rule in speaking for entry in _entries(rule, place))


def _entries(rule: Rule, place: Place) -> Iterator[Entry]:
    """A rule as it stands at this place: once for each of the client's wills that it may rest on, or not at all.

    Two wills of a kind are enough to meet any two rules, one of each set: more cannot show another difference.
    """
    for will in (0, 1) if rule.will_kind else (-1,):
        asks: set[Atom] = set()
        for name in rule.when:
            settled = _settled(name, rule, place)
            if settled is False:
                return
            if settled is None:
                purpose = rule.purpose if name in OF_PURPOSE else ""
                asks.add(Atom(name, purpose, will if name in WILL_KIND else -1))
        yield Entry(frozenset(asks), answer_of(rule), rule.id)


def _settled(name: str, rule: Rule, place: Place) -> bool | None:
    """The answer to a condition where the roles and the kind of data alone give it."""
    if name == "fact-in-force" and (not KINDS[place.kind].is_joint or place.kind == "relationship"):
        return True
    if name == "recipient-is-owner" and KINDS[place.kind].is_joint:
        return False
    return settled_by_roles(name, rule.from_roles & frozenset(place.from_roles), place.to_role)


@dataclass(slots=True)
class Region:
    """All situations in which one rule of the one set and one of the other answer."""

    before: Entry | None
    after: Entry | None
    questions: int
    """How many possible situations it has."""
    always: dict[Atom, bool]
    """The conditions whose answer is the same in all of them."""


def regions(before: Entries, after: Entries) -> list[Region]:
    """Everything that two lists of rules can answer together, situation by situation, and how often."""
    atoms = frozenset(atom for entry in (*before, *after) for atom in entry.asks)
    found: dict[tuple[str, str], Region] = {}
    _split(before, after, {}, atoms, found)
    return list(found.values())


def _split(
    before: Entries,
    after: Entries,
    situation: dict[Atom, bool],
    atoms: frozenset[Atom],
    found: dict[tuple[str, str], Region],
) -> None:
    asked = _next_to_ask(before) or _next_to_ask(after)
    if asked is not None:
        for value in (True, False):
            narrowed = {**situation, asked: value}
            if is_possible(narrowed, nogoods(atoms)):
                _split(_given(before, asked, value=value), _given(after, asked, value=value), narrowed, atoms, found)
        return
    count = completions(situation, atoms - situation.keys(), nogoods(atoms))
    if count == 0:
        return
    first, second = (before[0] if before else None), (after[0] if after else None)
    key = (first.rule if first else "", second.rule if second else "")
    known = found.get(key)
    if known is None:
        found[key] = Region(first, second, count, dict(situation))
    else:
        known.questions += count
        known.always = {atom: value for atom, value in known.always.items() if situation.get(atom) is value}


def _next_to_ask(rules: Entries) -> Atom | None:
    """A condition of the first rule that may hold; None where it is settled which rule answers."""
    return min(rules[0].asks, default=None) if rules else None


def _given(rules: Entries, atom: Atom, *, value: bool) -> Entries:
    """The rules that are left once one condition is answered: nothing after a rule that holds is asked."""
    left: list[Entry] = []
    for entry in rules:
        if atom not in entry.asks:
            left.append(entry)
        elif value:
            left.append(Entry(entry.asks - {atom}, entry.answer, entry.rule))
        else:
            continue
        if not left[-1].asks:
            break
    return tuple(left)
