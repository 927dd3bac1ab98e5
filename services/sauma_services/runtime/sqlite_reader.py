"""Reads what is committed to the embedded log, page by page; for readers and, within it, for a loop's own reading."""

import sqlite3
from collections.abc import Iterator

from sauma_services.runtime.ports import Record, StatePart
from sauma_services.runtime.sqlite_file import POSITION_BITS, SqliteFile, translated, unpack_headers

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
        consumer, partitions = self._consumer(group)
        for partition in range(partitions):
            yield from parts_of(self._connection, consumer, partition)

    def state_part(self, group: str, key: bytes) -> bytes | None:
        """One part. Looks in every partition, since a part's key does not say in which it lies."""
        consumer, partitions = self._consumer(group)
        with translated():
            for partition in range(partitions):
                row = self._connection.execute(
                    "SELECT value FROM state WHERE consumer = ? AND partition = ? AND key = ?",
                    (consumer, partition, key),
                ).fetchone()
                if row is not None:
                    return bytes(row[0])
        return None

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

    def _consumer(self, group: str) -> tuple[int, int]:
        with translated():
            row = self._connection.execute("SELECT id, partitions FROM consumer WHERE name = ?", (group,)).fetchone()
        return (row[0], row[1]) if row else (0, 0)


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


def parts_of(connection: sqlite3.Connection, consumer: int, partition: int) -> Iterator[StatePart]:
    """All live parts of one partition, each once; pages may be of different commits."""
    after, compare = b"", ">="  # the empty key is a key too, and the smallest
    while True:
        with translated():
            page = connection.execute(
                f"SELECT key, value FROM state WHERE consumer = ? AND partition = ? AND key {compare} ? ORDER BY key LIMIT ?",  # noqa: S608 - one of two operators
                (consumer, partition, after, _PAGE_RECORDS),
            ).fetchall()
        for key, value in page:
            yield StatePart(key, value)
        if len(page) < _PAGE_RECORDS:
            return
        after, compare = page[-1][0], ">"
