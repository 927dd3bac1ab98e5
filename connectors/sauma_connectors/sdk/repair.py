"""Makes this store and the router agree again, by inventory; it never sends a difference itself.

An inventory says which facts the register holds, in which versions. The router corrects what it takes for given, and
its answer brings whatever is missing or newer, own facts included. An own row whose version is not known is claimed in
version 0: the router then sends it back, whatever version it has. Until the answer has come no difference of that client
is sent, so nothing is built on a version that this store only believes in.
"""

from dataclasses import replace

from sauma.event import Held, Receipt
from sauma.fact import Moment
from sauma.ids import FactId, SubjectId
from sauma_connectors.sdk.clients import WAITING, WANTED, LocalClient
from sauma_connectors.sdk.contract import Told
from sauma_connectors.sdk.inbox import HeldFact
from sauma_connectors.sdk.parts import Parts
from sauma_connectors.sdk.rows import CLOSED, CLOSED_BEFORE, EXPECTED, OPEN, VOID

STALE = "stale-base"
"""Stands at an expected row whose put as a new fact was refused: the router has the fact, so it must come back."""

NOT_TAKEN = "not-taken"
"""Stands at an expected row whose latest content the router did not take: what comes back may not be written over it."""


class Repair:
    """Writes inventories and takes their answers. Everything here runs within a transaction of the caller's."""

    def __init__(self, parts: Parts) -> None:
        self._parts = parts

    def want(self, subject: SubjectId) -> None:
        """This client's next event is an inventory; also where one is waited for, since something came between."""
        self._parts.clients.change(subject, repair=WANTED)

    def renew(self) -> None:
        """This outbox is an older copy of itself: it goes on as another one, and knows nothing of what the copy lacks."""
        for act in self._parts.outbox.acts_unsent():
            self._parts.rows.forget_act(act)
        self._parts.outbox.renew()
        self._parts.rows.expect_all()
        self._parts.clients.change_all(repair=WANTED, is_unsure=True)

    def write_inventories(self) -> int:
        """An inventory for each client that wants one; how many were written."""
        wanted = self._parts.clients.to_repair()
        for client in wanted:
            facts = self._inventory(client)
            draft = self._parts.outbox.draft(client.subject)
            held = tuple(Held(fact, version) for fact, version in sorted(facts.items()))
            now = Moment(self._parts.clock())
            self._parts.outbox.write(draft, Receipt("inventory", held), occurred_at=now)
            self._parts.clients.change(client.subject, repair=WAITING, repair_event=draft.id)
        return len(wanted)

    def answered(self, client: LocalClient) -> list[Told]:
        """The inventory's answer has come whole: what is still expected is unknown to the router. What the agency must know."""
        told: list[Told] = []
        for memory in self._parts.rows.of_subject(client.subject):
            if memory.state != EXPECTED:
                continue
            if memory.refused == STALE:
                # The router has the fact and does not send it back: it is void there, and stays so.
                self._parts.rows.put(replace(memory, state=VOID, refused=""))
                told.append(Told("refused", STALE, row=memory.row))
            else:
                self._parts.rows.forget(memory.row)
        latest = self._parts.clients.of(client.subject) or client
        self._parts.clients.change(
            client.subject,
            repair="",
            is_settled=True,
            is_unsure=latest.is_unsure or latest.spoke_before,
            spoke_before=False,
        )
        return told

    def _inventory(self, client: LocalClient) -> dict[FactId, int]:
        """What the register holds, by this store or, where this store is new, by the register itself; own facts included."""
        if not client.is_settled:
            self._held_by_register(client)
        facts = {held.fact: held.version for held in self._parts.inbox.held(client.subject)}
        for memory in self._parts.rows.of_subject(client.subject):
            if memory.state in (OPEN, CLOSED, CLOSED_BEFORE, EXPECTED):
                facts[memory.fact] = 0 if memory.state == EXPECTED else memory.version
        return facts

    def _held_by_register(self, client: LocalClient) -> None:
        person = self._parts.clients.person(client.subject)
        if person is None:
            return
        try:
            holdings = list(self._parts.sink.holdings(person))
        except OSError:
            return  # claiming too little only makes the router send more
        for holding in holdings:
            if self._parts.rows.of_fact(client.subject, holding.fact) is None:
                self._parts.inbox.hold(client.subject, HeldFact(holding.fact, holding.version, kind=""))
