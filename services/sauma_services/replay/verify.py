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
from sauma_services.router.epochs import CORE_RELEASE
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
    """other-bytes, other-key, out-of-order, missing, extra or undecodable; of the journal: undecodable, not-taken where the
    core breaks on what a record says, and other-core, other-law or other-places for what the latest epoch pins."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found."""

    records: int
    """Journal records taken again."""
    compared: int
    """Stored deliveries and decisions compared."""
    differences: tuple[Difference, ...]


_Name = tuple[str, str, int]
"""Topic, subject and number: what names one delivery or decision."""


@dataclass(slots=True)
class _Stored:
    position: int
    key: bytes
    data: bytes
    is_met: bool = False


def verify(reader: Reader, *, laws: Laws, places: Places, partitions: int = 1) -> Verified:
    """Take the journal again under these laws and places. Reads only.

    Refusals that intake told without knowing of which client (deliveries of number 0) are not the router's; of these only
    the form is looked at. What stands in topics of endpoints that the places do not have is not looked at.
    """
    stored: dict[_Name, _Stored] = {}
    differences: list[Difference] = []
    topics = [DECISIONS.name, *(deliveries(endpoint) for endpoint in places.endpoints)]
    for topic in topics:
        for partition in range(partitions):
            differences += _collected(topic, reader.scan(topic, partition), stored)
    records = 0
    for partition in range(partitions):
        replay = _Replay(laws, places)
        for record in reader.scan(JOURNAL.name, partition):
            records += 1
            for topic, subject, number, key, data in replay.outputs(record):
                differences += _compared(stored, (topic, subject, number), key, data)
        differences += replay.differences
        differences += replay.pinned()
    extra = [
        Difference(topic, one.position, subject, number, "extra")
        for (topic, subject, number), one in stored.items()
        if not one.is_met
    ]
    return Verified(records, len(stored), (*differences, *extra))


def _collected(topic: str, records: Iterable[Record], stored: dict[_Name, _Stored]) -> Iterator[Difference]:
    """Fill in what is stored; tell what cannot be the router's whatever the journal says."""
    latest: dict[str, int] = {}
    for record in records:
        try:
            named = _DECISION.decode(record.value) if topic == DECISIONS.name else _DELIVERY.decode(record.value)
        except Undecodable:
            yield Difference(topic, record.position, record.key.decode(errors="replace"), 0, "undecodable")
            continue
        subject, number = named.subject, named.number
        if isinstance(named, Delivery) and number == 0 and _is_told_by_intake(named):
            continue
        if number < 1 or (topic, subject, number) in stored:
            yield Difference(topic, record.position, subject, number, "extra")
            continue
        stored[topic, subject, number] = _Stored(record.position, record.key, record.value)
        if number < latest.get(subject, 0):
            yield Difference(topic, record.position, subject, number, "out-of-order")
        latest[subject] = max(number, latest.get(subject, 0))


def _is_told_by_intake(delivery: Delivery) -> bool:
    holds = delivery.puts or delivery.rebased or delivery.retracted
    return not delivery.subject and not holds and all(notice.code == "refused" for notice in delivery.notices)


class _Replay:
    """One partition's journal, taken again from empty."""

    def __init__(self, laws: Laws, places: Places) -> None:
        self._laws = laws
        self._places = places
        self._clients: dict[SubjectId, Client] = {}
        self._epoch: tuple[int, Epoch] | None = None
        self.differences: list[Difference] = []

    def outputs(self, record: Record) -> list[tuple[str, str, int, bytes, bytes]]:
        """Topic, subject, number, key and bytes of everything that this record gives."""
        try:
            entry = _ENTRY.decode(record.value)
            subject = SubjectId(record.key.decode())
        except (Undecodable, UnicodeDecodeError):
            self._differs(record, "undecodable")
            return []
        if isinstance(entry.what, Epoch):
            self._epoch = record.position, entry.what
            return []
        try:
            taken = self._taken(subject, entry, event_in_entry(record.value))
            made = [*map(_delivered, taken.deliveries), _decided(taken.decision)]
        except Exception:  # noqa: BLE001 - a record that was altered since may break what the router never met
            self._differs(record, "not-taken")
            return []
        self._clients[subject] = taken.client
        return [(topic, subject, number, record.key, data) for topic, number, data in made]

    def _taken(self, subject: SubjectId, entry: Entry, event: bytes) -> Step:
        return step(
            self._clients.get(subject) or new_client(subject),
            entry,
            event_digest=event_hash(event) if event else b"",
            laws=self._laws,
            places=self._places,
        )

    def pinned(self) -> Iterator[Difference]:
        """What decided last and is not what decides here, which is said since comparing with something else proves less.

        Only of the latest epoch: an earlier one was pinned before later rule sets were added, and its bytes speak for it.
        """
        if self._epoch is None:
            return
        position, epoch = self._epoch
        for what, pinned, here in (
            ("other-core", epoch.core, CORE_RELEASE),
            ("other-law", epoch.law, self._laws.version),
            ("other-places", epoch.places, self._places.version),
        ):
            if pinned != here:
                yield Difference(JOURNAL.name, position, "", 0, what)

    def _differs(self, record: Record, what: str) -> None:
        self.differences.append(Difference(JOURNAL.name, record.position, record.key.decode(errors="replace"), 0, what))


def _delivered(delivery: Delivery) -> tuple[str, int, bytes]:
    return deliveries(EndpointId(delivery.recipient)), delivery.number, _DELIVERY.encode(delivery)


def _decided(decision: Decision) -> tuple[str, int, bytes]:
    return DECISIONS.name, decision.number, _DECISION.encode(decision)


def _compared(stored: Mapping[_Name, _Stored], name: _Name, key: bytes, data: bytes) -> Iterator[Difference]:
    found = stored.get(name)
    if found is None:
        yield Difference(name[0], -1, name[1], name[2], "missing")
        return
    found.is_met = True
    if found.data != data:
        yield Difference(name[0], found.position, name[1], name[2], "other-bytes")
    if found.key != key:
        yield Difference(name[0], found.position, name[1], name[2], "other-key")
