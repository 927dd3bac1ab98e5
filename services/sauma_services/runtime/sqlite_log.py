"""The embedded log: the three ports on one SQLite file, for one machine and several processes; no broker to run.

One group has one loop, which holds all partitions. Opening it again, here or in another process, fences the older one.
"""

import sqlite3
from collections.abc import Iterable, Sequence
from pathlib import Path

from sauma_services.runtime.clock import Clock, SystemClock
from sauma_services.runtime.ports import Append
from sauma_services.runtime.sqlite_file import SqliteFile
from sauma_services.runtime.sqlite_loop import SqliteLoopLog
from sauma_services.runtime.sqlite_reader import SqliteReader
from sauma_services.runtime.topics import TopicRow


class SqliteLog:
    """The factory: opens loops, publishers and readers on one file. Safe between threads; what it opens is not."""

    def __init__(self, path: Path | str, *, clock: Clock | None = None) -> None:
        """Open or create the file at `path`. `clock` gives the stamps. Raises NeedsOperator where it cannot."""
        self._file = SqliteFile(Path(path), clock or SystemClock())
        self._opened: list[sqlite3.Connection] = []

    def create(self, rows: Iterable[TopicRow]) -> None:
        """Create the missing topics. A topic not created so comes to be at its first use, with one partition."""
        self._file.create(self._connection(), rows)

    def lacks(self, rows: Iterable[TopicRow]) -> Sequence[str]:  # noqa: ARG002 - whatever they are
        """None: see `create`."""
        return ()

    def loop(self, group: str, topics: Sequence[str]) -> "SqliteLoopLog":
        """Take `group` over: whoever held it cannot commit any more."""
        return SqliteLoopLog(self._file, self._connection(), group, topics)

    def publisher(self) -> "SqlitePublisher":
        """A publisher of its own."""
        return SqlitePublisher(self._file, self._connection())

    def reader(self) -> "SqliteReader":
        """A reader of its own."""
        return SqliteReader(self._file, self._connection())

    def close(self) -> None:
        """Close everything opened from here. The caller sees to it that no thread is still using any of it."""
        while self._opened:
            self._opened.pop().close()

    def _connection(self) -> sqlite3.Connection:
        connection = self._file.connect()
        self._opened.append(connection)
        return connection


class SqlitePublisher:
    """`Publisher` on the embedded log. One call is one transaction."""

    def __init__(self, file: SqliteFile, connection: sqlite3.Connection) -> None:
        self._file = file
        self._connection = connection

    def publish(self, topic: str, records: Sequence[Append]) -> None:
        """Durable on return. Raises ValueError, having written nothing, where a record names another topic."""
        if any(record.topic != topic for record in records):
            raise ValueError(f"a record for another topic than {topic}")
        placed = self._file.place(self._connection, records)
        with self._file.writing(self._connection):
            self._file.append(self._connection, placed)
