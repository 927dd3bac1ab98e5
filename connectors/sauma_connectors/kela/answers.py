"""Kela's answer files: what was delivered about one client, and which shared facts its own rows have become."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from sauma.content import Content, Identity
from sauma.fact import Moment
from sauma_connectors.kela.content import (
    CONTENT_COLUMNS,
    NotTranslatable,
    from_any_cells,
    from_cells,
    pack,
    to_any_cells,
    unpack,
)
from sauma_connectors.kela.wire import (
    KINDS,
    LISTS,
    STANDING,
    STATES,
    TRAILER,
    ListRow,
    code_of,
    read_moment,
    read_number,
    write_moment,
)
from sauma_connectors.sdk.tables import (
    Fault,
    Row,
    Table,
    make_folder,
    make_name_key,
    name_key,
    own_name,
    read_table,
    remove_file,
    write_table,
)

ANSWERS, LINKS, NOTICES = "vastaukset_kelalle", "linkit", "ilmoitukset.csv"

CURRENT, STOPPED, WRONG = "paivittyy", "ei_paivity", "virheellinen"
UPDATES = (CURRENT, STOPPED, WRONG)
"""Whether a row is kept up to date, is kept as it was when the right to updates ended, or was wrong from the start."""

_COLUMNS = (
    *("henkilotunnus", "alkupera", "laji", "tietoryhma", "kasittely", "versio", "tila", "paivitys", "omistaja", "saanto"),
    *("luovuttajan_peruste", "saajan_peruste", "kayttotarkoitus", "tahdonilmaisu", "tiiviste", "suunnitelma", "lahete"),
    *("kohde", "kohdeversio", "alkaa", "paattyy", "oma_rivi", "selkotiedot"),
    *CONTENT_COLUMNS,
)
_LINK_COLUMNS = ("henkilotunnus", "oma_rivi", "alkupera", "versio")
NOTICE_COLUMNS = ("henkilotunnus", "koodi", "syy", "viite", "oma_rivi")


class Damaged(Exception):
    """One of Kela's answer files cannot be read: nothing is written over it until a person has restored it."""


@dataclass(frozen=True, slots=True)
class AnswerRow:
    """One shared fact as Kela keeps it."""

    alkupera: str
    laji: str
    """The kind by its shared name; the file has Kela's code for it."""
    tietoryhma: int
    kasittely: str
    versio: int
    tila: str
    omistaja: str
    saanto: str
    luovuttajan_peruste: str
    saajan_peruste: str
    kayttotarkoitus: str
    tahdonilmaisu: str | None
    tiiviste: bytes
    suunnitelma: str | None
    lahete: str | None
    kohde: str | None
    kohdeversio: int
    alkaa: Moment | None
    paattyy: Moment | None
    oma_rivi: str | None
    selkotiedot: Mapping[str, str]
    sisalto: Content | None = field(repr=False)
    paivitys: str = CURRENT


class Held(NamedTuple):
    """One fact that this register holds, in clear text."""

    fact: str
    version: int
    status: str
    content: Content | None


@dataclass(frozen=True, slots=True)
class Link:
    """Which shared fact an own row is, and its latest version."""

    oma_rivi: str
    alkupera: str
    versio: int


# --- what was delivered -------------------------------------------------------------------------------------------


def read_answers(folder: Path, henkilotunnus: str) -> dict[str, AnswerRow]:
    """The rows about a client by fact id; raises `Damaged`."""
    return {row.alkupera: row for row in map(_answer_row, _read_own(folder, ANSWERS, henkilotunnus, _COLUMNS))}


def write_answers(folder: Path, henkilotunnus: str, rows: Iterable[AnswerRow]) -> None:
    """Put the client's file in place; without rows there is no file. Raises OSError; OverflowError for a year over 9999."""
    _write_own(folder, ANSWERS, henkilotunnus, _COLUMNS, [_answer_cells(henkilotunnus, row) for row in rows])


