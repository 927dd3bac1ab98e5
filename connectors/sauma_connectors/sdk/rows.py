"""Remembers, for each row of the register, which fact it is, in which version, and a keyed hash of what was last said of it."""

from collections.abc import Iterable
from dataclasses import dataclass

from sauma.ids import FactId, SubjectId
from sauma_connectors.sdk.store import Store

EXPECTED = "expected"
"""The router may know this row's fact; what it knows will arrive with the answer to an inventory."""
OPEN, CLOSED, VOID = "open", "closed", "void"
CLOSED_BEFORE = "closed-before"
"""The router says that the fact was closed, and this store does not remember closing it: the row as it stands does not reopen it."""
PASSED = "passed"
"""A move made another register the owner: this row speaks for nothing any more."""
REFUSED = "refused"
"""The router has never taken this fact: sent again when the row changes, or when what the refusal rested on may have changed."""


@dataclass(frozen=True, slots=True)
class RowMemory:
    """One row. `content` and `marks` are keyed hashes; `version` is the next put's base."""

    row: str
    subject: SubjectId
    fact: FactId
    version: int
    content: bytes
    marks: bytes
    state: str
    is_standing: bool = True
    """Whether it is a row of its own; else it was said within an act and its vanishing means nothing."""
    refused: str = ""
    """The reason for which the router refused the latest statement."""


class Rows:
    """The table of rows and that of acts said. Writes are made within a transaction of the caller's."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, row: str) -> RowMemory | None:
        """What is remembered of a row, or None."""
        return self._one("row_index = ?", self.index(row))

    def of_fact(self, subject: SubjectId, fact: FactId) -> RowMemory | None:
        """The own row that speaks for this fact, or None where the fact is another's."""
        return self._one("subject = ? AND fact = ?", subject, fact)

    def of_index(self, index: bytes) -> RowMemory | None:
        """As `of`, by the row's index."""
        return self._one("row_index = ?", index)

    def of_subject(self, subject: SubjectId) -> list[RowMemory]:
        """All rows of one client."""
        return self._all("subject = ?", subject)

    def standing(self) -> list[RowMemory]:
        """All rows whose vanishing from a complete snapshot means something."""
        return self._all("is_standing = 1 AND state IN (?, ?, ?)", OPEN, CLOSED_BEFORE, REFUSED)

    def put(self, *memories: RowMemory) -> None:
        """Remember these rows so from now on."""
        for m in memories:
            self._store.run(
                "INSERT OR REPLACE INTO fact_row VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                *(self.index(m.row), self._store.key.seal(m.row), m.subject, m.fact, m.version),
                *(m.content, m.marks, m.state, m.is_standing, m.refused),
            )

    def forget(self, row: str) -> None:
        """Remember nothing of a row."""
        self._store.run("DELETE FROM fact_row WHERE row_index = ?", self.index(row))

    def expect_all(self) -> None:
        """Of no fact is it known which version the router has."""
        self._store.run("UPDATE fact_row SET state = ?, version = 0 WHERE state != ?", EXPECTED, VOID)

    def reconsider(self, subject: SubjectId, reasons: Iterable[str]) -> None:
        """Say again what was refused for these reasons, as if the rows had changed."""
        for reason in reasons:
            self._store.run(
                "UPDATE fact_row SET content = x'', marks = x'', refused = '', state = CASE state WHEN ? THEN ? ELSE state END "
                "WHERE subject = ? AND refused = ? AND is_standing = 1",
                *(CLOSED, OPEN, subject, reason),
            )

    def act(self, row: str) -> str:
        """`sent`, `held-back`, or nothing where the act of this row was never said."""
        found = self._store.row("SELECT state FROM act WHERE row_index = ?", self.index(row))
        return str(found[0]) if found else ""

    def put_act(self, row: str, subject: SubjectId, state: str) -> None:
        """Remember what became of an act."""
        self._store.run("INSERT OR REPLACE INTO act VALUES (?, ?, ?)", self.index(row), subject, state)

    def forget_act(self, index: bytes) -> None:
        """The act of this row was not taken after all."""
        self._store.run("DELETE FROM act WHERE row_index = ?", index)

    def index(self, row: str) -> bytes:
        """The keyed hash under which a row is found."""
        return self._store.key.index("row", row)

    def _one(self, where: str, *values: object) -> RowMemory | None:
        found = self._all(where, *values)
        return found[0] if found else None

    def _all(self, where: str, *values: object) -> list[RowMemory]:
        columns = "row, subject, fact, version, content, marks, state, is_standing, refused"
        found = self._store.rows(f"SELECT {columns} FROM fact_row WHERE {where} ORDER BY rowid", *values)  # noqa: S608 - names of our own
        return [
            RowMemory(
                self._store.key.unseal(row), subject, fact, version, content, marks, state, bool(standing), refused
            )
            for row, subject, fact, version, content, marks, state, standing, refused in found
        ]
