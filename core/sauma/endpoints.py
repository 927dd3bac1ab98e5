"""Says what an endpoint is, one register of one organisation; it knows no municipality and no client."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from sauma.fact import CARE, ROLES
from sauma.ids import EndpointId

# Topics are named after endpoints. A topic's name may have 249 characters; 80 leaves room for prefixes.
_ID_LENGTH_MAX = 80
_ID_FORM = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class PlacesError(Exception):
    """A text of places/ or a configured endpoint cannot be used as it stands; says where, and what to write instead."""

    def __init__(self, where: str, problem: str) -> None:
        super().__init__(f"{where}: {problem}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """One register of one organisation.

    `organiser` is the legal person: equal for two endpoints only if one legal person keeps both registers. `area` is a
    welfare area code, an employment area's slug, or None where there is no area. `since` and `until` are its first and
    last day; None means without limit. `successor` takes over after `until`. An empty `name_sv` means that no checked
    source gives one.
    """

    id: EndpointId
    role: str
    organiser: str
    name_fi: str
    name_sv: str = ""
    area: str | None = None
    since: date | None = None
    until: date | None = None
    successor: EndpointId | None = None

    @property
    def agency(self) -> str:
        """Whose it is: see `agency_of`."""
        return agency_of(self.role)


AGENCY: Mapping[str, str] = {role: "welfare" if role in CARE else role for role in ROLES}
"""The agency a role belongs to: "welfare" for both care roles, else the role itself."""


def agency_of(role: str) -> str:
    """Give the agency a role belongs to; of a role that is in no list, the role itself."""
    return AGENCY.get(role, role)


def refuse_bad_endpoint(endpoint: Endpoint, *, where: str) -> None:
    """Raise PlacesError if the id, the role, the organiser, the name or the days of this endpoint cannot be right."""
    if not _ID_FORM.fullmatch(endpoint.id) or len(endpoint.id) > _ID_LENGTH_MAX:
        problem = f"the id has to be a-z, 0-9 and single '-' between them, at most {_ID_LENGTH_MAX} characters"
    elif endpoint.role not in ROLES:
        problem = f"'{endpoint.role}' is no role; write one of: {', '.join(sorted(ROLES))}"
    elif not endpoint.organiser or not endpoint.name_fi:
        problem = "organiser and name_fi may not be empty"
    elif endpoint.since and endpoint.until and endpoint.until < endpoint.since:
        problem = "until is before since; until is the last day"
    elif endpoint.successor and not endpoint.until:
        problem = "there is a successor but no last day; add until"
    elif endpoint.successor == endpoint.id:
        problem = "an endpoint cannot be its own successor"
    else:
        return
    raise PlacesError(where, problem)
