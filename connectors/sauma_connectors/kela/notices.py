"""What Kela's clerk has to know: one table for the whole register, oldest first; the clerk moves it away when it is read."""

from collections.abc import Mapping
from pathlib import Path

from sauma_connectors.kela.own_files import rows_of
from sauma_connectors.sdk.files import make_folder
from sauma_connectors.sdk.tables import read_table, write_table

NOTICES = "ilmoitukset.csv"
NOTICE_COLUMNS = ("henkilotunnus", "koodi", "syy", "viite", "oma_rivi")


def read_notices(folder: Path) -> list[dict[str, str]]:
    """What the clerk has to know, oldest first; raises `Damaged`."""
    return [dict(row) for row in rows_of(read_table(folder / NOTICES, NOTICE_COLUMNS), NOTICES)]


def write_notice(folder: Path, cells: Mapping[str, str]) -> None:
    """Add a notice, once; raises `Damaged` and OSError."""
    notices = read_notices(folder)
    if dict(cells) not in notices:
        make_folder(folder)
        write_table(folder / NOTICES, NOTICE_COLUMNS, [*notices, cells])
