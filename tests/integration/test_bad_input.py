"""Bad input on the log's side: whatever stands on an inbound topic, it ends as one outcome, and everybody else goes on (I6, I21)."""

import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sauma.event import (
    Body,
    ClientChange,
    Correction,
    Event,
    FactPut,
    Facts,
    FactStep,
    Held,
    PlanUpdate,
    Receipt,
    Referral,
    Relationship,
    Scope,
    Will,
)
from sauma.fact import HANDLING, KINDS, ROLES, EmploymentEffect, Marks, Moment, Necessity
from sauma.ids import DeliveryId, EndpointId, PlanId, ReferralId, SubjectId, WillId, event_id
from sauma.lifecycle import REFERRAL, RELATIONSHIP
from sauma.resources import load_laws
from sauma.splice import entry_of_event
from sauma_services.intake.checks import MOMENT_MAX, MOMENT_MIN, Bad, read_event
from sauma_services.router import Router
from sauma_services.runtime.ports import Outputs, Record, StatePart
from sauma_services.runtime.topics import JOURNAL, inbound, narrowing
from support.line import DECISION, DELIVERY, EVENT, REJECTION, Line, headers_of, tell_story
from support.story import LINES
from support.world import E2, START, SUBJECT, D, E, H, K, P, S, World, fact, places

SPEAKERS = (E, S, H, K, E2, P, D)
NOISE = SubjectId("9" * 32)


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with Line(tmp_path) as opened:
        yield opened


# -- bytes


def _story_events() -> list[Event]:
    spoken: list[Event] = []

    class Listening(World):
        def event(self, *args: object, **rest: object) -> Event:
            spoken.append(super().event(*args, **rest))  # type: ignore[arg-type] # as the world's own
            return spoken[-1]

    world = Listening()
    for told in LINES:
        told.says(world)
    return spoken


STORY = _story_events()


def test_the_story_goes_on_through_any_noise(line: Line, tmp_path: Path) -> None:
    """Beside each event a damaged copy of it and plain noise, on the same topics, about another client and about none."""
    chance = random.Random(7)
    with Line(tmp_path / "quiet") as quiet:
        tell_story(quiet)
        expected = {
            topic: [r for r in records if r[0] == SUBJECT.encode()] for topic, records in quiet.outputs().items()
        }

    sent = 0
    now: int = START
    for event in STORY:
        for value, key in _noise(event, chance):
            line.send_bytes(event.source, value, key=key, headers=headers_of(replace(event, subject=NOISE)))
            sent += 1
        now += 1000
        line.clock.set(now)
        line.send(event)
        line.settle()
    line.restart()
    line.settle()

    told = {topic: [r for r in records if r[0] == SUBJECT.encode()] for topic, records in line.outputs().items()}
    assert told == expected
    _assert_conserved(line, sent + len(STORY))
    outcomes = {d.outcome for d in line.decisions() if d.subject == NOISE}
    assert "refused" in outcomes
    assert len(line.rejected()) > len(STORY)


def _assert_conserved(line: Line, count: int) -> None:
    """Every inbound record is journalled, as one entry with one decision, or told to its source alone."""
    topics = [topic(endpoint) for endpoint in line.endpoints for topic in (inbound, narrowing)]
    assert sum(len(line.records(topic)) for topic in topics) == count
    told_alone = [d for d in line.deliveries() if d.number == 0]
    assert len(line.entries()) + len(told_alone) == count
    assert len(line.decisions()) == len(line.entries())
    refused = sum(1 for d in line.decisions() if d.cause == "Refused")
    assert len(line.rejected()) == refused + len(told_alone)


def _noise(event: Event, chance: random.Random) -> list[tuple[bytes, bytes]]:
    """Pairs of value and key; none is about the story's client, whose order is the story's own."""
    own = replace(event, subject=NOISE, id=event_id(event.source, event.incarnation, NOISE, event.seq))
    value = EVENT.encode(own)
    at = chance.randrange(len(value))
    damaged = value[:at] + bytes([chance.randrange(256)]) + value[at + 1 :]
    key = NOISE.encode()
    return [
        (damaged, key),
        (value[:at], key),
        (value + value, key),
        (chance.randbytes(200), chance.randbytes(32)),
        (EVENT.encode(event), key),  # the story's own event under another client's key
    ]


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    records=st.lists(
        st.tuples(
            st.sampled_from(SPEAKERS),
            st.one_of(st.binary(max_size=60), st.sampled_from([EVENT.encode(event) for event in STORY])),
            st.one_of(st.just(SUBJECT.encode()), st.binary(max_size=34), st.just(b"/" * 32)),
            st.lists(
                st.tuples(
                    st.sampled_from(["schema", "incarnation", "seq", "other"]),
                    st.one_of(st.sampled_from([b"first", b"1", b"2", b"sauma.Event/1"]), st.binary(max_size=12)),
                ),
                max_size=5,
            ),
        ),
        min_size=1,
        max_size=6,
    )
)
def test_any_bytes_end_as_exactly_one_outcome(
    records: list[tuple[EndpointId, bytes, bytes, list[tuple[str, bytes]]]], tmp_path_factory: pytest.TempPathFactory
) -> None:
    with Line(tmp_path_factory.mktemp("any")) as line:
        for endpoint, value, key, headers in records:
            line.send_bytes(endpoint, value, key=key, headers=tuple(headers))
        line.settle()
        line.restart()
        line.settle()
        _assert_conserved(line, len(records))


