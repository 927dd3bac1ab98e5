"""Replays a whole journal from empty and holds every delivery and decision that is stored against what comes out again."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from sauma.client import Client, new_client
from sauma.codec import Codec, Undecodable
from sauma.decision import Decision
from sauma.delivery import Delivery
from sauma.ids import EndpointId, SubjectId, event_hash
from sauma.journal import Entry, Epoch
from sauma.places import Places
from sauma.rulefile import Laws
from sauma.splice import event_in_entry
from sauma.step import Step, step
from sauma_services.runtime.ports import Reader, Record
from sauma_services.runtime.topics import DECISIONS, JOURNAL, deliveries

_ENTRY, _DELIVERY, _DECISION = Codec(Entry), Codec(Delivery), Codec(Decision)


@dataclass(frozen=True, slots=True)
class Difference:
    """One stored record that is not what the journal gives, or is not there, or should not be."""

    topic: str
    position: int
    """Where it stands; -1 where it is missing."""
    subject: str
    number: int
    """The delivery's or decision's number for this client; 0 where it cannot be read."""
    what: str
    """other-bytes, missing, extra, undecodable, or other-law, other-places for what an epoch pins."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found."""

    records: int
    """Journal records taken again."""
    compared: int
    """Stored deliveries and decisions compared."""
    differences: tuple[Difference, ...]


@dataclass(slots=True)
class _Stored:
    position: int
    data: bytes
    subject: str
    number: int
    is_met: bool = False


def verify(reader: Reader, *, laws: Laws, places: Places, partitions: int = 1) -> Verified:
    """Take the journal again under these laws and places. Reads only; what intake told about no client is left aside."""
    stored: dict[tuple[str, str, int], _Stored] = {}
    differences: list[Difference] = []
    topics = [DECISIONS.name, *(deliveries(endpoint) for endpoint in places.endpoints)]
    for topic in topics:
        for partition in range(partitions):
            _collect(topic, reader.scan(topic, partition), stored, differences)
    records = 0
    for partition in range(partitions):
        for taken in _replayed(reader.scan(JOURNAL.name, partition), laws, places, differences):
            records += 1
            for topic, number, data in _outputs(taken) if taken else ():
                differences += _compared(stored, topic, taken.client.head.subject if taken else "", number, data)
    extra = [
        Difference(topic, one.position, subject, number, "extra")
        for (topic, subject, number), one in stored.items()
        if not one.is_met
    ]
    return Verified(records, len(stored), tuple([*differences, *extra]))


def _collect(
    topic: str,
    records: Iterable[Record],
    stored: dict[tuple[str, str, int], _Stored],
    differences: list[Difference],
) -> None:
    for record in records:
        try:
            subject, number = _named(topic, record.value)
        except Undecodable:
            differences.append(
                Difference(topic, record.position, record.key.decode(errors="replace"), 0, "undecodable")
            )
            continue
        if number == 0:
            continue
        key = (topic, subject, number)
        if key in stored:
            differences.append(Difference(topic, record.position, subject, number, "extra"))
        else:
            stored[key] = _Stored(record.position, record.value, subject, number)


def _named(topic: str, value: bytes) -> tuple[str, int]:
    if topic == DECISIONS.name:
        decision = _DECISION.decode(value)
        return decision.subject, decision.number
    delivery = _DELIVERY.decode(value)
    return delivery.subject, delivery.number


def _replayed(
    records: Iterable[Record], laws: Laws, places: Places, differences: list[Difference]
) -> Iterator[Step | None]:
    clients: dict[SubjectId, Client] = {}
    for record in records:
        entry = _ENTRY.decode_trusted(record.value)
        if isinstance(entry.what, Epoch):
            differences += _pinned(record, entry.what, laws, places)
            yield None
            continue
        subject = SubjectId(record.key.decode())
        event = event_in_entry(record.value)
        taken = step(
            clients.get(subject) or new_client(subject),
            entry,
            event_digest=event_hash(event) if event else b"",
            laws=laws,
            places=places,
        )
        clients[subject] = taken.client
        yield taken


def _pinned(record: Record, epoch: Epoch, laws: Laws, places: Places) -> Iterator[Difference]:
    """An epoch names what decided from there on; replaying with something else proves nothing, so it is said."""
    for what, pinned, here in (("other-law", epoch.law, laws.version), ("other-places", epoch.places, places.version)):
        if pinned != here:
            yield Difference(JOURNAL.name, record.position, "", 0, what)


def _outputs(taken: Step) -> Iterator[tuple[str, int, bytes]]:
    for delivery in taken.deliveries:
        yield deliveries(EndpointId(delivery.recipient)), delivery.number, _DELIVERY.encode(delivery)
    yield DECISIONS.name, taken.decision.number, _DECISION.encode(taken.decision)


def _compared(
    stored: Mapping[tuple[str, str, int], _Stored], topic: str, subject: str, number: int, data: bytes
) -> Iterator[Difference]:
    found = stored.get((topic, subject, number))
    if found is None:
        yield Difference(topic, -1, subject, number, "missing")
        return
    found.is_met = True
    if found.data != data:
        yield Difference(topic, found.position, subject, number, "other-bytes")
