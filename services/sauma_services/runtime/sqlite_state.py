"""The embedded log's table of state: one row a part; whoever holds the group knows the row of each part it has.

A row's number is its consumer above, its partition below that, and a count below both. So a partition lies together and
is read in one sweep; and since only one loop may write a group's parts, it finds a part's row in memory and not by the
part's key, which is long and falls anywhere. Readers look a part up by a short hash of its key.
"""

import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from zlib import crc32

from sauma_services.runtime.ports import StatePart

TABLE = """
CREATE TABLE IF NOT EXISTS state (id INTEGER PRIMARY KEY, hash INTEGER NOT NULL, key BLOB NOT NULL, value BLOB NOT NULL);
CREATE INDEX IF NOT EXISTS state_by_hash ON state (hash)
"""

_COUNT_BITS = 36
_PARTITION_BITS = 12
"""2^36 parts ever made of a partition, and 2^15 consumers: neither is reached on one machine."""

PARTITIONS_MAX = 1 << _PARTITION_BITS

_PAGE_PARTS = 1_000
"""Parts read at once, so that a slow caller does not keep the write-ahead log from being emptied."""


class StateRows:
    """The parts of one consumer, by whoever holds it: all their rows are known here, or read when first needed."""

    def __init__(self, connection: sqlite3.Connection, consumer: int) -> None:
        self._connection = connection
        self._consumer = consumer
        self._rows: dict[int, dict[bytes, int]] = {}
        self._ends: dict[int, int] = {}

    def restore(self, partition: int) -> Iterator[StatePart]:
        """The partition's parts, read page by page."""
        self._rows.pop(partition, None)
        rows: dict[bytes, int] = {}
        for row, part in _swept(self._connection, *_range(self._consumer, partition)):
            rows[part.key] = row
            yield part
        self._know(partition, rows)

    def write(self, state: Mapping[int, Sequence[StatePart]]) -> None:
        """Within the caller's transaction. Where that fails, `forget` must follow: what is known here has run ahead."""
        new: list[tuple[int, int, bytes, bytes]] = []
        changed: list[tuple[bytes, int]] = []
        gone: list[tuple[int]] = []
        for partition, parts in state.items():
            if partition not in self._rows:
                for _ in self.restore(partition):
                    pass
            rows = self._rows[partition]
            # The last value of a key counts, whether it comes before or after a tombstone of it.
            for key, value in {part.key: part.value for part in parts}.items():
                if value is None:
                    if key in rows:
                        gone.append((rows.pop(key),))
                elif key in rows:
                    changed.append((value, rows[key]))
                else:
                    rows[key] = self._ends[partition]
                    self._ends[partition] += 1
                    new.append((rows[key], crc32(key), key, value))
        self._connection.executemany("INSERT INTO state VALUES (?, ?, ?, ?)", new)
        self._connection.executemany("UPDATE state SET value = ? WHERE id = ?", changed)
        self._connection.executemany("DELETE FROM state WHERE id = ?", gone)

    def forget(self) -> None:
        """Know nothing any more: rows are read again when they are next needed."""
        self._rows.clear()

    def _know(self, partition: int, rows: dict[bytes, int]) -> None:
        self._rows[partition] = rows
        self._ends[partition] = max(rows.values(), default=_range(self._consumer, partition)[0] - 1) + 1


def parts_of(connection: sqlite3.Connection, consumer: int) -> Iterator[StatePart]:
    """All live parts of one consumer; pages may be of different commits."""
    for _, part in _swept(connection, _first(consumer), _first(consumer + 1)):
        yield part


def part_of(connection: sqlite3.Connection, consumer: int, key: bytes) -> bytes | None:
    """The value of one part, whichever partition it lies in; None where there is none."""
    row = connection.execute(
        "SELECT value FROM state WHERE hash = ? AND key = ? AND id >= ? AND id < ? ORDER BY id LIMIT 1",
        (crc32(key), key, _first(consumer), _first(consumer + 1)),
    ).fetchone()
    return None if row is None else bytes(row[0])


def _first(consumer: int, partition: int = 0) -> int:
    return (consumer << _PARTITION_BITS | partition) << _COUNT_BITS


def _range(consumer: int, partition: int) -> tuple[int, int]:
    first = _first(consumer, partition)
    return first, first + (1 << _COUNT_BITS)


def _swept(connection: sqlite3.Connection, first: int, end: int) -> Iterator[tuple[int, StatePart]]:
    """The parts in the rows from `first` to before `end`, read page by page, with their rows."""
    while True:
        page = connection.execute(
            "SELECT id, key, value FROM state WHERE id >= ? AND id < ? ORDER BY id LIMIT ?", (first, end, _PAGE_PARTS)
        ).fetchall()
        for row, key, value in page:
            yield row, StatePart(key, value)
        if len(page) < _PAGE_PARTS:
            return
        first = page[-1][0] + 1
