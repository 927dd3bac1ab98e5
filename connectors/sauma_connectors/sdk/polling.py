"""Reads the register and has written into the outbox what it says that it has not said before; publishes nothing itself."""

from dataclasses import dataclass, field, replace
from functools import partial

from sauma.ids import SubjectId
from sauma_connectors.sdk.acts import parts_of
from sauma_connectors.sdk.answering import retry_of
from sauma_connectors.sdk.clients import WANTED, LocalClient
from sauma_connectors.sdk.contract import (
    Answered,
    Corrected,
    FactRow,
    Person,
    Retry,
    Snapshot,
    Statement,
    Told,
    Unreadable,
)
from sauma_connectors.sdk.errors import GiveUp, TryAgain
from sauma_connectors.sdk.parts import Parts
from sauma_connectors.sdk.repair import Repair
from sauma_connectors.sdk.rows import CLOSED, CLOSED_BEFORE, EXPECTED, REFUSED, RowMemory
from sauma_connectors.sdk.saying import Saying

SHRUNK_FROM = 10
"""A list shorter than this may halve in a day's work; of a longer one that points to a file cut off or a filter set wrong."""

_STANDING = "standing-rows"
_NOTICES = "notices of a poll"


@dataclass(slots=True)
class _Poll:
    """One poll on its way."""

    snapshot: Snapshot
    tellings: list[tuple[Person | None, Told, bytes]] = field(default_factory=list)
    met: set[bytes] = field(default_factory=set)
    """Troubles that this poll met, told now or before."""
    written: int = 0
    is_whole: bool = True
    """Whether every statement was looked at."""


