"""The loop commits each batch once, starts again after a doubt, wakes up when something is due, and lets bugs through."""

import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from sauma_services.runtime.clock import ManualClock
from sauma_services.runtime.errors import Fenced, TryAgain
from sauma_services.runtime.health import Health, State, read_health
from sauma_services.runtime.loop import Loop, LoopSettings
from sauma_services.runtime.ports import Append, Assignment, LoopLog, Outputs, Record, StatePart
from sauma_services.runtime.sqlite_log import SqliteLog

START = 1_777_593_600_000


class Numbering:
    """Numbers all records from 1; the number is its state. Notes the calls it gets."""

    name = "numbering"
    inputs = ("in.kela",)

    def __init__(self) -> None:
        self.calls: list[str] = []
        self.number: int | None = None
        self.pending = 0
        self.due: int | None = None

    def restore(self, partition: int, parts: Iterable[StatePart]) -> None:
        assert self.number is None
        self.number = sum(int(part.value or b"") for part in parts)
        self.calls.append(f"restore {partition}")

    def forget(self, partition: int) -> None:
        self.number = None
        self.calls.append(f"forget {partition}")

    def process(self, records: Sequence[Record], *, now: int) -> Outputs:
        self.calls.append(f"process {len(records)} at {now - START}")
        self.due = None
        assert self.number is not None
        self.pending = self.number + len(records)
        appends = [Append("journal", b"k", b"%d" % (self.number + 1 + n)) for n in range(len(records))]
        return Outputs(appends, {0: [StatePart(b"number", b"%d" % self.pending)]})

    def committed(self) -> None:
        self.number = self.pending
        self.calls.append("committed")

    def discard(self) -> None:
        self.calls.append("discard")

    def next_due(self) -> int | None:
        return self.due


class Slow(Numbering):
    """Takes its time."""

    clock: ManualClock
    milliseconds = 0

    def process(self, records: Sequence[Record], *, now: int) -> Outputs:
        self.clock.advance(self.milliseconds)
        return super().process(records, now=now)


class SlowToCommit:
    """A log whose every commit takes seconds, as those of a cluster do that has lost a broker."""

    def __init__(self, log: LoopLog, clock: ManualClock) -> None:
        self._log = log
        self._clock = clock

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def commit(
        self, batch: Sequence[Record], appends: Sequence[Append], state: Mapping[int, Sequence[StatePart]]
    ) -> None:
        self._clock.advance(3_000)
        self._log.commit(batch, appends, state)


class Failing:
    """A log that fails once where it is told to; the commit may have taken effect or not."""

    def __init__(self, log: LoopLog, at: str, failure: Exception) -> None:
        self._log = log
        self._at = at
        self._failure = failure

    def _maybe_fail(self, place: str) -> None:
        if place == self._at:
            self._at = ""
            raise self._failure

    def assigned(self) -> Assignment:
        return self._log.assigned()

    def restore(self, partition: int) -> Iterator[StatePart]:
        yield from self._log.restore(partition)
        self._maybe_fail("restore")

    def read(self, count_max: int, wait_seconds_max: float) -> Sequence[Record]:
        self._maybe_fail("read")
        return self._log.read(count_max, wait_seconds_max)

    def commit(
        self, batch: Sequence[Record], appends: Sequence[Append], state: Mapping[int, Sequence[StatePart]]
    ) -> None:
        self._maybe_fail("before commit")
        self._log.commit(batch, appends, state)
        self._maybe_fail("after commit")

    def waits_for(self) -> str | None:
        return self._log.waits_for()

    def is_behind(self) -> bool:
        return self._log.is_behind()

    def reopen(self) -> None:
        self._log.reopen()

    def close(self) -> None:
        self._log.close()


@pytest.fixture
def log(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "log.sqlite3")
    yield log
    log.close()


def publish(log: SqliteLog, count: int) -> None:
    log.publisher().publish("in.kela", [Append("in.kela", b"k", b"v")] * count)


def outputs(log: SqliteLog) -> list[int]:
    return [int(record.value) for record in log.reader().scan("journal", 0)]


def loop_over(
    log: SqliteLog, topology: Numbering, *, at: str = "", failure: Exception | None = None, health: Health | None = None
) -> tuple[Loop, ManualClock]:
    clock = ManualClock(START)
    port = Failing(log.loop(topology.name, topology.inputs), at, failure or TryAgain("no answer"))
    return Loop(port, topology, clock, LoopSettings(2, 0.01, 0.01), health=health), clock


def test_a_turn_restores_then_processes_then_commits(log: SqliteLog) -> None:
    publish(log, 3)
    topology = Numbering()
    loop, _ = loop_over(log, topology)

    assert [loop.turn(), loop.turn(), loop.turn()] == [True, True, False]

    assert topology.calls == ["restore 0", "process 2 at 0", "committed", "process 1 at 0", "committed"]
    assert outputs(log) == [1, 2, 3]


@pytest.mark.parametrize("at", ["restore", "read", "before commit", "after commit"])
def test_after_a_failure_each_record_still_counts_once(log: SqliteLog, at: str) -> None:
    publish(log, 3)
    topology = Numbering()
    loop, _ = loop_over(log, topology, at=at)

    turns = [loop.turn() for _ in range(4)]

    assert turns[0] is False
    assert outputs(log) == [1, 2, 3]
    assert topology.number == 3


