"""A year's journal with the change of 1 May 2026 in it, applied while events flow: who is judged by what, and what changes hands."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from bench.account import account
from bench.year import CHANGE_DAY, DAYS, MORNING_MS, Year, midnight, year

from sauma.event import Event
from sauma.journal import Reconsider
from sauma_services.checker import check
from sauma_services.checker.taken import snapshot
from sauma_services.replay import verify
from sauma_services.router.motion import PAUSE_MS
from sauma_services.runtime.clock import ManualClock
from support.line import Line
from support.motion import LAWS, MIDNIGHT, judged_by, work_through

CLIENTS = 200
EVENING = midnight(CHANGE_DAY + 1)
OLD, NEW = (law.id for law in LAWS.sets)


@dataclass
class Lived:
    """A line after the year, and what stood there on the evening of the change."""

    line: Line
    year: Year
    judged_that_evening: dict[str, str]


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lived]:
    """The whole year; on the day of the change the day's events are sent at midnight, and come in while the slices run."""
    made = year(CLIENTS)
    with Line(tmp_path_factory.mktemp("year"), clock=ManualClock(midnight(0)), laws=LAWS) as line:
        evening: dict[str, str] = {}
        for day in range(DAYS):
            events = [line.event(said.source, said.body, subject=said.subject) for said in made.days.get(day, ())]
            if day == CHANGE_DAY:
                line.clock.set(midnight(day))
                for event in events:  # one after the other, each with a turn of both
                    line.send(event)
                    line.clock.advance(PAUSE_MS + 1)
                    for loop in line.loops:
                        loop.turn()
                work_through(line)
                evening = judged_by(line)
            else:
                line.clock.set(midnight(day) + MORNING_MS)
                line.send(*events)
                line.settle()
        yield Lived(line, made, evening)


def test_the_day_of_the_change_is_the_one_that_the_rule_files_name() -> None:
    assert midnight(CHANGE_DAY) == MIDNIGHT == LAWS.sets[1].starts_at


def test_everything_that_was_said_took_effect(lived: Lived) -> None:
    line, said = lived.line, sum(map(len, lived.year.days.values()))
    assert [d for d in line.decisions() if d.outcome != "accepted"] == []
    assert len(line.entries(Event)) == said > CLIENTS * 8
    assert not line.rejected()


def test_every_client_is_judged_by_the_right_set_at_every_record(lived: Lived) -> None:
    found = account(lived.line.log.reader())
    assert found.wrong == 0
    assert found.by_law.keys() == {"2025-01-01", "2026-05-01"}
    assert found.by_law.total() == len(lived.line.decisions())


def test_by_the_evening_everybody_was_judged_by_the_new_set_once(lived: Lived) -> None:
    """Who was touched that day by its own record, who was not by one in a slice."""
    assert set(lived.judged_that_evening.values()) == {NEW}
    sliced = [e.what.subject for e in lived.line.entries(Reconsider) if isinstance(e.what, Reconsider)]
    assert len(sliced) == len(set(sliced))
    that_day = [d for d in lived.line.decisions() if MIDNIGHT <= d.effective_at < EVENING]
    touched = {d.subject for d in that_day if d.cause != Reconsider.__name__}  # by an event, or by a clock of its own
    assert lived.judged_that_evening.keys() - touched <= set(sliced)
    assert len(sliced) > CLIENTS / 2
    assert touched - set(sliced)  # both ways were gone


def test_all_that_the_change_took_and_gave_is_accounted_for(lived: Lived) -> None:
    """Against a count of its own, made from the marks alone while the year was written."""
    found, expected = account(lived.line.log.reader()), lived.year
    assert found.taken == expected.released_to_withheld
    assert found.given - expected.put_on_the_day == expected.withheld_to_released
    assert len(found.taken) > CLIENTS / 10
    assert len(found.given) > CLIENTS / 10
    assert all(found.before[pair] == ["put"] for pair in found.taken)
    for pair in expected.renewed_on_the_day:
        assert found.that_day[pair] in (["rebased ytl-45-general-support"], ["stop", "put"])
    others = {tuple(told) for pair, told in found.that_day.items() if pair not in found.taken | found.given}
    assert ("rebased ytl-34-statement",) in others  # marks that both sets know, on other paragraphs


def test_the_year_is_verified_and_the_checker_finds_nothing(lived: Lived) -> None:
    """The checker judges by a reference of its own, written from the acts and not from the rule files."""
    line = lived.line
    assert verify(line.log.reader(), known=[LAWS], places=line.places).differences == ()
    report = check(snapshot(line.log.reader(), places=line.places, sources=line.endpoints), places=line.places)
    assert report.violations == ()
    assert report.counts["clients"] == CLIENTS
