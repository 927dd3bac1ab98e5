"""Says which register a name in a scenario means: a role where the client lives, or elsewhere; it knows no client.

`employment` is the register of that role where the client lived when the story began, `employment@297` the one of another
municipality, `social-care@unknown` a role that nobody fills because it is not known where the client lives. A provider, an
employer and the other roles that residence does not decide have one register each, a provider also a second: `provider-2`.
"""

import re
from collections.abc import Mapping
from functools import cache

from sauma.endpoints import Endpoint
from sauma.fact import ROLES, THE_THREE
from sauma.ids import EndpointId
from sauma.places import Places, Resident
from sauma.resources import load_places

BY_RESIDENCE = THE_THREE | {"keha"}
NAMED = {role: EndpointId(f"{role}-1") for role in sorted(ROLES - BY_RESIDENCE)} | {
    "provider-2": EndpointId("provider-2")
}
"""The registers that residence does not lead to, by the name that a scenario uses."""

_ELSEWHERE = re.compile(r"([a-z-]+)@([0-9]{3}|unknown)")


@cache
def places() -> Places:
    """The country's places, and one register for each role that residence does not decide."""
    added = [
        Endpoint(id=endpoint, role=name.removesuffix("-2"), organiser=name, name_fi=name)
        for name, endpoint in NAMED.items()
    ]
    return load_places().with_endpoints(added)


def register(name: str, municipality: str) -> EndpointId | None:
    """The register that the name means to a client who lives there, or None where it means none."""
    if name in NAMED:
        return NAMED[name]
    if name in BY_RESIDENCE:
        return places().role_at(municipality, name)
    elsewhere = _ELSEWHERE.fullmatch(name)
    if elsewhere is None:
        return EndpointId(name) if places().endpoint(EndpointId(name)) else None
    role, code = elsewhere.groups()
    if role not in BY_RESIDENCE:
        return None
    return EndpointId(role) if code == "unknown" else places().role_at(code, role)


def is_municipality(code: str) -> bool:
    """Whether a client can live there and be served."""
    return isinstance(places().resident(code), Resident)


def names(municipality: str) -> Mapping[EndpointId, str]:
    """What a scenario of a client who lives there calls each register, for telling what came of it."""
    found = {endpoint: name for name, endpoint in NAMED.items()}
    for role in sorted(BY_RESIDENCE):
        endpoint = places().role_at(municipality, role)
        if endpoint:
            found[endpoint] = role
        found[EndpointId(role)] = f"{role}@unknown" if role not in ("kela", "keha") else role
    return found