# -- well-formed events that say anything at all

STEPS = ("put", "close", "void", "mark", "confirm", "approve", "propose", "accept", "decline", "settle")
fact_ids = st.sampled_from([fact(name) for name in "abcd"])
endpoints = st.sampled_from(SPEAKERS)
names = st.one_of(endpoints, st.sampled_from(sorted(ROLES)))
moments = st.sampled_from([None, *map(Moment, (MOMENT_MIN, 0, START, START + 5000, START + 10**9, MOMENT_MAX))])
stated = moments.map(lambda moment: moment or Moment(START))
versions = st.sampled_from([0, 1, 2, 3, 2**31 - 1])
texts = st.sampled_from([None, "", "x", "\x00/\n"])
municipalities = st.sampled_from([None, "", "837", "297", "000", "x" * 100])
marks_of = st.builds(
    Marks,
    st.lists(st.builds(Necessity, st.sampled_from(sorted(ROLES)), stated, st.just("p")), max_size=3).map(tuple),
    st.one_of(st.none(), st.builds(EmploymentEffect, stated)),
)


@st.composite
def facts_put(draw: st.DrawFn) -> FactPut:
    kind = KINDS[draw(st.sampled_from(sorted(KINDS)))]
    handling = kind.handling or draw(st.sampled_from(["ordinary", "ordinary", *sorted(HANDLING)]))
    return FactPut(
        id=draw(fact_ids),
        kind=kind.name,
        category=draw(st.sampled_from([min(kind.categories), 1, 7])),
        handling=handling,
        base=draw(versions),
        salt=draw(st.sampled_from([b"0123456789abcdef", b"0123456789abcdef", b""])),
        cell=draw(st.sampled_from([b"", b"cell"])),
        marks=draw(marks_of),
        plan=draw(st.sampled_from([None, PlanId("plan")])),
        referral=draw(st.sampled_from([None, ReferralId("r")])),
        about=draw(st.one_of(st.none(), fact_ids)),
        about_version=draw(versions),
        addressed_to=draw(st.one_of(st.none(), st.just("makers"), names)),
        starts=draw(moments),
        ends=draw(moments),
    )


@st.composite
def steps_of(draw: st.DrawFn) -> FactStep:
    put = draw(st.one_of(facts_put(), facts_put(), st.none()))
    step = draw(st.sampled_from(("put", "put", "put", *STEPS)))
    about = put.id if put and draw(st.booleans()) else draw(fact_ids)
    answers = draw(st.one_of(st.none(), fact_ids))
    marks = draw(st.one_of(st.none(), marks_of))
    return FactStep(step, about, draw(versions), put, answers, marks, draw(st.sampled_from([b"", b"d"])), draw(texts))


