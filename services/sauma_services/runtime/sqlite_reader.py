"""Reads what is committed to the embedded log, page by page; for readers and, within it, for a loop's own reading."""

import sqlite3
from collections.abc import Iterator

from sauma_services.runtime.ports import Record, StatePart
from sauma_services.runtime.sqlite_file import POSITION_BITS, SqliteFile, translated, unpack_headers
from sauma_services.runtime.sqlite_state import part_of, parts_of

# Pages of a scan: a page is read at once and its read lock let go, so that a slow caller does not keep the write-ahead
# log from being emptied. Smaller costs a query more often, larger memory.
_PAGE_RECORDS = 1_000

_SELECT_RECORDS = "SELECT at, stamped_at, key, value, headers FROM record WHERE at >= ? AND at < ? ORDER BY at LIMIT ?"
_POSITION_MASK = (1 << POSITION_BITS) - 1


class SqliteReader:
    """`Reader` on the embedded log."""

    def __init__(self, file: SqliteFile, connection: sqlite3.Connection) -> None:
        self._file = file
        self._connection = connection
        self._connection.execute("PRAGMA query_only=ON")

    def scan(self, topic: str, partition: int, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        """Records from `start` to before `stop`, read page by page."""
        end = self.end(topic, partition)
        return self._scan(topic, partition, start, end if stop is None else min(stop, end))

    def end(self, topic: str, partition: int) -> int:
        """The position that the next record of this partition will get."""
        found = self._file.find_topic(self._connection, topic)
        if found is None or not 0 <= partition < found[1]:
            return 0
        with translated():
            (end,) = self._connection.execute(
                "SELECT position_end FROM stream WHERE id = ?", (found[0] + partition,)
            ).fetchone()
        return int(end)

    def state(self, group: str) -> Iterator[StatePart]:
        """All parts of the group, read page by page."""
        consumer = self._consumer(group)
        if consumer is not None:
            with translated():
                yield from parts_of(self._connection, consumer)

    def state_part(self, group: str, key: bytes) -> bytes | None:
        """One part, whichever partition it lies in."""
        consumer = self._consumer(group)
        if consumer is None:
            return None
        with translated():
            return part_of(self._connection, consumer, key)

    def _scan(self, topic: str, partition: int, start: int, stop: int) -> Iterator[Record]:
        found = self._file.find_topic(self._connection, topic)
        if found is None or start >= stop:
            return
        base = found[0] + partition << POSITION_BITS
        while True:
            with translated():
                page = page_of_records(
                    self._connection, topic, partition, start_at=base + start, stop_at=base + stop, count=_PAGE_RECORDS
                )
            yield from page
            if len(page) < _PAGE_RECORDS:
                return
            start = page[-1].position + 1

    def _consumer(self, group: str) -> int | None:
        with translated():
            row = self._connection.execute("SELECT id FROM consumer WHERE name = ?", (group,)).fetchone()
        return None if row is None else int(row[0])


def page_of_records(
    connection: sqlite3.Connection, topic: str, partition: int, *, start_at: int, stop_at: int, count: int
) -> list[Record]:
    """Up to `count` records of one partition between two keys of the table, read at once."""
    return [
        Record(
            topic, partition, at & _POSITION_MASK, key, value, unpack_headers(headers) if headers else (), stamped_at
        )
        for at, stamped_at, key, value, headers in connection.execute(_SELECT_RECORDS, (start_at, stop_at, count))
    ]
