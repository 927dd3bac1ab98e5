"""Conservation at the door: every inbound record is journalled once, or refused with a reason (invariants I6 and I16)."""

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence

from sauma.codec import Codec, Undecodable
from sauma.delivery import Applied, Rejection
from sauma.event import Event
from sauma.ids import EndpointId, SubjectId
from sauma.journal import Refused
from sauma_services.checker.reading import Reading, decode
from sauma_services.checker.snapshot import LogSnapshot, Positioned
from sauma_services.runtime.topics import endpoint_of

Said = tuple[str, int, bytes]
"""One inbound record: topic, position and digest. A position alone names it only where the topic has one partition."""

EVENT, REJECTION, APPLIED = Codec(Event), Codec(Rejection), Codec(Applied)


def check_inbound(reading: Reading, snapshot: LogSnapshot) -> None:
    """Hold the inbound topics against the journal and the rejections."""
    if snapshot.inbound is None:
        return
    journalled: Counter[bytes] = Counter()
    skipped: Counter[tuple[EndpointId, SubjectId, int]] = Counter()
    for told in reading.histories.values():
        for record in told:
            what = record.entry.what
            if isinstance(what, Event):
                journalled[EVENT.encode(what)] += 1
            elif isinstance(what, Refused):
                skipped[what.source, what.subject, what.seq] += 1
    rejected = _rejections(reading, snapshot, skipped)
    _check_each(reading, snapshot.inbound, journalled, rejected)
    for data in journalled.elements():
        event = EVENT.decode_trusted(data)
        said = f"{event.source} seq {event.seq} is journalled more often than it was said"
        reading.found("I6", event.subject, "journal", said)
    for topic, position, _ in sorted(rejected.elements()):
        reading.found("I6", "", f"{topic} {position}", "refused, but there is no such record, or refused twice")


def _check_each(
    reading: Reading,
    inbound: Mapping[str, Sequence[Positioned]],
    journalled: Counter[bytes],
    rejected: Counter[Said],
) -> None:
    """Take each inbound record out of the counters; what is left in them has no inbound record."""
    for topic, records in inbound.items():
        source = endpoint_of(topic) or ""
        for position, data in records:
            reading.counts["inbound"] += 1
            place = f"{topic} {position}"
            said = (topic, position, hashlib.sha256(data).digest())
            is_rejected = rejected[said] > 0
            if is_rejected:
                rejected[said] -= 1
            if journalled[data] > 0 and not is_rejected:
                journalled[data] -= 1
                _check_source(reading, source, data, place)
            elif not is_rejected:
                reading.found("I6", "", place, "neither journalled nor refused")


def _rejections(
    reading: Reading, snapshot: LogSnapshot, skipped: Counter[tuple[EndpointId, SubjectId, int]]
) -> Counter[Said]:
    """How often each inbound position was refused; those whose seq could be read have to be in the journal too."""
    rejected: Counter[Said] = Counter()
    for index, data in enumerate(snapshot.rejected):
        rejection = decode(reading, REJECTION, data, f"rejected {index}")
        if rejection is None:
            continue
        rejected[rejection.topic, rejection.position, rejection.sha256] += 1
        if not rejection.reason:
            reading.found("I6", rejection.subject or "", f"rejected {index}", "refused without a reason")
        if rejection.subject is not None and rejection.seq:
            skipped[rejection.source, rejection.subject, rejection.seq] -= 1
    for (source, subject, seq), count in sorted(skipped.items()):
        if count:
            reading.found(
                "I6", subject, "journal", f"{source} seq {seq}: refused in the journal or at intake, not in both"
            )
    return rejected


def _check_source(reading: Reading, source: str, data: bytes, place: str) -> None:
    try:
        event = EVENT.decode(data)
    except Undecodable:
        return
    if event.source != source:
        reading.found("I16", event.subject, place, f"speaks as {event.source}")


def check_receipts(reading: Reading, snapshot: LogSnapshot) -> None:
    """Nobody says it applied a delivery that was never made."""
    made = {
        delivery.id: delivery.recipient
        for told in reading.histories.values()
        for record in told
        for delivery in record.deliveries
    }
    for index, data in enumerate(snapshot.receipts):
        applied = decode(reading, APPLIED, data, f"receipts {index}")
        if applied is not None and made.get(applied.delivery) != applied.endpoint:
            reading.found(
                "I7", applied.subject, f"receipts {index}", f"{applied.endpoint} applied what it was not sent"
            )
