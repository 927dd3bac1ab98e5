"""A law in motion, over the log: the epoch record is the border, untouched clients follow in slices, nothing is doubled or lost."""

import itertools
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from sauma.event import Event
from sauma.fact import Marks, Moment, Necessity
from sauma.ids import SubjectId
from sauma.journal import Epoch, Reconsider
from sauma.rulefile import Laws
from sauma_services.replay import Verified, verify
from sauma_services.router.epochs import carried_laws, epoch_of
from sauma_services.router.motion import PAUSE_MS, SLICE_KEY, SLICE_MAX
from sauma_services.runtime.clock import ManualClock
from sauma_services.runtime.sqlite_log import SqliteLog
from sauma_services.runtime.topics import DECISIONS, JOURNAL
from support.line import ENTRY, Line
from support.motion import (
    DAY_MS,
    LAWS,
    MIDNIGHT,
    changed_in_three_partitions,
    corrected,
    journal_of,
    judged_by,
    subject,
    work_through,
)
from support.openings import start
from support.world import E, K, S, marks, put, puts
from support.world import places as places_of_tests

OLD, NEW = LAWS.sets
WITHOUT_KELA = corrected("tym-15-background", 'to = ["the-three"]', 'to = ["employment", "social-care", "health-care"]')


def open_client(line: Line, number: int, purpose: str) -> None:
    """A client of whom E has put a need that is necessary for Kela for this purpose."""
    start(line, subject(number))
    need = put("need", "service-need", 6, marks=Marks((Necessity("kela", Moment(line.clock.now()), purpose),)))
    line.say(E, puts(need), subject=subject(number))


def reconsidered(line: Line) -> list[SubjectId]:
    return [entry.what.subject for entry in line.entries(Reconsider)]


def verified(line: Line, *known: Laws) -> Verified:
    return verify(line.log.reader(), known=known or (line.laws,), places=line.places)


@pytest.fixture
def april(tmp_path: Path) -> Iterator[Line]:
    """The last of April 2026: clients 1 to 18, in turn with a mark that falls away, one that begins to count, and none."""
    with Line(tmp_path, clock=ManualClock(MIDNIGHT - DAY_MS), laws=LAWS) as line:
        for number in range(1, 19):
            open_client(line, number, ("labour-market-support", "general-support", "multi-sector-support")[number % 3])
        yield line


# -- a date passes


def test_at_midnight_every_untouched_client_is_judged_anew_once(april: Line) -> None:
    before = dict(judged_by(april))
    april.clock.set(MIDNIGHT - 1)
    april.settle()
    assert set(before.values()) == {OLD.id}
    assert not reconsidered(april)
    april.clock.set(MIDNIGHT)
    april.settle()
    work_through(april)
    assert set(judged_by(april).values()) == {NEW.id}
    assert sorted(reconsidered(april)) == sorted(before)
    assert {what.law for entry in april.entries(Reconsider) if isinstance(what := entry.what, Reconsider)} == {NEW.id}
    assert not [key for key in april.state() if key == SLICE_KEY]


def test_what_changed_its_answer_at_midnight_is_taken_back_and_given(april: Line) -> None:
    already = len(april.deliveries(K))
    april.clock.set(MIDNIGHT)
    april.settle()
    work_through(april)
    since = april.deliveries(K)[already:]
    needs = {d.subject: [i.kind for i in d.puts if i.kind == "service-need"] for d in since}
    assert {d.subject for d in since if [r for r in d.retracted if r.fact == "fact-need"]} == {
        subject(n) for n in range(1, 19) if n % 3 == 0
    }
    assert {name for name, kinds in needs.items() if kinds} == {subject(n) for n in range(1, 19) if n % 3 == 1}


def test_whoever_loses_something_comes_before_whoever_only_gains(april: Line) -> None:
    april.clock.set(MIDNIGHT)
    april.settle()
    work_through(april)
    order = reconsidered(april)
    losing = {subject(n) for n in range(1, 19) if n % 3 == 0}
    assert set(order[: len(losing)]) == losing


