"""Looks, before anything runs, whether a connector can do its work; each line says ok, or failed and what to do.

Nothing that it writes stays.
"""

import os
from dataclasses import dataclass
from pathlib import Path

from sauma_connectors.sdk.contract import Connector, Snapshot, Statement, Unreadable

_SHOWN_MAX = 5
"""Unreadable rows that are shown one by one: enough to see what they have in common."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was looked at."""

    name: str
    is_ok: bool
    what: str
    """What was found; never a value from a row."""
    do: str = ""
    """What to do, where it is not ok."""

    def __str__(self) -> str:
        return f"ok      {self.name}: {self.what}" if self.is_ok else f"failed  {self.name}: {self.what}; {self.do}"


def check(connector: Connector, folder: Path) -> list[Line]:
    """Everything about a connector over a folder, in order; what rests on something that failed is left out."""
    found = [_exists(folder)]
    if not found[-1].is_ok:
        return found
    found.append(_is_writable(folder))
    return found + _rows(connector)


def _exists(folder: Path) -> Line:
    if folder.is_dir():
        return Line("folder", is_ok=True, what=str(folder))
    what = f"{folder} is a file" if folder.exists() else f"{folder} does not exist"
    return Line("folder", is_ok=False, what=what, do=f"make it, or correct the configuration: mkdir -p {folder}")


def _is_writable(folder: Path) -> Line:
    probe = folder / f".sauma-check-{os.getpid()}"
    try:
        probe.write_bytes(b"")
        probe.unlink()
    except OSError as error:
        what = f"nothing can be written there ({error.strerror})"
        return Line("writable", is_ok=False, what=what, do=f"give the connector's user the right to write to {folder}")
    return Line("writable", is_ok=True, what="a file could be made and removed")


def _rows(connector: Connector) -> list[Line]:
    try:
        snapshot = connector.source.read()
    except Exception as error:  # noqa: BLE001 - whatever the connector meets is what the operator has to hear
        what = f"reading ended with {type(error).__name__}"
        return [
            Line("rows", is_ok=False, what=what, do="see the connector's documentation for what the folder must hold")
        ]
    unreadable = [one for one in snapshot.rows if isinstance(one, Unreadable)]
    return [
        _read(snapshot),
        *(Line("row", is_ok=False, what=f"{one.row}: {one.reason}", do=one.detail) for one in unreadable[:_SHOWN_MAX]),
    ]


def _read(snapshot: Snapshot) -> Line:
    statements = [one for one in snapshot.rows if isinstance(one, Statement)]
    unreadable = len(snapshot.rows) - len(statements)
    people = len({one.person for one in statements})
    what = f"{len(statements)} rows about {people} people, {unreadable} unreadable"
    if not snapshot.is_complete:
        return Line("rows", is_ok=False, what=f"{what}; not complete", do="mend the file that cannot be read whole")
    return Line("rows", is_ok=unreadable == 0, what=what, do="mend the rows named below" if unreadable else "")
