"""Makes a log snapshot, and the stores of agencies that applied everything, out of a world; the material for the checker."""

import hashlib
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field

from sauma.client import FactState
from sauma.codec import Codec
from sauma.decision import Decision
from sauma.delivery import Delivery, Rejection
from sauma.event import Event
from sauma.ids import EndpointId, FactId, SubjectId
from sauma.journal import Entry, Refused
from sauma.step import Step
from sauma_services.checker import Holding, LogSnapshot, Violation
from sauma_services.checker.judging import Judge
from sauma_services.checker.naive import NaiveClient
from sauma_services.checker.reading import Reading, Told, join
from sauma_services.runtime.topics import inbound as inbound_topic
from support.world import SUBJECT, World

ENTRY, EVENT, DELIVERY, DECISION, FACT_STATE, REJECTION = (
    Codec(Entry),
    Codec(Event),
    Codec(Delivery),
    Codec(Decision),
    Codec(FactState),
    Codec(Rejection),
)


@dataclass
class RecordedWorld(World):
    """A world that remembers its journal."""

    entries: list[Entry] = field(default_factory=list)

    def _step(self, entry: Entry, digest: bytes) -> Step:
        self.entries.append(entry)
        return super()._step(entry, digest)


def violations(world: RecordedWorld) -> list[Violation]:
    """What the checker finds, by its own law, in what the core did."""
    reading = Reading()
    history = [Told(f"record {index}", entry) for index, entry in enumerate(world.entries, 1)]
    join(reading, SUBJECT, history, world.decisions, world.deliveries)
    judge = Judge(NaiveClient(SUBJECT), world.places)
    judge.play(history)
    return [*reading.violations, *judge.violations]


def snapshot(world: RecordedWorld) -> LogSnapshot:
    """The log as it would stand if this world's records were everything in it; positions have gaps, as on Kafka."""
    deliveries: dict[EndpointId, list[tuple[int, bytes]]] = defaultdict(list)
    for delivery in world.deliveries:
        records = deliveries[delivery.recipient]
        records.append((2 * len(records), DELIVERY.encode(delivery)))
    inbound: dict[str, list[tuple[int, bytes]]] = defaultdict(list)
    rejected: list[bytes] = []
    for entry in world.entries:
        what = entry.what
        if isinstance(what, Event | Refused):
            records = inbound[inbound_topic(what.source)]
            position = 3 * len(records)
            records.append((position, EVENT.encode(what) if isinstance(what, Event) else b"unreadable"))
            if isinstance(what, Refused):
                data = records[-1][1]
                rejection = Rejection(
                    what.source,
                    what.reason,
                    "",
                    position,
                    len(data),
                    hashlib.sha256(data).digest(),
                    what.subject,
                    what.seq,
                    inbound_topic(what.source),
                )
                rejected.append(REJECTION.encode(rejection))
    return LogSnapshot(
        journal={0: [(2 * index, ENTRY.encode(entry)) for index, entry in enumerate(world.entries)]},
        deliveries=dict(deliveries),
        decisions=[DECISION.encode(decision) for decision in world.decisions],
        inbound=dict(inbound),
        rejected=rejected,
        state={f"{SUBJECT}/fact/{name}": FACT_STATE.encode(state) for name, state in world.client.facts.items()},
    )


def holdings(world: RecordedWorld) -> dict[EndpointId, dict[SubjectId, dict[FactId, Holding]]]:
    """The stores of recipients that applied everything: stopped facts are kept, erased ones gone, wrong ones marked."""
    stores: dict[EndpointId, dict[FactId, Holding]] = defaultdict(dict)
    for delivery in world.deliveries:
        store = stores[delivery.recipient]
        for item in delivery.puts:
            store[item.fact] = Holding(item.version, _text(item.cell, item.status))
        for back in delivery.retracted:
            held = store.get(back.fact)
            if back.ask == "erase":
                store.pop(back.fact, None)
            elif back.ask == "error" and held is not None:
                store[back.fact] = Holding(held.version, held.text, is_error=True)
    for name, state in world.client.facts.items():
        for endpoint, given in state.given.items():
            if given.state == "erased":
                stores[endpoint].pop(name, None)
        for endpoint in stores.keys() - state.given.keys():  # an inventory said that it is not there
            stores[endpoint].pop(name, None)
    return {endpoint: {SUBJECT: store} for endpoint, store in stores.items()}


def _text(cell: bytes, status: str) -> Mapping[str, str]:
    return {"content": cell.decode(errors="replace"), "status": status}
