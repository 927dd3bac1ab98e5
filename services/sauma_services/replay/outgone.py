"""Reads what went out of a log: each fact delivered, without its cell, and what was taken back; it judges nothing."""

from collections import defaultdict
from dataclasses import dataclass, field, replace

from sauma.codec import Codec, Undecodable
from sauma.delivery import Delivered, Delivery
from sauma.fact import Moment
from sauma.ids import EndpointId, FactId, SubjectId, event_hash
from sauma.places import Places
from sauma_services.runtime.ports import Reader
from sauma_services.runtime.topics import deliveries

_DELIVERY = Codec(Delivery)


@dataclass(frozen=True, slots=True)
class Since:
    """Something that happened to a fact at a recipient after it was delivered."""

    when: Moment
    what: str
    """retracted: stop, erase or error; receipt: erased, kept or refused, with the paragraph of what was kept."""


@dataclass(frozen=True, slots=True)
class Out:
    """One fact as it stands in a stored delivery; in place of its cell, `mark_of` it."""

    topic: str
    position: int
    recipient: EndpointId
    subject: SubjectId
    when: Moment
    item: Delivered


@dataclass(slots=True)
class Outgone:
    """What went out, by client, the latest first, and what happened to it since."""

    out: dict[SubjectId, list[Out]] = field(default_factory=lambda: defaultdict(list))
    since: dict[tuple[SubjectId, EndpointId, FactId], list[Since]] = field(default_factory=lambda: defaultdict(list))
    undecodable: list[tuple[str, int]] = field(default_factory=list)
    count: int = 0


def mark_of(cell: bytes) -> bytes:
    """Eight bytes that tell one sealed cell from another: a year's cells are not kept in memory."""
    return event_hash(cell) if cell else b""


def read(reader: Reader, places: Places, partitions: int) -> Outgone:
    """Everything in the topics of the places' endpoints."""
    outgone = Outgone()
    for endpoint in sorted(places.endpoints):
        topic = deliveries(endpoint)
        for partition in range(partitions):
            for record in reader.scan(topic, partition):
                try:
                    delivery = _DELIVERY.decode(record.value)
                except Undecodable:
                    outgone.undecodable.append((topic, record.position))
                    continue
                # To whom it went is said by the topic that it stands in, whatever it says itself.
                for item in delivery.puts:
                    bare = replace(item, cell=mark_of(item.cell))
                    out = Out(topic, record.position, endpoint, delivery.subject, delivery.effective_at, bare)
                    outgone.out[delivery.subject].append(out)
                    outgone.count += 1
                for back in delivery.retracted:
                    since = Since(delivery.effective_at, f"retracted: {back.ask}")
                    outgone.since[delivery.subject, endpoint, back.fact].append(since)
    for left in outgone.out.values():
        left.sort(key=lambda out: (-out.when, -out.position))
    return outgone