def test_a_slice_is_bounded_and_the_next_one_waits_for_it_and_for_the_pause(april: Line) -> None:
    sizes: list[int] = []
    april.clock.set(MIDNIGHT)
    april.settle()
    sizes.append(len(reconsidered(april)))
    april.settle()
    assert len(reconsidered(april)) == sizes[0]
    work_through(april, lambda: sizes.append(len(reconsidered(april))))
    steps = [after - before for before, after in itertools.pairwise([0, *sizes])]
    assert max(steps) <= SLICE_MAX
    assert sizes[-1] == 18


def test_a_client_that_was_touched_after_midnight_is_not_judged_anew_again(april: Line) -> None:
    april.clock.set(MIDNIGHT)
    touched = april.event(S, puts(put("b", "background", 3)), subject=subject(7))
    april.send(touched)
    april.loops[0].turn()  # intake
    april.settle()
    work_through(april)
    assert subject(7) not in reconsidered(april)
    assert judged_by(april)[subject(7)] == NEW.id


def test_a_crash_at_any_turn_doubles_nothing_and_loses_nobody(april: Line) -> None:
    """The process is made anew before every single turn."""
    april.clock.set(MIDNIGHT)

    def restarted() -> None:
        april.restart()
        april.clock.advance(PAUSE_MS + 1)
        april.loops[1].turn()

    for _ in range(80):
        restarted()
    work_through(april)
    assert sorted(reconsidered(april)) == sorted(judged_by(april))
    assert set(judged_by(april).values()) == {NEW.id}
    assert verified(april).differences == ()


def test_a_clock_that_is_set_back_over_midnight_judges_nobody_by_the_old_law(april: Line) -> None:
    april.clock.set(MIDNIGHT)
    april.settle()
    work_through(april)
    count = len(reconsidered(april))
    april.clock.set(MIDNIGHT - DAY_MS)
    april.restart()
    april.settle()
    april.say(S, puts(put("b", "background", 3)), subject=subject(3))
    assert len(reconsidered(april)) == count
    assert judged_by(april)[subject(3)] == NEW.id


def test_a_repeated_reconsider_record_has_no_effect(april: Line) -> None:
    april.clock.set(MIDNIGHT)
    april.settle()
    work_through(april)
    before = {topic: len(records) for topic, records in april.outputs().items()}
    record = next(
        r for r in reversed(april.records(JOURNAL.name)) if isinstance(ENTRY.decode(r.value).what, Reconsider)
    )
    april.journal_bytes([(record.key, record.value)])
    april.settle()
    after = {topic: len(records) for topic, records in april.outputs().items()}
    assert after == {**before, DECISIONS.name: before[DECISIONS.name] + 1}
    assert april.decisions()[-1].rulings == ()


# -- a corrected rule set


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """Two clients whose background Kela has, by rules that turn out to be too wide."""
    with Line(tmp_path, laws=LAWS) as opened:
        for number in (1, 2):
            start(opened, subject(number))
            background = put("background", "background", 3, marks=marks("kela", "social-care"))
            opened.say(E, puts(background), subject=subject(number))
        yield opened


def background_at_kela(line: Line) -> set[SubjectId]:
    held: set[SubjectId] = set()
    for delivery in line.deliveries(K):
        held |= {delivery.subject for item in delivery.puts if item.fact == "fact-background"}
        held -= {delivery.subject for back in delivery.retracted if back.fact == "fact-background"}
    return held


def test_a_corrected_rule_set_takes_back_what_the_wrong_one_gave(line: Line) -> None:
    assert background_at_kela(line) == {subject(1), subject(2)}
    line.restart(laws=WITHOUT_KELA)
    line.settle()
    work_through(line)
    assert background_at_kela(line) == set()
    assert Counter(reconsidered(line)) == {subject(1): 1, subject(2): 1}


