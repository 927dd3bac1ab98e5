"""Drives one topology over one log: read, compute, commit all or nothing; after a doubt, again from what is committed.

A batch may be computed more than once but is committed once. What it writes follows from the records and the state, so
doing it again is harmless even where a log should break its promise.
"""

import gc
import threading
from dataclasses import dataclass

from sauma_services.runtime.clock import Clock
from sauma_services.runtime.errors import Fenced, NeedsOperator, TryAgain
from sauma_services.runtime.failpoints import LOOPS, failpoint
from sauma_services.runtime.health import Health, State
from sauma_services.runtime.logging import Event, tell
from sauma_services.runtime.ports import LoopLog, Topology


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How much a turn takes on."""

    records_max: int = 2_000
    """Records a commit. Fewer, and the commit's fsync or round trip costs more than the work: with 500 a broker of Kafka had
    twice the work, and the loop a tenth more. More, and more is computed again after a doubt."""

    wait_seconds_max: float = 0.05
    """How long a turn waits for the first record. Shorter burns a processor while idle; longer delays a stop, and a
    wake-up that falls due because the clock was set forward."""

    retry_seconds_max: float = 5.0
    """The longest pause after repeated failures. Shorter hammers a log that is down; longer adds to the time until
    work goes on."""

    work_seconds_max: float = 0.5
    """How long a commit's work may take: fewer records are read at once where they take longer. Shorter makes more commits;
    longer lets a narrowing record wait longer behind a long list."""


_RECORDS_FIRST = 500
"""Records of the first batch, of which nobody knows yet how long they take. Any number does: it is doubled or halved from there."""

_SLOW_WORK_SECONDS_MAX = 1.0
"""How long a commit's work may take where commits themselves take as long. On a machine that is full, a broker needs half a
second for a commit of any size: batches cut to less work than that were then mostly commits, and kept it full."""

_COLLECTED_EVERY_MS = 3600 * 1000
"""How often, at most, an idle loop lets Python look for cyclic garbage: what comes meanwhile waits for it. Seldomer, and the
cycles that exceptions leave with their tracebacks are kept for longer."""


def collect_when_idle() -> None:
    """Let Python look for cyclic garbage by itself no more, in this whole process; for one that runs loops, which see to it.

    Steps leave none (a test counts), and what loops keep is freed when the last reference goes. Python would look through
    all of it again and again while it grows: with ten thousand clients that was a twelfth of a router's time.
    """
    gc.collect()
    gc.freeze()
    gc.disable()


class Loop:
    """One thread's work. `turn` is one step, for tests and for the demo; `run` goes on until told to stop."""

    def __init__(
        self,
        log: LoopLog,
        topology: Topology,
        clock: Clock,
        settings: LoopSettings | None = None,
        *,
        health: Health | None = None,
    ) -> None:
        self._log = log
        self._topology = topology
        self._clock = clock
        self._settings = settings or LoopSettings()
        self._health = health
        self._has_failpoints = topology.name in LOOPS
        self._failures = 0
        self._is_in_doubt = False
        self._doubt = ""
        self._is_waiting = False
        self._records_next = min(_RECORDS_FIRST, self._settings.records_max)
        self._collected_at = clock.now()

    def turn(self) -> bool:
        """One batch or one wake-up. True when something was committed; False when there was nothing, or it failed.

        TryAgain is dealt with here: the next turn starts from what is committed. Fenced, NeedsOperator and bugs rise.
        """
        try:
            if self._is_in_doubt:
                self._log.reopen()
                self._is_in_doubt = False
            did_work = self._step()
            # Nothing to do is no proof that it would have gone well, as long as there is something to read.
            if did_work or (self._failures and not self._log.is_behind()):
                self._failures = 0
        except TryAgain as doubt:
            self._failures += 1
            self._is_in_doubt = True
            self._doubt = doubt.reason
            # What cannot be written in time is perhaps too much at once; it grows again by itself.
            self._records_next = max(1, self._records_next // 2)
            self._topology.discard()
            tell(Event.COMMIT_IN_DOUBT, part=self._topology.name, reason=doubt.reason, attempt=self._failures)
            return False
        return did_work

    def is_behind(self) -> bool:
        """Whether there is something to read still: a turn without work does not say so. Raises what the log raises."""
        return self._is_in_doubt or self._log.is_behind()

    def run(self, stop: threading.Event) -> None:
        """Turn until `stop` is set; the turn at hand is finished, then the group is left. Raises what `turn` raises."""
        name = self._topology.name
        collect_when_idle()
        tell(Event.LOOP_STARTED, part=name)
        self._note(State.RUNNING)
        try:
            while not stop.is_set():
                if self.turn():
                    self._progress()
                elif self._is_in_doubt:
                    stop.wait(min(0.1 * 2**self._failures, self._settings.retry_seconds_max))
                else:
                    self._collect()
                self._look()
        except (Fenced, NeedsOperator) as end:
            tell(Event.LOOP_FAILED, part=name, reason=end.reason)
            self._note(State.FAILED, end.reason)
            raise
        except BaseException as bug:
            # The text of an unforeseen exception may hold what must not be logged: its type must do here.
            tell(Event.LOOP_FAILED, part=name, reason=type(bug).__name__)
            self._note(State.FAILED, type(bug).__name__)
            raise
        else:
            tell(Event.LOOP_STOPPED, part=name)
            self._note(State.STOPPED)
        finally:
            self._log.close()

    def _step(self) -> bool:
        self._take_assignment()
        records = self._log.read(self._records_next, self._wait_seconds())
        if not records:
            # A read may have come back empty because partitions went away, and what is due may have gone with them.
            self._take_assignment()
        self._at("after-read")
        now = self._clock.now()
        due = self._topology.next_due()
        if not records and (due is None or due > now):
            return False
        outputs = self._topology.process(records, now=now)
        worked_at = self._clock.now()
        self._at("after-step")
        self._at("before-commit")
        self._log.commit(records, outputs.appends, outputs.state)
        self._at("after-commit")
        self._topology.committed()
        self._pace(len(records), (worked_at - now) / 1000, (self._clock.now() - worked_at) / 1000)
        return True

    def _pace(self, taken: int, seconds: float, commit_seconds: float) -> None:
        """Read more at once next time, or less: by how long the work on a full batch took, and its commit."""
        if taken < self._records_next:
            return
        # A slow commit is no quicker with fewer records in it: fewer would only share it.
        longest = max(self._settings.work_seconds_max, min(commit_seconds, _SLOW_WORK_SECONDS_MAX))
        if seconds > longest:
            self._records_next = max(1, taken // 2)
        elif seconds < longest / 2:
            self._records_next = min(self._settings.records_max, taken * 2)

    def _take_assignment(self) -> None:
        change = self._log.assigned()
        for partition in sorted(change.lost):
            self._topology.forget(partition)
            tell(Event.PARTITION_LOST, part=self._topology.name, partition=partition)
        for partition in sorted(change.gained):
            self._topology.restore(partition, self._log.restore(partition))
            tell(Event.PARTITION_RESTORED, part=self._topology.name, partition=partition)

    def _look(self) -> None:
        """Tell what is waited for, when it begins and when it is over; and that the loop comes round."""
        # One failure is soon made good; at the second, something is away.
        waits_for = self._doubt if self._failures > 1 else self._log.waits_for()
        if self._is_waiting != (waits_for is not None):
            self._is_waiting = waits_for is not None
            if waits_for is None:
                tell(Event.LOG_ANSWERS, part=self._topology.name)
                self._note(State.RUNNING)
            else:
                tell(Event.LOG_SILENT, part=self._topology.name, reason=waits_for)
                self._note(State.WAITING, waits_for)
        elif self._health is not None:
            self._health.turned(self._topology.name)

    def _collect(self) -> None:
        now = self._clock.now()
        if abs(now - self._collected_at) >= _COLLECTED_EVERY_MS:
            self._collected_at = now
            gc.collect()
            gc.freeze()  # what is left is kept for long: the next time need not look through it

    def _wait_seconds(self) -> float:
        due = self._topology.next_due()
        longest = self._settings.wait_seconds_max
        return longest if due is None else min(longest, max(0.0, (due - self._clock.now()) / 1000))

    def _at(self, place: str) -> None:
        if self._has_failpoints:
            failpoint(f"{self._topology.name}.{place}")

    def _note(self, state: State, reason: str | None = None) -> None:
        if self._health is not None:
            self._health.change(self._topology.name, state, reason=reason)

    def _progress(self) -> None:
        if self._health is not None:
            self._health.progress(self._topology.name)
