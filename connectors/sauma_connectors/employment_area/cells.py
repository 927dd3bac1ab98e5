"""Reads the cells that only this register's tables have: yes and no, ids, registers, marks. No text repeats a cell."""

import re
from datetime import date
from typing import Final

from sauma.ids import EndpointId, FactId
from sauma.places import Places, UnknownMunicipality
from sauma_connectors.employment_area.codes import NO, ROLES, YES
from sauma_connectors.employment_area.contents import split_list
from sauma_connectors.sdk.cells import Untranslatable, code, moment
from sauma_connectors.sdk.contract import Mark, Own, Reference, Shared

_SHARED_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_ENDPOINT: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def yes_or_no(column: str, text: str) -> bool:
    """K, E, or empty for E."""
    if text not in (YES, NO, ""):
        raise Untranslatable("unknown-code", f"{column} is neither {YES} nor {NO}")
    return text == YES


def day(column: str, text: str) -> None:
    """Refuse what is neither empty nor a day as YYYY-MM-DD."""
    try:
        is_day = not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_day = False
    if not is_day:
        raise Untranslatable("wrong-shape", f"{column} is not a day as YYYY-MM-DD")


def shared_id(column: str, text: str) -> str:
    """An id that a delivery brought."""
    if not _SHARED_ID.fullmatch(text):
        raise Untranslatable("wrong-shape", f"{column} is not an id as it was received")
    return text


def fact_id(column: str, text: str) -> FactId:
    """The id of a fact that a delivery brought."""
    return FactId(shared_id(column, text))


def endpoint(column: str, text: str) -> EndpointId:
    """A register's name; whether there is such a register is not known here."""
    if not _ENDPOINT.fullmatch(text):
        raise Untranslatable("wrong-shape", f"{column} names a register in a wrong form: a-z, 0-9 and single '-'")
    return EndpointId(text)


def endpoints(column: str, text: str) -> tuple[EndpointId, ...]:
    """Registers, parted by spaces."""
    return tuple(endpoint(column, member) for member in split_list(text))


def municipality(text: str, places: Places) -> str:
    """A municipality's code, also one that is no longer in use but known."""
    if isinstance(places.resident(text), UnknownMunicipality):
        raise Untranslatable("unknown-municipality", "kuntakoodi is no municipality's three-digit code")
    return text


def reference(*, own_column: str, own: str, shared_column: str, shared: str) -> Reference:
    """By an own key or by a shared id, never by both."""
    if bool(own) == bool(shared):
        raise Untranslatable("wrong-shape", f"exactly one of {own_column} and {shared_column} has to be filled")
    return Shared(shared_id(shared_column, shared)) if shared else Own(own)


def marks(text: str) -> tuple[Mark, ...]:
    """`<role> <moment>`, parted by commas; no role twice."""
    found: dict[str, Mark] = {}
    for member in filter(None, (part.strip() for part in text.split(","))):
        role, _, when = member.partition(" ")
        mark = Mark(code("valttamaton", role, ROLES), moment("valttamaton", when))
        if found.setdefault(mark.role, mark) is not mark:
            raise Untranslatable("wrong-shape", "valttamaton names a role twice")
    return tuple(found.values())
