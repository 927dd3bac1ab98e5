"""What was delivered about one client, one row a fact, as it stands in Kela's answer file; knows no list and no law."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sauma.content import Content
from sauma.fact import Moment
from sauma_connectors.kela.codes import KINDS, code_of
from sauma_connectors.kela.contents import CONTENT_COLUMNS, from_any_cells, pack, to_any_cells, unpack
from sauma_connectors.kela.own_files import PARTS, read_own, write_own
from sauma_connectors.sdk.cells import Untranslatable, number
from sauma_connectors.sdk.moments import moment_of, text_of

ANSWERS = PARTS[0]

CURRENT, STOPPED, WRONG = "paivittyy", "ei_paivity", "virheellinen"
UPDATES = (CURRENT, STOPPED, WRONG)
"""Whether a row is kept up to date, is kept as it was when the right to updates ended, or was wrong from the start."""

_COLUMNS = (
    *(
        "henkilotunnus",
        "alkupera",
        "laji",
        "tietoryhma",
        "kasittely",
        "versio",
        "tila",
        "paivitys",
        "omistaja",
        "saanto",
    ),
    *("luovuttajan_peruste", "saajan_peruste", "kayttotarkoitus", "tahdonilmaisu", "tiiviste", "suunnitelma", "lahete"),
    *("kohde", "kohdeversio", "alkaa", "paattyy", "oma_rivi", "selkotiedot"),
    *CONTENT_COLUMNS,
)


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


def read_answers(folder: Path, henkilotunnus: str) -> dict[str, AnswerRow]:
    """The rows about a client by fact id; raises `Damaged`."""
    return {row.alkupera: row for row in read_own(folder, ANSWERS, henkilotunnus, _COLUMNS, _answer_row)}


def write_answers(folder: Path, henkilotunnus: str, rows: Iterable[AnswerRow]) -> None:
    """Put the client's file in place; without rows there is no file. Raises OSError; OverflowError for a year over 9999."""
    write_own(folder, ANSWERS, henkilotunnus, _COLUMNS, [_answer_cells(henkilotunnus, row) for row in rows])


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
        "alkaa": text_of(row.alkaa),
        "paattyy": text_of(row.paattyy),
        "oma_rivi": row.oma_rivi or "",
        "selkotiedot": pack(f"{name}={value}" for name, value in row.selkotiedot.items()),
        **to_any_cells(row.sisalto),
    }


def _answer_row(cells: Mapping[str, str]) -> AnswerRow:
    if cells["laji"] not in KINDS or cells["paivitys"] not in UPDATES:
        raise Untranslatable("unknown-code", "laji or paivitys has an unknown code")
    return AnswerRow(
        alkupera=cells["alkupera"],
        laji=KINDS[cells["laji"]],
        tietoryhma=number("tietoryhma", cells["tietoryhma"], least=1),
        kasittely=cells["kasittely"],
        versio=number("versio", cells["versio"], least=1),
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
        kohdeversio=number("kohdeversio", cells["kohdeversio"], least=1) if cells["kohdeversio"] else 0,
        alkaa=moment_of(cells["alkaa"]) if cells["alkaa"] else None,
        paattyy=moment_of(cells["paattyy"]) if cells["paattyy"] else None,
        oma_rivi=cells["oma_rivi"] or None,
        selkotiedot=dict(_pair(item) for item in unpack(cells["selkotiedot"])),
        sisalto=from_any_cells(cells),
        paivitys=cells["paivitys"],
    )


def _pair(item: str) -> tuple[str, str]:
    name, _, value = item.partition("=")
    return name, value
