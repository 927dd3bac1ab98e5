"""The embedded log's file: tables, connections, one write transaction at a time, and errors by what happens next.

A record's key in its table is one integer: the stream (a partition of a topic) above, the position below. So a stream
lies together and is appended to without a second index.
"""

import os
import sqlite3
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path

from sauma_services.runtime import sqlite_state
from sauma_services.runtime.clock import Clock
from sauma_services.runtime.errors import NeedsOperator, TryAgain
from sauma_services.runtime.partitioner import partition_of
from sauma_services.runtime.ports import Append, Headers
from sauma_services.runtime.topics import TopicRow

POSITION_BITS = 40
"""2^40 records a stream and 2^23 streams: neither is reached by anything that fits on one machine."""

_FORMAT = 2
_APPLICATION = 0x5341554D  # "SAUM", which file(1) shows

# Another process may hold the one write lock for a whole commit with its fsync. On a busy disk that is seconds; a
# minute means that something hangs.
_BUSY_MILLISECONDS = 60_000

_PAGE_BYTES = 16_384
"""Of a new file. A step rewrites a few parts of one client, each in a page of its own; smaller pages copy less and are
more. 8,192 cost as much where clients come in any order, and a tenth more a commit where they come in that of their first
event; 32,768 cost more."""

_CHECKPOINT_PAGES = 2_000
"""32 MB of log before it is worked into the file, SQLite's own being 4 MB, which one batch of a busy router fills: pages
that are written again and again are then copied once. More makes opening after a crash longer."""

_CACHE_KIB = 16 * 1024
"""For each connection. SQLite's 2 MB holds the parts of a thousand clients; beyond, each commit reads pages again."""

_TABLES = f"""
CREATE TABLE IF NOT EXISTS topic (
  name TEXT PRIMARY KEY, first_stream INTEGER NOT NULL, partitions INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS stream (id INTEGER PRIMARY KEY, position_end INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS record (
  at INTEGER PRIMARY KEY, stamped_at INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL, headers BLOB NOT NULL);
CREATE TABLE IF NOT EXISTS consumer (
  id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, epoch INTEGER NOT NULL, partitions INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS position (
  consumer INTEGER, stream INTEGER, next INTEGER NOT NULL, PRIMARY KEY (consumer, stream)) WITHOUT ROWID;
{sqlite_state.TABLE};
"""


@contextmanager
def translated() -> Iterator[None]:
    """Turn SQLite's operational errors into what happens next. A misuse or a broken constraint stays the bug it is."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "unknown")
        if name.startswith(("SQLITE_BUSY", "SQLITE_LOCKED")):
            raise TryAgain(f"the log's file stayed locked ({name})") from error
        raise NeedsOperator(f"the log's file cannot be read or written ({name})") from error
    except OSError as error:
        raise NeedsOperator(f"the log's file cannot be opened (errno {error.errno})") from error


def pack_headers(headers: Headers) -> bytes:
    """Lengths and bytes one after the other; nothing at all for no headers, which is the common case."""
    parts: list[bytes] = []
    for name, value in headers:
        raw = name.encode()
        parts += (len(raw).to_bytes(2, "big"), raw, len(value).to_bytes(4, "big"), value)
    return b"".join(parts)


@lru_cache(maxsize=4_096)
def unpack_headers(packed: bytes) -> Headers:
    """The inverse of `pack_headers`. A source's first thousand records of each client have the same headers: some 1 MB."""
    headers: list[tuple[str, bytes]] = []
    at = 0
    while at < len(packed):
        value_at = at + 2 + int.from_bytes(packed[at : at + 2], "big")
        end = value_at + 4 + int.from_bytes(packed[value_at : value_at + 4], "big")
        headers.append((packed[at + 2 : value_at].decode(), packed[value_at + 4 : end]))
        at = end
    return tuple(headers)


