"""Translates Kela's lists into statements; a row that cannot be translated becomes an `Unreadable` and costs nothing else."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path

from sauma.content import Content, Identity
from sauma.fact import Moment
from sauma.ids import EndpointId, FactId
from sauma.places import Places, Resident
from sauma_connectors.kela.codes import ANSWERS, CHANGES, ROLES, STATES, STEPS
from sauma_connectors.kela.contents import CONTENT_COLUMNS, CONTENTS, from_any_cells
from sauma_connectors.kela.wire import LISTS, ORIGIN, STANDING, TRAILER, ListRow
from sauma_connectors.sdk import cells
from sauma_connectors.sdk.cells import Untranslatable
from sauma_connectors.sdk.contract import (
    Act,
    Answered,
    ClientChanged,
    Confirmed,
    FactRow,
    Mark,
    Proposed,
    ReferralMade,
    RelationshipStep,
    Shared,
    Snapshot,
    Statement,
    Unreadable,
)
from sauma_connectors.sdk.files import Fault
from sauma_connectors.sdk.tables import read_table


def read(folder: Path, places: Places) -> Snapshot:
    """Every list of the folder as statements, in the order in which their rows were recorded.

    The snapshot is complete only where every list was whole and every row of the lists that stand could be told by its
    key: a row that is unreadable today is not gone, and must not be closed.
    """
    said: list[Statement | Unreadable] = []
    standing: dict[str, Statement] = {}
    is_complete = True
    # The lists that stand come first, so that an answer finds the row it speaks of.
    for name in sorted(LISTS, key=lambda name: name not in STANDING):
        of_list, is_whole = _read_list(folder, name, places, standing)
        said += of_list
        is_complete = is_complete and is_whole
    return Snapshot(tuple(sorted(said, key=_order)), is_complete)


def _order(said: Statement | Unreadable) -> tuple[bool, Moment, bool]:
    if isinstance(said, Unreadable):
        return True, Moment(0), False
    # An answer comes before the row that it changed at the same moment: the change is the answer's.
    return False, said.occurred_at, isinstance(said.says, FactRow)


def _read_list(
    folder: Path, name: str, places: Places, standing: dict[str, Statement]
) -> tuple[list[Statement | Unreadable], bool]:
    """What one list says, and whether nothing that stands in it is missed; its standing rows are put into `standing`."""
    table = read_table(folder / f"{name}.csv", LISTS[name], trailer=TRAILER)
    said: dict[str, Statement | Unreadable] = {}
    for row in table.rows:
        one = _fault(row) if isinstance(row, Fault) else _said(ListRow(name, row.line, row.cells), places, standing)
        if one is None:
            continue
        if one.row in said:
            one = _unreadable(name, row.line, f"{name}.csv:{row.line}", _TWICE)
        said[one.row] = one
        if isinstance(one, Statement) and isinstance(one.says, FactRow):
            standing[one.row] = one
    is_missed = name in STANDING and any(key.startswith(f"{name}.csv") for key in said)
    return list(said.values()), table.is_whole and not is_missed


_TWICE = Untranslatable("duplicate-row", "the rivitunnus stands in this list twice; give one of the rows its own")


def _fault(fault: Fault) -> Unreadable:
    where = f"{fault.file}:{fault.line}" if fault.line else fault.file
    return Unreadable(where, fault.reason, fault.detail)


def _unreadable(name: str, line: int, key: str, why: Untranslatable) -> Unreadable:
    return Unreadable(key, why.reason, f"{name}.csv line {line}: {why.what}; correct the row and export again")


def _said(row: ListRow, places: Places, standing: Mapping[str, Statement]) -> Statement | Unreadable | None:
    """The row's statement; None for a row that came from outside."""
    key = f"{row.list}.csv:{row.line}"
    try:
        key = row.key
        if row.cells.get(ORIGIN):
            return None
        says = _standing(row) if row.list in STANDING else _ACTS[row.list](row, places, standing)
        person = cells.person("henkilotunnus", row.cells["henkilotunnus"])
        return Statement(key, person, says, row.moment("kirjattu"))
    except Untranslatable as why:
        return _unreadable(row.list, row.line, key, why)


