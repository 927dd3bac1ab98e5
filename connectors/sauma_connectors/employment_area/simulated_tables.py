"""The simulated employment area's own tables: adding rows, changing standing rows, keys; knows no act by its meaning."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import TypeVar

from sauma.content import Content
from sauma.fact import Moment
from sauma_connectors.employment_area.codes import ROLES, code_of
from sauma_connectors.employment_area.contents import CONTENTS
from sauma_connectors.employment_area.files import read_rows, write_rows
from sauma_connectors.employment_area.inbox import Inbox
from sauma_connectors.employment_area.wire import EXPORT, STANDING_TABLES, TABLES, ExportRow, StandingRow
from sauma_connectors.sdk.files import Fault, make_folder, read_file, write_file
from sauma_connectors.sdk.moments import text_of
from sauma_connectors.sdk.tables import format_table

X = TypeVar("X", bound=ExportRow)


class OwnTables:
    """The export of one register, empty at first. Row keys count up in each table: the same acts write the same bytes."""

    def __init__(self, folder: Path, endpoint: str) -> None:
        self.endpoint = endpoint
        self.folder = folder
        self.inbox = Inbox(folder)
        make_folder(folder / EXPORT)
        for table in TABLES:
            if not (folder / EXPORT / table.TAULU).exists():
                write_rows(folder / EXPORT / table.TAULU, table, [])

    def single(
        self,
        kind: type[StandingRow],
        hetu: str,
        content: Content,
        at: Moment,
        *,
        necessary_for: Iterable[str],
        affects: bool = False,
    ) -> str:
        """A client has one row in such a table."""
        row = kind(
            rivi=self.key_of_client(kind, hetu),
            henkilotunnus=hetu,
            kirjattu=text_of(at),
            valttamaton=marks(necessary_for, at),
            vaikuttaa_tyollistymiseen=text_of(at) if affects else "",
            tiedot=CONTENTS.write(content),
        )
        return self.stand(row, at)

    def stand(self, row: StandingRow, at: Moment) -> str:
        """Write a standing row; where it stands already, it keeps what was recorded and decided before."""
        old = next((old for old in self.rows(type(row)) if old.rivi == row.rivi), None)
        if old is None:
            return self.add(row)
        return self.put(
            replace(
                row,
                kirjattu=old.kirjattu,
                muutettu=text_of(at),
                valttamaton=_kept_marks(old.valttamaton, row.valttamaton),
                vaikuttaa_tyollistymiseen=old.vaikuttaa_tyollistymiseen
                if row.vaikuttaa_tyollistymiseen and old.vaikuttaa_tyollistymiseen
                else row.vaikuttaa_tyollistymiseen,
            )
        )

    def put(self, row: StandingRow) -> str:
        """Write a standing row in the place of the one with its key."""
        rows = [row if old.rivi == row.rivi else old for old in self.rows(type(row))]
        write_rows(self.path(type(row)), type(row), rows)
        return row.rivi

    def add(self, row: ExportRow) -> str:
        """Write a row at the end of its table."""
        _, _, line = format_table(row.columns(), [row.cells()]).partition(b"\r\n")
        self.append(self.path(type(row)), line)
        return row.rivi

    def rows(self, kind: type[X]) -> list[X]:
        """The rows of a table, as they stand."""
        return [row for _, row in read_rows(self.path(kind), kind).rows]

    def standing(self, hetu: str, key: str) -> StandingRow:
        """The client's standing row with this key. Raises LookupError."""
        for table in STANDING_TABLES:
            for row in self.rows(table):
                if (row.rivi, row.henkilotunnus) == (key, hetu):
                    return row
        raise LookupError("no standing row of this client has this key")

    def key_of_client(self, kind: type[StandingRow], hetu: str) -> str:
        """The key of the client's only row in such a table, or a new one."""
        return next((row.rivi for row in self.rows(kind) if row.henkilotunnus == hetu), None) or self.new_key(kind)

    def new_key(self, kind: type[ExportRow]) -> str:
        """The next key of a table."""
        return f"{kind.TAULU.removesuffix('.csv')}-{len(self.rows(kind)) + 1}"

    def path(self, kind: type[ExportRow]) -> Path:
        """Where a table lies."""
        return self.folder / EXPORT / kind.TAULU

    def append(self, path: Path, data: bytes) -> None:
        """Put bytes at the end of a table."""
        old = read_file(path)
        if isinstance(old, Fault):
            raise OSError(old.detail)
        write_file(path, old + data)


def marks(roles: Iterable[str], at: Moment) -> str:
    """The cell of marks that were all made at one moment."""
    return ", ".join(f"{code_of(ROLES, role)} {text_of(at)}" for role in sorted(roles))


def _kept_marks(old: str, new: str) -> str:
    """The new roles; for those that were marked before, the decision stands as it was made."""
    decided = {mark.split(" ")[0]: mark for mark in old.split(", ")}
    return ", ".join(decided.get(mark.split(" ")[0], mark) for mark in new.split(", "))
