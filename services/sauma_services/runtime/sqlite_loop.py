"""One group's loop on the embedded log: holds all partitions, commits in one transaction, is fenced by its successor."""

import sqlite3
from collections import deque
from collections.abc import Iterator, Mapping, Sequence

from sauma_services.runtime.errors import Fenced, NeedsOperator
from sauma_services.runtime.ports import Append, Assignment, Record, StatePart
from sauma_services.runtime.sqlite_file import POSITION_BITS, SqliteFile, translated
from sauma_services.runtime.sqlite_reader import page_of_records
from sauma_services.runtime.sqlite_state import PARTITIONS_MAX, StateRows

# How often a waiting read looks whether another process wrote; within a process the writer wakes it. A look is some
# microseconds; a longer pause is added to the latency between processes.
_LOOK_SECONDS = 0.01


class SqliteLoopLog:
    """`LoopLog` on the embedded log."""

    def __init__(self, file: SqliteFile, connection: sqlite3.Connection, group: str, topics: Sequence[str]) -> None:
        self._file = file
        self._connection = connection
        self._group = group
        found = [(topic, *file.topic(connection, topic)) for topic in topics]
        counts = {count for _, _, count in found}
        if len(counts) > 1:
            # A partition number would then name other keys in each topic, and its state would have two owners.
            raise NeedsOperator(f"the topics of group {group} have unequal partition counts: {sorted(counts)}")
        self._partitions = counts.pop() if counts else 1
        if self._partitions > PARTITIONS_MAX:
            raise NeedsOperator(f"group {group} has more than {PARTITIONS_MAX} partitions: set fewer, or use Kafka")
        self._streams = {first + n: (topic, n) for topic, first, count in found for n in range(count)}
        self._first = {topic: first for topic, first, _ in found}
        self._turns = deque(self._streams)
        self._next: dict[int, int] = {}
        self._ends: dict[int, int] = {}
        self._quiet_at: int | None = None
        self._gained = frozenset(range(self._partitions))
        self._lost: frozenset[int] = frozenset()
        self._consumer, self._epoch = self._take_over()
        self._state = StateRows(connection, self._consumer)
        self._load_positions()

    def assigned(self) -> Assignment:
        """All partitions at the first call and after each `reopen`; nothing otherwise."""
        change = Assignment(self._gained, self._lost)
        self._gained = self._lost = frozenset()
        return change

    def restore(self, partition: int) -> Iterator[StatePart]:
        """The partition's live parts, read page by page."""
        with translated():
            yield from self._state.restore(partition)

    def read(self, count_max: int, wait_seconds_max: float) -> Sequence[Record]:
        """Whatever is there, at once; waits only where there is nothing. Topics and partitions get equal shares."""
        if self._gained or self._lost:
            return ()  # the caller has not been told what it holds
        wait_seconds = wait_seconds_max
        while True:
            commits = self._file.commits
            if records := self._take(count_max):
                return records
            if wait_seconds <= 0:
                return ()
            self._file.wait(commits, min(_LOOK_SECONDS, wait_seconds))
            wait_seconds -= _LOOK_SECONDS

    def commit(
        self, batch: Sequence[Record], appends: Sequence[Append], state: Mapping[int, Sequence[StatePart]]
    ) -> None:
        """One transaction, one fsync. Raises Fenced, having written nothing, when the group was taken over."""
        if any(not 0 <= partition < self._partitions for partition in state):
            raise ValueError(f"state for a partition outside 0..{self._partitions - 1}")
        placed = self._file.place(self._connection, appends)
        after = {self._first[record.topic] + record.partition: record.position + 1 for record in batch}
        try:
            with self._file.writing(self._connection):
                self._check_epoch()
                self._file.append(self._connection, placed)
                self._state.write(state)
                self._connection.executemany(
                    "INSERT OR REPLACE INTO position VALUES (?, ?, ?)",
                    [(self._consumer, stream, position) for stream, position in after.items()],
                )
        except BaseException:
            self._state.forget()
            raise
        self._quiet_at = None  # what was appended may be this loop's own input, and its own writing shows nowhere else

    def waits_for(self) -> str | None:
        """Nothing: a file answers or fails."""
        return None

    def is_behind(self) -> bool:
        """Compares what was read with the ends of the streams; also before the partitions have been told of."""
        with translated():
            ends = dict(self._connection.execute("SELECT id, position_end FROM stream"))
        return bool(self._gained or self._lost) or any(at < ends[stream] for stream, at in self._next.items())

    def reopen(self) -> None:
        """Back to the committed positions. Keeps the epoch, so a fenced loop stays fenced."""
        with translated():
            if self._connection.in_transaction:
                self._connection.execute("ROLLBACK")
            self._check_epoch()
        self._state.forget()
        self._load_positions()
        everything = frozenset(range(self._partitions))
        # What has been gained but never told needs no loss.
        self._lost, self._gained = everything - self._gained, everything

    def close(self) -> None:
        """Close the connection. The group stays as it is, for whoever opens it next."""
        self._connection.close()

    def _take_over(self) -> tuple[int, int]:
        with self._file.writing(self._connection):
            self._connection.execute(
                "INSERT INTO consumer (name, epoch, partitions) VALUES (?, 1, ?)"
                " ON CONFLICT (name) DO UPDATE SET epoch = epoch + 1, partitions = excluded.partitions",
                (self._group, self._partitions),
            )
            row: tuple[int, int] = self._connection.execute(
                "SELECT id, epoch FROM consumer WHERE name = ?", (self._group,)
            ).fetchone()
            return row

    def _check_epoch(self) -> None:
        (epoch,) = self._connection.execute("SELECT epoch FROM consumer WHERE id = ?", (self._consumer,)).fetchone()
        if epoch != self._epoch:
            raise Fenced(f"group {self._group} was opened again elsewhere")

    def _load_positions(self) -> None:
        with translated():
            committed = dict(
                self._connection.execute("SELECT stream, next FROM position WHERE consumer = ?", (self._consumer,))
            )
        self._next = {stream: committed.get(stream, 0) for stream in self._streams}
        self._quiet_at = None

    def _take(self, count_max: int) -> list[Record]:
        """Up to `count_max` records, shared out among the streams that have any; who is first moves on each time."""
        with translated():
            # data_version changes when another connection has written: a look instead of a query of all streams.
            (version,) = self._connection.execute("PRAGMA data_version").fetchone()
            if version == self._quiet_at:
                return []
            self._check_epoch()
            self._ends = dict(self._connection.execute("SELECT id, position_end FROM stream"))
            waiting = [stream for stream in self._turns if self._next[stream] < self._ends[stream]]
            if not waiting:
                self._quiet_at = version
                return []
            records: list[Record] = []
            while waiting and len(records) < count_max:
                share = max(1, (count_max - len(records)) // len(waiting))
                for stream in waiting[: count_max - len(records)]:
                    records += self._fetch(stream, share)
                waiting = [stream for stream in waiting if self._next[stream] < self._ends[stream]]
        self._turns.rotate(-1)
        return records

    def _fetch(self, stream: int, count: int) -> list[Record]:
        topic, partition = self._streams[stream]
        base = stream << POSITION_BITS
        end = self._ends[stream]
        records = page_of_records(
            self._connection, topic, partition, start_at=base + self._next[stream], stop_at=base + end, count=count
        )
        # Fewer than asked for: whatever lies before the end has been read, also where records were cut away.
        self._next[stream] = records[-1].position + 1 if len(records) == count else end
        return records
