"""Says which endpoints serve a municipality's residents, from the texts of places/; it never learns who lives there."""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Self

from sauma.endpoints import Endpoint, PlacesError, agency_of, refuse_bad_endpoint
from sauma.ids import EndpointId
from sauma.places_text import (
    ENDPOINTS,
    MUNICIPALITIES,
    Areas,
    EndpointsText,
    MergedRow,
    MunicipalityRow,
    read_endpoints,
    read_merged,
    read_municipalities,
    slug,
)

__all__ = [
    "ALAND",
    "Endpoint",
    "Municipality",
    "NotRoutable",
    "Places",
    "PlacesError",
    "Resident",
    "UnknownMunicipality",
    "agency_of",
]

# Åland arranges these services by its own law: it has neither a welfare area nor an employment area.
ALAND = "aland-not-routable"

# Twelve hexadecimal digits: short enough to read aloud, and far from a chance repeat among the few versions there are.
_VERSION_LENGTH = 12


@dataclass(frozen=True, slots=True)
class Municipality:
    """A municipality in being; `code` has three digits, with leading zeros."""

    code: str
    name_fi: str
    name_sv: str


@dataclass(frozen=True, slots=True)
class Resident:
    """The endpoints that serve the residents of one municipality; `municipality` is the code in use, after mergers."""

    municipality: str
    social: EndpointId
    health: EndpointId
    employment: EndpointId
    kela: EndpointId
    keha: EndpointId


@dataclass(frozen=True, slots=True)
class NotRoutable:
    """A municipality that exists and whose residents are not served here; `reason` is a code, not prose."""

    code: str
    reason: str


@dataclass(frozen=True, slots=True)
class UnknownMunicipality:
    """A code that no municipality has or had."""

    code: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Places:
    """All municipalities and endpoints of one version; made by `parse`, not by hand.

    `version` is a short hash of the texts and of the endpoints added since. Equal versions answer every question alike,
    so it alone is compared.
    """

    version: str
    endpoints: Mapping[EndpointId, Endpoint] = field(repr=False, compare=False)
    municipalities: Mapping[str, Municipality] = field(repr=False, compare=False)
    residents: Mapping[str, Resident] = field(repr=False, compare=False)
    merged: Mapping[str, str] = field(repr=False, compare=False)

    @classmethod
    def parse(cls, *, municipalities: str, merged: str, endpoints: str) -> Self:
        """Read the texts of municipalities.csv, merged.csv and endpoints.toml; raises PlacesError."""
        rows, written = read_municipalities(municipalities), read_endpoints(endpoints)
        by_id = _endpoints(rows, written)
        _refuse_lost_successors(by_id)
        return cls(
            version=_version(municipalities, merged, endpoints),
            endpoints=MappingProxyType(by_id),
            municipalities=MappingProxyType({r.code: Municipality(r.code, r.name_fi, r.name_sv) for r in rows}),
            residents=MappingProxyType(_residents(rows, by_id)),
            merged=MappingProxyType(_merged(read_merged(merged), rows)),
        )

    def endpoint(self, endpoint_id: EndpointId) -> Endpoint | None:
        """Find an endpoint by its id."""
        return self.endpoints.get(endpoint_id)

    def municipality(self, code: str) -> Municipality | None:
        """Find a municipality; a code no longer in use finds the municipality it became part of."""
        return self.municipalities.get(self.merged.get(code, code))

    def resident(self, municipality_code: str) -> Resident | NotRoutable | UnknownMunicipality:
        """Say who serves a resident of this municipality today; the answer does not depend on any day."""
        code = self.merged.get(municipality_code, municipality_code)
        if code in self.residents:
            return self.residents[code]
        if code in self.municipalities:
            return NotRoutable(code, ALAND)
        return UnknownMunicipality(municipality_code)

    def role_at(self, municipality_code: str, role: str) -> EndpointId | None:
        """Give the endpoint that fills a role for a resident.

        None where the municipality is unknown or not routable, and for every role that residence does not decide
        (providers, employers and so on): those have to be named.
        """
        resident = self.resident(municipality_code)
        if not isinstance(resident, Resident):
            return None
        return {
            "social-care": resident.social,
            "health-care": resident.health,
            "employment": resident.employment,
            "kela": resident.kela,
            "keha": resident.keha,
        }.get(role)

    def employment_areas_of(self, welfare_area: str) -> tuple[EndpointId, ...]:
        """List the employment endpoints that serve some part of a welfare area (two-digit code), sorted by id."""
        return tuple(sorted({employment for welfare, employment in self._area_pairs() if welfare == welfare_area}))

    def welfare_areas_of(self, employment: EndpointId) -> tuple[str, ...]:
        """List the codes of the welfare areas in which some part of an employment area lies, sorted."""
        return tuple(sorted({welfare for welfare, endpoint in self._area_pairs() if endpoint == employment}))

    def with_endpoints(self, more: Iterable[Endpoint]) -> Self:
        """Add the endpoints of a configuration (providers and so on); raises PlacesError, also for an id in use.

        The version changes with what is added and not with its order. Nobody's residence leads to an added endpoint.
        """
        added: dict[EndpointId, Endpoint] = {}
        for endpoint in more:
            where = f"endpoint '{endpoint.id}'"
            refuse_bad_endpoint(endpoint, where=where)
            if endpoint.id in self.endpoints or endpoint.id in added:
                raise PlacesError(where, "this id is in use already; choose another")
            added[endpoint.id] = endpoint
        if not added:
            return self
        by_id = {**self.endpoints, **{name: added[name] for name in sorted(added)}}
        _refuse_lost_successors(by_id)
        version = _version(self.version, *(repr(added[name]) for name in sorted(added)))
        return replace(self, version=version, endpoints=MappingProxyType(by_id))

    def _area_pairs(self) -> Iterable[tuple[str, EndpointId]]:
        for resident in self.residents.values():
            area = self.endpoints[resident.social].area
            if area is not None:
                yield area, resident.employment