class Polling:
    """The way out of one register, up to the outbox."""

    def __init__(self, parts: Parts, repair: Repair) -> None:
        self._parts = parts
        self._repair = repair

    def poll(self) -> bool:
        """One look at the register; True if something is to be published or was told. The rest may come with the next poll."""
        poll = _Poll(self._parts.connector.source.read())
        with self._parts.store.writing():
            if self._is_shrunk(poll):
                poll.is_whole = False
            else:
                self._take(poll)
        if poll.written:
            self._parts.settings.failpoint("connector.outbox-written")
        told = [key for person, told, key in poll.tellings if self._tell(person, told)]
        with self._parts.store.writing():
            for key in told:
                self._parts.told.add(key, is_of_poll=True)
            if poll.is_whole:
                self._parts.told.forget_others(poll.met)
        return bool(poll.written or told)

    def _tell(self, person: Person | None, told: Told) -> bool:
        try:
            answer = self._parts.sink.apply(person, told)
        except OSError as error:
            answer = retry_of(error)
        if isinstance(answer, Retry):
            self._parts.waiting.met(_NOTICES, answer)
            return False
        self._parts.waiting.over(_NOTICES)
        return True

    def _is_shrunk(self, poll: _Poll) -> bool:
        """Whether the list is refused whole, because closing what is missing from it would close most of it."""
        if not poll.snapshot.is_complete:
            return False
        count = sum(1 for one in poll.snapshot.rows if isinstance(one, Statement) and isinstance(one.says, FactRow))
        before = int(self._parts.store.setting(_STANDING) or 0)
        if before >= SHRUNK_FROM and count * 2 < before and not self._parts.settings.accept_shrunk:
            self._meet(poll, None, Told("refused", "list-shrank", f"{count} rows, {before} before"))
            return True
        if count != before:
            self._parts.store.put_setting(_STANDING, str(count))
        return False

    def _take(self, poll: _Poll) -> None:
        saying = Saying(self._parts, partial(self._meet, poll))
        try:
            readable = self._readable(poll)
            self._expect(readable)
            poll.written += self._repair.write_inventories()
            spoken_for = self._spoken_for(readable)
            for statement, subject in readable:
                client = self._parts.clients.of(subject)
                if client is not None and not client.repair:
                    saying.say(client, statement, is_spoken_for=statement.row in spoken_for)
            self._close_gone(poll, saying)
        except TryAgain:
            poll.is_whole = False  # what was written stands, in its order; the rest comes with the next poll
            return
        finally:
            poll.written += saying.written
        if poll.snapshot.is_complete or not any(isinstance(one, Unreadable) for one in poll.snapshot.rows):
            for client in self._parts.clients.unsure():
                self._parts.clients.change(client.subject, is_unsure=False)

    def _readable(self, poll: _Poll) -> list[tuple[Statement, SubjectId]]:
        """The statements whose row and person are in order, with the client each is about; the others are told."""
        found: list[tuple[Statement, SubjectId]] = []
        seen: set[str] = set()
        for one in poll.snapshot.rows:
            if isinstance(one, Unreadable):
                self._meet(poll, None, Told("refused", one.reason, one.detail, one.row))
            elif one.row in seen:
                self._meet(poll, one.person, Told("refused", "row-not-unique", row=one.row))
            else:
                seen.add(one.row)
                try:
                    found.append((one, self._client(one.person).subject))
                except GiveUp:
                    self._meet(poll, None, Told("refused", "malformed-henkilotunnus", row=one.row))
        return found

    def _client(self, person: Person) -> LocalClient:
        """The client that this person is; a person whom others know but this store does not is read back first."""
        clients, keyring = self._parts.clients, self._parts.keyring
        known = clients.of_person(person)
        if known is None:
            is_new = keyring.known_subject(person.henkilotunnus) is None
            subject = keyring.subject_of(person.henkilotunnus)
            known = clients.of(subject) or clients.add(LocalClient(subject, is_settled=is_new))
            clients.name(subject, person)
        if not known.is_settled and not known.repair:
            self._repair.want(known.subject)
            known = replace(known, repair=WANTED)
        return known

    def _expect(self, readable: list[tuple[Statement, SubjectId]]) -> None:
        """Before an inventory: every fact that the register's rows may have brought to the router is asked back."""
        wanted = {client.subject for client in self._parts.clients.to_repair()}
        for statement, subject in readable:
            if subject in wanted:
                for part in parts_of(statement.row, statement.says):
                    if self._parts.rows.of(part) is None:
                        is_row = isinstance(statement.says, FactRow)
                        fact = self._parts.facts.fact_of(
                            part, statement.says if isinstance(statement.says, FactRow) else None
                        )
                        self._parts.rows.put(RowMemory(part, subject, fact, 0, b"", b"", EXPECTED, is_standing=is_row))

    def _spoken_for(self, readable: list[tuple[Statement, SubjectId]]) -> frozenset[str]:
        """Rows of which an act still to be said speaks: an answer carries its item's new content itself.

        An act about another client than the row's is refused, and keeps nothing of the row back.
        """
        clients = {statement.row: subject for statement, subject in readable}
        return frozenset(
            statement.says.row
            for statement, subject in readable
            if isinstance(statement.says, (Answered, Corrected))
            and clients.get(statement.says.row, subject) == subject
            and not self._parts.rows.act(statement.row)
        )

    def _close_gone(self, poll: _Poll, saying: Saying) -> None:
        """Close what a complete list has no more; nothing where an unreadable row might be any of them."""
        if not poll.snapshot.is_complete:
            return
        present = {one.row for one in poll.snapshot.rows}
        for one in poll.snapshot.rows:
            if isinstance(one, Unreadable) and self._parts.rows.of(one.row) is None:
                return
        for memory in self._parts.rows.standing():
            client = self._parts.clients.of(memory.subject)
            if memory.row in present or client is None or client.repair:
                continue
            match memory.state:
                case state if state == REFUSED:
                    self._parts.rows.forget(memory.row)
                case state if state == CLOSED_BEFORE:
                    self._parts.rows.put(replace(memory, state=CLOSED))
                case _:
                    saying.gone(memory)

    def _meet(self, poll: _Poll, person: Person | None, told: Told) -> None:
        """The agency must know this, unless it has been told."""
        key = self._parts.told.key(told.code, told.reason, told.reference, told.row or "")
        if key not in poll.met and not self._parts.told.is_told(key):
            poll.tellings.append((person, told, key))
        poll.met.add(key)
