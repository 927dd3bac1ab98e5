"""Reads a snapshot into one history a client, and finds what is wrong with its form: ids, numbers, what belongs to what."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TypeVar

from sauma.codec import Codec, Undecodable
from sauma.decision import Decision
from sauma.delivery import Delivery
from sauma.event import Event
from sauma.ids import SubjectId, delivery_id
from sauma.journal import Entry, Epoch
from sauma_services.checker.snapshot import LogSnapshot, Violation

T = TypeVar("T")
ENTRY, DECISION, DELIVERY = Codec(Entry), Codec(Decision), Codec(Delivery)


@dataclass(slots=True)
class Told:
    """One journal record and all that came of it."""

    place: str
    entry: Entry
    decision: Decision | None = None
    deliveries: list[Delivery] = field(default_factory=list)


@dataclass(slots=True)
class Reading:
    """The histories by subject, and what was found while reading."""

    histories: dict[SubjectId, list[Told]] = field(default_factory=dict)
    violations: list[Violation] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)

    def found(self, invariant: str, subject: str, place: str, what: str) -> None:
        """Note a violation."""
        self.violations.append(Violation(invariant, subject, place, what))


def read(snapshot: LogSnapshot) -> Reading:
    """One history a client, in the order of the journal."""
    reading = Reading()
    for partition, records in snapshot.journal.items():
        _read_journal(reading, partition, records)
    decisions: dict[SubjectId, list[Decision]] = {}
    for index, data in enumerate(snapshot.decisions):
        decision = decode(reading, DECISION, data, f"decisions {index}")
        if decision is not None:
            decisions.setdefault(decision.subject, []).append(decision)
    deliveries: dict[SubjectId, list[Delivery]] = {}
    for recipient, records in snapshot.deliveries.items():
        for position, data in records:
            delivery = decode(reading, DELIVERY, data, f"deliver.{recipient} {position}")
            if delivery is not None and _is_about_nobody(delivery):
                reading.counts["tellings"] += 1
            elif delivery is not None:
                deliveries.setdefault(delivery.subject, []).append(delivery)
                if delivery.recipient != recipient:
                    place = f"deliver.{recipient} {position}"
                    reading.found("I1", delivery.subject, place, f"is for {delivery.recipient}")
    for subject in sorted({*reading.histories, *decisions, *deliveries}):
        told = reading.histories.setdefault(subject, [])
        join(reading, subject, told, decisions.get(subject, []), deliveries.get(subject, []))
    return reading


def decode(reading: Reading, codec: Codec[T], data: bytes, place: str) -> T | None:
    """The record, or a violation: what stands in a log has to be whole and canonical."""
    try:
        return codec.decode(data)
    except Undecodable as error:
        reading.found("I22", "", place, str(error))
        return None


def _is_about_nobody(delivery: Delivery) -> bool:
    """Whether it is intake's word about a record whose client could not be read: outside every client's history."""
    holds = delivery.puts or delivery.rebased or delivery.retracted
    are_refusals = all(notice.code == "refused" for notice in delivery.notices)
    return not delivery.subject and delivery.number == 0 and are_refusals and not holds


def _read_journal(reading: Reading, partition: int, records: Iterable[tuple[int, bytes]]) -> None:
    here: set[SubjectId] = set()
    for position, data in records:
        place = f"journal {partition}@{position}"
        entry = decode(reading, ENTRY, data, place)
        if entry is None or (isinstance(entry.what, Epoch) and not entry.what.subject):
            continue
        subject = entry.what.subject
        if subject not in here and subject in reading.histories:
            reading.found("I8", subject, place, "the client's records stand in two partitions")
        here.add(subject)
        reading.histories.setdefault(subject, []).append(Told(place, entry))


def join(
    reading: Reading, subject: str, told: list[Told], decisions: list[Decision], deliveries: list[Delivery]
) -> None:
    """Put to each record its decision and its deliveries; `deliveries` in the order of each recipient's topic."""
    _join_decisions(reading, subject, told, decisions)
    _check_numbers(reading, subject, deliveries)
    moments = {record.decision.effective_at: record for record in told if record.decision is not None}
    for delivery in deliveries:
        record = moments.get(delivery.effective_at)
        if record is None:
            place = f"deliver.{delivery.recipient} number {delivery.number}"
            reading.found("I13", subject, place, "no decision of this moment: nothing says why it left")
        else:
            record.deliveries.append(delivery)
    reading.counts.update(clients=1, records=len(told), deliveries=len(deliveries), decisions=len(decisions))


def _join_decisions(reading: Reading, subject: str, told: list[Told], decisions: list[Decision]) -> None:
    by_number: dict[int, Decision] = {}
    for decision in decisions:
        if decision.number in by_number:
            reading.found("I13", subject, f"decision {decision.number}", "a second decision on one record")
        by_number.setdefault(decision.number, decision)
    before = 0
    for number, record in enumerate(told, 1):
        found = by_number.pop(number, None)
        if found is None:
            reading.found("I13", subject, record.place, "no decision on this record")
            continue
        what = record.entry.what
        cause = what.id if isinstance(what, Event) else type(what).__name__
        if found.cause != cause:
            reading.found("I13", subject, record.place, f"decision {number} is about another record")
            continue
        if found.effective_at != max(before + 1, record.entry.stamp):
            reading.found("I12", subject, record.place, "effective time is not that of the stamps")
        before = found.effective_at
        record.decision = found
    for number in sorted(by_number):
        reading.found("I13", subject, f"decision {number}", "a decision on no record")


def _check_numbers(reading: Reading, subject: str, deliveries: list[Delivery]) -> None:
    """Each recipient's numbers are 1, 2, 3 ... in the order of its topic; each id is computed and stands for one value."""
    latest: Counter[str] = Counter()
    values: dict[str, Delivery] = {}
    for delivery in deliveries:
        place = f"deliver.{delivery.recipient} number {delivery.number}"
        if delivery.id != delivery_id(delivery.subject, delivery.recipient, delivery.number):
            reading.found("I7", subject, place, "its id is not the computed one")
        if delivery.id in values and values[delivery.id] != delivery:
            reading.found("I7", subject, place, "the same id with other bytes")
        values.setdefault(delivery.id, delivery)
        if delivery.number != latest[delivery.recipient] + 1:
            reading.found("I8", subject, place, f"follows number {latest[delivery.recipient]}")
        latest[delivery.recipient] = delivery.number
