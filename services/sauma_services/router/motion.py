"""Works through one partition's clients that were last judged by a rule set no longer in force, a slice at a time.

Pure: it is told the time, says whom to judge anew by reconsider records, and asks a dry run of the step who loses
something: those first. It never decides who may have what. A slice stands in the partition's state from the commit that
appends it until it is taken, so that after a crash the work goes on where it was and nothing is written twice; whom it
has yet to do is read from the clients' heads.
"""

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain

from sauma.client import Head
from sauma.codec import Codec
from sauma.fact import Moment
from sauma.ids import SubjectId
from sauma.journal import Reconsider, Slice
from sauma.rulefile import Laws
from sauma_services.router.clients import Standing
from sauma_services.runtime.ports import StatePart

SLICE_KEY = b"slice"
"""The key of the state part with the slice that stands in the journal."""

SLICE_MAX = 8
"""Clients judged anew, or looked at, in one turn of the router. One takes about half a millisecond each time: more, and
whatever arrives meanwhile waits noticeably longer; fewer, and the commit that each slice needs is most of its cost."""

PAUSE_MS = 20
"""Between two slices at least. Shorter, and on a quick machine they follow each other without a gap."""

RESTS_TIMES = 10
"""How many times as long as a slice took, its commit included, passes before the next: it says what the machine can do
now. Fewer, and other traffic meets a slice too often; more only adds to the time until the last client is judged anew."""

RESTS_MS_MAX = 2_000
"""The longest such rest: a machine that stood still for a while is no slow one."""

BUSY_RECORDS = 2 * SLICE_MAX
"""Records in one turn beside which no slice is begun: the router is not keeping up with what comes in. Fewer, and two
clients who speak at once would count as that; more, and a slice adds to a wait that has begun already."""

GIVES_WAY_MS = 100
"""How long a slice gives way to a router that is not keeping up. Longer, and a law would stay in motion for hours on a
machine that is always busy; shorter is no giving way."""

_SLICE = Codec(Slice)

Loses = Callable[[SubjectId, Moment], bool]
"""Whether the client, judged anew at this moment, would have something taken back from somebody."""


@dataclass(slots=True)
class Motion:
    """One partition's clients by the rule set they were last judged by, and the slice that is under way."""

    by_law: dict[str, dict[SubjectId, None]] = field(default_factory=dict)
    waiting: dict[SubjectId, None] = field(default_factory=dict)
    """Whose reconsider record stands in the journal, not taken yet."""
    unseen: deque[SubjectId] = field(default_factory=deque)
    """Not looked at yet."""
    gaining: deque[SubjectId] = field(default_factory=deque)
    """Looked at: nothing is taken back from anybody, so that they can wait."""
    law: str = ""
    """The rule set that those two lists were made for."""
    begun_at: int | None = None
    """When the slice that is under way was chosen."""
    rest_ms: int = PAUSE_MS
    next_at: int = 0
    now: int = 0
    is_told: bool = False
    """Whether it has been said that a law is in motion here."""

    @classmethod
    def restored(cls, part: bytes | None) -> "Motion":
        """As the partition's state has it; of every client's head, `judged` has yet to be told."""
        return cls(waiting=dict.fromkeys(_SLICE.decode_trusted(part).subjects) if part is not None else {})

    def judged(self, before: str, after: Head | Standing) -> None:
        """The client was last judged by `before`, and is by its head's law now. One that was never opened is not judged."""
        if after.is_opened and after.law != before:
            if before:
                self.by_law.get(before, {}).pop(after.subject, None)
            self.by_law.setdefault(after.law, {})[after.subject] = None

    def taken(self, subject: SubjectId) -> Iterator[StatePart]:
        """A reconsider record was taken."""
        if subject in self.waiting:
            del self.waiting[subject]
            yield self._part()

    def behind(self, laws: Laws) -> int:
        """How many clients were last judged by a rule set that is no longer in force."""
        return sum(len(subjects) for subjects in self._left(laws))

    def has_news(self, laws: Laws) -> bool:
        """Whether a law came into motion since last asked, or came to rest."""
        was_told, self.is_told = self.is_told, self._are_behind(laws)
        return was_told != self.is_told

    def next_due(self, laws: Laws) -> int | None:
        """When the next slice is due: after the pause where there is something to do, else when the next rule set begins."""
        if self.waiting:
            return None  # they are in the journal: reading it brings the next turn
        if self._are_behind(laws):
            return self.next_at
        return min((law.starts_at for law in laws.sets if law.starts_at > self.now), default=None)

    def slice(self, laws: Laws, now: Moment, loses: Loses, *, beside: int) -> tuple[list[Reconsider], list[StatePart]]:
        """The records of the next slice, if it is due, with what to keep of it. Call once a turn, after the turn's records.

        `beside`: how many records this turn has taken.
        """
        self._rest(now)
        due = self.next_at + (GIVES_WAY_MS if beside > BUSY_RECORDS else 0)
        is_early = self.now <= now < due  # a clock that was set back holds nothing up
        self.now = now
        if self.waiting or is_early or not self._are_behind(laws):
            return [], []
        law = laws.at(now).id
        if law != self.law or not (self.unseen or self.gaining):
            self.law = law
            self.unseen, self.gaining = deque(self._behind(laws)), deque()
        chosen = self._chosen(laws, now, loses)
        self.next_at = now + self.rest_ms
        if not chosen:
            return [], []
        self.begun_at = now
        self.waiting = dict.fromkeys(chosen)
        return [Reconsider(subject, law) for subject in chosen], [self._part()]

    def _rest(self, now: Moment) -> None:
        """Once a slice has been taken, what it took says how long to rest."""
        if self.begun_at is not None and not self.waiting:
            took = max(0, now - self.begun_at)
            self.rest_ms = min(max(PAUSE_MS, RESTS_TIMES * took), RESTS_MS_MAX)
            self.next_at, self.begun_at = now + self.rest_ms, None

    def _chosen(self, laws: Laws, now: Moment, loses: Loses) -> list[SubjectId]:
        """First whoever loses something, as far as a slice's looking goes; once all have been looked at, the others."""
        chosen: list[SubjectId] = []
        looked = 0
        while self.unseen and looked < SLICE_MAX:
            subject = self.unseen.popleft()
            if self._is_behind(subject, laws):
                looked += 1
                if loses(subject, now):
                    chosen.append(subject)
                else:
                    self.gaining.append(subject)
        while self.gaining and not self.unseen and len(chosen) < SLICE_MAX:
            subject = self.gaining.popleft()
            if self._is_behind(subject, laws):
                chosen.append(subject)
        return chosen

    def _left(self, laws: Laws) -> list[dict[SubjectId, None]]:
        """The clients that are behind, by the law they were judged by. Time never goes back for a client: one that was
        judged by a set that begins later than the one in force now is not behind it."""
        begun = laws.at(Moment(self.now)).starts_at
        ahead = {law.id for law in laws.sets if law.starts_at >= begun}
        return [subjects for law, subjects in self.by_law.items() if law not in ahead]

    def _are_behind(self, laws: Laws) -> bool:
        return any(self._left(laws))

    def _behind(self, laws: Laws) -> Iterator[SubjectId]:
        return chain.from_iterable(self._left(laws))

    def _is_behind(self, subject: SubjectId, laws: Laws) -> bool:
        return any(subject in subjects for subjects in self._left(laws))

    def _part(self) -> StatePart:
        return StatePart(SLICE_KEY, _SLICE.encode(Slice(tuple(self.waiting))) if self.waiting else None)
