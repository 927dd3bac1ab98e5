"""Gives one delivery to the register and collects what is to be remembered of it; it writes nothing into the store itself."""

from dataclasses import replace

from sauma.codec import Undecodable
from sauma.content import Content, Identity, read_content
from sauma.delivery import Delivered, Delivery, Notice, Rebased, Retracted
from sauma.event import Held, Receipt
from sauma.fact import ROLES
from sauma.ids import FactId
from sauma_connectors.sdk.answering import retry_of
from sauma_connectors.sdk.applying import Applying, Unopened, put_of, state_after
from sauma_connectors.sdk.clients import LocalClient
from sauma_connectors.sdk.collapse import Overtaken
from sauma_connectors.sdk.contract import (
    Answer,
    Arrival,
    Erased,
    Kept,
    Person,
    Put,
    Rebase,
    Refuse,
    Retry,
    TakeBack,
)
from sauma_connectors.sdk.errors import TryAgain
from sauma_connectors.sdk.inbox import HeldFact
from sauma_connectors.sdk.keyring import Destroyed, NotReleased, Opened, Superseded
from sauma_connectors.sdk.notices import Notices
from sauma_connectors.sdk.parts import Parts
from sauma_connectors.sdk.rows import EXPECTED, PASSED, VOID, RowMemory