steps = st.lists(steps_of(), max_size=4).map(tuple)
some = st.lists(endpoints, max_size=3).map(tuple)
scopes = st.builds(
    Scope,
    st.lists(st.integers(1, 7), max_size=2).map(tuple),
    st.lists(st.sampled_from(sorted(KINDS)), max_size=2).map(tuple),
    st.lists(fact_ids, max_size=3).map(tuple),
    some,
)
bodies: st.SearchStrategy[Body] = st.one_of(
    st.builds(
        Referral,
        st.just(ReferralId("r")),
        st.sampled_from(sorted({step for _, step in REFERRAL})),
        st.sampled_from([None, *sorted(ROLES)]),
        municipalities,
        texts,
        st.none(),
        steps,
    ),
    st.builds(PlanUpdate, st.just(PlanId("plan")), some, some, steps),
    st.builds(Facts, steps),
    st.builds(
        Relationship,
        st.sampled_from(sorted({step for _, step in RELATIONSHIP})),
        st.one_of(st.none(), endpoints),
        texts,
    ),
    st.builds(
        Will,
        st.sampled_from([WillId("w"), WillId("v")]),
        st.sampled_from(["given", "given", "withdrawn"]),
        st.sampled_from(["consent", "permit", "prohibition"]),
        st.lists(names, max_size=3).map(tuple),
        scopes,
        moments,
        moments,
        st.just("client"),
        texts,
        moments,
        st.sampled_from([None, 0, 1000, MOMENT_MAX]),
    ),
    st.builds(
        ClientChange,
        st.sampled_from(["moved", "moved", "died", "non-disclosure", "non-disclosure-lifted"]),
        municipalities,
        moments,
    ),
    st.builds(Correction, fact_ids, st.just("")),
    st.builds(
        Receipt,
        st.sampled_from(["refused", "erased", "kept", "inventory"]),
        st.lists(st.builds(Held, fact_ids, versions), max_size=3).map(tuple),
        st.sampled_from([None, DeliveryId("d")]),
        texts,
        texts,
    ),
)
IDENTITY = FactStep("put", fact("i"), put=FactPut(fact("i"), "identity", 1, "ordinary", 0))
REFERS = FactStep("put", fact("r"), put=FactPut(fact("r"), "referral", 6, "ordinary", 0))
OPENING: tuple[tuple[EndpointId, Body], ...] = (
    (K, Referral(ReferralId("r"), "made", "employment", "837", facts=(IDENTITY, REFERS))),
    (E, Relationship("started")),
    (S, Relationship("taking-part")),
    (E, PlanUpdate(PlanId("plan"), makers=(E, S, K))),
)
LAWS, PLACES = load_laws(), places()


class Taking:
    """A router driven by hand, its state beside it; `is_forgetful`: restored from the state before every record."""

    def __init__(self, *, is_forgetful: bool) -> None:
        self._router = Router(laws=LAWS, places=PLACES, clients_live_max=1)
        self._is_forgetful = is_forgetful
        self.state: dict[bytes, bytes] = {}
        self._router.restore(0, [])
        self._commit(self._router.process([], now=START))

    def take(self, record: Record) -> list[tuple[str, bytes]]:
        if self._is_forgetful:
            self._router.forget(0)
            self._router.restore(0, [StatePart(key, value) for key, value in reversed(self.state.items())])
        outputs = self._router.process([record], now=START)
        self._commit(outputs)
        return [(append.topic, append.value) for append in outputs.appends]

    def _commit(self, outputs: Outputs) -> None:
        self._router.committed()
        for part in outputs.state.get(0, ()):
            if part.value is None:
                self.state.pop(part.key, None)
            else:
                self.state[part.key] = part.value


@settings(max_examples=80, deadline=None)
@given(said=st.lists(st.tuples(endpoints, bodies), max_size=8), is_open=st.booleans())
def test_no_event_that_intake_lets_in_stops_the_router(said: list[tuple[EndpointId, Body]], is_open: bool) -> None:
    """And a router that was restarted before each record says the same, byte for byte."""
    seqs: Counter[EndpointId] = Counter()
    steady, forgetful = Taking(is_forgetful=False), Taking(is_forgetful=True)
    for position, (source, body) in enumerate([*(OPENING if is_open else ()), *said]):
        seqs[source] += 1
        known = event_id(source, "first", SUBJECT, seqs[source])
        event = Event(known, source, SUBJECT, "first", seqs[source], Moment(START), body)
        value = EVENT.encode(event)
        read = read_event(value, key=SUBJECT.encode(), headers=dict(headers_of(event)), endpoint=source)
        if isinstance(read, Bad):
            # Texts of every form are tried; those that may not stand in the clear do not reach the router at all.
            assert read.reason == "text-in-clear"
            continue
        entry = entry_of_event(Moment(START + position), value)
        record = Record(JOURNAL.name, 0, position, SUBJECT.encode(), entry, (), 0)
        assert steady.take(record) == forgetful.take(record)
    assert steady.state == forgetful.state


# -- nothing of a cell anywhere but in its cell


def test_a_cell_is_nowhere_but_in_deliveries_of_its_fact(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    world = tell_story(line)
    cells = {state.fact.cell for state in world.client.facts.values() if state.fact.cell}
    cells |= {item.cell for delivery in line.deliveries() for item in delivery.puts if item.cell}
    assert len(cells) > 10
    for cell in cells:  # and something is refused whose cell must not be told either
        line.send_bytes(K, cell, key=cell, headers=(("seq", cell), ("incarnation", cell), ("schema", cell)))
    line.settle()
    line.restart()
    line.settle()

    texts = [DECISION.encode(decision) for decision in line.decisions()]
    texts += [REJECTION.encode(rejection) for rejection in line.rejected()]
    texts += [
        DELIVERY.encode(replace(d, puts=tuple(replace(item, cell=b"") for item in d.puts))) for d in line.deliveries()
    ]
    said = capsys.readouterr().err
    assert "record-refused" in said
    for cell in cells:
        assert cell.decode() not in said
        assert not [text for text in texts if cell in text]
