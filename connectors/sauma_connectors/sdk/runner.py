"""Runs one connector against one channel: what its register says goes out once and in order, what arrives is applied.

What is guaranteed, whatever is killed, restarted, lost or restored:

- An event is in the outbox, on disk, before it is published, and goes out with the same bytes however often it is sent.
- Of each client the register's statements go out in their order; deliveries are applied in the order of their numbers.
- Everything is applied at least once, by (fact, version), before it is confirmed.
- A lost store swallows nothing: each client met is read back from the router by inventory before any difference of it is
  sent; facts whose rows differ are sent as their next version, acts whose repetition can do no harm are said again, and
  the others are held back and told to the agency (`held-back`, `perhaps-sent-before`) until an operator confirms them.
  Of rows that vanished together with the store nothing is closed: their facts arrive as puts without a row.
- A store restored from an older copy is found out by the router's refusals, and then is treated as a lost one.
- Repair reopens nothing: a fact that the router has as closed, void or withdrawn stays so while its row stands unchanged.
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from sauma.ids import SubjectId
from sauma_connectors.sdk.answering import retry_of
from sauma_connectors.sdk.channel import Channel
from sauma_connectors.sdk.contract import Connector
from sauma_connectors.sdk.errors import TryAgain
from sauma_connectors.sdk.keyring import Keyring
from sauma_connectors.sdk.notices import Notices
from sauma_connectors.sdk.outbox import Written
from sauma_connectors.sdk.parts import parts_of_runner
from sauma_connectors.sdk.polling import Polling
from sauma_connectors.sdk.receiving import Receiving
from sauma_connectors.sdk.repair import Repair
from sauma_connectors.sdk.settings import RunnerSettings
from sauma_connectors.sdk.store import Store

PUBLISHED_AT_ONCE = 32
"""Half of what the router can tell from a forgery: after a cut between publishing and remembering it, all are known repeats."""


@dataclass(frozen=True, slots=True)
class Counts:
    """Where a runner stands, for health and metrics."""

    unsent: int
    inbox: int
    waiting_clients: int
    """Clients whose register said `Retry`."""
    repairing_clients: int
    left_out: dict[str, int]
    """Since the process began: undecodable, not-for-this-register, repeated, superseded, not-released, destroyed."""


class Runner:
    """One register's connector at work. Used by one thread at a time; `poll` and `receive` may be called in any order.

    Raises `NeedsOperator` where a person has to act, `TryAgain` where the store is busy. An exception from the connector
    itself other than `OSError` is a bug and comes through; nothing is half written then.
    """

    def __init__(
        self,
        connector: Connector,
        channel: Channel,
        keyring: Keyring,
        store_path: Path,
        clock: Callable[[], int],
        settings: RunnerSettings = RunnerSettings(),  # noqa: B008 - frozen
    ) -> None:
        """`clock` gives milliseconds since 1970. Beside `store_path` stand its key, its lock and SQLite's own files."""
        self._store = Store(store_path)
        self._parts = parts_of_runner(connector, channel, keyring, self._store, clock, settings)
        repair = Repair(self._parts)
        notices = Notices(self._parts, repair)
        self._polling = Polling(self._parts, repair)
        self._receiving = Receiving(self._parts, repair, notices)
        if not self._parts.outbox.incarnation:
            with self._store.writing():
                self._parts.outbox.renew()

    def poll(self) -> bool:
        """Read the register, write the differences into the outbox, publish; True if there was any work."""
        self._receiving.catch_up()
        worked = self._polling.poll()
        self._share()
        return self._publish() or worked

    def receive(self) -> bool:
        """Read deliveries, apply what is due, confirm, and publish the receipts; True if there was any work."""
        worked = self._receiving.receive()
        self._confirm()
        return self._publish() or worked

    def counts(self) -> Counts:
        """Where this runner stands."""

        def count(query: str) -> int:
            found = self._store.row(query)
            return int(found[0]) if found else 0

        return Counts(
            unsent=count("SELECT count(*) FROM outbox WHERE is_sent = 0"),
            inbox=count("SELECT count(*) FROM inbox"),
            waiting_clients=count("SELECT count(*) FROM client WHERE try_at > 0"),
            repairing_clients=count("SELECT count(*) FROM client WHERE repair != ''"),
            left_out=dict(self._receiving.counts),
        )

    def waits_for(self) -> tuple[str, ...]:
        """Why anything waits for the register now, as far as it was tried since the process began: codes, in order."""
        return self._parts.waiting.reasons()

    def close(self) -> None:
        """Let go of the store; the connector, channel and keyring are the caller's. No use after this."""
        self._store.close()

    def _share(self) -> None:
        """Tell the register which facts its rows have become; again after a cut, until it has been told."""
        waiting: set[SubjectId] = set()
        for event in self._parts.outbox.unshared():
            if event.subject in waiting:
                continue
            key = f"links of {event.subject}"
            try:
                self._share_one(event)
            except OSError as error:  # told with the next poll; what is damaged about one client keeps no other's back
                waiting.add(event.subject)
                self._parts.waiting.met(key, retry_of(error), subject=event.subject)
                continue
            self._parts.waiting.over(key)
            with self._store.writing():
                self._parts.outbox.shared(event)

    def _share_one(self, event: Written) -> None:
        person = self._parts.clients.person(event.subject)
        for effect in event.effects:
            memory = self._parts.rows.of_index(effect.row)
            if person is not None and memory is not None and effect.now > effect.was:
                self._parts.sink.shared(person, memory.row, effect.fact, effect.now)

    def _publish(self) -> bool:
        """Publish what is unsent, oldest first. What a `TryAgain` leaves unsent goes out again, the same bytes."""
        worked = False
        while unsent := self._parts.outbox.unsent(PUBLISHED_AT_ONCE):
            try:
                self._parts.channel.publish([outgoing for _, outgoing in unsent])
            except TryAgain:
                return worked
            self._parts.settings.failpoint("connector.published")
            with self._store.writing():
                self._parts.outbox.sent([place for place, _ in unsent])
            worked = True
        return worked

    def _confirm(self) -> None:
        applied = self._parts.inbox.unconfirmed()
        if not applied:
            return
        try:
            self._parts.channel.confirm(applied)
        except TryAgain:
            return
        self._parts.settings.failpoint("connector.receipt-sent")
        with self._store.writing():
            self._parts.inbox.confirmed(applied)
