"""Reads what the log has gained since it was last looked at: the demo tells it, and counts it."""

from collections import Counter
from dataclasses import dataclass, field

from sauma.codec import Codec
from sauma.decision import Decision
from sauma.delivery import Delivery
from sauma.ids import EndpointId, FactId
from sauma_services.machine import Machine
from sauma_services.runtime.topics import DECISIONS, JOURNAL, REJECTED, deliveries, inbound, narrowing

_DECISION, _DELIVERY = Codec(Decision), Codec(Delivery)


@dataclass(slots=True)
class News:
    """What came since."""

    decisions: list[Decision]
    deliveries: list[Delivery]


@dataclass(slots=True)
class Watch:
    """Remembers how far it has looked."""

    machine: Machine
    counts: Counter[str] = field(default_factory=Counter)
    _after: dict[tuple[str, int], int] = field(default_factory=dict)
    _conflicts: set[FactId] = field(default_factory=set)

    def news(self) -> News:
        """Decisions and deliveries since the last call, counted as they are read."""
        decided = [_DECISION.decode_trusted(value) for value in self._since(DECISIONS.name)]
        delivered = [
            _DELIVERY.decode_trusted(value)
            for endpoint in sorted(self.machine.places.endpoints)
            for value in self._since(deliveries(endpoint))
        ]
        self.counts["journal"] += len(self._since(JOURNAL.name))
        self.counts["events"] += sum(
            len(self._since(topic))
            for endpoint in self.machine.runners
            for topic in (inbound(endpoint), narrowing(endpoint))
        )
        self.counts["deliveries"] += len(delivered)
        self.counts["refused"] += len(self._since(REJECTED.name))
        for decision in decided:
            self.counts["refused"] += decision.outcome == "refused"
            for ruling in decision.rulings:
                self.counts[ruling.outcome] += 1
                if ruling.kind == "conflict":
                    self._conflicts.add(ruling.fact)
        self.counts["conflicts"] = len(self._conflicts)
        return News(decided, delivered)

    def _since(self, topic: str) -> list[bytes]:
        reader = self.machine.reader
        found: list[bytes] = []
        for partition in range(self.machine.partitions):
            for record in reader.scan(topic, partition, self._after.get((topic, partition), -1) + 1):
                self._after[topic, partition] = record.position
                found.append(record.value)
        return found


def short(endpoint: str) -> str:
    """How the demo calls an endpoint on the terminal."""
    names = {"keha": "KEHA joint data set", "kela": "Kela"}
    return names.get(EndpointId(endpoint), endpoint)
