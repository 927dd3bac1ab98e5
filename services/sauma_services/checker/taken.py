"""Takes a snapshot of a log at rest, for the checker, whole or a share of the clients at a time; it only copies."""

import hashlib
import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from sauma.codec import Codec, Undecodable
from sauma.delivery import Rejection
from sauma.ids import EndpointId
from sauma.places import Places
from sauma_services.checker.snapshot import LogSnapshot, Positioned
from sauma_services.router import Router
from sauma_services.router.epochs import EPOCH_KEY
from sauma_services.runtime.ports import Reader, Record
from sauma_services.runtime.topics import DECISIONS, JOURNAL, RECEIPTS, REJECTED, deliveries, inbound, narrowing

_REJECTION = Codec(Rejection)


def snapshot(reader: Reader, *, places: Places, sources: Iterable[EndpointId], partitions: int = 1) -> LogSnapshot:
    """Everything in the log that the checker looks at. `sources`: the endpoints whose inbound topics are looked at."""
    (whole,) = shares(reader, places=places, sources=sources, partitions=partitions, count=1)
    return whole


def shares(
    reader: Reader, *, places: Places, sources: Iterable[EndpointId], partitions: int = 1, count: int
) -> Sequence[LogSnapshot]:
    """The same in `count` snapshots, each of which has some clients whole: every record is in exactly one of them.

    What is decoded of a log takes ten times its bytes: a large one is checked share by share.
    """
    made = [_Share() for _ in range(count)]

    def of(key: bytes) -> _Share:
        return made[zlib.crc32(key[:32]) % count]

    def records(topic: str) -> Iterable[Record]:
        return (record for partition in range(partitions) for record in reader.scan(topic, partition))

    for record in records(JOURNAL.name):
        of(record.key).journal.setdefault(record.partition, []).append((record.position, record.value))
    for endpoint in places.endpoints:
        for share in made:
            share.deliveries[endpoint] = []
        for record in records(deliveries(endpoint)):
            of(record.key).deliveries[endpoint].append((record.position, record.value))
    for record in records(DECISIONS.name):
        of(record.key).decisions.append(record.value)
    for record in records(RECEIPTS.name):
        of(record.key).receipts.append(record.value)
    for part in reader.state(Router.name):
        if part.value is not None and part.key != EPOCH_KEY:
            of(part.key).state[part.key.decode()] = part.value
    rejections = _Rejections(records(REJECTED.name))
    for endpoint in sources:
        for topic in (inbound(endpoint), narrowing(endpoint)):
            for share in made:
                share.inbound[topic] = []
            for record in records(topic):
                share = of(record.key)
                share.inbound[topic].append((record.position, record.value))
                share.rejected += rejections.of(record)
    made[0].rejected += rejections.left()
    return [share.snapshot() for share in made]


@dataclass(slots=True)
class _Share:
    journal: dict[int, list[Positioned]] = field(default_factory=dict)
    deliveries: dict[EndpointId, list[Positioned]] = field(default_factory=dict)
    decisions: list[bytes] = field(default_factory=list)
    inbound: dict[str, list[Positioned]] = field(default_factory=dict)
    rejected: list[bytes] = field(default_factory=list)
    receipts: list[bytes] = field(default_factory=list)
    state: dict[str, bytes] = field(default_factory=dict)

    def snapshot(self) -> LogSnapshot:
        return LogSnapshot(
            self.journal, self.deliveries, self.decisions, self.inbound, self.rejected, self.receipts, self.state
        )


class _Rejections:
    """Rejections by the inbound record that each is about: that record's client has them in its share."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._by_place: dict[tuple[str, int], list[tuple[bytes, bytes]]] = {}
        self._unread: list[bytes] = []
        for record in records:
            try:
                rejection = _REJECTION.decode(record.value)
            except Undecodable:
                self._unread.append(record.value)
                continue
            place = (rejection.topic, rejection.position)
            self._by_place.setdefault(place, []).append((rejection.sha256, record.value))

    def of(self, record: Record) -> list[bytes]:
        """The one about this record, if any: of equal records at one position in two partitions, each takes one."""
        here = self._by_place.get((record.topic, record.position))
        if not here:
            return []
        sha256 = hashlib.sha256(record.value).digest()
        for index, (about, data) in enumerate(here):
            if about == sha256:
                del here[index]
                return [data]
        return []

    def left(self) -> list[bytes]:
        """Those about nothing that was met, and those that cannot be read."""
        return [*self._unread, *(data for here in self._by_place.values() for _, data in here)]
