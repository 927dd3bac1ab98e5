"""Translates what the agency puts into `out/` into statements: withdrawals of wills, and nothing else."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from sauma import henkilotunnus
from sauma.fact import Moment
from sauma_connectors.folder.wire import WITHDRAWALS, WithdrawalFile, read_model
from sauma_connectors.sdk.contract import Person, Shared, Snapshot, Statement, Unreadable, WillWithdrawn
from sauma_connectors.sdk.tables import Fault, files_in, is_plain_name

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


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
        return Unreadable(f"withdrawals/{shown}", file.reason, f"{shown}: {file.detail.replace(path.name, shown)}")
    if not is_plain_name(file.row):
        return _wrong(shown, "wrong-shape", "row may hold no personal identity code; number the withdrawals")
    checked = henkilotunnus.check(file.henkilotunnus)
    if isinstance(checked, henkilotunnus.Invalid):
        return _wrong(shown, "malformed-henkilotunnus", f"henkilotunnus is wrong in its {checked.reason}; correct it")
    at = _moment(file.at)
    if at is None:
        return _wrong(shown, "wrong-shape", "at is a time with its zone, such as 2026-03-02T09:15:00+02:00; correct it")
    return Statement(f"withdrawals/{file.row}", Person(checked.text), WillWithdrawn(Shared(file.will), file.kind), at)


def _wrong(shown: str, reason: str, what: str) -> Unreadable:
    return Unreadable(f"withdrawals/{shown}", reason, f"{shown}: {what}")


def _moment(text: str) -> Moment | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    return Moment((moment - _EPOCH) // timedelta(milliseconds=1)) if moment.tzinfo else None
