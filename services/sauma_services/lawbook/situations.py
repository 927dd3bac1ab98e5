"""Says which answers to the conditions of rules can be given together; it knows no rule and decides nothing.

Every condition is taken as true or false by itself, except for what the meaning of the conditions rules out. A condition
that is not named here is free: a table of the impossible that says too little only finds more questions than there are.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache


@dataclass(frozen=True, slots=True, order=True)
class Atom:
    """One condition as one question meets it."""

    name: str
    purpose: str = ""
    """The purpose it asks about, where it asks about one."""
    will: int = -1
    """Which of the client's wills it speaks of, where it speaks of one."""


Situation = Mapping[Atom, bool]
"""Answers to some conditions; what is not in it is open."""

_OPEN, _OVER, _NOT_OVER = "relationship-open", "relationship-over", "relationship-not-over"

# Of a relationship there is none, or it is open, or it is over; one that was started in error counts as over and as none.
IMPOSSIBLE: tuple[Mapping[str, bool], ...] = (
    {_OPEN: True, _OVER: True},
    {_OPEN: True, _NOT_OVER: False},
    {_OVER: False, _NOT_OVER: False},
    # Parties, confirmation and marks made since the start are those of a relationship that there is or was.
    {"recipient-is-party": True, _OPEN: False, _OVER: False},
    {"taking-part-confirmed": True, _OPEN: False, _OVER: False},
    {"marked-after-start": True, _OPEN: False, _OVER: False},
    {"marked-after-start": True, "affects-employment": False},
    {"marked-after-start": True, "necessary-for-service": False},
    {"referred-to-recipient": True, "addressed-to-recipient": False},
    {"referred-to-recipient": True, _NOT_OVER: False},
    {"referred-to-recipient": True, _OPEN: True, "recipient-is-party": False},
    {"provider-is-party-of-plan": True, _OPEN: False},
    {"plan-is-multi-sector": True, "plan-is-activation": True},
)
"""Answers that never come together."""


Nogood = tuple[tuple[Atom, bool], ...]


@cache
def nogoods(atoms: frozenset[Atom]) -> tuple[Nogood, ...]:
    """The impossible answers among these conditions."""
    by_name = {atom.name: atom for atom in atoms if atom.will < 0 and not atom.purpose}
    return tuple(
        tuple((by_name[name], value) for name, value in together.items())
        for together in IMPOSSIBLE
        if together.keys() <= by_name.keys()
    )


def is_possible(situation: Situation, ruled_out: Iterable[Nogood]) -> bool:
    """Whether none of the impossible answers is already given in full."""
    return not any(all(situation.get(atom) is value for atom, value in together) for together in ruled_out)


def completions(situation: Situation, open_atoms: frozenset[Atom], ruled_out: tuple[Nogood, ...]) -> int:
    """In how many possible ways the open conditions can still be answered."""
    if not is_possible(situation, ruled_out):
        return 0
    live = [together for together in ruled_out if all(situation.get(atom, value) is value for atom, value in together)]
    bound = sorted({atom for together in live for atom, _ in together if atom in open_atoms})
    if not bound:
        return 1 << len(open_atoms)
    first, rest = bound[0], open_atoms - {bound[0]}
    return sum(completions({**situation, first: value}, rest, tuple(live)) for value in (True, False))
