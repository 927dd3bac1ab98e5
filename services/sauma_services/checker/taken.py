"""Takes a snapshot of a log at rest, for the checker; it only copies."""

from collections.abc import Iterable

from sauma.ids import EndpointId
from sauma.places import Places
from sauma_services.checker.snapshot import LogSnapshot, Positioned
from sauma_services.router import Router
from sauma_services.router.epochs import EPOCH_KEY
from sauma_services.runtime.ports import Reader, Record
from sauma_services.runtime.topics import DECISIONS, JOURNAL, RECEIPTS, REJECTED, deliveries, inbound, narrowing


def snapshot(reader: Reader, *, places: Places, sources: Iterable[EndpointId], partitions: int = 1) -> LogSnapshot:
    """Everything in the log that the checker looks at. `sources`: the endpoints whose inbound topics are looked at."""

    def values(topic: str) -> list[Record]:
        return [record for partition in range(partitions) for record in reader.scan(topic, partition)]

    def positioned(topic: str) -> list[Positioned]:
        return [(record.position, record.value) for record in values(topic)]

    return LogSnapshot(
        journal={
            partition: [(r.position, r.value) for r in reader.scan(JOURNAL.name, partition)]
            for partition in range(partitions)
        },
        deliveries={endpoint: positioned(deliveries(endpoint)) for endpoint in places.endpoints},
        decisions=[record.value for record in values(DECISIONS.name)],
        inbound={
            topic: positioned(topic) for endpoint in sources for topic in (inbound(endpoint), narrowing(endpoint))
        },
        rejected=[record.value for record in values(REJECTED.name)],
        receipts=[record.value for record in values(RECEIPTS.name)],
        state={
            part.key.decode(): part.value
            for part in reader.state(Router.name)
            if part.value is not None and part.key != EPOCH_KEY
        },
    )
