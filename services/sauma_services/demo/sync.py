"""Reads the plan back from every agency's own files, in clear, and says whether all who share a fact hold the same."""

from collections.abc import Mapping
from dataclasses import dataclass

from sauma.content import as_text
from sauma.ids import EndpointId, FactId
from sauma_connectors.sdk.contract import Holding, Person
from sauma_services.machine import Machine

Holdings = Mapping[EndpointId, Mapping[FactId, Holding]]


@dataclass(frozen=True, slots=True)
class Sync:
    """What a comparison found."""

    shared_items: int
    """Pairs of a shared fact and a holder, with something in clear to compare."""
    different: tuple[FactId, ...]
    """Facts that two holders hold differently."""

    @property
    def is_in_sync(self) -> bool:
        """Whether there was something to compare, and all of it was equal."""
        return self.shared_items > 0 and not self.different


def holdings(machine: Machine, hetu: str) -> Holdings:
    """What each register holds of the person, read from its own files through its own connector."""
    person = Person(hetu)
    return {
        endpoint: {holding.fact: holding for holding in connector.sink.holdings(person)}
        for endpoint, connector in machine.connectors.items()
    }


def compare(held: Holdings) -> Sync:
    """Every fact with more than one holder: same version, same status, same clear text at all of them."""
    by_fact: dict[FactId, list[Holding]] = {}
    for register in held.values():
        for holding in register.values():
            if holding.content is not None:
                by_fact.setdefault(holding.fact, []).append(holding)
    shared = {fact: holders for fact, holders in by_fact.items() if len(holders) > 1}
    different = [fact for fact, holders in shared.items() if len({_reads(holding) for holding in holders}) > 1]
    return Sync(sum(len(holders) for holders in shared.values()), tuple(sorted(different)))


def _reads(holding: Holding) -> tuple[int, str, tuple[tuple[str, str], ...]]:
    content = as_text(holding.content) if holding.content is not None else {}
    return holding.version, holding.status, tuple(sorted(content.items()))
