"""Runs the keyring's transactions on one SQLite file, from any thread and across forks; it knows no statement."""

import os
import sqlite3
import threading
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from sauma_connectors.sdk.errors import NeedsOperator, TryAgain
from sauma_services.keyring.rows import Rows

# Long enough for another process to make a subject on a slow disk; longer would hide a process that hangs.
_BUSY_WAIT_SECONDS = 10.0
_PASSING = {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED, sqlite3.SQLITE_FULL}
_PRIMARY_CODE = 0xFF


class Store:
    """One connection behind one lock: transactions are short, and most sealing and opening needs none."""

    def __init__(self, database: Path) -> None:
        self._database = database
        self._lock = threading.Lock()
        self._connection: sqlite3.Connection | None = None
        self._is_closed = False
        _STORES.add(self)

    @contextmanager
    def reading(self) -> Iterator[Rows]:
        """One consistent look at the tables. Not to be nested."""
        with self._transaction("BEGIN") as rows:
            yield rows

    @contextmanager
    def writing(self) -> Iterator[Rows]:
        """All changes or none, on disk when the block ends; no other process writes meanwhile. Not to be nested."""
        with self._transaction("BEGIN IMMEDIATE") as rows:
            yield rows

    def wipe_log(self) -> None:
        """Empties the write-ahead log, where an erased key may still stand. A reader elsewhere can keep it from
        happening; then SQLite does it later, when the log is next reused."""
        with self._lock, self._answering():
            self._connected().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()

    def close(self) -> None:
        """Lets go of the file for good: opening it again is for `opening.py`, which applies the ledger."""
        with self._lock:
            self._disconnect()
            self._is_closed = True

    # SQLite keeps its locks on a file per process and takes what a fork copied for its own. So a process forks only
    # between transactions and with the file closed, and both sides open it again.

    def before_fork(self) -> None:
        self._lock.acquire()
        self._disconnect()

    def after_fork(self) -> None:
        self._lock.release()

    @contextmanager
    def _transaction(self, begin: Literal["BEGIN", "BEGIN IMMEDIATE"]) -> Iterator[Rows]:
        with self._lock, self._answering():
            connection = self._connected()
            connection.execute(begin)
            try:
                yield Rows(connection)
                connection.execute("COMMIT")
            except BaseException:
                self._disconnect()  # rolls back, also where a ROLLBACK would fail
                raise

    @contextmanager
    def _answering(self) -> Iterator[None]:
        try:
            yield
        except sqlite3.IntegrityError:
            raise
        except sqlite3.DatabaseError as error:
            code: int = getattr(error, "sqlite_errorcode", 0) & _PRIMARY_CODE
            name: str = getattr(error, "sqlite_errorname", "unknown")
            if code in _PASSING:
                raise TryAgain(f"keyring: {self._database} cannot be used now ({name})") from None
            raise NeedsOperator(
                f"keyring: {self._database} cannot be used ({name}). Look at the disk and at who may read the file; if "
                "the file is damaged, restore the newest backup and leave the ledger as it is."
            ) from None

    def _connected(self) -> sqlite3.Connection:
        if self._is_closed:
            raise ValueError("the keyring has been closed")
        if self._connection is None:
            # SQLite alone would let others read the file. Never opened here once it exists: closing it again would drop
            # the locks of every other connection of this process.
            if not self._database.exists():
                self._database.touch(mode=0o600)
            connection = sqlite3.connect(
                self._database, timeout=_BUSY_WAIT_SECONDS, isolation_level=None, check_same_thread=False
            )
            try:
                connection.execute("PRAGMA journal_mode = WAL")
                connection.execute("PRAGMA synchronous = FULL")
                connection.execute("PRAGMA secure_delete = ON")  # zeroes what is deleted: a destroyed key is gone
            except BaseException:
                connection.close()
                raise
            self._connection = connection
        return self._connection

    def _disconnect(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None


_STORES: weakref.WeakSet[Store] = weakref.WeakSet()
_forking: list[Store] = []


def _before_fork() -> None:
    _forking.extend(_STORES)
    for store in _forking:
        store.before_fork()


def _after_fork() -> None:
    while _forking:
        _forking.pop().after_fork()


os.register_at_fork(before=_before_fork, after_in_parent=_after_fork, after_in_child=_after_fork)
