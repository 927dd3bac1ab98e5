"""Keeps what the register says, as bytes with a seq, from before it is published until no router can ask for it again."""

import json
import os
from dataclasses import dataclass

from sauma.codec import Codec
from sauma.event import Body, Event
from sauma.fact import Moment
from sauma.ids import EndpointId, EventId, FactId, SubjectId, event_id
from sauma_connectors.sdk.channel import Outgoing
from sauma_connectors.sdk.rows import RowMemory
from sauma_connectors.sdk.store import Store

KEPT = 64
"""Sent events kept per client: the router tells a repeat from another record for as many, and no further."""

_EVENT = Codec(Event)
_INCARNATION = "incarnation"


@dataclass(frozen=True, slots=True)
class Effect:
    """What an event did to one row: the version before and after. Equal where only the marks changed."""

    row: bytes
    """The row's index."""
    fact: FactId
    was: int
    now: int


@dataclass(frozen=True, slots=True)
class Draft:
    """The place that the next event about a client will have; a cell is sealed for it."""

    id: EventId
    source: EndpointId
    subject: SubjectId
    incarnation: str
    seq: int


@dataclass(frozen=True, slots=True)
class Written:
    """An event in the outbox, as far as notices about it and its rows are concerned."""

    place: int
    id: EventId
    subject: SubjectId
    incarnation: str
    seq: int
    row: str | None
    act: bytes | None
    """The index of the act's row, where the event is an act."""
    effects: tuple[Effect, ...]
    is_quiet: bool
    """Said again after the store was lost: a refusal of it tells the agency nothing."""