def test_a_commit_in_doubt_is_discarded_and_everything_restored(log: SqliteLog) -> None:
    publish(log, 1)
    topology = Numbering()
    loop, _ = loop_over(log, topology, at="after commit")

    loop.turn()
    loop.turn()

    assert topology.calls == ["restore 0", "process 1 at 0", "discard", "forget 0", "restore 0"]


def test_what_is_due_is_processed_without_records_and_not_before(log: SqliteLog) -> None:
    topology = Numbering()
    loop, clock = loop_over(log, topology)
    topology.due = START + 1_000

    before = loop.turn()
    clock.advance(1_000)
    then = loop.turn()

    assert (before, then) == (False, True)
    assert topology.calls == ["restore 0", "process 0 at 1000", "committed"]


def test_a_batch_is_smaller_after_one_that_took_long_and_larger_after_a_quick_one(log: SqliteLog) -> None:
    publish(log, 60)
    clock, topology = ManualClock(START), Slow()
    topology.clock = clock
    settings = LoopSettings(records_max=16, wait_seconds_max=0.01, work_seconds_max=0.2)
    loop = Loop(log.loop(topology.name, topology.inputs), topology, clock, settings)

    for topology.milliseconds in (300, 300, 150, 50, 50, 50):
        loop.turn()

    assert [call.split()[1] for call in topology.calls if "process" in call] == ["16", "8", "4", "4", "8", "16"]


@pytest.mark.parametrize(("work", "taken"), [(0, "16 16 16"), (900, "16 16 16"), (1_100, "16 8 4")])
def test_a_batch_is_smaller_after_a_slow_commit_only_where_its_work_took_over_a_second(
    log: SqliteLog, work: int, taken: str
) -> None:
    topology, clock = Slow(), ManualClock(START)
    topology.clock, topology.milliseconds = clock, work
    publish(log, 60)
    opened = SlowToCommit(log.loop(topology.name, topology.inputs), clock)
    loop = Loop(opened, topology, clock, LoopSettings(records_max=16, wait_seconds_max=0.01, work_seconds_max=0.2))

    for _ in range(3):
        loop.turn()

    assert [call.split()[1] for call in topology.calls if call.startswith("process")] == taken.split()


class Stopping(threading.Event):
    """Is set when it has been asked so many times."""

    def __init__(self, times: int) -> None:
        super().__init__()
        self._times = times

    def is_set(self) -> bool:
        self._times -= 1
        return self._times < 0


class Knotting(Numbering):
    """Leaves one cycle behind when it is first asked."""

    freed: "weakref.ref[Knotting] | None" = None

    def next_due(self) -> int | None:
        if self.freed is None:
            knot = Knotting()
            knot.__dict__["itself"] = knot
            self.freed = weakref.ref(knot)
        return super().next_due()


@pytest.mark.parametrize(("hours", "is_freed"), [(0, False), (1, True), (-1, True)])
def test_a_loop_that_has_nothing_to_do_frees_cycles_once_an_hour(log: SqliteLog, hours: int, is_freed: bool) -> None:
    topology = Knotting()
    loop, clock = loop_over(log, topology)
    clock.advance(hours * 3600 * 1000)

    loop.run(Stopping(3))

    assert topology.freed is not None
    assert (topology.freed() is None) is is_freed


def test_a_fenced_loop_ends(log: SqliteLog, tmp_path: Path) -> None:
    publish(log, 1)
    topology = Numbering()
    health = Health(tmp_path, ManualClock(START))
    loop, _ = loop_over(log, topology, at="before commit", failure=Fenced("taken over"), health=health)

    with pytest.raises(Fenced):
        loop.run(threading.Event())

    assert "committed" not in topology.calls
    assert (read_health(tmp_path)["numbering"].state, read_health(tmp_path)["numbering"].reason) == (
        State.FAILED,
        "taken over",
    )


def test_a_bug_comes_out_and_its_text_stays_in(
    log: SqliteLog, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    publish(log, 1)
    health = Health(tmp_path, ManualClock(START))
    loop, _ = loop_over(log, Numbering(), at="read", failure=KeyError("Maija Meikäläinen"), health=health)

    with pytest.raises(KeyError):
        loop.run(threading.Event())

    assert read_health(tmp_path)["numbering"].reason == "KeyError"
    assert "Maija" not in capsys.readouterr().err


def test_a_run_is_stopped_between_turns_and_says_so(log: SqliteLog, tmp_path: Path) -> None:
    publish(log, 5)
    stop = threading.Event()

    class StopsItself(Numbering):
        def process(self, records: Sequence[Record], *, now: int) -> Outputs:
            stop.set()
            return super().process(records, now=now)

    topology = StopsItself()
    loop, _ = loop_over(log, topology, health=Health(tmp_path, ManualClock(START)))

    loop.run(stop)

    assert topology.calls[-1] == "committed"
    assert outputs(log) == [1, 2]
    assert read_health(tmp_path)["numbering"].state is State.STOPPED


def test_a_run_goes_on_after_repeated_failures(log: SqliteLog) -> None:
    publish(log, 1)
    stop = threading.Event()

    class StopsAtTheEnd(Numbering):
        failures = 0

        def process(self, records: Sequence[Record], *, now: int) -> Outputs:
            self.failures += 1
            if self.failures < 4:
                raise TryAgain("the key service does not answer")
            stop.set()
            return super().process(records, now=now)

    loop, _ = loop_over(log, StopsAtTheEnd())

    loop.run(stop)

    assert outputs(log) == [1]