def _endpoints(rows: tuple[MunicipalityRow, ...], written: EndpointsText) -> dict[EndpointId, Endpoint]:
    """Make the endpoints of both tables, sorted by id, each area checked to be named alike wherever it appears."""
    by_id: dict[EndpointId, Endpoint] = {}
    for row in rows:
        if row.areas is None:
            continue
        for endpoint in _endpoints_of(row.areas, written):
            if by_id.setdefault(endpoint.id, endpoint) != endpoint:
                problem = f"{endpoint.id} is already named '{by_id[endpoint.id].name_fi}', not '{endpoint.name_fi}'"
                raise PlacesError(row.where, f"{problem}; write one area's name alike in all rows")
    for endpoint in written.endpoints:
        if endpoint.id in by_id:
            raise PlacesError(f"{ENDPOINTS}, endpoint '{endpoint.id}'", "this id is in use already; choose another")
        by_id[endpoint.id] = endpoint
    _refuse_lost_references(by_id, written)
    return {name: by_id[name] for name in sorted(by_id)}


def _endpoints_of(areas: Areas, written: EndpointsText) -> Iterable[Endpoint]:
    name_sv = written.welfare_names_sv.get(areas.welfare_code, "")
    kinds: tuple[tuple[EndpointId, str, str, str], ...] = (
        (_social(areas), "social-care", "sosiaalihuolto", "socialvård"),
        (_health(areas), "health-care", "terveydenhuolto", "hälso- och sjukvård"),
    )
    for endpoint_id, role, service_fi, service_sv in kinds:
        yield Endpoint(
            id=endpoint_id,
            role=role,
            organiser=written.organiser_of.get(endpoint_id, f"welfare-{areas.welfare_code}"),
            name_fi=f"{areas.welfare_fi}, {service_fi}",
            name_sv=f"{name_sv}, {service_sv}" if name_sv else "",
            area=areas.welfare_code,
            since=written.welfare_since,
        )
    employment = _employment(areas)
    yield Endpoint(
        id=employment,
        role="employment",
        organiser=written.organiser_of.get(employment, employment),
        name_fi=f"{areas.employment}, työllisyysalue",
        area=slug(areas.employment),
        since=written.employment_since,
    )


def _residents(rows: tuple[MunicipalityRow, ...], by_id: Mapping[EndpointId, Endpoint]) -> dict[str, Resident]:
    kela, keha = (_only(by_id, role) for role in ("kela", "keha"))
    return {
        row.code: Resident(row.code, _social(row.areas), _health(row.areas), _employment(row.areas), kela, keha)
        for row in rows
        if row.areas is not None
    }


def _merged(merged: tuple[MergedRow, ...], rows: tuple[MunicipalityRow, ...]) -> dict[str, str]:
    codes = {row.code for row in rows}
    for row in merged:
        if row.old_code in codes:
            raise PlacesError(
                row.where, f"code {row.old_code} is still in {MUNICIPALITIES}; remove it from one of them"
            )
        if row.new_code not in codes:
            raise PlacesError(row.where, f"code {row.new_code} is not in {MUNICIPALITIES}; name the one in use today")
    return {row.old_code: row.new_code for row in merged}


def _social(areas: Areas) -> EndpointId:
    return EndpointId(f"social-{areas.welfare_code}")


def _health(areas: Areas) -> EndpointId:
    return EndpointId(f"health-{areas.welfare_code}")


def _employment(areas: Areas) -> EndpointId:
    return EndpointId(f"employment-{slug(areas.employment)}")


def _only(by_id: Mapping[EndpointId, Endpoint], role: str) -> EndpointId:
    found = [endpoint.id for endpoint in by_id.values() if endpoint.role == role and endpoint.until is None]
    if len(found) != 1:
        raise PlacesError(ENDPOINTS, f"{len(found)} endpoints have role {role} and no last day; there has to be one")
    return found[0]


def _refuse_lost_references(by_id: Mapping[EndpointId, Endpoint], written: EndpointsText) -> None:
    if lost := sorted(set(written.organiser_of) - set(by_id)):
        raise PlacesError(f"{ENDPOINTS}, [[organiser]]", f"no such endpoint: {', '.join(lost)}")
    areas = {endpoint.area for endpoint in by_id.values() if endpoint.agency == "welfare"}
    if unused := sorted(set(written.welfare_names_sv) - {area for area in areas if area}):
        raise PlacesError(f"{ENDPOINTS}, names_sv", f"no municipality is in welfare area {', '.join(unused)}")


def _refuse_lost_successors(by_id: Mapping[EndpointId, Endpoint]) -> None:
    for endpoint in by_id.values():
        if endpoint.successor is not None and endpoint.successor not in by_id:
            raise PlacesError(f"endpoint '{endpoint.id}'", f"its successor '{endpoint.successor}' is no endpoint")


def _version(*texts: str) -> str:
    """Hash the texts in order; lengths go in as well, so that no text can lend its end to the next."""
    digest = hashlib.sha256()
    for text in texts:
        encoded = text.encode()
        digest.update(len(encoded).to_bytes(8, "big"))
        digest.update(encoded)
    return digest.hexdigest()[:_VERSION_LENGTH]
