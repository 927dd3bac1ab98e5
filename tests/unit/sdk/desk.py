"""What the SDK's tests share: a log in memory behind the real law, registers held in dictionaries, and runners between them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from pathlib import Path

from sauma.client import Client, new_client
from sauma.codec import Codec
from sauma.content import Content, Identity, PlanItem, Referral
from sauma.delivery import Applied, Delivery
from sauma.event import Event
from sauma.fact import Moment
from sauma.henkilotunnus import for_test
from sauma.ids import EndpointId, FactId, SubjectId, event_hash
from sauma.journal import Entry, Refused
from sauma.places import Places
from sauma.resources import load_laws, load_places
from sauma.rulefile import Laws
from sauma.sealing import digest
from sauma.step import Step, step
from sauma_connectors.sdk.channel import Arriving, Outgoing
from sauma_connectors.sdk.contract import (
    Act,
    Answer,
    Arrival,
    Done,
    Erased,
    FactRow,
    Holding,
    Mark,
    Person,
    Put,
    Rebase,
    ReferralMade,
    Sink,
    Snapshot,
    Source,
    Statement,
    TakeBack,
    Told,
    Unreadable,
)
from sauma_connectors.sdk.errors import TryAgain
from sauma_connectors.sdk.runner import Runner
from sauma_connectors.sdk.settings import RunnerSettings
from sauma_services.keyring import FileKeyring, KeyringFiles, Release

KELA = EndpointId("kela")
EMPLOYMENT = EndpointId("employment-tampereen-seutu")
SOCIAL = EndpointId("social-08")
HEALTH = EndpointId("health-08")
NAME = "Meikäläinen-Kanarialintu"
PERSON = Person(for_test(date(1985, 3, 14), 912))
OTHER = Person(for_test(date(1990, 1, 2), 913))
AT = Moment(1_780_000_000_000)  # 28 May 2026: after the rules of 1 May came into force

_EVENT, _DELIVERY = Codec(Event), Codec(Delivery)
_LAWS: list[Laws] = []
_PLACES: list[Places] = []


def item(text: str = "valmennus", *, to: Iterable[str] = ("kela", "social-care"), **rest: object) -> FactRow:
    """A plan item with this place, outside any plan, necessary for these roles."""
    marks = tuple(Mark(role, AT) for role in to)
    content = PlanItem("TV-12", "Työhönvalmennus", "Avoimet työmarkkinat", text, "ma-ke")
    return replace(FactRow("plan-item", 7, content, necessary_for=marks), **rest)  # type: ignore[arg-type] # its fields


def referral() -> ReferralMade:
    """A referral to employment of a client who lives in Tampere."""
    identity = FactRow("identity", 1, Identity(PERSON.henkilotunnus, NAME, "Maija"))
    return ReferralMade("employment", "837", FactRow("referral", 6, Referral("työ", "syy", "puhelin")), identity)


@dataclass
class Log:
    """Every endpoint's line, and the router behind them: the real step, over one journal a client."""

    clients: dict[SubjectId, Client] = field(default_factory=dict)
    inbound: list[tuple[EndpointId, bytes]] = field(default_factory=list)
    deliveries: dict[EndpointId, list[tuple[Delivery, bytes]]] = field(default_factory=dict)
    applied: list[Applied] = field(default_factory=list)
    steps: list[Step] = field(default_factory=list)
    taken: int = 0
    """How many of the inbound records the router has seen."""
    now: int = AT

    def route(self) -> bool:
        """Fold every record that waits; True if there was any."""
        waiting = self.inbound[self.taken :]
        for source, data in waiting:
            self.taken += 1
            event = _EVENT.decode(data)
            assert event.source == source
            self._step(event.subject, Entry(Moment(self._later()), event), event_hash(data))
        return bool(waiting)

    def refuse(self, event: Event, reason: str) -> None:
        """Intake did not let an event into the journal."""
        what = Refused(event.source, event.subject, event.incarnation, event.seq, reason)
        self._step(event.subject, Entry(Moment(self._later()), what), b"")

    def events(self, source: EndpointId) -> list[Event]:
        """All that one endpoint has published, repeats included."""
        return [_EVENT.decode(data) for endpoint, data in self.inbound if endpoint == source]

    def bodies(self, source: EndpointId) -> list[object]:
        """The bodies of all that one endpoint has published."""
        return [event.body for event in self.events(source)]

    def outcomes(self) -> list[str]:
        """What became of each record, in order: accepted, repeat, or the reason of a refusal."""
        return [taken.decision.reason or taken.decision.outcome for taken in self.steps]

    def release_of(self, subject: SubjectId, fact: FactId, endpoint: EndpointId) -> Release | None:
        """The keyring's question, answered from the state."""
        client = self.clients.get(subject)
        state = client.facts.get(fact) if client else None
        given = state.given.get(endpoint) if state else None
        if state is None or given is None or state.fact.sealed_as is None:
            return None
        return Release(given.version, digest(state.fact.sealed_as), given.is_live)

    def _step(self, subject: SubjectId, entry: Entry, hashed: bytes) -> None:
        if not _LAWS:
            _LAWS.append(load_laws())
            _PLACES.append(load_places())
        client = self.clients.get(subject) or new_client(subject)
        taken = step(client, entry, event_digest=hashed, laws=_LAWS[0], places=_PLACES[0])
        self.clients[subject] = taken.client
        self.steps.append(taken)
        for delivery in taken.deliveries:
            line = self.deliveries.setdefault(delivery.recipient, [])
            line.append((delivery, _DELIVERY.encode(delivery)))

    def _later(self) -> int:
        self.now += 1_000
        return self.now


