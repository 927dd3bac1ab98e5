"""Intake: every reason for a refusal has records that deserve it, and a refusal harms nobody but the record refused."""

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

import pytest

from sauma.event import (
    Body,
    ClientChange,
    Correction,
    Event,
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
from sauma.fact import EmploymentEffect, Marks, Moment, Necessity
from sauma.henkilotunnus import for_test
from sauma.ids import EndpointId, EventId, FactId, PlanId, ReferralId, SubjectId, WillId, event_id
from sauma.journal import Entry, Refused
from sauma_services.intake.checks import (
    ADVICE,
    CELL_BYTES_MAX,
    MESSAGE_BYTES_MAX,
    MOMENT_MAX,
    SCHEMA,
    STEPS_MAX,
    Bad,
    read_event,
)
from sauma_services.runtime.ports import Headers
from sauma_services.runtime.topics import JOURNAL
from support.examples import EXAMPLES, read_example
from support.line import DECISION, DELIVERY, ENTRY, EVENT, REJECTION, Line, headers_of
from support.world import E2, SUBJECT, E, K, P, S, fact, marks, put, puts

KEYED = (("schema", SCHEMA), ("incarnation", b"first"), ("seq", b"1"))
"""Headers that tell the record's place: the first of its source about this subject."""

CANARY = "Kanarialintu-7"
"""Stands for personal data: in the cell and in every free text of a record that is refused."""

GOOD = Receipt("inventory", (Held(FactId("none"), 1),))
"""A body that its source may send about a client of whom nothing else is known."""

SECRET = put("x", "background", 3, cell=CANARY.encode())


def _event(body: Body, **changes: object) -> Event:
    """Kela's first event about the subject, with fields changed afterwards."""
    event = Event(event_id(K, "first", SUBJECT, 1), K, SUBJECT, "first", 1, Moment(0), body)
    return replace(event, **changes)  # type: ignore[arg-type] # fields of Event


@dataclass(frozen=True)
class Sent:
    """One record as it arrives on Kela's topic."""

    value: bytes
    key: bytes = SUBJECT.encode()
    headers: Headers = KEYED
    keeps_its_place: bool = True
    """Whether key and headers tell whose and which record it was, so that its refusal leaves no gap."""


def _sent(body: Body, **changes: object) -> Sent:
    return Sent(EVENT.encode(_event(body, **changes)))


def _put(**changes: object) -> Sent:
    return _sent(puts(replace(SECRET, **changes)))  # type: ignore[arg-type] # fields of FactPut


def _step(**changes: object) -> Sent:
    return _sent(PlanUpdate(PlanId("p"), steps=(replace(FactStep("close", FactId(CANARY)), **changes),)))  # type: ignore[arg-type] # fields of FactStep


def _will(**changes: object) -> Sent:
    will = Will(WillId("w"), "given", "consent", (P,), Scope(kinds=("identity",)), evidence=CANARY)
    return _sent(replace(will, **changes))  # type: ignore[arg-type] # fields of Will


PLAIN = EVENT.encode(_event(puts(SECRET)))
SEQ_AT = PLAIN.index(b"first") + len(b"first")
"""Where the seq stands in `PLAIN`: the byte 2, which is 1."""
assert PLAIN[SEQ_AT] == 2

BIG = tuple(replace(SECRET, id=FactId(f"{CANARY}{n}"), cell=bytes(CELL_BYTES_MAX)) for n in range(70))

TEST_PERSON = for_test(date(1970, 5, 17), 912)

CASES: Mapping[str, Mapping[str, Sent]] = {
    "text-in-clear": {
        "a sentence as a reason": _sent(Correction(fact("x"), "the nurse told me so")),
        "a name as evidence": _sent(Relationship("started", evidence="Aino Koetapaus")),
        "a number of a person as a reference": _sent(Relationship("started", evidence=f"archive-{TEST_PERSON}")),
        "a number of a person in small letters": _will(recipients=(TEST_PERSON.lower(),)),
        "a sentence as a purpose": _put(marks=Marks((Necessity("kela", Moment(1), "since she is ill"),))),
        "a place to go": _sent(Referral(ReferralId("r"), "declined", reason="go to the clinic")),
    },
    "message-too-large": {"70 full cells": _sent(puts(*BIG)), "zeros": Sent(bytes(MESSAGE_BYTES_MAX + 1))},
    "cell-too-large": {"a byte too many": _put(cell=CANARY.encode().ljust(CELL_BYTES_MAX + 1))},
    "too-many-steps": {
        "a step too many": _sent(Facts(tuple(FactStep("close", FactId(f"f{n}")) for n in range(STEPS_MAX + 1))))
    },
    "unknown-schema": {
        "another version": Sent(PLAIN, headers=(("schema", b"sauma.Event/2"), *KEYED[1:])),
        "no version": Sent(PLAIN, headers=(("schema", b""), *KEYED[1:])),
    },
    "undecodable": {
        "nothing": Sent(b""),
        "not Avro at all": Sent(CANARY.encode()),
        "cut short": Sent(PLAIN[:-1]),
        "a trailing byte": Sent(PLAIN + b"\x00"),
        "a padded number": Sent(PLAIN[:SEQ_AT] + b"\x82\x00" + PLAIN[SEQ_AT + 1 :]),
        "a number of 11 bytes": Sent(PLAIN[:SEQ_AT] + b"\x82" + b"\x80" * 9 + b"\x00" + PLAIN[SEQ_AT + 1 :]),
        "text that is no UTF-8": Sent(
            PLAIN.replace(CANARY.encode(), b"\xff" * len(CANARY)).replace(b"first", b"\xff" * 5)
        ),
        "a body of no kind": Sent(PLAIN[: SEQ_AT + 2] + b"\x10" + PLAIN[SEQ_AT + 3 :]),
        "a record of another kind": Sent(ENTRY.encode(Entry(Moment(1), _event(GOOD)))),
    },
    "forged-source": {
        "a neighbour's name": replace(
            _sent(GOOD, source=E, id=event_id(E, "first", SUBJECT, 1)), keeps_its_place=False
        ),
        "nobody's name": replace(_sent(GOOD, source=EndpointId("")), keeps_its_place=False),
    },
    "wrong-id": {
        "another's id": _sent(GOOD, id=EventId(CANARY)),
        "the next one's id": _sent(GOOD, id=event_id(K, "first", SUBJECT, 2)),
    },
    "malformed-subject": {
        "another key": replace(_sent(GOOD, subject=SubjectId("6" * 32)), keeps_its_place=False),
        "capital letters": replace(
            Sent(EVENT.encode(_event(GOOD, subject=SubjectId("A" * 32))), key=b"A" * 32), keeps_its_place=False
        ),
        "a name": replace(
            Sent(EVENT.encode(_event(GOOD, subject=SubjectId(CANARY))), key=CANARY.encode()), keeps_its_place=False
        ),
        "an incarnation with a space": replace(_sent(GOOD, incarnation="fir st"), keeps_its_place=False),
        "an endless incarnation": replace(_sent(GOOD, incarnation="i" * 65), keeps_its_place=False),
    },
    "unknown-code": {
        "referral step": _sent(Referral(ReferralId("r"), CANARY)),
        "referral role": _sent(Referral(ReferralId("r"), "made", to_role=CANARY)),
        "fact in a referral": _sent(Referral(ReferralId("r"), "made", facts=(FactStep(CANARY, fact("x")),))),
        "relationship step": _sent(Relationship(CANARY)),
        "will step": _will(step="lost"),
        "will kind": _will(kind=CANARY),
        "will giver": _will(given_by=CANARY),
        "kind in a will": _will(scope=Scope(kinds=(CANARY,))),
        "category in a will": _will(scope=Scope(categories=(8,))),
        "client change": _sent(ClientChange(CANARY)),
        "receipt kind": _sent(Receipt("applied")),
        "plan step": _step(step=CANARY),
        "fact step": _sent(Facts((FactStep("erase", fact("x")),))),
        "kind of a fact": _put(kind=CANARY),
        "category 0": _put(category=0),
        "category 8": _put(category=8),
        "handling": _put(handling=CANARY),
        "role in a fact's mark": _put(marks=marks(CANARY)),
        "role in a mark step": _step(step="mark", marks=marks("employment", CANARY)),
    },
    "bad-number": {
        "seq 0": replace(_sent(GOOD, seq=0), headers=(), keeps_its_place=False),
        "seq below 0": replace(_sent(GOOD, seq=-1), headers=(), keeps_its_place=False),
        "seq beyond bounds": replace(_sent(GOOD, seq=2**53), headers=(), keeps_its_place=False),
        "base below 0": _put(base=-1),
        "base beyond bounds": _put(base=2**31),
        "about version": _put(about_version=-1),
        "version of a step": _step(version=2**31),
        "version in a receipt": _sent(Receipt("erased", (Held(fact("x"), -1),))),
        "occurred at": _sent(GOOD, occurred_at=Moment(MOMENT_MAX + 1)),
        "start of a fact": _put(starts=Moment(-(2**63))),
        "end of a fact": _put(ends=Moment(2**63 - 1)),
        "mark's moment": _put(marks=Marks((Necessity("kela", Moment(2**60), "purpose"),))),
        "effect's moment": _put(marks=Marks((), EmploymentEffect(Moment(2**60)))),
        "moment in a mark step": _step(step="mark", marks=Marks((), EmploymentEffect(Moment(2**60)))),
        "will from": _will(valid_from=Moment(2**62)),
        "will until": _will(valid_until=Moment(2**62)),
        "will read": _will(read_at=Moment(2**62)),
        "will's age": _will(read_at=Moment(1), age_ms_max=2**62),
        "will's age below 0": _will(read_at=Moment(1), age_ms_max=-1),
        "non-disclosure until": _sent(ClientChange("non-disclosure", until=Moment(2**62))),
    },
}
NAMED = [(reason, name) for reason, cases in CASES.items() for name in cases]


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    with Line(tmp_path) as opened:
        yield opened


def test_every_reason_has_its_records() -> None:
    assert CASES.keys() == ADVICE.keys()


@pytest.mark.parametrize(("reason", "name"), NAMED)
def test_a_record_is_refused_for_the_reason_it_deserves(reason: str, name: str) -> None:
    sent = CASES[reason][name]
    assert read_event(sent.value, key=sent.key, headers=dict(sent.headers), endpoint=K) == Bad(reason)


@pytest.mark.parametrize("name", sorted(EXAMPLES[Event]))
def test_nothing_else_is_refused(name: str) -> None:
    """The published examples, as the record of a source with a sound id; they use every body and every field."""
    told = read_example(Event, name)
    event = replace(told, subject=SUBJECT, incarnation="first")
    event = replace(event, id=event_id(event.source, "first", SUBJECT, event.seq))
    value = EVENT.encode(event)
    assert read_event(value, key=SUBJECT.encode(), headers=dict(headers_of(event)), endpoint=event.source) == event


def test_what_is_just_within_bounds_is_let_in() -> None:
    steps = Facts(tuple(FactStep("close", FactId(f"f{n}")) for n in range(STEPS_MAX)))
    full_cell = puts(replace(SECRET, cell=bytes(CELL_BYTES_MAX), base=2**31 - 1, ends=Moment(MOMENT_MAX)))
    for body in (steps, full_cell, _of_size(MESSAGE_BYTES_MAX)):
        value = EVENT.encode(_event(body))
        assert isinstance(read_event(value, key=SUBJECT.encode(), headers={}, endpoint=K), Event)
    too_large = EVENT.encode(_event(_of_size(MESSAGE_BYTES_MAX + 1)))
    assert read_event(too_large, key=SUBJECT.encode(), headers={}, endpoint=K) == Bad("message-too-large")


def _of_size(size_bytes: int) -> Facts:
    """Facts whose event has exactly so many bytes: full cells, and one that takes up the rest."""
    many = [replace(SECRET, id=FactId(f"f{n}"), cell=bytes(CELL_BYTES_MAX)) for n in range(63)]
    last = replace(SECRET, id=FactId("last"), cell=bytes(CELL_BYTES_MAX // 2))  # its length takes two bytes, as below
    spare = size_bytes - len(EVENT.encode(_event(puts(*many, last))))
    return puts(*many, replace(last, cell=bytes(CELL_BYTES_MAX // 2 + spare)))


def test_what_narrows_does_not_wait_behind_a_long_list(line: Line) -> None:
    subjects = [SubjectId(f"{n:032x}") for n in range(2_000)]
    line.send(*(line.event(K, GOOD, subject=subject) for subject in subjects))
    line.send(line.event(K, Correction(fact("x"), "recorded-in-error")))
    line.loops[0].turn()
    first_batch = line.entries(Event)
    assert len(first_batch) < len(subjects)
    assert any(isinstance(entry.what, Event) and isinstance(entry.what.body, Correction) for entry in first_batch)


@pytest.mark.parametrize(("reason", "name"), NAMED)
def test_a_refused_record_harms_nobody(reason: str, name: str, line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    sent = CASES[reason][name]
    line.send_bytes(K, sent.value, key=sent.key, headers=sent.headers)
    # What is readable takes place 1; the next of this source goes on from there.
    first_free = 2 if sent.keeps_its_place else 1
    later = line.event(K, GOOD, seq=first_free)
    other_source, other_client = line.event(E, GOOD), line.event(K, GOOD, subject=SubjectId("7" * 32))
    line.send(other_client, later, other_source)
    line.settle()

    (rejection,) = line.rejected()
    assert (rejection.source, rejection.reason, rejection.detail) == (K, reason, ADVICE[reason])
    assert rejection.size_bytes == len(sent.value)
    for event in (later, other_source, other_client):
        (decision,) = [d for d in line.decisions() if d.cause == event.id]
        assert decision.outcome == "accepted"

    (told,) = [d for d in line.deliveries(K) if any(n.code == "refused" for n in d.notices)]
    (notice,) = told.notices
    assert notice.reason == reason
    if sent.keeps_its_place:
        assert (told.subject, told.number, notice.seq) == (SUBJECT, 1, 1)
        assert line.entries(Refused)[0].what == Refused(K, SUBJECT, "first", 1, reason)
    else:
        assert (told.subject, told.number, notice.reference) == ("", 0, "0")
        assert not line.entries(Refused)

    said = capsys.readouterr().err
    assert [one["reason"] for one in _lines(said) if one["event"] == "record-refused"] == [reason]
    for text in (
        said.encode(),
        REJECTION.encode(rejection),
        DELIVERY.encode(told),
        *map(DECISION.encode, line.decisions()),
    ):
        assert CANARY.encode() not in text


def _lines(text: str) -> list[dict[str, str]]:
    return [json.loads(line) for line in text.splitlines()]


UNREADABLE: Mapping[str, tuple[bytes, Headers]] = {
    "no headers": (SUBJECT.encode(), ()),
    "no seq": (SUBJECT.encode(), (("incarnation", b"first"),)),
    "no incarnation": (SUBJECT.encode(), (("seq", b"1"),)),
    "an empty incarnation": (SUBJECT.encode(), (("incarnation", b""), ("seq", b"1"))),
    "an incarnation of no form": (SUBJECT.encode(), (("incarnation", b"a/b"), ("seq", b"1"))),
    "an incarnation that is no ASCII": (SUBJECT.encode(), (("incarnation", b"\xff"), ("seq", b"1"))),
    "a seq of 0": (SUBJECT.encode(), (("incarnation", b"first"), ("seq", b"0"))),
    "a seq with a sign": (SUBJECT.encode(), (("incarnation", b"first"), ("seq", b"+1"))),
    "a seq with spaces": (SUBJECT.encode(), (("incarnation", b"first"), ("seq", b" 1 "))),
    "a seq with an underscore": (SUBJECT.encode(), (("incarnation", b"first"), ("seq", b"1_0"))),
    "a seq beyond bounds": (SUBJECT.encode(), (("incarnation", b"first"), ("seq", str(2**53).encode()))),
    "a seq of ten thousand digits": (SUBJECT.encode(), (("incarnation", b"first"), ("seq", b"9" * 10_000))),
    "an empty key": (b"", KEYED),
    "a key that is no text": (b"\xff" * 32, KEYED),
    "a key of slashes": (b"/" * 32, KEYED),
    "a key in capitals": (b"A" * 32, KEYED),
    "a name as key": (CANARY.encode().ljust(32, b"-"), KEYED),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_where_key_or_headers_are_unreadable_only_the_source_is_told(name: str, line: Line) -> None:
    key, headers = UNREADABLE[name]
    line.send_bytes(K, b"", key=key, headers=headers)
    line.settle()
    (told,) = line.deliveries()
    assert (told.recipient, told.subject, told.number) == (K, "", 0)
    assert told.notices[0].reason == "undecodable"
    assert not line.entries()
    assert not line.state().keys() - {b"epoch"}
    (rejection,) = line.rejected()
    assert (rejection.subject, rejection.seq) == (None, 0)


def test_the_first_header_of_a_name_counts(line: Line) -> None:
    line.send_bytes(K, b"", key=SUBJECT.encode(), headers=(*KEYED, ("seq", b"9"), ("schema", b"x")))
    line.settle()
    assert [entry.what for entry in line.entries()] == [Refused(K, SUBJECT, "first", 1, "undecodable")]


def test_two_unreadable_records_are_told_apart(line: Line) -> None:
    for _ in range(2):
        line.send_bytes(K, b"", key=b"")
    line.settle()
    told = line.deliveries(K)
    assert len({one.id for one in told}) == 2
    assert [one.notices[0].reference for one in told] == ["0", "1"]


def test_the_journal_holds_the_events_own_bytes(line: Line) -> None:
    body = Referral(ReferralId("r"), "made", to_role="employment", municipality="837", facts=puts(SECRET).steps)
    event = line.say(K, body)
    (record,) = [r for r in line.records(JOURNAL.name) if r.key == SUBJECT.encode()]
    assert EVENT.encode(event) in record.value
    assert record.value == ENTRY.encode(Entry(Moment(line.clock.now()), event))


def test_a_refusal_between_two_events_leaves_no_gap(line: Line) -> None:
    """Also where the later event arrives first, and where several are refused."""
    first = line.event(S, GOOD)
    second, third, fourth = (line.event(S, GOOD) for _ in range(3))
    line.send(first, fourth)
    for refused in (third, second):
        line.send_bytes(S, CANARY.encode(), key=SUBJECT.encode(), headers=headers_of(refused))
        line.settle()
    outcomes = [(d.seq, d.outcome) for d in line.decisions()]
    assert outcomes == [(1, "accepted"), (4, "parked"), (3, "refused"), (2, "refused")]
    assert b"parked" not in b"".join(line.state())
    answered = [n.seq for d in line.deliveries(S) for n in d.notices if n.code == "inventory-answered"]
    assert answered == [1, 4]


def test_intake_taken_twice_is_folded_once(line: Line) -> None:
    """A connector that never heard its acknowledgement publishes again."""
    event = line.event(E2, GOOD)
    line.send(event, event)
    line.settle()
    assert [d.outcome for d in line.decisions()] == ["accepted", "repeat"]
    assert len(line.deliveries(E2)) == 1


def test_intake_names_every_reason_with_advice_and_no_value() -> None:
    makers: list[Callable[[str], bool]] = [str.isascii, lambda text: len(text) < 200, lambda text: "{" not in text]
    assert all(made(text) for text in ADVICE.values() for made in makers)
