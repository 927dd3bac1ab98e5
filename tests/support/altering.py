"""The embedded log's file opened directly, past everything that keeps it in order: for planting what should be found."""

import sqlite3
from pathlib import Path
from typing import Any

from sauma_services.runtime.sqlite_file import POSITION_BITS
from support.line import LOG_NAME
from support.world import SUBJECT


class Stored:
    """The log's file opened directly, past everything that keeps it in order."""

    def __init__(self, folder: Path) -> None:
        self._connection = sqlite3.connect(folder / LOG_NAME, isolation_level=None)

    def close(self) -> None:
        self._connection.close()

    def at(self, topic: str, position: int) -> int:
        found = self._connection.execute("SELECT first_stream FROM topic WHERE name = ?", (topic,)).fetchone()
        return int(found[0]) << POSITION_BITS | position

    def value(self, topic: str, position: int) -> bytes:
        row = self._connection.execute("SELECT value FROM record WHERE at = ?", (self.at(topic, position),)).fetchone()
        return bytes(row[0])

    def put(self, topic: str, position: int, value: bytes) -> None:
        self._connection.execute("UPDATE record SET value = ? WHERE at = ?", (value, self.at(topic, position)))

    def set_key(self, topic: str, position: int, key: bytes) -> None:
        self._connection.execute("UPDATE record SET key = ? WHERE at = ?", (key, self.at(topic, position)))

    def delete(self, topic: str, position: int) -> None:
        self._connection.execute("DELETE FROM record WHERE at = ?", (self.at(topic, position),))

    def append(self, topic: str, value: bytes, *, key: bytes = SUBJECT.encode()) -> int:
        stream = self.at(topic, 0) >> POSITION_BITS
        (end,) = self._connection.execute("SELECT position_end FROM stream WHERE id = ?", (stream,)).fetchone()
        self._connection.execute(
            "INSERT INTO record VALUES (?, 0, ?, ?, x'')", (stream << POSITION_BITS | end, key, value)
        )
        self._connection.execute("UPDATE stream SET position_end = ? WHERE id = ?", (end + 1, stream))
        return int(end)

    def last(self, topic: str) -> int:
        first = self.at(topic, 0)
        (at,) = self._connection.execute(
            "SELECT max(at) FROM record WHERE at >= ? AND at < ?", (first, first + (1 << POSITION_BITS))
        ).fetchone()
        return int(at) - first

    def forget_state(self) -> None:
        self._connection.execute("DELETE FROM state")

    def everything(self) -> list[tuple[Any, ...]]:
        return [
            row
            for table in ("topic", "stream", "record", "consumer", "position", "state")
            for row in self._connection.execute(f"SELECT * FROM {table} ORDER BY 1, 2")  # noqa: S608 - one of six names
        ]
