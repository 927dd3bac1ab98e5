"""Translates what the agency puts into `out/` into statements: withdrawals of wills, and nothing else."""

from pathlib import Path

from sauma.fact import Moment
from sauma_connectors.folder.wire import WITHDRAWALS, WithdrawalFile, read_model
from sauma_connectors.sdk import cells
from sauma_connectors.sdk.cells import Untranslatable
from sauma_connectors.sdk.contract import Shared, Snapshot, Statement, Unreadable, WillWithdrawn
from sauma_connectors.sdk.files import Fault, files_in, is_plain_name


def read(folder: Path) -> Snapshot:
    """Every withdrawal, by time. The snapshot is complete: a withdrawal is said once, and nothing here stands."""
    said: list[Statement | Unreadable] = []
    seen: set[str] = set()
    for number, path in enumerate(files_in(folder / WITHDRAWALS, ".json"), start=1):
        # The agency names these files; a name that could be somebody's is not shown.
        shown = path.name if is_plain_name(path.name) else f"file {number} by name in {WITHDRAWALS}"
        one = _withdrawal(path, shown)
        if one.row in seen:
            one = _wrong(shown, "duplicate-row", "its row is another file's; number the withdrawals apart")
        seen.add(one.row)
        said.append(one)
    return Snapshot(tuple(sorted(said, key=_order)), is_complete=True)


def _order(one: Statement | Unreadable) -> tuple[bool, Moment]:
    return (False, one.occurred_at) if isinstance(one, Statement) else (True, Moment(0))


def _withdrawal(path: Path, shown: str) -> Statement | Unreadable:
    file = read_model(path, WithdrawalFile)
    if isinstance(file, Fault):
        return Unreadable(f"withdrawals/{shown}", file.reason, file.detail.replace(path.name, shown))
    try:
        key = cells.row_key("row", file.row)
        person, at = cells.person("henkilotunnus", file.henkilotunnus), cells.moment("at", file.at)
    except Untranslatable as why:
        return _wrong(shown, why.reason, f"{why.what}; correct it")
    return Statement(f"withdrawals/{key}", person, WillWithdrawn(Shared(file.will), file.kind), at)


def _wrong(shown: str, reason: str, what: str) -> Unreadable:
    return Unreadable(f"withdrawals/{shown}", reason, f"{shown}: {what}")