def _answer_cells(henkilotunnus: str, row: AnswerRow) -> dict[str, str]:
    return {
        "henkilotunnus": henkilotunnus,
        "alkupera": row.alkupera,
        "laji": code_of(KINDS, row.laji),
        "tietoryhma": str(row.tietoryhma),
        "kasittely": row.kasittely,
        "versio": str(row.versio),
        "tila": row.tila,
        "paivitys": row.paivitys,
        "omistaja": row.omistaja,
        "saanto": row.saanto,
        "luovuttajan_peruste": row.luovuttajan_peruste,
        "saajan_peruste": row.saajan_peruste,
        "kayttotarkoitus": row.kayttotarkoitus,
        "tahdonilmaisu": row.tahdonilmaisu or "",
        "tiiviste": row.tiiviste.hex(),
        "suunnitelma": row.suunnitelma or "",
        "lahete": row.lahete or "",
        "kohde": row.kohde or "",
        "kohdeversio": str(row.kohdeversio) if row.kohdeversio else "",
        "alkaa": write_moment(row.alkaa),
        "paattyy": write_moment(row.paattyy),
        "oma_rivi": row.oma_rivi or "",
        "selkotiedot": pack(f"{name}={value}" for name, value in row.selkotiedot.items()),
        **to_any_cells(row.sisalto),
    }


def _answer_row(cells: Mapping[str, str]) -> AnswerRow:
    if cells["laji"] not in KINDS or cells["paivitys"] not in UPDATES:
        raise Damaged("an answer file has an unknown code in laji or paivitys: restore it from a backup")
    try:
        return AnswerRow(
            alkupera=cells["alkupera"],
            laji=KINDS[cells["laji"]],
            tietoryhma=read_number(cells["tietoryhma"], "tietoryhma"),
            kasittely=cells["kasittely"],
            versio=read_number(cells["versio"], "versio"),
            tila=cells["tila"],
            omistaja=cells["omistaja"],
            saanto=cells["saanto"],
            luovuttajan_peruste=cells["luovuttajan_peruste"],
            saajan_peruste=cells["saajan_peruste"],
            kayttotarkoitus=cells["kayttotarkoitus"],
            tahdonilmaisu=cells["tahdonilmaisu"] or None,
            tiiviste=bytes.fromhex(cells["tiiviste"]),
            suunnitelma=cells["suunnitelma"] or None,
            lahete=cells["lahete"] or None,
            kohde=cells["kohde"] or None,
            kohdeversio=read_number(cells["kohdeversio"], "kohdeversio") if cells["kohdeversio"] else 0,
            alkaa=read_moment(cells["alkaa"], "alkaa") if cells["alkaa"] else None,
            paattyy=read_moment(cells["paattyy"], "paattyy") if cells["paattyy"] else None,
            oma_rivi=cells["oma_rivi"] or None,
            selkotiedot=dict(_pair(item) for item in unpack(cells["selkotiedot"], "selkotiedot")),
            sisalto=from_any_cells(cells),
            paivitys=cells["paivitys"],
        )
    except (NotTranslatable, ValueError) as error:
        reason = error.what if isinstance(error, NotTranslatable) else "tiiviste is not hexadecimal"
        raise Damaged(f"an answer file cannot be read ({reason}): restore it from a backup") from None


def _pair(item: str) -> tuple[str, str]:
    name, _, value = item.partition("=")
    return name, value


# --- links --------------------------------------------------------------------------------------------------------


def read_links(folder: Path, henkilotunnus: str) -> dict[str, Link]:
    """The client's own rows by fact id; raises `Damaged`."""
    rows = _read_own(folder, LINKS, henkilotunnus, _LINK_COLUMNS)
    try:
        links = [Link(row["oma_rivi"], row["alkupera"], read_number(row["versio"], "versio")) for row in rows]
    except NotTranslatable as error:
        raise Damaged(f"a file of links cannot be read ({error.what}): restore it from a backup") from None
    return {link.alkupera: link for link in links}


def write_link(folder: Path, henkilotunnus: str, link: Link) -> None:
    """Remember the link; an older version than the one that is known changes nothing. Raises `Damaged` and OSError."""
    links = read_links(folder, henkilotunnus)
    known = links.get(link.alkupera)
    if known is not None and known.versio >= link.versio:
        return
    links[link.alkupera] = link
    cells = [
        {"henkilotunnus": henkilotunnus, "oma_rivi": x.oma_rivi, "alkupera": x.alkupera, "versio": str(x.versio)}
        for x in links.values()
    ]
    _write_own(folder, LINKS, henkilotunnus, _LINK_COLUMNS, cells)


# --- notices ------------------------------------------------------------------------------------------------------


def read_notices(folder: Path) -> list[dict[str, str]]:
    """What the clerk has to know, oldest first; raises `Damaged`."""
    return [dict(row) for row in _rows(read_table(folder / NOTICES, NOTICE_COLUMNS), is_needed=False)]


