"""Everything that Kela holds about a client, read back from its own files: what was delivered, and its own rows."""

from pathlib import Path

from sauma.content import Content, Identity
from sauma.ids import FactId
from sauma_connectors.kela.answers import CURRENT, read_answers
from sauma_connectors.kela.codes import STATES
from sauma_connectors.kela.contents import CONTENTS, from_any_cells
from sauma_connectors.kela.links import read_links
from sauma_connectors.kela.wire import LISTS, STANDING, TRAILER, ListRow
from sauma_connectors.sdk.cells import Untranslatable
from sauma_connectors.sdk.contract import Holding
from sauma_connectors.sdk.files import Damaged, Fault
from sauma_connectors.sdk.tables import read_table


def holdings(folder: Path, henkilotunnus: str) -> list[Holding]:
    """Everything held about a client: what was delivered and is kept up to date, and own rows. Raises `Damaged`.

    For an own row the newer one counts: the row as Kela has it, or the version of it that was made elsewhere.
    """
    held = {
        row.alkupera: Holding(FactId(row.alkupera), row.versio, row.tila, row.sisalto)
        for row in read_answers(folder, henkilotunnus).values()
        if row.paivitys == CURRENT
    }
    links = read_links(folder, henkilotunnus)
    own = _own_rows(folder, henkilotunnus) if links else {}
    for link in links.values():
        if link.paivitys != CURRENT:
            continue
        known = held.get(link.alkupera)
        if known is not None and known.version >= link.versio:
            continue
        held.pop(link.alkupera, None)
        if link.oma_rivi in own:
            status, content = own[link.oma_rivi]
            held[link.alkupera] = Holding(FactId(link.alkupera), link.versio, status, content)
    return list(held.values())


def _own_rows(folder: Path, henkilotunnus: str) -> dict[str, tuple[str, Content]]:
    """Status and content of the client's own rows that became facts, by row key; raises `Damaged`."""
    found: dict[str, tuple[str, Content]] = {}
    for name in ("lahetteet", *STANDING, "ehdotukset"):
        table = read_table(folder / f"{name}.csv", LISTS[name], trailer=TRAILER)
        for row in table.rows:
            if isinstance(row, Fault) or row.cells["henkilotunnus"] != henkilotunnus:
                if isinstance(row, Fault) and row.line == 0 and row.reason != "no-file":
                    raise Damaged(row.detail, file=row.file)
                continue
            try:
                found.update(_own_row(ListRow(name, row.line, row.cells)))
            except Untranslatable:
                continue  # it was never sent, or its correction has been: the source tells the agency
    return found


def _own_row(row: ListRow) -> dict[str, tuple[str, Content]]:
    if row.list in STANDING:
        return {row.key: (row.code("tila", STATES), CONTENTS.read(STANDING[row.list].kind, row.cells))}
    if row.list == "ehdotukset":
        content = from_any_cells(row.cells)
        return {row.key: ("made", content)} if content else {}
    identity = Identity(row.cells["henkilotunnus"], row.cells["sukunimi"], row.cells["etunimet"])
    # A referral's row becomes two facts, which the SDK tells apart in this way.
    referral = CONTENTS.read("referral", row.cells)
    return {f"{row.key}#referral": ("open", referral), f"{row.key}#identity": ("open", identity)}
