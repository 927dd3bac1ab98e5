"""The router over the log: time, epochs, gaps, repeats, new outboxes and repair; each seen in what stands in the log."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from sauma.event import (
    Body,
    ClientChange,
    Correction,
    Facts,
    FactStep,
    Held,
    PlanUpdate,
    Receipt,
    Relationship,
    Scope,
    Will,
)
from sauma.fact import Moment
from sauma.ids import EndpointId, PlanId, SubjectId, WillId
from sauma.journal import Epoch, WakeUp
from sauma.resources import names, read_text
from sauma.rulefile import read_laws
from support.line import Line
from support.openings import start
from support.world import START, SUBJECT, E, H, K, P, S, fact, marks, put, puts

GAP_TOLD_AFTER_MS = 10 * 60 * 1000


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """A line with one client whose assessment has started, and another agency taking part."""
    with Line(tmp_path) as opened:
        start(opened, SUBJECT)
        yield opened


def background(name: str = "background", base: int = 0) -> Body:
    return puts(put(name, "background", 3, base, marks=marks("social-care", "kela")))


def outcomes(line: Line, source: EndpointId) -> list[tuple[int, str, str]]:
    return [(d.seq, d.outcome, d.reason) for d in line.decisions() if d.source == source]


def notices(line: Line, recipient: EndpointId) -> list[tuple[str, str, int]]:
    return [(n.code, n.reason, n.seq) for d in line.deliveries(recipient) for n in d.notices]


def facts_put(line: Line, recipient: EndpointId) -> list[tuple[str, int]]:
    return [(item.fact, item.version) for d in line.deliveries(recipient) for item in d.puts]


def said(capsys: pytest.CaptureFixture[str], event: str) -> list[dict[str, str]]:
    lines = [json.loads(one) for one in capsys.readouterr().err.splitlines()]
    return [one for one in lines if one["event"] == event]


# -- gaps


def test_an_event_beyond_a_gap_waits_and_is_released_in_order(line: Line) -> None:
    first, second, third = (line.event(E, background(name)) for name in ("a", "b", "c"))
    line.send(third, second)
    line.settle()
    assert outcomes(line, E)[1:] == [(4, "parked", ""), (3, "parked", "")]
    assert not [one for one in facts_put(line, S) if one[0] in ("fact-b", "fact-c")]
    line.send(first)
    line.settle()
    assert [one for one in facts_put(line, S) if one[0].startswith("fact-")][-3:] == [
        ("fact-a", 1),
        ("fact-b", 1),
        ("fact-c", 1),
    ]
    assert not [key for key in line.state() if b"/parked/" in key]


def test_a_gap_holds_up_only_its_own_source_and_client(line: Line) -> None:
    other = SubjectId("7" * 32)
    start(line, other)
    line.event(E, background("lost"))
    line.say(E, background("late"))
    line.say(S, puts(put("situation", "social-situation", 4, marks=marks("employment", affects=True, at=START))))
    line.say(E, background("theirs"), subject=other)
    last = {(d.subject, d.source): d.outcome for d in line.decisions()}
    assert last[SUBJECT, E] == "parked"
    assert last[SUBJECT, S] == last[other, E] == "accepted"


def test_a_source_is_told_of_its_gap_after_ten_minutes_and_once(line: Line) -> None:
    line.event(E, background("lost"))
    line.say(E, background("late"))
    line.clock.advance(GAP_TOLD_AFTER_MS)
    line.settle()  # the effective time ran some ms ahead of the clock, which stood still
    line.clock.advance(1000)
    line.settle()
    assert [n for n in notices(line, E) if n[0] == "waiting"] == [("waiting", "gap", 2)]
    line.restart()
    line.clock.advance(GAP_TOLD_AFTER_MS)
    line.settle()
    assert len([n for n in notices(line, E) if n[0] == "waiting"]) == 1
    assert len(line.entries(WakeUp)) == 1


def test_a_narrowing_event_passes_a_gap_and_keeps_its_place(line: Line) -> None:
    line.say(E, background())
    lost = line.event(E, background("lost"))
    withdrawing = line.say(E, Correction(fact("background"), "of-another-person"))
    assert line.decisions()[-1].outcome == "early"
    assert [r.ask for d in line.deliveries(S) for r in d.retracted] == ["error"]
    line.send(lost)
    line.settle()
    assert [(d.seq, d.outcome) for d in line.decisions()][-1] == (lost.seq, "accepted")
    assert ("fact-lost", 1) in facts_put(line, S)
    assert [r.ask for d in line.deliveries(S) for r in d.retracted] == ["error"]
    line.send(withdrawing)
    line.settle()
    assert line.decisions()[-1].outcome == "repeat"


# -- repeats and new outboxes


def test_the_same_bytes_again_have_no_effect(line: Line) -> None:
    event = line.say(E, background())
    before = {topic: len(records) for topic, records in line.outputs().items()}
    line.send(event)
    line.settle()
    after = {topic: len(records) for topic, records in line.outputs().items()}
    assert after == {**before, "decisions": before["decisions"] + 1}
    assert line.decisions()[-1].outcome == "repeat"


def test_other_bytes_under_a_used_seq_are_refused_and_alarmed(line: Line, capsys: pytest.CaptureFixture[str]) -> None:
    event = line.say(E, background())
    capsys.readouterr()
    line.send(line.event(E, background("other"), seq=event.seq))
    line.settle()
    assert outcomes(line, E)[-1] == (event.seq, "refused", "same-seq-other-bytes")
    assert notices(line, E)[-1] == ("refused", "same-seq-other-bytes", event.seq)
    (alarm,) = said(capsys, "source-alarm")
    assert (alarm["endpoint"], alarm["reason"]) == (E, "same-seq-other-bytes")


def test_a_new_outbox_counts_from_one_and_the_old_one_is_stale(line: Line) -> None:
    line.event(E, background("lost"))
    line.say(E, background("parked"))
    renewed = line.event(E, background("new"), incarnation="second")
    line.send(renewed)
    line.settle()
    assert outcomes(line, E)[-1] == (1, "accepted", "")
    assert not [key for key in line.state() if b"/parked/" in key]
    line.say(E, background("stray"))
    assert outcomes(line, E)[-1] == (4, "refused", "stale-incarnation")


# -- time


def test_a_wake_up_is_journalled_once_at_its_moment(line: Line) -> None:
    """However many records the client had since, whatever restarts: one moment, one wake-up."""
    until = Moment(START + 1_000_000)
    consent = Will(
        WillId("w"), "given", "consent", (P,), Scope(facts=(fact("A"),)), evidence="archive-1", valid_until=until
    )
    item = put("A", "plan-item", 7, marks=marks("social-care", "kela"), plan="plan")
    line.say(E, PlanUpdate(PlanId("plan"), makers=(E, S, K), steps=(FactStep("put", fact("A"), put=item),)))
    line.say(E, consent)
    for version in range(5):
        line.clock.advance(1000)
        line.say(E, background("often", version))
    lost = line.event(E, background("lost"))
    line.say(E, background("late"))  # an earlier moment, which goes again with the gap
    line.send(lost)
    line.settle()
    assert ("fact-A", 1) in facts_put(line, P)
    line.clock.set(until - 1)
    line.settle()
    assert not line.entries(WakeUp)
    line.clock.set(until)
    line.settle()
    line.restart()
    line.settle()
    assert [entry.what for entry in line.entries(WakeUp)] == [WakeUp(SUBJECT, until)]
    assert [(r.fact, r.ask) for d in line.deliveries(P) for r in d.retracted if r.fact == fact("A")] == [
        (fact("A"), "erase")
    ]


def test_a_repeated_wake_up_has_no_effect(line: Line) -> None:
    line.event(E, background("lost"))
    line.say(E, background("late"))
    line.clock.advance(GAP_TOLD_AFTER_MS + 1000)
    line.settle()
    (key, value) = next((r.key, r.value) for r in reversed(line.records("journal")) if r.key == SUBJECT.encode())
    before = line.outputs()
    line.journal_bytes([(key, value)])
    line.settle()
    after = line.outputs()
    assert {t: r for t, r in after.items() if t != "decisions"} == {t: r for t, r in before.items() if t != "decisions"}
    assert line.decisions()[-1].rulings == ()


def test_a_moment_that_has_changed_is_passed_over(line: Line) -> None:
    lost = line.event(E, background("lost"))
    line.say(E, background("late"))
    line.clock.advance(1000)
    line.send(lost)
    line.settle()
    line.clock.advance(GAP_TOLD_AFTER_MS * 2)
    line.settle()
    assert not line.entries(WakeUp)
    assert not [n for n in notices(line, E) if n[0] == "waiting"]


def test_whatever_comes_first_after_a_limit_sees_it_as_passed(line: Line) -> None:
    line.event(E, background("lost"))
    line.say(E, background("late"))
    line.clock.advance(GAP_TOLD_AFTER_MS + 1000)
    line.say(S, Relationship("taking-part"))
    assert [n for n in notices(line, E) if n[0] == "waiting"] == [("waiting", "gap", 2)]


# -- what decides


def test_an_epoch_is_written_when_what_decides_changes_and_only_then(line: Line) -> None:
    line.restart()
    line.settle()
    (first,) = line.entries(Epoch)
    texts = {name: read_text("law", "fi", name) for name in names("law", "fi") if name.endswith(".toml")}
    changed = read_laws({name: f"{text}\n# another edition\n" for name, text in texts.items()})
    line.restart(laws=changed)
    line.settle()
    line.restart()
    line.say(E, background())
    epochs = [entry.what for entry in line.entries(Epoch)]
    assert [epoch.law for epoch in epochs if isinstance(epoch, Epoch)] == [read_laws(texts).version, changed.version]
    assert isinstance(first.what, Epoch)
    assert first.what.places == line.places.version


# -- repair


def test_an_inventory_brings_back_what_is_missing_and_takes_what_is_too_much(line: Line) -> None:
    line.say(E, background())
    line.say(E, background("kept"))
    before = len(line.deliveries(S))
    held = {name: version for name, version in facts_put(line, S) if name != fact("background")}
    line.say(S, Receipt("inventory", tuple(Held(name, version) for name, version in held.items())))  # type: ignore[arg-type] # ids as delivered
    (repair,) = line.deliveries(S)[before:]
    assert [(item.fact, item.version) for item in repair.puts] == [(fact("background"), 1)]
    assert [n.code for n in repair.notices] == ["inventory-answered"]
    theirs = put("h", "capacity", 5, marks=marks("kela", affects=True))
    line.say(H, Facts((FactStep("put", fact("h"), put=theirs),)))
    line.say(S, Receipt("inventory", (*(Held(f, v) for f, v in facts_put(line, S)), Held(fact("h"), 1))))  # type: ignore[arg-type] # ids as delivered
    assert [(r.fact, r.ask) for r in line.deliveries(S)[-1].retracted] == [(fact("h"), "stop")]


def test_numbers_of_every_recipient_rise_by_one(line: Line) -> None:
    line.say(E, background())
    line.restart()
    line.say(E, ClientChange("moved", municipality="297"))
    for recipient in line.endpoints:
        numbers = [d.number for d in line.deliveries(recipient)]
        assert numbers == list(range(1, len(numbers) + 1))
