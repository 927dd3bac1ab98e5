"""Writes each content into the columns that Kela has for it and reads it back without loss; knows no file and no client."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields

from sauma.content import (
    Approval,
    Background,
    Capacity,
    ClientRelationship,
    Contact,
    Content,
    Goal,
    HealthNote,
    Identity,
    JobSearchObligation,
    Measurement,
    PlanItem,
    Referral,
    Review,
    ServiceNeed,
    SocialSituation,
)

YES, NO = "kylla", "ei"


class NotTranslatable(Exception):
    """This row is refused; `reason` is a code, `what` says what is wrong and what to do, and repeats no value."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(f"{reason}: {what}")
        self.reason = reason
        self.what = what


@dataclass(frozen=True, slots=True)
class Shape:
    """How one content type stands in Kela's tables: its code, and a column for each field in order."""

    code: str
    content: type[Content]
    columns: tuple[str, ...]


SHAPES = (
    Shape("henkilotiedot", Identity, ("tiedon_henkilotunnus", "sukunimi", "etunimet")),
    Shape("yhteystiedot", Contact, ("katuosoite", "postinumero", "postitoimipaikka", "puhelin", "asiointikieli")),
    Shape("asiointi", ClientRelationship, ("asiointi", "erityisjarjestelyt")),
    Shape("tausta", Background, ("koulutus", "tyohistoria", "osaaminen")),
    Shape("sosiaalinen_tilanne", SocialSituation, ("sosiaalinen_tilanne",)),
    Shape("toimintakyky", Capacity, ("paatelma", "rajoitteet", "voimassa_asti")),
    Shape("terveysmerkinta", HealthNote, ("terveysmerkinta",)),
    Shape("palvelutarve", ServiceNeed, ("tarve", "tarpeen_perustelu")),
    Shape("palvelu", PlanItem, ("palvelukoodi", "palvelu", "palvelun_tavoite", "paikka", "aikataulu")),
    Shape("tavoite", Goal, ("yhteinen_tavoite",)),
    Shape("tyonhakuvelvollisuus", JobSearchObligation, ("velvollisuus", "poistettu", "velvollisuuden_perustelu")),
    Shape("tarkistaminen", Review, ("sovittu_seuranta", "seuraava_tarkistus")),
    Shape("hyvaksyminen", Approval, ("kattaa", "lausuma", "allekirjoitettu")),
    Shape("lahete", Referral, ("pyydetty_palvelu", "lahetteen_perustelu", "yhteyshenkilo")),
    Shape("mittaus", Measurement, ("mittari", "mitattu")),
)
BY_CODE: Mapping[str, Shape] = {shape.code: shape for shape in SHAPES}
BY_TYPE: Mapping[type[Content], Shape] = {shape.content: shape for shape in SHAPES}
CONTENT_COLUMNS = ("sisalto", *(column for shape in SHAPES for column in shape.columns))
"""`sisalto` says which content type the row has; the columns of the other types are empty then."""


def columns_of(content: type[Content]) -> tuple[str, ...]:
    """The columns of one content type, for a list that holds no other."""
    return BY_TYPE[content].columns


def to_cells(content: Content) -> dict[str, str]:
    """The content in its own columns, without `sisalto`."""
    shape = BY_TYPE[type(content)]
    values = (getattr(content, field.name) for field in fields(shape.content))
    return {column: _cell(value) for column, value in zip(shape.columns, values, strict=True)}


def to_any_cells(content: Content | None) -> dict[str, str]:
    """All content columns: `sisalto`, the content's own, and the others empty."""
    empty = dict.fromkeys(CONTENT_COLUMNS, "")
    return empty if content is None else {**empty, "sisalto": BY_TYPE[type(content)].code, **to_cells(content)}


def from_cells(content: type[Content], cells: Mapping[str, str]) -> Content:
    """The content of this type; raises `NotTranslatable` for a cell that cannot be of its field."""
    shape = BY_TYPE[content]
    values = {
        field.name: _value(field.type, cells[column], column)
        for field, column in zip(fields(content), shape.columns, strict=True)
    }
    return content(**values)  # type: ignore[arg-type] # the fields' own types, by `_value`


def from_any_cells(cells: Mapping[str, str]) -> Content | None:
    """The content that `sisalto` names, or None where it is empty."""
    code = cells["sisalto"]
    if not code:
        return None
    shape = BY_CODE.get(code)
    if shape is None:
        raise NotTranslatable("unknown-code", f"sisalto is none of {', '.join(BY_CODE)}")
    return from_cells(shape.content, cells)


def pack(items: Iterable[str]) -> str:
    """Several texts in one cell: each followed by `|`, so that no text and one empty text differ."""
    return "".join(item.replace("\\", "\\\\").replace("|", "\\|") + "|" for item in items)


def unpack(cell: str, column: str) -> tuple[str, ...]:
    """The texts that `pack` was given; raises `NotTranslatable` for a cell that it did not make."""
    items: list[str] = []
    item = ""
    characters = iter(cell)
    for character in characters:
        if character == "|":
            items.append(item)
            item = ""
        else:
            item += next(characters, "") if character == "\\" else character
    if item:
        raise NotTranslatable("wrong-shape", f"{column} is a list in which each item ends with |")
    return tuple(items)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    return pack(value) if isinstance(value, tuple) else str(value)


def _value(kind: object, cell: str, column: str) -> str | bool | tuple[str, ...]:
    if kind is bool:
        if cell not in (YES, NO):
            raise NotTranslatable("unknown-code", f"{column} is {YES} or {NO}")
        return cell == YES
    return cell if kind is str else unpack(cell, column)