class Applier:
    """Applies deliveries of one register, one at a time."""

    def __init__(self, parts: Parts, notices: Notices) -> None:
        self._parts = parts
        self._notices = notices

    def apply(self, client: LocalClient, delivery: Delivery, overtaken: Overtaken) -> Applying | Retry:
        """Everything in the delivery, what narrows first; or the reason to try again later, everything anew."""
        work = Applying(client, delivery, self._parts.clients.person(client.subject))
        try:
            work.spoke_before = not client.is_settled and self._is_of_earlier_store(delivery)
            for retracted in delivery.retracted:
                self._take_back(work, retracted, overtaken)
            for put in delivery.puts:
                self._put(work, put, overtaken)
            if not work.is_history:
                for rebased in delivery.rebased:
                    self._rebase(work, rebased, overtaken)
                for notice in delivery.notices:
                    self._tell(work, notice)
        except _Later as later:
            return later.retry
        except TryAgain:
            return Retry("keyring-busy")
        except OSError as error:
            return retry_of(error)
        return work

    def _take_back(self, work: Applying, retracted: Retracted, overtaken: Overtaken) -> None:
        subject, fact = work.client.subject, retracted.fact
        own = self._parts.rows.of_fact(subject, fact)
        held = self._parts.inbox.held_fact(subject, fact)
        was_never_applied = held is None and own is None and fact in overtaken.facts
        version = held.version if held is not None else own.version if own is not None else 0
        if was_never_applied or work.person is None:
            answer: Answer = Erased()
        else:
            answer = self._give(work, TakeBack(fact, retracted.ask, retracted.reason))
        if isinstance(answer, Refuse):
            # Held as before, and the next inventory says so: the router asks again.
            self._receipt(work, "refused", fact, version, reason=answer.reason)
            return
        work.let_go.append(fact)
        if own is not None:
            work.rows.append(replace(own, state=VOID if retracted.ask == "error" else PASSED))
        if retracted.ask != "erase":
            return  # nothing but an erasure is waited for
        match answer:
            case Erased():
                self._receipt(work, "erased", fact, version)
            case Kept(paragraph):
                self._receipt(work, "kept", fact, version, paragraph=paragraph)

    def _put(self, work: Applying, put: Delivered, overtaken: Overtaken) -> None:
        subject = work.client.subject
        if (work.delivery.number, put.fact) in overtaken.puts or (work.is_history and put.kind != "identity"):
            return
        content = self._content(work, put)
        if isinstance(content, str):
            work.unopened.append(content)
            return
        if isinstance(content, Identity) and work.person is None and put.kind == "identity":
            work.person = work.found_person = Person(content.henkilotunnus)
        if work.is_history:
            return
        own = self._parts.rows.of_fact(subject, put.fact)
        if own is not None:
            self._put_own(work, put, content, own)
        elif work.person is None:
            work.has_skipped = True
        elif self._is_given(work, put_of(put, content, own_row=None)):
            work.has_others = True
            work.held.append(HeldFact(put.fact, put.version, put.kind, put.about_version))

    def _put_own(self, work: Applying, put: Delivered, content: Content | None, own: RowMemory) -> None:
        """A version of an own fact that was made elsewhere, or that comes back in a repair."""
        after = replace(
            own,
            version=put.version,
            content=own.content if content is None else self._parts.facts.delivered_hash(put, content),
            marks=b"" if own.state == EXPECTED else own.marks,  # a delivery has none: said again, once
            state=state_after(own, put.status),
            refused="",
        )
        work.rows.append(after)
        if own.state == EXPECTED:
            work.links.append(after)
            work.spoke_before = work.spoke_before or not work.client.is_settled
            is_edited = own.refused and own.is_standing  # what an act said is never edited
            if is_edited or not self._is_newer_than_register(work, put):
                return  # what stands in the register is that version, or an edit of it that is still to be said
        elif own.version >= put.version:
            return  # an edit of the register's is on its way, on an older base: it is said again on this one
        if work.person is not None:
            self._is_given(work, put_of(put, content, own_row=own.row))

    def _is_newer_than_register(self, work: Applying, put: Delivered) -> bool:
        """Whether the register has never seen this version of its own fact, by the links it keeps."""
        if work.person is None:
            return False
        versions = {holding.fact: holding.version for holding in self._parts.sink.holdings(work.person)}
        return put.fact in versions and versions[put.fact] < put.version

    def _rebase(self, work: Applying, rebased: Rebased, overtaken: Overtaken) -> None:
        is_held = self._parts.inbox.held_fact(work.client.subject, rebased.fact) is not None
        if is_held and (work.delivery.number, rebased.fact) not in overtaken.rebases:
            self._give(work, Rebase(rebased.fact, rebased.version, rebased.basis))

    def _tell(self, work: Applying, notice: Notice) -> None:
        telling = self._notices.telling(work.client, notice)
        if telling is not None:
            self._give(work, telling.told)
            work.told.append(telling.key)

    def _content(self, work: Applying, put: Delivered) -> Content | Unopened | None:
        if not put.cell:
            return None
        opened = self._parts.keyring.open(
            endpoint=self._parts.endpoint,
            subject=work.client.subject,
            fact=put.fact,
            version=put.version,
            digest=put.digest,
            cell=put.cell,
        )
        match opened:
            case Opened(content):
                try:
                    return read_content(content)
                except Undecodable:
                    self._receipt(work, "refused", put.fact, put.version, reason="unreadable-content")
                    return "not-released"
            case Superseded():
                return "superseded"  # the newer version is on its way
            case NotReleased("not-yet-released"):
                raise _Later(Retry("not-yet-released"))
            case NotReleased():
                return "not-released"  # a retraction is on its way
            case Destroyed():
                return "destroyed"

    def _is_given(self, work: Applying, put: Put) -> bool:
        """Whether the register has taken the fact."""
        answer = self._give(work, put)
        if isinstance(answer, Refuse):
            self._receipt(work, "refused", put.fact, put.version, reason=answer.reason)
            return False
        return True

    def _give(self, work: Applying, arrival: Arrival) -> Answer:
        answer = self._parts.sink.apply(work.person, arrival)
        if isinstance(answer, Retry):
            raise _Later(answer)
        return answer

    def _receipt(
        self,
        work: Applying,
        kind: str,
        fact: FactId,
        version: int,
        *,
        paragraph: str | None = None,
        reason: str | None = None,
    ) -> None:
        held = (Held(fact, version),)
        work.receipts.append(Receipt(kind, held, work.delivery.id, paragraph, reason))

    def _is_of_earlier_store(self, delivery: Delivery) -> bool:
        """Whether the delivery speaks of something that this register said and this store does not know."""
        owners = {put.owner for put in delivery.puts if put.kind == "relationship"}
        if self._parts.endpoint in owners or owners & ROLES:  # a role: an order for non-disclosure hides which
            return True
        return any(
            notice.seq > 0 and (not notice.reference or self._parts.outbox.of_id(notice.reference) is None)
            for notice in delivery.notices
        )


class _Later(Exception):
    """Stop here and try this delivery again: ends the walk through a delivery from any depth."""

    def __init__(self, retry: Retry) -> None:
        super().__init__(retry.reason)
        self.retry = retry
