"""What a scenario is made of, each in its closed form: roles, kinds, registers, municipalities, times, names. It knows no rule."""

import datetime
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

from sauma.fact import CATEGORIES, HANDLING, KINDS, ROLES
from sauma_services.scenarios.registers import is_municipality, register

HOME = "837"
"""Where the client of a scenario lives unless it says otherwise: Tampere."""


class Wording(BaseModel):
    """Keys are written with hyphens; a key that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-"))


def _one_of(names: Any, what: str) -> AfterValidator:
    def known(value: Any) -> Any:
        if value not in names:
            raise ValueError(f"{value!r} is no {what}; write one of: {', '.join(str(name) for name in sorted(names))}")
        return value

    return AfterValidator(known)


def _register(name: str) -> str:
    if register(name, HOME) is None:
        roles = ", ".join(sorted(ROLES))
        raise ValueError(f"{name!r} is no register; write a role ({roles}), role@municipality, or an endpoint's id")
    return name


def _municipality(code: str) -> str:
    if code != "unknown" and not is_municipality(code):
        raise ValueError(f"{code!r} is no municipality that is served; write three digits in quotes, or unknown")
    return code


def _moment(written: Any) -> Any:
    """`2026-05-01` is noon of that day, `2026-05-01 00:00` a minute of it."""
    return f"{written} 12:00" if isinstance(written, str) and len(written) == len("2026-05-01") else written


def _many(written: Any) -> Any:
    return written if isinstance(written, list) else [written]


Many = BeforeValidator(_many)
"""One thing may be written without the brackets of a list."""
Role = Annotated[str, _one_of(ROLES, "role")]
Kind = Annotated[str, _one_of(KINDS, "kind of fact")]
Category = Annotated[int, _one_of(CATEGORIES, "category")]
Handling = Annotated[str, _one_of(HANDLING, "handling class")]
Register = Annotated[str, AfterValidator(_register)]
Municipality = Annotated[str, AfterValidator(_municipality)]
When = Annotated[datetime.datetime, BeforeValidator(_moment)]
"""By the clock in Helsinki."""
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]
