"""Finds and keeps the files that are about one client, under names of our own; knows nothing of what stands in them."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TypeVar

from sauma_connectors.kela.wire import TRAILER
from sauma_connectors.sdk.cells import Untranslatable
from sauma_connectors.sdk.files import Damaged, make_folder, make_name_key, name_key_in_use, own_name, remove_file
from sauma_connectors.sdk.tables import Row, Table, read_table, write_table

T = TypeVar("T")

PARTS = ("vastaukset_kelalle", "linkit")
"""The folders of files about one client each: what was delivered, and the links of own rows."""


def read_own(
    folder: Path, part: str, henkilotunnus: str, columns: tuple[str, ...], read: Callable[[Mapping[str, str]], T]
) -> list[T]:
    """The rows about a client, each as `read` makes it; none where there is no file. Raises `Damaged`."""
    key = name_key_in_use(folder, *PARTS)
    if key is None:
        return []
    path = folder / part / f"{own_name(key, henkilotunnus)}.csv"
    rows = rows_of(read_table(path, columns, trailer=TRAILER), f"{part}/{path.name}")
    if any(row["henkilotunnus"] != henkilotunnus for row in rows):
        raise Damaged(
            f"{part}/{path.name} is about somebody else: restore the folder from a backup", file=f"{part}/{path.name}"
        )
    try:
        return [read(row) for row in rows]
    except (Untranslatable, ValueError) as error:
        what = error.what if isinstance(error, Untranslatable) else "a cell is not as it was written"
        raise Damaged(
            f"{part}/{path.name} cannot be read ({what}): restore it from a backup", file=f"{part}/{path.name}"
        ) from None


def write_own(
    folder: Path, part: str, henkilotunnus: str, columns: tuple[str, ...], rows: list[dict[str, str]]
) -> None:
    """Put the client's file in place; without rows there is no file. Raises OSError."""
    path = folder / part / f"{own_name(make_name_key(folder), henkilotunnus)}.csv"
    if rows:
        make_folder(path.parent)
        write_table(path, columns, rows, trailer=TRAILER)
    elif path.parent.is_dir():
        remove_file(path)


def rows_of(table: Table, file: str) -> list[Mapping[str, str]]:
    """The cells of a table of our own, in which there are no faults; a file that is not there has no rows. Raises `Damaged` of `file`."""
    rows: list[Mapping[str, str]] = []
    for row in table.rows:
        if isinstance(row, Row):
            rows.append(row.cells)
        elif row.reason != "no-file":
            raise Damaged(f"{row.detail}; restore it from a backup", file=file)
    return rows
