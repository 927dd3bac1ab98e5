"""Reads deliveries, has them applied in each client's order, and remembers how far that has come; confirms and publishes nothing."""

from collections import Counter
from collections.abc import Sequence

from sauma.codec import Codec, Undecodable
from sauma.delivery import Delivery
from sauma.fact import Moment
from sauma.ids import SubjectId
from sauma_connectors.sdk.answering import retry_of
from sauma_connectors.sdk.applier import Applier
from sauma_connectors.sdk.applying import Applying
from sauma_connectors.sdk.channel import Arriving
from sauma_connectors.sdk.clients import LocalClient
from sauma_connectors.sdk.collapse import overtaken
from sauma_connectors.sdk.contract import Retry, Told
from sauma_connectors.sdk.notices import MAY_CHANGE, Notices, Taken
from sauma_connectors.sdk.parts import Parts
from sauma_connectors.sdk.repair import Repair

_DELIVERY = Codec(Delivery)
_CAUGHT_UP = "caught-up"
_NOBODY = SubjectId("")
"""The subject of a notice about no client."""
_DOUBLINGS_MAX = 30
"""Past every sensible longest pause; keeps the power of two small."""


class Receiving:
    """The way in of one register. `counts` tells what was left out and why, since this process began."""

    def __init__(self, parts: Parts, repair: Repair, notices: Notices) -> None:
        self._parts = parts
        self._repair = repair
        self._notices = notices
        self._applier = Applier(parts, notices)
        self.counts: Counter[str] = Counter()

    def receive(self) -> bool:
        """Read what there is and apply what is due; True if there was any work."""
        worked = self._read()
        for subject in self._parts.inbox.due(self._parts.clock()):
            worked = (self._apply_nobodys() if subject == _NOBODY else self._apply_backlog(subject)) or worked
        return worked

    def catch_up(self) -> None:
        """Before a new store's register first speaks: read all there is, so that a former store's clients are known as such."""
        while self._parts.store.setting(_CAUGHT_UP) is None and self._read():
            pass

    def _read(self) -> bool:
        """Deliveries from the log into the inbox, in one transaction with the position after them."""
        parts = self._parts
        if parts.inbox.count() >= parts.settings.inbox_count_max:
            return False  # the log keeps the rest
        arrived = parts.channel.read(
            parts.inbox.positions(),
            count_max=parts.settings.read_count_max,
            wait_seconds_max=parts.settings.read_wait_seconds_max,
        )
        if not arrived and parts.store.setting(_CAUGHT_UP):
            return False
        with parts.store.writing():
            if not arrived:
                # Whatever a new store read until here may be the history of a store before it; what comes now is not.
                parts.store.put_setting(_CAUGHT_UP, "yes")
            self._keep(arrived)
            parts.inbox.moved(arrived)
        return bool(arrived)

    def _keep(self, arrived: Sequence[Arriving]) -> None:
        for one in arrived:
            try:
                delivery = _DELIVERY.decode(one.data)
            except Undecodable:
                self.counts["undecodable"] += 1
                continue
            if delivery.recipient != self._parts.endpoint:
                self.counts["not-for-this-register"] += 1
                continue
            if delivery.subject == _NOBODY or delivery.number > self._client(delivery).number:
                self._parts.inbox.add(delivery, one.data)
            else:
                self.counts["repeated"] += 1

    def _client(self, delivery: Delivery) -> LocalClient:
        known = self._parts.clients.of(delivery.subject)
        if known is not None:
            return known
        is_first = delivery.number == 1
        is_settled = is_first and self._parts.store.setting(_CAUGHT_UP) is not None
        made = self._parts.clients.add(
            LocalClient(delivery.subject, is_settled=is_settled, spoke_before=not is_settled and not is_first)
        )
        if not is_settled:
            self._repair.want(delivery.subject)
        return made

    def _apply_nobodys(self) -> bool:
        """Notices about no client in particular: told, and not counted."""
        worked = False
        for delivery in self._parts.inbox.backlog(_NOBODY):
            retry = self._tell_nobodys(delivery)
            if retry is not None:
                self._parts.waiting.met(_NOBODY, retry, delivery=delivery.id)
                break
            self._parts.waiting.over(_NOBODY)
            with self._parts.store.writing():
                self._parts.inbox.done(delivery)
            worked = True
        return worked

    def _tell_nobodys(self, delivery: Delivery) -> Retry | None:
        try:
            answers = [
                self._parts.sink.apply(None, Told(notice.code, notice.reason, notice.reference))
                for notice in delivery.notices
            ]
        except OSError as error:
            return retry_of(error)
        return next((answer for answer in answers if isinstance(answer, Retry)), None)

    def _apply_backlog(self, subject: SubjectId) -> bool:
        """One client's deliveries in the order of their numbers, up to one that has to wait.

        One transaction for all of them: a cut applies them all again, which changes nothing.
        """
        try:
            with self._parts.store.writing():
                return self._apply_all(subject, self._parts.inbox.backlog(subject))
        except OSError as error:  # the register could not be told at the end: all of it again, later
            with self._parts.store.writing():
                self._wait(subject, retry_of(error))
            return False

    def _apply_all(self, subject: SubjectId, backlog: Sequence[Delivery]) -> bool:
        leave_out = overtaken(backlog)
        worked = False
        for delivery in backlog:
            client = self._parts.clients.of(subject)
            if client is None or delivery.number <= client.number:
                self._parts.inbox.done(delivery)
                continue
            applied = self._applier.apply(client, delivery, leave_out)
            if isinstance(applied, Retry):
                self._wait(subject, applied, delivery)
                break
            self._tell_after(applied, self._remember(applied))
            worked = True
        if worked:
            self._parts.settings.failpoint("connector.sink-applied")
        return worked

    def _tell_after(self, applied: Applying, taken: Sequence[Taken]) -> None:
        """What the register hears besides: of rows that repair gave up, and links that came back or go back."""
        for told in (told for one in taken for told in one.told):
            self._parts.sink.apply(applied.person, told)
        if applied.person is not None:
            for link in (*applied.links, *(link for one in taken for link in one.links)):
                self._parts.sink.shared(applied.person, link.row, link.fact, link.version)

    def _wait(self, subject: SubjectId, retry: Retry, delivery: Delivery | None = None) -> None:
        """Until then this client's deliveries lie in the inbox; the pause grows with each try."""
        settings, client = self._parts.settings, self._parts.clients.of(subject)
        if client is None:
            return
        pause_ms = min(settings.retry_longest_ms, settings.retry_first_ms * 2 ** min(client.tries, _DOUBLINGS_MAX))
        self._parts.clients.change(subject, tries=client.tries + 1, try_at=self._parts.clock() + pause_ms)
        which = delivery.id if delivery is not None else None
        self._parts.waiting.met(subject, retry, subject=subject, delivery=which, attempt=client.tries + 1)

    def _remember(self, done: Applying) -> list[Taken]:
        """Everything that one applied delivery changes here, in the caller's transaction; what the register must hear besides."""
        parts, client, subject = self._parts, done.client, done.client.subject
        if done.delivery.number > client.number + 1:
            self._repair.want(subject)  # something was missed: the answer to an inventory makes it good
        self._remember_facts(done)
        self._remember_client(done)
        for receipt in done.receipts:
            parts.outbox.write(parts.outbox.draft(subject), receipt, occurred_at=Moment(parts.clock()))
        for key in done.told:
            parts.told.add(key, is_of_poll=False)
        taken = [self._notices.take(client, notice) for notice in done.delivery.notices]
        parts.clients.change(subject, number=done.delivery.number, tries=0, try_at=0)
        parts.waiting.over(subject)
        parts.inbox.done(done.delivery)
        parts.inbox.to_confirm(done.delivery, parts.clock())
        self.counts.update(done.unopened)
        return taken

    def _remember_facts(self, done: Applying) -> None:
        parts, subject = self._parts, done.client.subject
        for fact in done.let_go:
            parts.inbox.let_go(subject, fact)
        for held in done.held:
            parts.inbox.hold(subject, held)
        parts.rows.put(*done.rows)
        for memory in done.rows:
            parts.inbox.let_go(subject, memory.fact)
        if done.has_others:
            parts.rows.reconsider(subject, MAY_CHANGE)

    def _remember_client(self, done: Applying) -> None:
        clients, subject = self._parts.clients, done.client.subject
        if done.spoke_before:
            clients.change(subject, spoke_before=True)
        if done.has_skipped:
            clients.change(subject, has_skipped=True)
        if done.found_person is None:
            return
        clients.name(subject, done.found_person)
        if done.client.has_skipped or done.has_skipped:
            clients.change(subject, has_skipped=False)
            self._repair.want(subject)