@dataclass
class Line:
    """One endpoint's channel to the log in memory."""

    log: Log
    endpoint: EndpointId
    is_down: bool = False

    def publish(self, events: Sequence[Outgoing]) -> None:
        if self.is_down:
            raise TryAgain("the line is down")
        for outgoing in events:
            assert _EVENT.encode(outgoing.event) == outgoing.data
            self.log.inbound.append((self.endpoint, outgoing.data))

    def confirm(self, applied: Sequence[Applied]) -> None:
        if self.is_down:
            raise TryAgain("the line is down")
        self.log.applied += applied

    def read(self, after: Mapping[int, int], *, count_max: int, wait_seconds_max: float) -> Sequence[Arriving]:
        assert wait_seconds_max >= 0
        line = self.log.deliveries.get(self.endpoint, [])
        start = after.get(0, -1) + 1
        return [Arriving(0, at, data) for at, (_, data) in enumerate(line)][start : start + count_max]


@dataclass
class Register(Source, Sink):
    """A register in dictionaries: rows in the order they came to be, and what it was given. Its own source and sink."""

    endpoint: EndpointId
    rows: dict[str, tuple[Person, FactRow | Act]] = field(default_factory=dict)
    unreadable: list[Unreadable] = field(default_factory=list)
    is_complete: bool = True
    received: dict[Person, dict[FactId, Put]] = field(default_factory=dict)
    links: dict[tuple[Person, FactId], tuple[str, int]] = field(default_factory=dict)
    arrivals: list[tuple[Person | None, Arrival]] = field(default_factory=list)
    told: list[Told] = field(default_factory=list)
    answers: dict[type, Answer] = field(default_factory=dict)
    """What to answer to a Put or TakeBack instead of doing it."""
    answers_about: dict[Person, Answer] = field(default_factory=dict)

    @property
    def source(self) -> Source:
        return self

    @property
    def sink(self) -> Sink:
        return self

    def says(self, row: str, says: FactRow | Act, person: Person = PERSON) -> None:
        """A clerk writes a row, new or over the old one."""
        self.rows[row] = (person, says)

    def read(self) -> Snapshot:
        statements = [Statement(row, person, says, AT) for row, (person, says) in self.rows.items()]
        return Snapshot([*statements, *self.unreadable], self.is_complete)

    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        self.arrivals.append((person, arrival))
        if person in self.answers_about:
            return self.answers_about[person]
        if type(arrival) in self.answers:
            return self.answers[type(arrival)]
        match arrival:
            case Told():
                self.told.append(arrival)
            case Put() if person is not None:
                self._put(person, arrival)
            case TakeBack() if person is not None:
                self.received.get(person, {}).pop(arrival.fact, None)
                return Erased() if arrival.ask == "erase" else Done()
            case Rebase():
                assert person is not None
        return Done()

    def shared(self, person: Person, row: str, fact: FactId, version: int) -> None:
        self.links[person, fact] = (row, version)

    def holdings(self, person: Person) -> Iterable[Holding]:
        for put in self.received.get(person, {}).values():
            yield Holding(put.fact, put.version, put.status, put.content)
        for (linked, fact), (row, version) in self.links.items():
            if linked == person:
                says = self.rows.get(row, (person, None))[1]
                yield Holding(fact, version, "", says.content if isinstance(says, FactRow) else None)

    def contents(self, person: Person = PERSON) -> dict[str, list[Content | None]]:
        """What was received, by kind."""
        found: dict[str, list[Content | None]] = {}
        for put in self.received.get(person, {}).values():
            found.setdefault(put.kind, []).append(put.content)
        return found

    def _put(self, person: Person, put: Put) -> None:
        if put.own_row is None:
            self.received.setdefault(person, {})[put.fact] = put
            return
        self.links[person, put.fact] = (put.own_row, put.version)
        owner, says = self.rows[put.own_row]
        if isinstance(says, FactRow) and put.content is not None:
            self.rows[put.own_row] = (owner, replace(says, content=put.content))


