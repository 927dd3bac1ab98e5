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

_SUBJECT_BYTES = 32
"""Of a subject id as the beginning of a key."""


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
    taking = _Taking(reader, partitions, [_Share() for _ in range(count)])
    taking.outputs(places)
    taking.state()
    taking.inputs(sources)
    return [share.snapshot() for share in taking.shares]


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


@dataclass(frozen=True, slots=True)
class _Taking:
    """Puts each record of a log into the share of its key."""

    reader: Reader
    partitions: int
    shares: Sequence[_Share]

    def outputs(self, places: Places) -> None:
        """The journal, and what came of it."""
        for record in self._records(JOURNAL.name):
            self._of(record.key).journal.setdefault(record.partition, []).append((record.position, record.value))
        for endpoint in places.endpoints:
            for share in self.shares:
                share.deliveries[endpoint] = []
            for record in self._records(deliveries(endpoint)):
                self._of(record.key).deliveries[endpoint].append((record.position, record.value))
        for record in self._records(DECISIONS.name):
            self._of(record.key).decisions.append(record.value)
        for record in self._records(RECEIPTS.name):
            self._of(record.key).receipts.append(record.value)

    def state(self) -> None:
        """The router's state, without what is about no client."""
        for part in self.reader.state(Router.name):
            if part.value is not None and part.key != EPOCH_KEY:
                self._of(part.key).state[part.key.decode()] = part.value

    def inputs(self, sources: Iterable[EndpointId]) -> None:
        """What the agencies said, and what of it was rejected."""
        rejections = _Rejections(self._records(REJECTED.name))
        for topic in (topic for endpoint in sources for topic in (inbound(endpoint), narrowing(endpoint))):
            for share in self.shares:
                share.inbound[topic] = []
            for record in self._records(topic):
                share = self._of(record.key)
                share.inbound[topic].append((record.position, record.value))
                share.rejected += rejections.of(record)
        self.shares[0].rejected += rejections.left()

    def _of(self, key: bytes) -> _Share:
        """A key begins with its client, or is something else altogether."""
        return self.shares[zlib.crc32(key[:_SUBJECT_BYTES]) % len(self.shares)]

    def _records(self, topic: str) -> Iterable[Record]:
        return (record for partition in range(self.partitions) for record in self.reader.scan(topic, partition))


class _Rejections:
    """Rejections by the inbound record that each is about: that record's client has them in its share."""

    def __init__(self, records: Iterable[Record]) -> None:
        self._by_place: dict[tuple[str, int], list[tuple[Rejection, bytes]]] = {}
        self._unread: list[bytes] = []
        for record in records:
            try:
                rejection = _REJECTION.decode(record.value)
            except Undecodable:
                self._unread.append(record.value)
                continue
            place = (rejection.topic, rejection.position)
            self._by_place.setdefault(place, []).append((rejection, record.value))

    def of(self, record: Record) -> list[bytes]:
        """The one about this record, if any: of equal records at one position in two partitions, each takes its own."""
        here = self._by_place.get((record.topic, record.position), [])
        sha256 = hashlib.sha256(record.value).digest() if here else b""
        fitting = [
            one for one in here if one[0].sha256 == sha256 and one[0].subject in (None, record.key.decode("latin-1"))
        ]
        if not fitting:
            return []
        # One that names the client is about this client's record; one that does not may be about any.
        taken = max(fitting, key=lambda one: one[0].subject is not None)
        here.remove(taken)
        return [taken[1]]

    def left(self) -> list[bytes]:
        """Those about nothing that was met, and those that cannot be read."""
        return [*self._unread, *(data for here in self._by_place.values() for _, data in here)]
