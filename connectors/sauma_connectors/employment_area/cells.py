"""Reads single cells: codes, moments, ids, lists, marks. What is wrong with one is said without repeating it."""

import re
from collections.abc import Mapping
from datetime import date
from typing import Final

from sauma import henkilotunnus
from sauma.fact import Moment
from sauma.ids import EndpointId, FactId
from sauma.places import Places, UnknownMunicipality
from sauma_connectors.employment_area.codes import NO, ROLES, YES
from sauma_connectors.employment_area.contents import split_list
from sauma_connectors.employment_area.files import read_moment
from sauma_connectors.sdk.contract import Mark, Own, Person, Reference, Shared

_ROW_KEY: Final = re.compile(r"[A-Za-z0-9._-]{1,80}")
_LIKE_HENKILOTUNNUS: Final = re.compile(r"(?=([0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Z]))")
_SHARED_ID: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
_ENDPOINT: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
_DIGEST: Final = re.compile(r"([0-9a-f]{2})*")


class Unusable(Exception):
    """A row cannot be translated: the reason code, and what is wrong in which column; never a value."""

    def __init__(self, reason: str, problem: str) -> None:
        super().__init__(f"{reason}: {problem}")
        self.reason = reason
        self.problem = problem


def row_key(text: str) -> str:
    """A row's key: letters, digits and ._- only, and no henkilötunnus in it, since keys stand in logs and notices."""
    like = _LIKE_HENKILOTUNNUS.findall(text.upper())
    if not _ROW_KEY.fullmatch(text) or any(isinstance(henkilotunnus.check(one), henkilotunnus.Valid) for one in like):
        raise Unusable("wrong-shape", "rivi is not 1 to 80 letters, digits and ._- or has a henkilötunnus in it")
    return text


def person(text: str) -> Person:
    """The client of a row."""
    checked = henkilotunnus.check(text)
    if isinstance(checked, henkilotunnus.Invalid):
        raise Unusable("malformed-henkilotunnus", f"henkilotunnus is not in form ({checked.reason})")
    return Person(checked.text)


def code(column: str, text: str, table: Mapping[str, str]) -> str:
    """The word of Sauma that a code stands for."""
    if text not in table:
        raise Unusable("unknown-code", f"{column} has a code that is not one of {', '.join(table)}")
    return table[text]


def yes_or_no(column: str, text: str) -> bool:
    """K, E, or empty for E."""
    if text not in (YES, NO, ""):
        raise Unusable("unknown-code", f"{column} is neither {YES} nor {NO}")
    return text == YES


def moment(column: str, text: str) -> Moment:
    """A moment in ISO 8601 with a time zone."""
    try:
        return read_moment(text)
    except ValueError:
        raise Unusable("wrong-shape", f"{column} is not a moment in ISO 8601 with a time zone") from None


def moment_or_none(column: str, text: str) -> Moment | None:
    """A moment, or None for an empty cell."""
    return moment(column, text) if text else None


def day(column: str, text: str) -> None:
    """Refuse what is neither empty nor a day as YYYY-MM-DD."""
    try:
        is_day = not text or date.fromisoformat(text).isoformat() == text
    except ValueError:
        is_day = False
    if not is_day:
        raise Unusable("wrong-shape", f"{column} is not a day as YYYY-MM-DD")


def number(column: str, text: str, *, least: int = 0) -> int:
    """A whole number, written in digits only."""
    # Eighteen digits fit in 64 bits.
    if not re.fullmatch(r"[0-9]{1,18}", text) or int(text) < least:
        raise Unusable("wrong-shape", f"{column} is not a whole number of at least {least}")
    return int(text)


def shared_id(column: str, text: str) -> str:
    """An id that a delivery brought."""
    if not _SHARED_ID.fullmatch(text):
        raise Unusable("wrong-shape", f"{column} is not an id as it was received")
    return text


def fact_id(column: str, text: str) -> FactId:
    """The id of a fact that a delivery brought."""
    return FactId(shared_id(column, text))


def digest(column: str, text: str) -> bytes:
    """A digest in hexadecimal digits."""
    if not text or not _DIGEST.fullmatch(text):
        raise Unusable("wrong-shape", f"{column} is not a digest as it was received")
    return bytes.fromhex(text)


def endpoint(column: str, text: str) -> EndpointId:
    """A register's name; whether there is such a register is not known here."""
    if not _ENDPOINT.fullmatch(text):
        raise Unusable("wrong-shape", f"{column} names a register in a wrong form: a-z, 0-9 and single '-'")
    return EndpointId(text)


def endpoints(column: str, text: str) -> tuple[EndpointId, ...]:
    """Registers, parted by spaces."""
    return tuple(endpoint(column, member) for member in split_list(text))


def municipality(text: str, places: Places) -> str:
    """A municipality's code, also one that is no longer in use but known."""
    if isinstance(places.resident(text), UnknownMunicipality):
        raise Unusable("unknown-municipality", "kuntakoodi is no municipality's three-digit code")
    return text


def reference(*, own_column: str, own: str, shared_column: str, shared: str) -> Reference:
    """By an own key or by a shared id, never by both."""
    if bool(own) == bool(shared):
        raise Unusable("wrong-shape", f"exactly one of {own_column} and {shared_column} has to be filled")
    return Shared(shared_id(shared_column, shared)) if shared else Own(own)


def marks(text: str) -> tuple[Mark, ...]:
    """`<role> <moment>`, parted by commas; no role twice."""
    found: dict[str, Mark] = {}
    for member in filter(None, (part.strip() for part in text.split(","))):
        role, _, when = member.partition(" ")
        mark = Mark(code("valttamaton", role, ROLES), moment("valttamaton", when))
        if found.setdefault(mark.role, mark) is not mark:
            raise Unusable("wrong-shape", "valttamaton names a role twice")
    return tuple(found.values())
