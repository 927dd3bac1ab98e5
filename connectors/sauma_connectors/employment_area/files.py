"""Reads and writes files of the register's rows; knows no row's meaning."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Generic, TypeVar

from sauma_connectors.employment_area.wire import Record
from sauma_connectors.sdk.files import Fault
from sauma_connectors.sdk.tables import read_table, write_table

R = TypeVar("R", bound=Record)


@dataclass(frozen=True, slots=True)
class Rows(Generic[R]):
    """The rows of one file with their line numbers, and what could not be read of it."""

    rows: tuple[tuple[int, R], ...]
    faults: tuple[Fault, ...]
    is_whole: bool


def read_rows(path: Path, kind: type[R]) -> Rows[R]:
    """The rows of a file; a missing or unreadable one is a fault in the answer, never an exception."""
    try:
        table = read_table(path, kind.columns_needed())
    except OSError:  # a folder of that name, a disk that fails
        return Rows(
            (), (Fault(path.name, 0, "not-a-file", f"{path.name}: cannot be read; export it again"),), is_whole=False
        )
    rows = tuple((row.line, kind.of_cells(row.cells)) for row in table.rows if not isinstance(row, Fault))
    return Rows(rows, tuple(row for row in table.rows if isinstance(row, Fault)), table.is_whole)


def write_rows(path: Path, kind: type[R], rows: Sequence[R]) -> None:
    """The whole file, written beside and moved into place. Raises OSError."""
    write_table(path, kind.columns(), (row.cells() for row in rows))
