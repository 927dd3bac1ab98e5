"""Decides what an event's place in its source's order means: its turn, a repeat, out of its turn, or refused (invariant I16)."""

from dataclasses import dataclass

from sauma.client import Client, Parked, SourceMark
from sauma.event import Event, is_narrowing
from sauma.fact import Moment
from sauma.fold.change import Refusal
from sauma.ids import EndpointId
from sauma.making import cheap_to_make, replace

HASH_BYTES = 8
HASHES_KEPT = 64
"""A repeat older than this cannot be told from a forgery and is refused; a connector resends far fewer at once."""

PARKED_MAX = 1_000
"""Events of one source that may wait for one client's gap; more would let one broken source fill the state."""

TELL_AFTER_MS = 10 * 60 * 1000
"""How long a gap may stand before its source is told: longer than a restart, shorter than an office day."""

_UNKNOWN = bytes(HASH_BYTES)
"""Stands for a record that intake refused: no bytes are the same as it."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Turn:
    """The event's turn: fold it, then those that waited for it."""

    client: Client
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Early:
    """A narrowing event beyond a gap: fold it at once; it keeps its place in the order."""

    client: Client
    waiting: Client
    """The client where it cannot take effect yet, since what it speaks of is still on its way: it waits for its turn."""


@dataclass(frozen=True, slots=True)
class Parks:
    """Beyond a gap: it waits."""

    client: Client


@dataclass(frozen=True, slots=True)
class Repeat:
    """The same bytes again: no effect."""


Admission = Turn | Early | Parks | Repeat | Refusal


def admit(client: Client, event: Event, digest: bytes, now: Moment) -> Admission:
    """The event's place. `digest` is `sauma.ids.event_hash` of the event's bytes."""
    mark = client.sources.get(event.source)
    if mark is None:
        mark = SourceMark(event.source, event.incarnation, 0)
    elif event.incarnation != mark.incarnation:
        if event.incarnation in mark.past:
            return Refusal("stale-incarnation")
        client, mark = _renewed(client, mark, event.incarnation)
    if event.seq <= mark.seq:
        return _again(mark, event.seq, digest)
    if event.seq > mark.seq + 1:
        return _beyond(client, mark, event, digest, now)
    return _turn(client, mark, event, digest)


def skip(client: Client, source: EndpointId, incarnation: str, seq: int, now: Moment) -> Turn | Repeat:
    """Intake refused this record: its place is taken, and what waited for it goes on."""
    mark = client.sources.get(source)
    if mark is None:
        mark = SourceMark(source, incarnation, 0)
    elif incarnation != mark.incarnation:
        if incarnation in mark.past:
            return Repeat()
        client, mark = _renewed(client, mark, incarnation)
    if seq <= mark.seq or f"{source}/{seq}" in client.parked:
        return Repeat()
    if seq > mark.seq + 1:
        parked = {**client.parked, f"{source}/{seq}": Parked(None, _UNKNOWN, is_done=True)}
        waiting = replace(mark, waiting_since=mark.waiting_since or now)
        return Turn(replace(client, parked=parked, sources={**client.sources, source: waiting}), ())
    return _turn(client, mark, None, _UNKNOWN)


def _turn(client: Client, mark: SourceMark, event: Event | None, digest: bytes) -> Turn:
    events = [event] if event else []
    seq, hashes, parked = mark.seq + 1, mark.hashes + digest, client.parked
    while parked and (following := parked.get(f"{mark.source}/{seq + 1}")) is not None:
        seq, hashes = seq + 1, hashes + following.hash
        parked = {key: value for key, value in parked.items() if key != f"{mark.source}/{seq}"}
        if following.event is not None and not following.is_done:
            events.append(following.event)
    waits = any(key.rpartition("/")[0] == mark.source for key in parked)
    after = SourceMark(
        source=mark.source,
        incarnation=mark.incarnation,
        seq=seq,
        hashes=hashes[-HASH_BYTES * HASHES_KEPT :],
        waiting_since=mark.waiting_since if waits else None,
        waiting_told=mark.waiting_told and waits,
        past=mark.past,
    )
    turned = Client(client.head, {**client.sources, mark.source: after}, client.facts, parked)
    return Turn(turned, tuple(events))


def _again(mark: SourceMark, seq: int, digest: bytes) -> Repeat | Refusal:
    start = (seq - 1 - mark.seq) * HASH_BYTES
    known = mark.hashes[start : start + HASH_BYTES or None]
    return Repeat() if known == digest else Refusal("same-seq-other-bytes")


def _beyond(
    client: Client, mark: SourceMark, event: Event, digest: bytes, now: Moment
) -> Early | Parks | Repeat | Refusal:
    key = f"{event.source}/{event.seq}"
    known = client.parked.get(key)
    if known is not None:
        return Repeat() if known.hash == digest else Refusal("same-seq-other-bytes")
    if sum(1 for parked in client.parked if parked.rpartition("/")[0] == event.source) >= PARKED_MAX:
        return Refusal("too-many-waiting")
    sources = {**client.sources, event.source: replace(mark, waiting_since=mark.waiting_since or now)}
    waits = replace(client, parked={**client.parked, key: Parked(event, digest)}, sources=sources)
    if not is_narrowing(event.body):
        return Parks(waits)
    done = replace(client, parked={**client.parked, key: Parked(event, digest, is_done=True)}, sources=sources)
    return Early(done, waits)


def _renewed(client: Client, mark: SourceMark, incarnation: str) -> tuple[Client, SourceMark]:
    """A new outbox of the same source: it counts from 1 again, and what waited of the old one is void."""
    parked = {key: value for key, value in client.parked.items() if key.rpartition("/")[0] != mark.source}
    # Four earlier incarnations are enough to refuse a stray outbox; a source loses its outbox once in years.
    past = (*mark.past, mark.incarnation)[-4:]
    return replace(client, parked=parked), SourceMark(mark.source, incarnation, 0, past=past)