def _standing(row: ListRow) -> FactRow:
    of = STANDING[row.list]
    fact = FactRow(
        kind=of.kind,
        category=of.category,
        content=CONTENTS.read(of.kind, row.cells),
        necessary_for=_marks(row),
        affects_employment_at=row.moment_or_none("vaikutus_kirjattu"),
        is_closed=row.code("tila", STATES) == "closed",
    )
    if of.kind != "plan-item":
        return fact
    return replace(
        fact,
        plan=Shared(row.given("suunnitelma")),
        starts=row.moment_or_none("alkaa"),
        ends=row.moment_or_none("paattyy"),
    )


def _marks(row: ListRow) -> tuple[Mark, ...]:
    roles = [cells.code("tarpeellinen", code, ROLES) for code in row.cells["tarpeellinen"].split()]
    return tuple(Mark(role, row.moment("tarpeellisuus_kirjattu")) for role in roles)


def _referral(row: ListRow, places: Places, _: Mapping[str, Statement]) -> Act:
    identity = Identity(row.cells["henkilotunnus"], row.given("sukunimi"), row.given("etunimet"))
    return ReferralMade(
        to_role=row.code("kohde", ROLES),
        municipality=_municipality(row, places),
        referral=FactRow("referral", 6, CONTENTS.read("referral", row.cells)),
        identity=FactRow("identity", 1, identity),
    )


def _municipality(row: ListRow, places: Places) -> str:
    """The municipality's code; one that nobody serves by this law (Åland) is refused too."""
    code = row.given("kuntanumero")
    if not isinstance(places.resident(code), Resident):
        raise Untranslatable("unknown-municipality", "kuntanumero is none of the municipalities in use (three digits)")
    return code


def _confirmation(row: ListRow, _places: Places, _: Mapping[str, Statement]) -> Act:
    digest = cells.digest("tiiviste", row.cells["tiiviste"])
    return Confirmed(FactId(row.given("tieto")), row.number("versio"), digest)


def _proposal(row: ListRow, _places: Places, _: Mapping[str, Statement]) -> Act:
    category = row.number("tietoryhma")
    if category > 7:
        raise Untranslatable("unknown-code", "tietoryhma is 1-7 (TYM 381/2023 11.2 §)")
    return Proposed(FactId(row.given("kohde")), row.number("kohdeversio"), _content(row), category)


def _answer(row: ListRow, _places: Places, standing: Mapping[str, Statement]) -> Act:
    step = row.code("vastaus", ANSWERS)
    key = row.given("oma_rivi")
    item = standing.get(key)
    if item is None or item.person.henkilotunnus != row.cells["henkilotunnus"] or not isinstance(item.says, FactRow):
        raise Untranslatable(
            "unknown-row", "oma_rivi is no row of this client that can be read now; write <list>/<rivitunnus>"
        )
    if step == "decline":
        return Answered(step, FactId(row.given("ehdotus")), key)
    content = _same_type(_content(row), item.says.content)
    return Answered(step, FactId(row.given("ehdotus")), key, replace(item.says, content=content))


def _content(row: ListRow) -> Content:
    content = from_any_cells({column: row.cells[column] for column in CONTENT_COLUMNS})
    if content is None:
        raise Untranslatable("wrong-shape", "sisalto is empty: the row has to say what the item reads from now on")
    return content


def _same_type(content: Content, item: Content) -> Content:
    if type(content) is not type(item):
        raise Untranslatable("wrong-shape", "sisalto is of another type than oma_rivi")
    return content


def _relationship(row: ListRow, _places: Places, _: Mapping[str, Statement]) -> Act:
    on_behalf_of = EndpointId(row.cells["puolesta"]) if row.cells["puolesta"] else None
    return RelationshipStep(row.code("vaihe", STEPS), row.cells["asiakirja"] or None, on_behalf_of)


def _change(row: ListRow, places: Places, _: Mapping[str, Statement]) -> Act:
    change = row.code("muutos", CHANGES)
    municipality = _municipality(row, places) if change == "moved" else None
    until: Moment | None = row.moment_or_none("voimassa_saakka") if change == "non-disclosure" else None
    return ClientChanged(change, municipality, until)


_ACTS: Mapping[str, Callable[[ListRow, Places, Mapping[str, Statement]], Act]] = {
    "lahetteet": _referral,
    "suunnitelman_vahvistukset": _confirmation,
    "ehdotukset": _proposal,
    "vastaukset": _answer,
    "yhteistyo": _relationship,
    "muutokset": _change,
}
