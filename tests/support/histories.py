"""Tells random histories of one client: bytes in, events out. The same bytes tell the same history; zeros tell nothing.

Sources speak mostly sensibly, since a history of refusals alone shows nothing, and now and then not: repeats, gaps,
other bytes under a used number, stale versions, things they may not say.
"""

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from sauma.event import Event, Will
from sauma.fact import Moment
from sauma.ids import EndpointId
from sauma.journal import Entry, Reconsider, Refused, WakeUp
from sauma.resources import load_laws
from support.choices import Choices
from support.history_bodies import BODIES, prelude
from support.snapshots import RecordedWorld
from support.world import SUBJECT, places

HOUR_MS = 3_600_000
PASSING_MS = (HOUR_MS, 24 * HOUR_MS, 40 * 24 * HOUR_MS, 100 * 24 * HOUR_MS)


LAWS, PLACES = load_laws(), places()


def recorded_world() -> RecordedWorld:
    """A world with nothing in it; laws and places are read once for all worlds."""
    return RecordedWorld(laws=LAWS, places=PLACES)


@dataclass
class History:
    """One history while it is told."""

    choices: Choices
    world: RecordedWorld = field(default_factory=recorded_world)
    held_back: list[Event] = field(default_factory=list)
    """Said by their sources, not journalled yet: gaps."""
    incarnations: dict[EndpointId, int] = field(default_factory=dict)

    def tell(self) -> RecordedWorld:
        """The whole of it; in the end everything that was held back arrives, so that no gap is left."""
        for source, body in prelude(self.choices.number()):
            self.world.say(source, body(self.world))
        while self.choices.are_left:
            _HAPPENINGS[self.choices.number() % len(_HAPPENINGS)](self)
        for event in self.held_back:
            self.world.journal(event)
        return self.world

    def incarnation(self, source: EndpointId) -> str:
        """The source's present outbox."""
        number = self.incarnations.get(source, 0)
        return f"outbox-{number}" if number else "first"

    def says(self) -> None:
        """A source says something, journalled at once or after a while."""
        found = BODIES[self.choices.number() % len(BODIES)](self.world, self.choices)
        if found is None:
            return
        source, body = found
        event = self.world.event(source, body, incarnation=self.incarnation(source))
        # Wills are told at once: when a withdrawal reaches the journal is what the histories are about.
        if self.choices.one_in(12) and not isinstance(body, Will):
            self.held_back.append(event)
        else:
            self.world.journal(event)

    def arrives(self) -> None:
        """The oldest event that was held back arrives."""
        if self.held_back:
            self.world.journal(self.held_back.pop(0))

    def repeats(self) -> None:
        """An earlier record comes again."""
        events = [entry.what for entry in self.world.entries if isinstance(entry.what, Event)]
        if events:
            self.world.journal(self.choices.of(events))

    def contradicts(self) -> None:
        """A used number comes with other bytes."""
        events = [entry.what for entry in self.world.entries if isinstance(entry.what, Event)]
        if events:
            event = self.choices.of(events)
            self.world.journal(replace(event, occurred_at=Moment(event.occurred_at + 1)))

    def passes(self) -> None:
        """Time passes; sometimes the router wakes up because of it."""
        self.world.now += self.choices.of(PASSING_MS)
        due = self.world.client.head.wake_at
        if due is not None and due <= self.world.now and self.choices.one_in(2):
            self.world.record(Entry(Moment(self.world.now), WakeUp(SUBJECT, due)))

    def is_refused(self) -> None:
        """Intake refuses a source's next record."""
        marks = sorted(self.world.client.sources)
        if marks:
            source = self.choices.of(marks)
            event = self.world.event(source, _NOTHING, incarnation=self.incarnation(source))
            self.world.now += 1000
            refused = Refused(source, SUBJECT, event.incarnation, event.seq, "unknown-code")
            self.world.record(Entry(Moment(self.world.now), refused))

    def loses_outbox(self) -> None:
        """A source's outbox is made anew: it counts from 1 again."""
        marks = sorted(self.world.client.sources)
        if marks and self.choices.one_in(3):
            source = self.choices.of(marks)
            self.incarnations[source] = self.incarnations.get(source, 0) + 1

    def is_reconsidered(self) -> None:
        """The router judges the client anew."""
        self.world.now += 1000
        self.world.record(Entry(Moment(self.world.now), Reconsider(SUBJECT, "anew")))

    def nothing(self) -> None:
        """Nothing happens: what shrinking ends at."""


_NOTHING = Will(will="never-journalled", step="withdrawn", kind="consent")  # type: ignore[arg-type] # a test's will id

_HAPPENINGS: tuple[Callable[[History], None], ...] = (
    History.nothing,
    *[History.says] * 24,
    History.arrives,
    History.repeats,
    History.contradicts,
    History.passes,
    History.passes,
    History.is_refused,
    History.loses_outbox,
    History.is_reconsidered,
)


def told(data: bytes) -> RecordedWorld:
    """The history that these bytes tell."""
    return History(Choices(data)).tell()
