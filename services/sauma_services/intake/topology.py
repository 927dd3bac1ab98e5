"""Moves records from the agencies' inbound topics into the journal, or refuses them with a reason; it holds no state.

The effect's key is (source, incarnation, subject, seq): a record that comes twice is journalled twice and folded once.
"""

import hashlib
from collections.abc import Iterable, Mapping, Sequence

from sauma.codec import Codec
from sauma.delivery import Delivery, Notice, Rejection
from sauma.fact import Moment
from sauma.ids import EndpointId, SubjectId, telling_id
from sauma.journal import Entry, Refused
from sauma.splice import entry_of_event
from sauma_services.intake.checks import ADVICE, Bad, place_of, read_event
from sauma_services.runtime import logging as log
from sauma_services.runtime.ports import Append, Outputs, Record, StatePart
from sauma_services.runtime.topics import JOURNAL, REJECTED, deliveries, endpoint_of, inbound, narrowing

_ENTRY, _REJECTION, _DELIVERY = Codec(Entry), Codec(Rejection), Codec(Delivery)

_NOT_ITS_OWN = frozenset({"forged-source", "malformed-subject"})
"""Refusals that say nothing reliable about the source's own sequence: they take no place in it."""


class Intake:
    """The topology of intake, over the inbound topics of these endpoints."""

    name = "intake"

    def __init__(self, endpoints: Iterable[EndpointId]) -> None:
        known = tuple(endpoints)
        self.inputs: Sequence[str] = [*map(narrowing, known), *map(inbound, known)]
        self._refused: list[tuple[str, str]] = []

    def restore(self, partition: int, parts: Iterable[StatePart]) -> None:
        """Intake has no state."""

    def forget(self, partition: int) -> None:
        """Intake has no state."""

    def next_due(self) -> int | None:
        """Intake waits for nothing but records."""
        return None

    def committed(self) -> None:
        """Only what is committed is spoken of."""
        for endpoint, reason in self._refused:
            log.tell(log.Event.RECORD_REFUSED, part=self.name, endpoint=endpoint, reason=reason)
        self._refused = []

    def discard(self) -> None:
        """What was refused will be refused again."""
        self._refused = []

    def process(self, records: Sequence[Record], *, now: int) -> Outputs:
        """Journal entries for what is let in; for the rest a rejection, a told source, and a place in its sequence."""
        self._refused = []
        appends: list[Append] = []
        for record in records:
            endpoint = EndpointId(endpoint_of(record.topic) or "")
            headers = dict(reversed(record.headers))  # the first of a name counts
            event = read_event(record.value, key=record.key, headers=headers, endpoint=endpoint)
            if isinstance(event, Bad):
                self._refused.append((endpoint, event.reason))
                appends += _refusal(record, endpoint, event.reason, headers, Moment(now))
            else:
                appends.append(Append(JOURNAL.name, record.key, entry_of_event(Moment(now), record.value)))
        return Outputs(appends)


def _refusal(
    record: Record, endpoint: EndpointId, reason: str, headers: Mapping[str, bytes], now: Moment
) -> list[Append]:
    place = None if reason in _NOT_ITS_OWN else place_of(record.key, headers)
    rejection = Rejection(
        source=endpoint,
        reason=reason,
        detail=ADVICE[reason],
        position=record.position,
        size_bytes=len(record.value),
        sha256=hashlib.sha256(record.value).digest(),
        subject=place[0] if place else None,
        seq=place[2] if place else 0,
        topic=record.topic,
    )
    appends = [Append(REJECTED.name, endpoint.encode(), _REJECTION.encode(rejection))]
    if place is None:
        return [
            *appends,
            Append(deliveries(endpoint), endpoint.encode(), _DELIVERY.encode(_told(record, endpoint, reason, now))),
        ]
    subject, incarnation, seq = place
    refused = Entry(now, Refused(endpoint, subject, incarnation, seq, reason))
    return [*appends, Append(JOURNAL.name, record.key, _ENTRY.encode(refused))]


def _told(record: Record, endpoint: EndpointId, reason: str, now: Moment) -> Delivery:
    """A notice about no client: number 0, outside every client's count. The id is the record's place: told once."""
    nobody = SubjectId("")
    told = telling_id(record.topic, record.partition, record.position)
    return Delivery(
        told, endpoint, nobody, 0, now, notices=(Notice("refused", reason, reference=str(record.position)),)
    )
