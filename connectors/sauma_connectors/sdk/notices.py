"""What a notice about one of this register's own events means: whom to tell, which row to take back, whether to repair."""

from dataclasses import dataclass, replace

from sauma.delivery import Notice
from sauma.ids import SubjectId
from sauma_connectors.sdk.clients import WAITING, LocalClient
from sauma_connectors.sdk.contract import Told
from sauma_connectors.sdk.outbox import Effect, Written
from sauma_connectors.sdk.parts import Parts
from sauma_connectors.sdk.repair import NOT_TAKEN, STALE, Repair
from sauma_connectors.sdk.rows import EXPECTED, REFUSED, VOID, RowMemory

OTHER_OUTBOX = frozenset({"same-seq-other-bytes", "stale-incarnation"})
"""Refusals that an outbox gets which was restored from an older copy."""

MAY_CHANGE = (
    "client-not-opened",
    "not-a-party",
    "not-a-maker",
    "unknown-plan",
    "maker-is-no-party",
)
"""Refusals that rest on something others say: the row is said again when something of others' has arrived."""


@dataclass(frozen=True, slots=True)
class Telling:
    """What the agency is told, and by what it is remembered that it was."""

    told: Told
    key: bytes


@dataclass(frozen=True, slots=True)
class Taken:
    """What the register must hear of a notice besides the notice itself."""

    told: tuple[Told, ...] = ()
    links: tuple[RowMemory, ...] = ()
    """Rows whose newest version the router did not take: the link goes back to the version before."""


class Notices:
    """Takes the notices of deliveries."""

    def __init__(self, parts: Parts, repair: Repair) -> None:
        self._parts = parts
        self._repair = repair

    def telling(self, client: LocalClient, notice: Notice) -> Telling | None:
        """What the agency is told, or None where the runner mends it, or has told it; reads only."""
        about = self._event(client.subject, notice)
        if notice.code == "inventory-answered" or (notice.code == "refused" and not self._is_told(about, notice)):
            return None
        row = about.row if about is not None else None
        content = b""
        if about is not None and about.effects:
            memory = self._parts.rows.of_index(about.effects[0].row)
            content = memory.content if memory is not None else b""
        key = self._parts.told.key(notice.code, notice.reason, row or notice.reference, content)
        is_row = row is not None and about is not None and about.act is None
        if notice.code == "refused" and is_row and self._parts.told.is_told(key):
            return None
        return Telling(Told(notice.code, notice.reason, notice.reference, row), key)

    def take(self, client: LocalClient, notice: Notice) -> Taken:
        """What the notice changes here, within a transaction of the caller's; what the register must hear besides."""
        subject = client.subject
        about = self._event(subject, notice)
        match notice.code:
            case "inventory-answered":
                latest = self._parts.clients.of(subject) or client
                is_ours = notice.reference == latest.repair_event
                if is_ours and latest.repair == WAITING:
                    return Taken(told=tuple(self._repair.answered(latest)))
            case "waiting":
                if not self._parts.outbox.send_again(subject, notice.seq):
                    for act in self._parts.outbox.acts_since(subject, notice.seq):
                        self._parts.rows.forget_act(act)  # what waits behind the gap is void with this outbox
                    self._repair.renew()
            case "refused" if about is not None:
                return Taken(links=tuple(self._refused(about, notice.reason)))
        return Taken()

    def _refused(self, about: Written, reason: str) -> list[RowMemory]:
        if reason in OTHER_OUTBOX:
            self._forget(about)
            if about.incarnation == self._parts.outbox.incarnation:
                self._repair.renew()
        elif reason == STALE:
            if about.act is not None and self._is_of_older_copy(about):
                self._parts.rows.forget_act(about.act)  # said again, on the version that the answer brings
            self._forget_versions(about)
            self._repair.want(about.subject)
        else:
            if about.act is not None:
                self._parts.plans.refused(about.act, about.id)
            taken_back = [self._take_back(effect, reason) for effect in about.effects]
            return [memory for memory in taken_back if memory is not None and memory.version]
        return []

    def _take_back(self, effect: Effect, reason: str) -> RowMemory | None:
        """The router stays at the version before; the row is not said again until it changes, or the reason may have."""
        memory = self._parts.rows.of_index(effect.row)
        if memory is None or memory.version != effect.now:
            return None  # said again since, on this version: that is refused too, for its base
        state = REFUSED if effect.was == 0 and memory.state != VOID else memory.state
        after = replace(memory, version=effect.was, state=state, refused=reason)
        self._parts.rows.put(after)
        return after

    def _forget(self, about: Written) -> None:
        """Nothing of this event was taken: its act is unsaid, and of its rows the router's version is not known."""
        if about.act is not None:
            self._parts.rows.forget_act(about.act)
        self._forget_versions(about, is_new_known=False)

    def _forget_versions(self, about: Written, *, is_new_known: bool = True) -> None:
        for effect in about.effects:
            memory = self._parts.rows.of_index(effect.row)
            if memory is not None and memory.state != VOID:
                refused = STALE if is_new_known and effect.was == 0 and effect.now > 0 else NOT_TAKEN
                self._parts.rows.put(replace(memory, state=EXPECTED, version=0, refused=refused))

    def _event(self, subject: SubjectId, notice: Notice) -> Written | None:
        if notice.reference and (found := self._parts.outbox.of_id(notice.reference)) is not None:
            return found
        if not notice.seq or (notice.reference and notice.code == "refused"):
            return None
        client = self._parts.clients.of(subject)
        # While a renewed outbox waits for its answer, a bare seq may be one of the outbox before.
        is_clear = client is not None and not (client.repair and client.is_unsure)
        return self._parts.outbox.of_seq(subject, notice.seq) if is_clear else None

    def _is_of_older_copy(self, about: Written) -> bool:
        """Whether it was said by this store as it was restored, on versions from before: nobody did anything wrong."""
        return about.incarnation != self._parts.outbox.incarnation

    def _is_told(self, about: Written | None, notice: Notice) -> bool:
        """Whether a refusal is the agency's matter: not where the runner mends it, nor where it speaks of a receipt."""
        if notice.reason in OTHER_OUTBOX:
            return False
        if about is None:
            return True
        is_receipt = about.row is None
        is_mended = notice.reason == STALE and (about.act is None or self._is_of_older_copy(about))
        return not (is_receipt or is_mended or about.is_quiet)
