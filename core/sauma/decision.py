"""What was decided on one record: self-contained, with grounds and reasons, without any content (ATL 703/2023 10 §)."""

from dataclasses import dataclass

from sauma.delivery import Basis
from sauma.fact import Moment
from sauma.ids import EndpointId, FactId, SubjectId
from sauma.making import cheap_to_make

OUTCOMES = ("released", "rebased", "retracted", "withheld", "undecided", "unchanged")


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Ruling:
    """One recipient and one fact: exactly one outcome, with its basis or its reason."""

    recipient: str
    """An endpoint; a role where the address could not be resolved."""
    fact: FactId
    version: int
    kind: str
    category: int
    discloser: EndpointId
    outcome: str
    """One of `OUTCOMES`."""
    reason: str = ""
    """Withheld, retracted: why. Undecided: what is missing."""
    ask: str = ""
    """Retracted: stop, erase or error."""
    basis: int = -1
    """Released, rebased, unchanged: index into the decision's bases."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Decision:
    """Everything decided on one journal record."""

    subject: SubjectId
    number: int
    """1, 2, 3 ... per client, over its journal records."""
    cause: str
    """The event's id, or the kind of the record."""
    source: EndpointId
    effective_at: Moment
    law: str
    outcome: str
    """accepted, refused, parked, repeat or early (a narrowing record that overtook a gap)."""
    reason: str = ""
    seq: int = 0
    bases: tuple[Basis, ...] = ()
    rulings: tuple[Ruling, ...] = ()
    unchanged: int = 0
    """Pairs of recipient and fact that this record did not touch."""
