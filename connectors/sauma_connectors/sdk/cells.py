"""Reads single cells of an agency's tables: people, codes, moments, numbers, digests; knows no agency's codes and no file.

What is wrong with a cell is said with its column and what to write there, and never repeats the cell.
"""

import re
from collections.abc import Mapping

from sauma import henkilotunnus
from sauma.fact import Moment
from sauma_connectors.sdk import moments
from sauma_connectors.sdk.contract import Person
from sauma_connectors.sdk.files import is_plain_name

DIGEST_BYTES = 32

_NUMBER = re.compile(r"[0-9]{1,18}")
"""Eighteen digits fit in 64 bits."""


class Untranslatable(Exception):
    """A row is refused: `reason` is a code, `what` says what is wrong in which column and what to write; never a value."""

    def __init__(self, reason: str, what: str) -> None:
        super().__init__(f"{reason}: {what}")
        self.reason = reason
        self.what = what


def row_key(column: str, text: str) -> str:
    """A row's key. It stands in logs and notices, so it names no person."""
    if not is_plain_name(text):
        raise Untranslatable(
            "wrong-shape", f"{column} is 1 to 80 of A-Z, a-z, 0-9 . _ - and holds no personal identity code"
        )
    return text


def person(column: str, text: str) -> Person:
    """The client of a row."""
    checked = henkilotunnus.check(text)
    if isinstance(checked, henkilotunnus.Invalid):
        raise Untranslatable("malformed-henkilotunnus", f"{column} is wrong in its {checked.reason}")
    return Person(checked.text)


def code(column: str, text: str, table: Mapping[str, str]) -> str:
    """What a code stands for."""
    if text not in table:
        raise Untranslatable("unknown-code", f"{column} is none of {', '.join(table)}")
    return table[text]


def moment(column: str, text: str) -> Moment:
    """A moment of 1970 or later: an earlier one is a slip."""
    try:
        found = moments.moment_of(text)
    except ValueError:
        found = Moment(-1)
    if found < 0:
        raise Untranslatable(
            "wrong-shape", f"{column} is a time with its zone from 1970 on, such as 2026-03-02T09:15:00+02:00"
        )
    return found


def moment_or_none(column: str, text: str) -> Moment | None:
    """A moment, or None for an empty cell."""
    return moment(column, text) if text else None


def number(column: str, text: str, *, least: int = 0) -> int:
    """A whole number, written in digits only."""
    if not _NUMBER.fullmatch(text) or int(text) < least:
        raise Untranslatable("wrong-shape", f"{column} is a whole number from {least} on")
    return int(text)


def digest(column: str, text: str) -> bytes:
    """A digest, as it was delivered."""
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != DIGEST_BYTES:
        raise Untranslatable(
            "wrong-shape", f"{column} is {DIGEST_BYTES * 2} hexadecimal digits, as the fact was delivered"
        )
    return found
