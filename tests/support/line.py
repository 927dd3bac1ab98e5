"""A small line for tests: the embedded log with intake and router over it, spoken to as connectors do, turned until it rests."""

import itertools
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sauma.codec import Codec
from sauma.decision import Decision
from sauma.delivery import Delivery, Rejection
from sauma.event import Body, Event, is_narrowing
from sauma.fact import Moment
from sauma.ids import EndpointId, SubjectId, event_id
from sauma.journal import Entry, Epoch, What
from sauma.places import Places
from sauma.resources import load_laws
from sauma.rulefile import Laws
from sauma.step import Step
from sauma_services.intake import Intake
from sauma_services.intake.checks import SCHEMA
from sauma_services.router import Router
from sauma_services.runtime.clock import ManualClock
from sauma_services.runtime.loop import Loop, LoopSettings
from sauma_services.runtime.ports import Append, Headers, Record
from sauma_services.runtime.sqlite_log import SqliteLog
from sauma_services.runtime.topics import DECISIONS, JOURNAL, REJECTED, deliveries, inbound, narrowing
from support.story import LINES
from support.world import E2, H2, S2, START, SUBJECT, D, E, H, K, P, S, World, places

ENDPOINTS = (E, S, H, K, D, P, E2, S2, H2)
EVENT, ENTRY, DELIVERY, DECISION, REJECTION = (
    Codec(Event),
    Codec(Entry),
    Codec(Delivery),
    Codec(Decision),
    Codec(Rejection),
)
LOG_NAME = "log.sqlite3"

Bytes = Mapping[str, Sequence[tuple[bytes, bytes]]]


@dataclass
class Line:
    """Log, intake and router in one folder. `settle` turns them in this thread; `restart` makes both anew from the log."""

    folder: Path
    laws: Laws = field(default_factory=load_laws)
    places: Places = field(default_factory=places)
    endpoints: Sequence[EndpointId] = ENDPOINTS
    records_max: int = 500
    clients_live_max: int = 100
    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    seqs: dict[tuple[str, str, str], int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.log = SqliteLog(self.folder / LOG_NAME, clock=self.clock)
        self._publisher, self._reader = self.log.publisher(), self.log.reader()
        self.restart()

    def __enter__(self) -> "Line":
        return self

    def __exit__(self, *_: object) -> None:
        self.log.close()

    def restart(self, *, laws: Laws | None = None) -> None:
        """A new intake and a new router, as after a restart of the process; the older ones are fenced."""
        self.laws = laws or self.laws
        self.intake = Intake(self.endpoints)
        self.router = Router(laws=self.laws, places=self.places, clients_live_max=self.clients_live_max)
        limits = LoopSettings(records_max=self.records_max, wait_seconds_max=0)
        self.loops = [
            Loop(self.log.loop(part.name, part.inputs), part, self.clock, limits) for part in (self.intake, self.router)
        ]

    def settle(self) -> None:
        """Turn both until neither has anything to do."""
        for turns in itertools.count():
            assert turns < 10_000, "the line never comes to rest"
            if not any([loop.turn() for loop in self.loops]):  # noqa: C419 - both take their turn
                return

    # -- speaking, as a connector does

    def event(
        self,
        source: EndpointId,
        body: Body,
        *,
        subject: SubjectId = SUBJECT,
        seq: int | None = None,
        incarnation: str = "first",
    ) -> Event:
        """The source's next event about the subject (or the one of this seq), not yet sent."""
        if seq is None:
            key = (source, subject, incarnation)
            seq = self.seqs[key] = self.seqs.get(key, 0) + 1
        known = event_id(source, incarnation, subject, seq)
        return Event(known, source, subject, incarnation, seq, Moment(self.clock.now()), body)

    def send(self, *events: Event) -> None:
        """Publish events to their sources' own topics."""
        for event in events:
            topic = narrowing(event.source) if is_narrowing(event.body) else inbound(event.source)
            data = EVENT.encode(event)
            self._publisher.publish(topic, [Append(topic, event.subject.encode(), data, headers_of(event))])

    def send_bytes(self, endpoint: EndpointId, value: bytes, *, key: bytes, headers: Headers = ()) -> None:
        """Publish whatever there is to the endpoint's own topic."""
        topic = inbound(endpoint)
        self._publisher.publish(topic, [Append(topic, key, value, headers)])

    def say(self, source: EndpointId, body: Body, *, subject: SubjectId = SUBJECT) -> Event:
        """The source says it, and the line comes to rest."""
        event = self.event(source, body, subject=subject)
        self.send(event)
        self.settle()
        return event

    def journal_bytes(self, records: Iterable[tuple[bytes, bytes]]) -> None:
        """Append keys and values to the journal, as they stood in another line's."""
        self._publisher.publish(JOURNAL.name, [Append(JOURNAL.name, key, value) for key, value in records])

    # -- reading back what is committed

    def records(self, topic: str) -> list[Record]:
        """A topic's records."""
        return list(self._reader.scan(topic, 0))

    def entries(self, *kinds: type[What]) -> list[Entry]:
        """The journal; of these kinds only, or all but epoch records."""
        entries = [ENTRY.decode(record.value) for record in self.records(JOURNAL.name)]
        return [e for e in entries if (isinstance(e.what, kinds) if kinds else not isinstance(e.what, Epoch))]

    def deliveries(self, *recipients: EndpointId) -> list[Delivery]:
        """What was sent to these, or to all, recipient by recipient."""
        return [
            DELIVERY.decode(record.value)
            for recipient in recipients or self.endpoints
            for record in self.records(deliveries(recipient))
        ]

    def decisions(self) -> list[Decision]:
        """Everything that was decided, in order."""
        return [DECISION.decode(record.value) for record in self.records(DECISIONS.name)]

    def rejected(self) -> list[Rejection]:
        """Everything that intake did not let in, in order."""
        return [REJECTION.decode(record.value) for record in self.records(REJECTED.name)]

    def outputs(self) -> Bytes:
        """The bytes of everything that the router wrote for others, by topic; without times of writing."""
        topics = [DECISIONS.name, *(deliveries(endpoint) for endpoint in self.endpoints)]
        return {topic: [(record.key, record.value) for record in self.records(topic)] for topic in topics}

    def state(self) -> dict[bytes, bytes]:
        """The router's committed state, part by part."""
        return {part.key: part.value for part in self._reader.state(self.router.name) if part.value is not None}


def headers_of(event: Event) -> Headers:
    """The headers that a connector writes beside an event."""
    return (("schema", SCHEMA), ("incarnation", event.incarnation.encode()), ("seq", str(event.seq).encode()))


@dataclass
class LineWorld(World):
    """A world whose events also go through a line: the pure core's steps here, what the line made of them there."""

    line: Line | None = None
    is_restarting: bool = False

    def journal(self, event: Event) -> Step:
        """Take the step on the core, and send the event down the line at the same moment."""
        assert self.line is not None
        if self.is_restarting:
            self.line.restart()
        taken = super().journal(event)
        self.line.clock.set(self.now)
        self.line.send(event)
        self.line.settle()
        return taken


def tell_story(line: Line, *, is_restarting: bool = False) -> LineWorld:
    """The whole story down the line, event by event; on request with a restart before each."""
    world = LineWorld(laws=line.laws, places=line.places, line=line, is_restarting=is_restarting)
    for told in LINES:
        told.says(world)
    return world
