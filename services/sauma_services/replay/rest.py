"""Says whether a log is at rest: all that agencies sent is taken in, and all that was taken in is done. Reads only.

It compares what is there, and asks no log for anybody's position: so it says the same on any log.
"""

import hashlib
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sauma.codec import Codec, Undecodable
from sauma.delivery import Rejection
from sauma.ids import EndpointId
from sauma.splice import event_in_entry
from sauma_services.router import Router
from sauma_services.router.clients import records_taken
from sauma_services.router.epochs import EPOCH_KEY
from sauma_services.runtime.ports import Reader, Record
from sauma_services.runtime.topics import JOURNAL, REJECTED, inbound, narrowing

_REJECTION = Codec(Rejection)


@dataclass(frozen=True, slots=True)
class Waiting:
    """What a log has yet to do."""

    inbound: Mapping[str, int]
    """By topic, the records that intake has neither let into the journal nor refused."""
    journal: int
    """Journal records that the router has not taken."""

    def __bool__(self) -> bool:
        """Whether there is any."""
        return bool(self.inbound or self.journal)


def waiting(reader: Reader, *, sources: Sequence[EndpointId], partitions: int) -> Waiting:
    """What waits in the inbound topics of these sources, and in the journal. Exact for a log that nobody writes."""
    counted = records_taken(reader.state(Router.name))
    of_client: Counter[str] = Counter()
    let_in: set[bytes] = set()
    for record in _all_of(reader, JOURNAL.name, partitions):
        if record.key != EPOCH_KEY:
            of_client[record.key.decode(errors="replace")] += 1
            # Intake takes an event's bytes over as they are. One that comes twice has no effect: the first stands for both.
            let_in.update(map(_digest, _event_in(record)))
    refused = set(_refused(reader, partitions))
    not_taken_in = Counter(
        record.topic
        for source in sources
        for topic in (narrowing(source), inbound(source))
        for record in _all_of(reader, topic, partitions)
        if _digest(record.value) not in let_in and (record.topic, record.position, _digest(record.value)) not in refused
    )
    return Waiting(not_taken_in, sum(max(0, n - counted.get(subject, 0)) for subject, n in of_client.items()))


def _all_of(reader: Reader, topic: str, partitions: int) -> Iterator[Record]:
    for partition in range(partitions):
        yield from reader.scan(topic, partition)


def _event_in(record: Record) -> Iterator[bytes]:
    """The bytes of the event that the entry holds, if it holds one."""
    try:
        event = event_in_entry(record.value)
    except IndexError:  # no entry: `sauma replay verify` tells of it
        return
    if event:
        yield event


def _refused(reader: Reader, partitions: int) -> Iterator[tuple[str, int, bytes]]:
    """Topic, position and digest of every record that intake did not let in."""
    for record in _all_of(reader, REJECTED.name, partitions):
        try:
            rejection = _REJECTION.decode(record.value)
        except Undecodable:
            continue
        yield rejection.topic, rejection.position, rejection.sha256


def _digest(value: bytes) -> bytes:
    return hashlib.sha256(value).digest()