def write_notice(folder: Path, cells: Mapping[str, str]) -> None:
    """Add a notice, once; raises `Damaged` and OSError."""
    notices = read_notices(folder)
    if dict(cells) not in notices:
        make_folder(folder)
        write_table(folder / NOTICES, NOTICE_COLUMNS, [*notices, cells])


# --- all that is held ---------------------------------------------------------------------------------------------


def holdings(folder: Path, henkilotunnus: str) -> list[Held]:
    """Everything held about a client: what was delivered and is kept up to date, and own rows. Raises `Damaged`.

    For an own row the newer one counts: the row as Kela has it, or the version of it that was made elsewhere.
    """
    held = {
        row.alkupera: Held(row.alkupera, row.versio, row.tila, row.sisalto)
        for row in read_answers(folder, henkilotunnus).values()
        if row.paivitys == CURRENT
    }
    links = read_links(folder, henkilotunnus)
    own = _own_rows(folder, henkilotunnus) if links else {}
    for link in links.values():
        key = _IDENTITY if link.oma_rivi not in own and "identity" in link.oma_rivi else link.oma_rivi
        known = held.get(link.alkupera)
        if key in own and (known is None or known.version < link.versio):
            status, content = own[key]
            held[link.alkupera] = Held(link.alkupera, link.versio, status, content)
    return list(held.values())


_IDENTITY = "identity"
"""An identity has no row of its own in Kela's lists: it stands in the referral's."""


def _own_rows(folder: Path, henkilotunnus: str) -> dict[str, tuple[str, Content]]:
    """Status and content of the client's own rows that became facts, by row key; raises `Damaged`."""
    found: dict[str, tuple[str, Content]] = {}
    for name in ("lahetteet", *STANDING, "ehdotukset"):
        table = read_table(folder / f"{name}.csv", LISTS[name], trailer=TRAILER)
        for row in table.rows:
            if isinstance(row, Fault) or row.cells["henkilotunnus"] != henkilotunnus:
                if isinstance(row, Fault) and row.line == 0 and row.reason != "no-file":
                    raise Damaged(row.detail)
                continue
            try:
                found.update(_own_row(ListRow(name, row.line, row.cells)))
            except NotTranslatable:
                continue  # it was never sent, or its correction has been: the source tells the agency
    return found


def _own_row(row: ListRow) -> dict[str, tuple[str, Content]]:
    if row.list in STANDING:
        return {row.key: (row.code("tila", STATES), from_cells(STANDING[row.list].content, row.cells))}
    if row.list == "ehdotukset":
        content = from_any_cells(row.cells)
        return {row.key: ("made", content)} if content else {}
    identity = Identity(row.cells["henkilotunnus"], row.cells["sukunimi"], row.cells["etunimet"])
    return {row.key: ("open", from_cells(_REFERRAL, row.cells)), _IDENTITY: ("open", identity)}


# --- files of one client ------------------------------------------------------------------------------------------


def _read_own(
    folder: Path, part: str, henkilotunnus: str, columns: tuple[str, ...]
) -> list[Mapping[str, str]]:
    key = name_key(folder)
    if key is None:
        return []
    rows = _rows(read_table(folder / part / f"{own_name(key, henkilotunnus)}.csv", columns, trailer=TRAILER))
    if any(row["henkilotunnus"] != henkilotunnus for row in rows):
        raise Damaged(f"a file in {part} is about somebody else: restore the folder from a backup")
    return rows


def _write_own(
    folder: Path, part: str, henkilotunnus: str, columns: tuple[str, ...], rows: list[dict[str, str]]
) -> None:
    path = folder / part / f"{own_name(make_name_key(folder), henkilotunnus)}.csv"
    if rows:
        make_folder(path.parent)
        write_table(path, columns, rows, trailer=TRAILER)
    elif path.parent.is_dir():
        remove_file(path)


def _rows(table: Table, *, is_needed: bool = False) -> list[Mapping[str, str]]:
    """The cells of a table of our own, in which there are no faults; a file that is not there has no rows."""
    rows: list[Mapping[str, str]] = []
    for row in table.rows:
        if isinstance(row, Row):
            rows.append(row.cells)
        elif row.reason != "no-file" or is_needed:
            raise Damaged(row.detail)
    return rows