def test_records_before_the_epoch_record_are_judged_by_what_it_replaces(line: Line) -> None:
    """They were waiting in the journal when the new rules were started: the epoch record lands behind them."""
    version = put("background", "background", 3, base=1, marks=marks("kela", "social-care"))
    line.send(line.event(E, puts(version), subject=subject(1)))
    line.loops[0].turn()  # intake alone: the event waits in the journal
    line.restart(laws=WITHOUT_KELA)
    line.settle()
    order = [type(entry.what) for entry in line.entries(Event, Epoch, Reconsider)]
    assert order[order.index(Epoch) + 1 :].count(Epoch) == 1  # the first one stands at the beginning
    assert order[-4:] == [Event, Epoch, Reconsider, Reconsider]
    laws = [decision.law for decision in line.decisions()]
    before, after = (law.at(Moment(line.clock.now())).id for law in (LAWS, WITHOUT_KELA))
    assert laws[-3:] == [before, after, after]
    work_through(line)
    assert background_at_kela(line) == set()


def test_every_epoch_is_verified_by_its_own_rules_also_where_only_the_journal_has_them(line: Line) -> None:
    line.restart(laws=WITHOUT_KELA)
    line.settle()
    work_through(line)
    found = verified(line, WITHOUT_KELA)
    assert found.differences == ()
    assert [(one.law, one.rules) for one in found.stretches][-2:] == [
        (LAWS.version, "journal"),
        (WITHOUT_KELA.version, "known"),
    ]
    assert {one.rules for one in verified(line, WITHOUT_KELA, LAWS).stretches} == {"known"}
    assert verify(line.log.reader(), laws=WITHOUT_KELA, places=line.places).differences


def test_what_cannot_be_verified_for_want_of_rules_is_said_and_not_passed(tmp_path: Path) -> None:
    """The first router's rules travelled nowhere: neither in its epoch record nor otherwise."""
    with Line(tmp_path, laws=replace(LAWS, texts=())) as line:
        start(line, subject(1))
        line.restart(laws=WITHOUT_KELA)
        line.settle()
        found = verified(line, WITHOUT_KELA)
        assert sum(one.records for one in found.unverified) == found.records
        assert found.differences == ()
        with_them = verified(line, WITHOUT_KELA, LAWS)
        assert (with_them.unverified, with_them.differences) == ((), ())


def test_altered_rules_in_an_epoch_record_are_not_taken_for_those_it_pins() -> None:
    epoch = epoch_of(0, LAWS, places_of_tests())
    assert getattr(carried_laws(epoch), "version", None) == LAWS.version
    altered = tuple(text.replace('"necessary-for-recipient"', '"relationship-open"') for text in epoch.rules)
    assert carried_laws(replace(epoch, rules=altered)) is None


def test_an_interrupted_change_of_rules_goes_on_by_those_in_force(line: Line) -> None:
    """The epoch record is written and not taken when the process ends, twice, each time with other rules."""
    for laws in (WITHOUT_KELA, LAWS):
        line.restart(laws=laws)
        line.loops[1].turn()
    line.restart(laws=WITHOUT_KELA)
    line.say(S, puts(put("b", "background", 3)), subject=subject(1))
    work_through(line)
    assert [e.what.law for e in line.entries(Epoch) if isinstance(e.what, Epoch)] == [
        LAWS.version,
        WITHOUT_KELA.version,
        LAWS.version,
        WITHOUT_KELA.version,
    ]
    assert verified(line, LAWS, WITHOUT_KELA).differences == ()
    assert background_at_kela(line) == set()


def test_each_partition_has_its_own_border_and_its_own_slices(tmp_path: Path) -> None:
    """The journal of eighteen clients again, in three partitions, with a change of rules in between."""
    with Line(tmp_path, clock=ManualClock(MIDNIGHT - DAY_MS), laws=LAWS) as line:
        for number in range(1, 19):
            open_client(line, number, "labour-market-support")
        log = SqliteLog(tmp_path / "three")
        changed_in_three_partitions(log, journal_of(line), (LAWS, WITHOUT_KELA))
        log.close()
