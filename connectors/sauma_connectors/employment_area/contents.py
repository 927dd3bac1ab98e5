"""Turns contents into the columns of the register's tables and back, without loss; knows no file and no client.

A content's code (`sisalto`) is the code of the kind that it usually has. A proposal and a conflict have the code of the
item that they are about, so that their content is read back as what it is.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, fields
from typing import Any, Final

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
from sauma_connectors.employment_area.codes import NO, YES


class UnreadableContent(Exception):
    """The cells do not make a content: a reason code, and which column or code it is; never a value."""

    def __init__(self, reason: str, where: str) -> None:
        super().__init__(f"{reason}: {where}")
        self.reason = reason
        self.where = where


@dataclass(frozen=True, slots=True)
class Shape:
    """One content type: its columns, in the order of the type's fields."""

    type: type[Content]
    columns: tuple[str, ...]


SHAPES: Final[Mapping[str, Shape]] = {
    "henkilotiedot": Shape(Identity, ("tiedon_henkilotunnus", "sukunimi", "etunimet")),
    "yhteystiedot": Shape(Contact, ("katuosoite", "postinumero", "postitoimipaikka", "puhelin", "asiointikieli")),
    "asiointi": Shape(ClientRelationship, ("asiointi", "erityisjarjestelyt")),
    "tausta": Shape(Background, ("koulutus", "tyohistoria", "osaaminen")),
    "sosiaalinen-tilanne": Shape(SocialSituation, ("sosiaalinen_tilanne",)),
    "toimintakyky": Shape(Capacity, ("johtopaatos", "rajoitteet", "arvio_voimassa")),
    "terveysmerkinta": Shape(HealthNote, ("terveysmerkinta",)),
    "palvelutarve": Shape(ServiceNeed, ("palvelutarve", "perustelu")),
    "toimi": Shape(PlanItem, ("toimikoodi", "palvelu", "toimtavoite", "paikka", "aikataulu")),
    "tavoite": Shape(Goal, ("tavoite",)),
    "tyonhakuvelvollisuus": Shape(JobSearchObligation, ("velvollisuus", "velvollisuus_poistettu", "perustelu")),
    "seuranta": Shape(Review, ("sovittu", "toimviimpvm")),
    "hyvaksynta": Shape(Approval, ("kattaa", "lausuma", "allekpvm")),
    "lahete": Shape(Referral, ("palvelu", "perustelu", "yhteyshenkilo")),
    "mittaus": Shape(Measurement, ("mittari", "mittauspvm")),
}

_CODE_OF: Final = {shape.type: code for code, shape in SHAPES.items()}


def columns_of(codes: Iterable[str]) -> tuple[str, ...]:
    """The columns of these contents, each once."""
    return tuple(dict.fromkeys(column for code in codes for column in SHAPES[code].columns))


def content_code(content: Content) -> str:
    """The code of the content's type."""
    return _CODE_OF[type(content)]


def write_content(content: Content) -> dict[str, str]:
    """The content's cells, by column."""
    shape = SHAPES[content_code(content)]
    values = (getattr(content, field.name) for field in fields(content))
    return {column: _cell(value) for column, value in zip(shape.columns, values, strict=True)}


def read_content(code: str, cells: Mapping[str, str]) -> Content:
    """The content of this code in a row's cells; raises UnreadableContent."""
    shape = SHAPES.get(code)
    if shape is None:
        raise UnreadableContent("unknown-code", "sisalto")
    values: dict[str, Any] = {}
    for column, field in zip(shape.columns, fields(shape.type), strict=True):
        if column not in cells:
            raise UnreadableContent("wrong-shape", column)
        values[field.name] = _value(column, field.type, cells[column])
    return shape.type(**values)


def _cell(value: object) -> str:
    if isinstance(value, bool):
        return YES if value else NO
    return join_list(value) if isinstance(value, tuple) else str(value)


def _value(column: str, kind: object, cell: str) -> str | bool | tuple[str, ...]:
    if kind is bool:
        if cell not in (YES, NO):
            raise UnreadableContent("unknown-code", column)
        return cell == YES
    return cell if kind is str else split_list(cell)


# A list is one cell, its members parted by spaces. Inside a member, \s is a space, \\ a backslash; \e is an empty member.
_ESCAPED = re.compile(r"\\([se\\])")
_MEANS = {"s": " ", "e": "", "\\": "\\"}


def join_list(members: Iterable[str]) -> str:
    """The members in one cell."""
    return " ".join(member.replace("\\", "\\\\").replace(" ", "\\s") or "\\e" for member in members)


def split_list(cell: str) -> tuple[str, ...]:
    """The members of a cell, as `join_list` was given them."""
    return tuple(_ESCAPED.sub(lambda found: _MEANS[found[1]], member) for member in cell.split(" ") if member)