class SqliteFile:
    """One log file. Safe between threads; each connection is for one thread at a time.

    Threads take turns by a lock of this object: SQLite's own waiting sleeps up to a tenth of a second at a time and is
    left for other processes.
    """

    def __init__(self, path: Path, clock: Clock) -> None:
        """Create the file (0600) and its folder (0700) where they are missing. What exists keeps its permissions."""
        self.path = path
        self.clock = clock
        self.changed = threading.Condition()
        self.commits = 0
        self._turn = threading.Lock()
        self._topics: dict[str, tuple[int, int]] = {}
        with translated():
            if not path.parent.exists():
                path.parent.mkdir(mode=0o700, parents=True)
            with suppress(FileExistsError):
                os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))
        connection = self.connect()
        try:
            self._prepare(connection)
        finally:
            connection.close()

    def connect(self) -> sqlite3.Connection:
        """A connection of its own. A commit that returned survives a power cut, as far as the disk tells the truth."""
        with translated():
            # No check of threads: a loop is opened in one thread and run in another.
            connection = sqlite3.connect(
                self.path, timeout=_BUSY_MILLISECONDS / 1000, isolation_level=None, check_same_thread=False
            )
            connection.execute(f"PRAGMA page_size={_PAGE_BYTES}")
            connection.execute("PRAGMA synchronous=FULL")
            connection.execute(f"PRAGMA wal_autocheckpoint={_CHECKPOINT_PAGES}")
            connection.execute(f"PRAGMA cache_size=-{_CACHE_KIB}")
            return connection

    @contextmanager
    def writing(self, connection: sqlite3.Connection) -> Iterator[None]:
        """One transaction: all done within is durable at the end, or none of it is. Wakes the readers."""
        with self._turn, translated():
            connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                connection.execute("COMMIT")
            except BaseException:
                if connection.in_transaction:
                    connection.execute("ROLLBACK")
                raise
        with self.changed:
            self.commits += 1
            self.changed.notify_all()

    def wait(self, commits: int, seconds_max: float) -> None:
        """Until this process has committed more than `commits` times, or so long. Other processes are not noticed."""
        with self.changed:
            self.changed.wait_for(lambda: self.commits != commits, seconds_max)

    def create(self, connection: sqlite3.Connection, rows: Iterable[TopicRow]) -> None:
        """Create missing topics. Refuses another partition count than the stored: it would split a client's records."""
        for row in rows:
            _, partitions = self.topic(connection, row.name, partitions=row.partitions)
            if partitions != row.partitions:
                raise NeedsOperator(
                    f"topic {row.name} has {partitions} partitions and the settings ask for {row.partitions}: "
                    "set it back, or move to a new data folder"
                )

    def find_topic(self, connection: sqlite3.Connection, name: str) -> tuple[int, int] | None:
        """The topic's first stream and its partition count. Partition p is stream first + p."""
        found = self._topics.get(name)
        if found is None:
            with translated():
                row = connection.execute(
                    "SELECT first_stream, partitions FROM topic WHERE name = ?", (name,)
                ).fetchone()
            if row is None:
                return None
            found = self._topics[name] = (row[0], row[1])
        return found

    def topic(self, connection: sqlite3.Connection, name: str, *, partitions: int = 1) -> tuple[int, int]:
        """As `find_topic`, creating the topic first where it is missing."""
        found = self.find_topic(connection, name)
        if found is not None:
            return found
        with self.writing(connection):
            if connection.execute("SELECT 1 FROM topic WHERE name = ?", (name,)).fetchone() is None:
                (first,) = connection.execute("SELECT COALESCE(MAX(id), 0) + 1 FROM stream").fetchone()
                connection.execute("INSERT INTO topic VALUES (?, ?, ?)", (name, first, partitions))
                connection.executemany("INSERT INTO stream VALUES (?, 0)", [(first + n,) for n in range(partitions)])
        found = self.find_topic(connection, name)
        assert found is not None, "a topic is never removed"  # noqa: S101 - tells the type checker, and a reader
        return found

    def place(self, connection: sqlite3.Connection, appends: Sequence[Append]) -> list[tuple[int, Append]]:
        """Each append with its stream. Comes before the write lock is taken: hashing need not make others wait."""
        placed: list[tuple[int, Append]] = []
        for append in appends:
            first, partitions = self._topics.get(append.topic) or self.topic(connection, append.topic)
            chosen = append.partition
            placed.append((first + (partition_of(append.key, partitions) if chosen is None else chosen), append))
        return placed

    def append(self, connection: sqlite3.Connection, placed: Sequence[tuple[int, Append]]) -> None:
        """Write within the caller's transaction. The stamp is taken under the lock, so stamps follow positions."""
        if not placed:
            return
        stamped_at = self.clock.now()
        streams = {stream for stream, _ in placed}
        marks = ",".join("?" * len(streams))
        ends: dict[int, int] = dict(
            connection.execute(
                f"SELECT id, position_end FROM stream WHERE id IN ({marks})",  # noqa: S608 - only question marks
                tuple(streams),
            )
        )
        rows = []
        for stream, append in placed:
            end = ends[stream]
            ends[stream] = end + 1
            headers = pack_headers(append.headers) if append.headers else b""
            rows.append((stream << POSITION_BITS | end, stamped_at, append.key, append.value, headers))
        connection.executemany("INSERT INTO record VALUES (?, ?, ?, ?, ?)", rows)
        connection.executemany(
            "UPDATE stream SET position_end = ? WHERE id = ?", [(end, stream) for stream, end in ends.items()]
        )

    def _prepare(self, connection: sqlite3.Connection) -> None:
        pause = threading.Event()
        for attempt in range(100):  # two processes creating one file: SQLite does not wait while it switches to WAL
            try:
                connection.execute("PRAGMA journal_mode=WAL")
                break
            except sqlite3.OperationalError as error:
                if attempt == 99 or not error.sqlite_errorname.startswith("SQLITE_BUSY"):
                    with translated():
                        raise
                pause.wait(0.05)
            except sqlite3.DatabaseError:
                with translated():
                    raise
        with self.writing(connection):
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version not in (0, _FORMAT):
                raise NeedsOperator(
                    f"the log's file has format {version}, this release reads {_FORMAT}: use the release that wrote it"
                )
            for table in _TABLES.split(";"):
                connection.execute(table)
            if version == 0:
                connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                connection.execute(f"PRAGMA user_version = {_FORMAT}")