class Outbox:
    """The table of events. Writes are made within a transaction of the caller's."""

    def __init__(self, store: Store, endpoint: EndpointId) -> None:
        self._store = store
        self._endpoint = endpoint

    @property
    def incarnation(self) -> str:
        """The name of this outbox: drawn when it was made, and anew when it turns out to be a restored copy."""
        return self._store.setting(_INCARNATION) or ""

    def renew(self) -> None:
        """From here on this is another outbox, which counts from 1; what was still to be sent is not sent any more."""
        self._store.put_setting(_INCARNATION, os.urandom(8).hex())
        self._store.run("UPDATE client SET seq = 0")
        self._store.run("UPDATE outbox SET is_sent = 1")

    def acts_unsent(self) -> list[bytes]:
        """Acts, by the index of their rows, that were written and not published."""
        return [row[0] for row in self._store.rows("SELECT act FROM outbox WHERE is_sent = 0 AND act IS NOT NULL")]

    def acts_since(self, subject: SubjectId, seq: int) -> list[bytes]:
        """Acts about one client from this seq on, in the present incarnation."""
        where = "subject = ? AND incarnation = ? AND seq >= ? AND act IS NOT NULL"
        found = self._store.rows(f"SELECT act FROM outbox WHERE {where}", subject, self.incarnation, seq)  # noqa: S608 - our own
        return [row[0] for row in found]

    def draft(self, subject: SubjectId) -> Draft:
        """The place of the next event about this client."""
        found = self._store.row("SELECT seq FROM client WHERE subject = ?", subject)
        seq = (int(found[0]) if found else 0) + 1
        incarnation = self.incarnation
        return Draft(event_id(self._endpoint, incarnation, subject, seq), self._endpoint, subject, incarnation, seq)

    def write(
        self,
        draft: Draft,
        body: Body,
        *,
        occurred_at: Moment,
        row: str | None = None,
        act: bytes | None = None,
        effects: tuple[Effect, ...] = (),
        is_quiet: bool = False,
    ) -> None:
        """Put the event into its place; whatever is asked for later, the same bytes go out."""
        event = Event(draft.id, draft.source, draft.subject, draft.incarnation, draft.seq, occurred_at, body)
        self._store.run("UPDATE client SET seq = ? WHERE subject = ?", draft.seq, draft.subject)
        self._store.run(
            "INSERT INTO outbox (id, subject, incarnation, seq, data, row, act, effects, is_quiet, is_shared) "
            "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            *(draft.id, draft.subject, draft.incarnation, draft.seq, _EVENT.encode(event)),
            *(None if row is None else self._store.key.seal(row), act, _as_text(effects), is_quiet),
            not any(effect.now > effect.was for effect in effects),
        )

    def unsent(self, count_max: int) -> list[tuple[int, Outgoing]]:
        """The oldest events that are still to be published, with their places."""
        found = self._store.rows("SELECT place, data FROM outbox WHERE is_sent = 0 ORDER BY place LIMIT ?", count_max)
        return [(place, Outgoing(_EVENT.decode_trusted(data), data)) for place, data in found]

    def sent(self, places: list[int]) -> None:
        """These are in the log. Older ones than the router could still tell from a forgery are let go."""
        for place in places:
            self._store.run("UPDATE outbox SET is_sent = 1 WHERE place = ?", place)
            self._store.run(
                "DELETE FROM outbox WHERE is_sent = 1 AND is_shared = 1 AND subject = "
                "(SELECT subject FROM outbox WHERE place = ?) AND place <= (SELECT place FROM outbox o WHERE o.subject = "
                "outbox.subject ORDER BY place DESC LIMIT 1 OFFSET ?)",
                *(place, KEPT),
            )

    def send_again(self, subject: SubjectId, seq: int) -> bool:
        """Publish this client's events from `seq` on once more; False where they are not kept any longer."""
        incarnation = self.incarnation
        found = self._store.row(
            "SELECT 1 FROM outbox WHERE subject = ? AND incarnation = ? AND seq = ?", subject, incarnation, seq
        )
        if found:
            self._store.run(
                "UPDATE outbox SET is_sent = 0 WHERE subject = ? AND incarnation = ? AND seq >= ?",
                *(subject, incarnation, seq),
            )
        return found is not None

    def unshared(self) -> list[Written]:
        """Events whose facts the register has not yet been told the ids of."""
        return self._written("is_shared = 0 ORDER BY place")

    def shared(self, event: Written) -> None:
        """The register remembers the links."""
        self._store.run("UPDATE outbox SET is_shared = 1 WHERE place = ?", event.place)

    def of_id(self, event: str) -> Written | None:
        """The event of this id, also of an earlier incarnation; None where it is not kept or not from here."""
        return next(iter(self._written("id = ?", event)), None)

    def of_seq(self, subject: SubjectId, seq: int) -> Written | None:
        """The event of this seq in the present incarnation."""
        return next(
            iter(self._written("subject = ? AND incarnation = ? AND seq = ?", subject, self.incarnation, seq)), None
        )

    def _written(self, where: str, *values: object) -> list[Written]:
        columns = "place, id, subject, incarnation, seq, row, act, effects, is_quiet"
        found = self._store.rows(f"SELECT {columns} FROM outbox WHERE {where}", *values)  # noqa: S608 - names of our own
        return [
            Written(place, event, subject, incarnation, seq, self._row(row), act, _from_text(effects), bool(is_quiet))
            for place, event, subject, incarnation, seq, row, act, effects, is_quiet in found
        ]

    def _row(self, sealed: bytes | None) -> str | None:
        return None if sealed is None else self._store.key.unseal(sealed)


def effects_of(before: RowMemory | None, after: RowMemory, index: bytes) -> Effect:
    """What a statement did to a row."""
    return Effect(index, after.fact, before.version if before is not None else 0, after.version)


def _as_text(effects: tuple[Effect, ...]) -> str:
    return json.dumps([[effect.row.hex(), effect.fact, effect.was, effect.now] for effect in effects])


def _from_text(text: str) -> tuple[Effect, ...]:
    return tuple(Effect(bytes.fromhex(row), FactId(fact), was, now) for row, fact, was, now in json.loads(text))
