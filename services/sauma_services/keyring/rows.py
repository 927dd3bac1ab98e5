"""Holds every SQL statement of the keyring; it must never know a key or a henkilötunnus in the clear."""

import sqlite3
from dataclasses import dataclass, field
from typing import Any

from sauma.ids import SubjectId

# A destroyed subject keeps its row and its key id, and nothing else: a cell can still be told to be destroyed.
SCHEMA = """
CREATE TABLE settings (name TEXT PRIMARY KEY, value BLOB NOT NULL) WITHOUT ROWID;
CREATE TABLE index_keys (generation INTEGER PRIMARY KEY, sealed BLOB NOT NULL);
CREATE TABLE subjects (
    subject TEXT PRIMARY KEY,
    generation INTEGER,
    look_up BLOB,
    sealed_henkilotunnus BLOB,
    key_id BLOB UNIQUE,
    sealed_key BLOB,
    UNIQUE (generation, look_up)
);
"""


@dataclass(frozen=True, slots=True)
class StoredKey:
    """A subject's key as the database has it; `sealed` is None when it has been destroyed."""

    key_id: bytes | None
    sealed: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class StoredSubject:
    """A whole row of a subject that is not destroyed."""

    subject: SubjectId
    generation: int
    look_up: bytes = field(repr=False)
    sealed_henkilotunnus: bytes = field(repr=False)
    key_id: bytes
    sealed_key: bytes = field(repr=False)


class Rows:
    """The tables, within one transaction of the caller's."""

    __slots__ = ("_connection",)

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def create(self) -> None:
        for statement in SCHEMA.split(";"):
            self._connection.execute(statement)

    def is_created(self) -> bool:
        return self._one("SELECT 1 FROM sqlite_schema WHERE name = 'subjects'") is not None

    def setting(self, name: str) -> bytes | None:
        row = self._one("SELECT value FROM settings WHERE name = ?", name)
        return None if row is None else row[0]

    def put_setting(self, name: str, value: bytes) -> None:
        self._connection.execute("INSERT OR REPLACE INTO settings VALUES (?, ?)", (name, value))

    def index_keys(self) -> list[tuple[int, bytes]]:
        """Generations and sealed keys, newest first."""
        return self._connection.execute("SELECT generation, sealed FROM index_keys ORDER BY 1 DESC").fetchall()

    def add_index_key(self, generation: int, sealed: bytes) -> None:
        self._connection.execute("INSERT INTO index_keys VALUES (?, ?)", (generation, sealed))

    def drop_index_keys_before(self, generation: int) -> None:
        self._connection.execute("DELETE FROM index_keys WHERE generation < ?", (generation,))

    def subject_at(self, generation: int, look_up: bytes) -> SubjectId | None:
        row = self._one("SELECT subject FROM subjects WHERE generation = ? AND look_up = ?", generation, look_up)
        return None if row is None else SubjectId(row[0])

    def insert(self, row: StoredSubject) -> None:
        values = (row.subject, row.generation, row.look_up, row.sealed_henkilotunnus, row.key_id, row.sealed_key)
        self._connection.execute("INSERT INTO subjects VALUES (?, ?, ?, ?, ?, ?)", values)

    def subjects_before(self, generation: int, *, count_max: int) -> list[tuple[SubjectId, bytes]]:
        """Subjects whose look-up is still of an older generation, each with its sealed henkilötunnus."""
        return self._connection.execute(
            "SELECT subject, sealed_henkilotunnus FROM subjects WHERE generation < ? LIMIT ?", (generation, count_max)
        ).fetchall()

    def move_look_up(self, subject: SubjectId, *, generation: int, look_up: bytes) -> None:
        self._connection.execute(
            "UPDATE subjects SET generation = ?, look_up = ? WHERE subject = ?", (generation, look_up, subject)
        )

    def key_of(self, subject: SubjectId) -> StoredKey | None:
        row = self._one("SELECT key_id, sealed_key FROM subjects WHERE subject = ?", subject)
        return None if row is None else StoredKey(*row)

    def holder_of(self, key_id: bytes) -> SubjectId | None:
        row = self._one("SELECT subject FROM subjects WHERE key_id = ?", key_id)
        return None if row is None else SubjectId(row[0])

    def destroy(self, subject: SubjectId) -> bool:
        """Leaves of the subject only that it is destroyed; False if it was so already."""
        stored = self.key_of(subject)
        if stored is not None and stored.sealed is None:
            return False
        self._connection.execute("DELETE FROM subjects WHERE subject = ?", (subject,))
        key_id = None if stored is None else stored.key_id
        self._connection.execute("INSERT INTO subjects (subject, key_id) VALUES (?, ?)", (subject, key_id))
        return True

    def _one(self, statement: str, *values: object) -> tuple[Any, ...] | None:
        row: tuple[Any, ...] | None = self._connection.execute(statement, values).fetchone()
        return row
