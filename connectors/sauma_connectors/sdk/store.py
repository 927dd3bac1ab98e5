"""Opens the one SQLite file of an endpoint's connector and runs its transactions; what the tables mean is told beside each.

The file holds no henkilötunnus, name or text in the clear: people and row keys are sealed under the key file beside it
or stand as keyed hashes, and cells are sealed already. Losing the file loses no fact: it is filled again from the router.
"""

import fcntl
import os
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from sauma_connectors.sdk.errors import NeedsOperator, TryAgain
from sauma_connectors.sdk.local_key import LocalKey, local_key

_TABLES = """
CREATE TABLE IF NOT EXISTS setting (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS client (
  subject TEXT PRIMARY KEY, person BLOB, person_index BLOB UNIQUE, number INTEGER NOT NULL DEFAULT 0,
  seq INTEGER NOT NULL DEFAULT 0, is_settled INTEGER NOT NULL DEFAULT 0, repair TEXT NOT NULL DEFAULT '',
  repair_event TEXT NOT NULL DEFAULT '', is_unsure INTEGER NOT NULL DEFAULT 0,
  spoke_before INTEGER NOT NULL DEFAULT 0, has_skipped INTEGER NOT NULL DEFAULT 0,
  tries INTEGER NOT NULL DEFAULT 0, try_at INTEGER NOT NULL DEFAULT 0);
CREATE TABLE IF NOT EXISTS fact_row (
  row_index BLOB PRIMARY KEY, row BLOB NOT NULL, subject TEXT NOT NULL, fact TEXT NOT NULL, version INTEGER NOT NULL,
  content BLOB NOT NULL, marks BLOB NOT NULL, state TEXT NOT NULL, is_standing INTEGER NOT NULL, refused TEXT NOT NULL);
CREATE INDEX IF NOT EXISTS fact_row_fact ON fact_row (subject, fact);
CREATE TABLE IF NOT EXISTS act (row_index BLOB PRIMARY KEY, subject TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS plan (
  row_index BLOB PRIMARY KEY, makers BLOB NOT NULL, providers BLOB NOT NULL, event TEXT NOT NULL, is_refused INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS outbox (
  place INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, subject TEXT NOT NULL, incarnation TEXT NOT NULL,
  seq INTEGER NOT NULL, data BLOB NOT NULL, row BLOB, act BLOB, effects TEXT NOT NULL, is_quiet INTEGER NOT NULL,
  is_shared INTEGER NOT NULL, is_sent INTEGER NOT NULL DEFAULT 0);
CREATE INDEX IF NOT EXISTS outbox_subject ON outbox (subject, incarnation, seq);
CREATE INDEX IF NOT EXISTS outbox_unsent ON outbox (place) WHERE is_sent = 0;
CREATE INDEX IF NOT EXISTS outbox_unshared ON outbox (place) WHERE is_shared = 0;
CREATE TABLE IF NOT EXISTS position (log_partition INTEGER PRIMARY KEY, position INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS inbox (
  subject TEXT NOT NULL, number INTEGER NOT NULL, id TEXT NOT NULL, data BLOB NOT NULL,
  PRIMARY KEY (subject, number, id)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS held (
  subject TEXT NOT NULL, fact TEXT NOT NULL, version INTEGER NOT NULL, kind TEXT NOT NULL,
  about_version INTEGER NOT NULL, PRIMARY KEY (subject, fact)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS confirmation (
  delivery TEXT PRIMARY KEY, subject TEXT NOT NULL, number INTEGER NOT NULL, applied_at INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS told (what BLOB PRIMARY KEY, is_of_poll INTEGER NOT NULL) WITHOUT ROWID;
"""

# Another process can only be a reader (an operator's sqlite3): the lock file keeps a second runner away.
_BUSY_WAIT_SECONDS = 10.0
_PASSING = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL)
_PRIMARY_CODE = 0xFF


class Store:
    """One connection, used by one thread at a time; `was_created` tells that there was no store before."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        self._lock = _alone(path.with_name(path.name + ".lock"))
        try:
            self.key: LocalKey = local_key(path.with_name(path.name + ".key"))
            # Made by hand, so that it is its owner's alone from its first byte; SQLite gives its log the same rights.
            os.close(os.open(path, os.O_RDWR | os.O_CREAT, 0o600))
            self._connection = sqlite3.connect(
                path, timeout=_BUSY_WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            with _answering(path):
                self._connection.execute("PRAGMA journal_mode = WAL")
                self._connection.execute("PRAGMA synchronous = FULL")
                self._connection.executescript(_TABLES)
                self._check_key()
        except BaseException:
            os.close(self._lock)
            raise
        self._path = path

    @contextmanager
    def writing(self) -> Iterator[None]:
        """All changes or none, on disk when the block ends. Not to be nested."""
        with _answering(self._path):
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield
                self._connection.execute("COMMIT")
            except BaseException:
                if self._connection.in_transaction:
                    self._connection.execute("ROLLBACK")
                raise

    def run(self, statement: str, *values: Any) -> int:
        """Run one statement; the count of rows it changed."""
        return self._connection.execute(statement, values).rowcount

    def rows(self, statement: str, *values: Any) -> list[tuple[Any, ...]]:
        """All rows of one query."""
        return self._connection.execute(statement, values).fetchall()

    def row(self, statement: str, *values: Any) -> tuple[Any, ...] | None:
        """The first row of one query, or None."""
        found: tuple[Any, ...] | None = self._connection.execute(statement, values).fetchone()
        return found

    def setting(self, name: str) -> str | None:
        """What was put under this name, or None."""
        found = self.row("SELECT value FROM setting WHERE name = ?", name)
        return str(found[0]) if found else None

    def put_setting(self, name: str, value: str) -> None:
        """Remember a value, within a transaction of the caller's."""
        self.run("INSERT OR REPLACE INTO setting VALUES (?, ?)", name, value)

    def close(self) -> None:
        """Let go of the file and of the lock on it."""
        self._connection.close()
        os.close(self._lock)

    def _check_key(self) -> None:
        check = self.key.index("check").hex()
        known = self.setting("key-check")
        if known is None:
            self.put_setting("key-check", check)
        elif known != check:
            self.key.unseal(b"")  # says what to do


@contextmanager
def _answering(path: Path) -> Iterator[None]:
    """SQLite's errors by what happens next; a misuse or a broken constraint stays the bug it is."""
    try:
        yield
    except (sqlite3.IntegrityError, sqlite3.ProgrammingError, sqlite3.InterfaceError):
        raise
    except sqlite3.DatabaseError as error:
        name = getattr(error, "sqlite_errorname", "unknown")
        if getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE in _PASSING:
            raise TryAgain(f"connector: the store is busy or its disk is full ({name})") from error
        raise NeedsOperator(
            f"connector: the store {path} cannot be read or written ({name}). Restore it, or move it away: an empty one "
            "is filled from the router."
        ) from error


def _alone(lock: Path) -> int:
    """Two runners over one store would give one seq to two events."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(handle)
        raise NeedsOperator(f"connector: another process works with this store ({lock}). Stop it first.") from None
    return handle