@dataclass
class Desk:
    """Registers, their runners, the keyring and the log between them."""

    folder: Path
    log: Log = field(default_factory=Log)
    registers: dict[EndpointId, Register] = field(default_factory=dict)
    lines: dict[EndpointId, Line] = field(default_factory=dict)
    runners: dict[EndpointId, Runner] = field(default_factory=dict)
    settings: RunnerSettings = field(default_factory=RunnerSettings)
    now_ms: int = AT

    def __post_init__(self) -> None:
        self.keyring = FileKeyring(KeyringFiles.under(self.folder / "keyring"), self.log)

    def register(self, endpoint: EndpointId) -> Register:
        """A register with its runner, started."""
        self.registers[endpoint] = Register(endpoint)
        self.lines[endpoint] = Line(self.log, endpoint)
        self.start(endpoint)
        return self.registers[endpoint]

    def store(self, endpoint: EndpointId) -> Path:
        """Where a runner's store is."""
        return self.folder / "stores" / f"{endpoint}.sqlite3"

    def start(self, endpoint: EndpointId, settings: RunnerSettings | None = None) -> Runner:
        """Start a runner, as after its process ended."""
        if endpoint in self.runners:
            self.runners[endpoint].close()
        runner = Runner(
            self.registers[endpoint],
            self.lines[endpoint],
            self.keyring,
            self.store(endpoint),
            lambda: self.now_ms,
            settings or self.settings,
        )
        self.runners[endpoint] = runner
        runner.receive()  # nothing has been delivered to a new register yet: it has caught up
        return runner

    def lose_store(self, endpoint: EndpointId) -> None:
        """The disk is gone: the runner starts with an empty store."""
        self.runners.pop(endpoint).close()
        for path in self.store(endpoint).parent.glob(f"{endpoint}.sqlite3*"):
            path.unlink()

    def settle(self) -> None:
        """Turn everything until nobody has anything to do."""
        for _ in range(100):
            worked = [runner.poll() for runner in self.runners.values()]
            worked.append(self.log.route())
            worked += [runner.receive() for runner in self.runners.values()]
            if not any(worked):
                return
        raise AssertionError("the runners never come to rest")

    def subject(self, person: Person = PERSON) -> SubjectId:
        """The client's id."""
        return self.keyring.subject_of(person.henkilotunnus)

    def fact(self, endpoint: EndpointId, row: str) -> FactId:
        """The fact of a register's row."""
        return self.keyring.fact_id(endpoint, row)

    def version(self, endpoint: EndpointId, row: str, person: Person = PERSON) -> int:
        """The version that the router has of a register's row."""
        return self.log.clients[self.subject(person)].facts[self.fact(endpoint, row)].fact.version

    def status(self, endpoint: EndpointId, row: str, person: Person = PERSON) -> str:
        """The status that the router has of a register's row."""
        return self.log.clients[self.subject(person)].facts[self.fact(endpoint, row)].fact.status

    def close(self) -> None:
        """End everything."""
        for runner in self.runners.values():
            runner.close()
        self.keyring.close()
