"""Translates the export into statements, in the order in which the rows came to be; decides nothing about rights.

A row that cannot be translated becomes one `Unreadable`, and every other row flows. What the multi-sector model does not
concern (another kind of plan, a copy of what was received) is left out in silence.
"""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from sauma.fact import Moment
from sauma.places import Places
from sauma_connectors.employment_area.acts import act
from sauma_connectors.employment_area.codes import CLIENT_APPROVAL, PLAN_KINDS
from sauma_connectors.employment_area.files import read_rows
from sauma_connectors.employment_area.standing import Known, NotShared, fact_row
from sauma_connectors.employment_area.wire import (
    EXPORT,
    TABLES,
    ActionRow,
    AnswerRow,
    ApprovalRow,
    BackgroundRow,
    ChangeRow,
    ClientRow,
    ContactRow,
    CorrectionRow,
    DealingsRow,
    ExportRow,
    PlanRow,
    ProposalRow,
    ReferralRow,
    RelationshipRow,
    ServiceNeedRow,
    StandingRow,
    WillRow,
)
from sauma_connectors.sdk import cells
from sauma_connectors.sdk.cells import Untranslatable
from sauma_connectors.sdk.contract import FactRow, Snapshot, Statement, Unreadable
from sauma_connectors.sdk.files import Fault

_AT_ONE_MOMENT: Final[tuple[type[ExportRow], ...]] = (
    ReferralRow,
    RelationshipRow,
    ClientRow,
    PlanRow,
    AnswerRow,  # before the row that it changes: the change is the answer, not an update beside it
    ContactRow,
    DealingsRow,
    BackgroundRow,
    ServiceNeedRow,
    ActionRow,
    ApprovalRow,
    ProposalRow,
    WillRow,  # after the rows that it names
    CorrectionRow,
    ChangeRow,
)
"""Which table's rows come first where the moments are equal."""


class _Reading:
    """One poll: what was read so far, and what could not be."""

    def __init__(self) -> None:
        self.rows: list[tuple[str, int, ExportRow]] = []
        self.unreadable: list[Unreadable] = []
        self.is_complete = True
        self._keys: set[str] = set()

    def files(self, folder: Path) -> None:
        """Read every table of the export; a folder that is a symlink is not followed."""
        if (folder / EXPORT).is_symlink():
            self.is_complete = False
            detail = f"{EXPORT}: is a symlink; put the folder itself in its place"
            self.unreadable.append(Unreadable(EXPORT, "not-a-file", detail))
            return
        for kind in TABLES:
            read = read_rows(folder / EXPORT / kind.TAULU, kind)
            self.is_complete &= read.is_whole and not read.faults
            self.unreadable.extend(_of_fault(fault) for fault in read.faults)
            for line, row in read.rows:
                self._keyed(kind.TAULU, line, row)

    def _keyed(self, file: str, line: int, row: ExportRow) -> None:
        try:
            key = cells.row_key("rivi", row.rivi)
            if key in self._keys:
                raise Untranslatable(
                    "duplicate-row", "rivi is another row's key, in this table or another; keys are unique"
                )
        except Untranslatable as why:
            # Without a key of its own the row may be any row: nothing may be closed for missing.
            self.is_complete = False
            self.unreadable.append(_unreadable(f"{file}:{line}", file, line, why))
            return
        self._keys.add(key)
        self.rows.append((file, line, row))

    def refuse(self, file: str, line: int, row: ExportRow, why: Untranslatable) -> None:
        """Keep why a row that has a key cannot be used."""
        self.unreadable.append(_unreadable(row.rivi, file, line, why))


def read_export(folder: Path, places: Places) -> Snapshot:
    """Everything that the export says now. Bad rows and unreadable files are among the rows; nothing is raised for them."""
    reading = _Reading()
    reading.files(folder)
    known = Known(places, _plans(reading), _clients(reading))
    placed: list[tuple[Moment, int, int, Statement]] = []
    facts: dict[str, tuple[str, FactRow]] = {}
    for file, line, row in _facts_first(reading):
        try:
            person = cells.person("henkilotunnus", row.henkilotunnus)
            at = cells.moment("kirjattu", row.kirjattu)
            says = None
            if isinstance(row, StandingRow) and not (isinstance(row, ApprovalRow) and row.laji == CLIENT_APPROVAL):
                at = cells.moment_or_none("muutettu", row.muutettu) or at
                says = fact_row(row, known)
                facts[row.rivi] = row.henkilotunnus, says
            statement = Statement(row.rivi, person, says or act(row, replace(known, facts=facts)), at)
        except Untranslatable as why:
            reading.refuse(file, line, row, why)
        except NotShared:
            continue
        else:
            placed.append((at, _AT_ONE_MOMENT.index(type(row)), line, statement))
    placed.sort(key=lambda place: place[:3])
    return Snapshot((*(statement for *_, statement in placed), *reading.unreadable), is_complete=reading.is_complete)


def _facts_first(reading: _Reading) -> Iterator[tuple[str, int, ExportRow]]:
    """Answers and corrections name rows, so that the standing rows are translated before them."""
    return iter(sorted(reading.rows, key=lambda read: not isinstance(read[2], StandingRow)))


def _plans(reading: _Reading) -> dict[str, tuple[str, str]]:
    """Each own plan's client and kind; a plan that its rows do not agree upon is none."""
    plans: dict[str, tuple[str, str]] = {}
    disputed: set[str] = set()
    for _, _, row in reading.rows:
        if isinstance(row, PlanRow) and row.suunnitelma and row.toimsuunlaji in PLAN_KINDS:
            stated = row.henkilotunnus, row.toimsuunlaji
            if plans.setdefault(row.suunnitelma, stated) != stated:
                disputed.add(row.suunnitelma)
    return {key: plan for key, plan in plans.items() if key not in disputed}


def _clients(reading: _Reading) -> dict[str, ClientRow]:
    return {row.henkilotunnus: row for _, _, row in reading.rows if isinstance(row, ClientRow)}


def _of_fault(fault: Fault) -> Unreadable:
    return Unreadable(f"{fault.file}:{fault.line}" if fault.line else fault.file, fault.reason, fault.detail)


def _unreadable(row: str, file: str, line: int, why: Untranslatable) -> Unreadable:
    detail = f"{file} line {line}: {why.what}; correct the row and export again"
    return Unreadable(row, why.reason, detail)
