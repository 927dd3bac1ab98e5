"""Finds what of one client's backlog is overtaken by the backlog itself; pure."""

from collections.abc import Sequence
from dataclasses import dataclass

from sauma.delivery import Delivery
from sauma.ids import FactId


@dataclass(frozen=True, slots=True)
class Overtaken:
    """What is not to be applied: (number of the delivery, fact)."""

    puts: frozenset[tuple[int, FactId]] = frozenset()
    rebases: frozenset[tuple[int, FactId]] = frozenset()

    @property
    def facts(self) -> frozenset[FactId]:
        """Facts of which at least one version is not applied."""
        return frozenset(fact for _, fact in self.puts)


def overtaken(backlog: Sequence[Delivery]) -> Overtaken:
    """A put that is later followed by another put of the same fact, or by its retraction; a rebase likewise.

    Retractions are never overtaken: what narrows is applied, whatever follows.
    """
    puts: set[tuple[int, FactId]] = set()
    rebases: set[tuple[int, FactId]] = set()
    retracted: set[FactId] = set()
    put: set[FactId] = set()
    rebased: set[FactId] = set()
    for delivery in sorted(backlog, key=lambda one: one.number, reverse=True):
        puts |= {(delivery.number, one.fact) for one in delivery.puts if one.fact in put | retracted}
        rebases |= {(delivery.number, one.fact) for one in delivery.rebased if one.fact in put | retracted | rebased}
        retracted |= {one.fact for one in delivery.retracted}
        put |= {one.fact for one in delivery.puts}
        rebased |= {one.fact for one in delivery.rebased}
    return Overtaken(frozenset(puts), frozenset(rebases))
