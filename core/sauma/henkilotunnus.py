"""Checks the form of a Finnish personal identity code (VNA 128/2010, 690/2022); never whether a person has it.

The form is `ddmmyy`, a sign for the century, three digits (odd male, even female) and a check character. What is not
written exactly so is refused and not repaired: one person must not have two spellings in the look-up of subjects.
"""

import re
from dataclasses import dataclass, field
from datetime import date
from typing import Literal

Reason = Literal["length", "character", "sign", "date", "individual-number", "check-character"]

_CENTURIES = {"+": 1800, **dict.fromkeys("-YXWVU", 1900), **dict.fromkeys("ABCDEF", 2000)}
_CHECK_CHARACTERS = "0123456789ABCDEFHJKLMNPRSTUVWXY"  # 31 of them; G, I, O, Q and Z are left out as easily misread
_FORM = re.compile(r"(?P<day>[0-9]{6})(?P<sign>.)(?P<individual>[0-9]{3})(?P<check>[0-9A-Z])")
LENGTH = 11
"""Characters in every henkilötunnus."""

_INDIVIDUAL_MIN = 2  # 000 and 001 are not given to anybody
_TEMPORARY_MIN = 900  # 900 to 999 are temporary and test numbers, never a person's own


@dataclass(frozen=True, slots=True)
class Valid:
    """The form is right. The text and what follows from it are personal data: they are left out of `repr`."""

    text: str = field(repr=False)
    birth: date = field(repr=False)
    individual: int = field(repr=False)

    @property
    def is_temporary(self) -> bool:
        """Tell whether the number is a temporary or test one."""
        return self.individual >= _TEMPORARY_MIN


@dataclass(frozen=True, slots=True)
class Invalid:
    """The form is wrong, and where; the text itself is not repeated."""

    reason: Reason


def check(text: str) -> Valid | Invalid:
    """Check the form. A day of birth in the future is not noticed: what day it is, is not known here."""
    if len(text) != LENGTH:
        return Invalid("length")
    parts = _FORM.fullmatch(text)
    if parts is None:
        return Invalid("character")
    century = _CENTURIES.get(parts["sign"])
    if century is None:
        return Invalid("sign")
    birth = _birth(parts["day"], century)
    if birth is None:
        return Invalid("date")
    individual = int(parts["individual"])
    if individual < _INDIVIDUAL_MIN:
        return Invalid("individual-number")
    if parts["check"] != _check_character(parts["day"], parts["individual"]):
        return Invalid("check-character")
    return Valid(text, birth, individual)


def for_test(birth: date, individual: int, *, sign: str | None = None) -> str:
    """Make a test number, which is nobody's.

    The sign may be any of the birth's century; the first one is the default. Raises ValueError for an individual number
    outside 900 to 999, and for a sign or a year that does not fit.
    """
    if not _TEMPORARY_MIN <= individual <= 999:
        raise ValueError("a test number has an individual number of 900 to 999")
    signs = [candidate for candidate, century in _CENTURIES.items() if century == birth.year // 100 * 100]
    if not signs:
        raise ValueError("the year of birth has to be 1800 to 2099")
    if sign is not None and sign not in signs:
        raise ValueError("the sign belongs to another century")
    day = f"{birth:%d%m}{birth.year % 100:02}"
    return f"{day}{sign or signs[0]}{individual}{_check_character(day, str(individual))}"


def _birth(day: str, century: int) -> date | None:
    try:
        return date(century + int(day[4:6]), int(day[2:4]), int(day[0:2]))
    except ValueError:
        return None


def _check_character(day: str, individual: str) -> str:
    return _CHECK_CHARACTERS[int(day + individual) % 31]
