"""Reads the three texts of places/ into rows and refuses malformed ones; it does not say who serves whom."""

import csv
import io
import re
import tomllib
import unicodedata
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from sauma.endpoints import Endpoint, PlacesError, refuse_bad_endpoint
from sauma.ids import EndpointId

MUNICIPALITIES = "municipalities.csv"
MERGED = "merged.csv"
ENDPOINTS = "endpoints.toml"

_MUNICIPALITIES_HEADER = [
    "municipality_code",
    "name_fi",
    "name_sv",
    "welfare_area_code",
    "welfare_area_fi",
    "employment_area",
    "source",
]
_MERGED_HEADER = ["old_code", "old_name_fi", "new_code", "merged_on", "source"]
_MUNICIPALITY_CODE = re.compile(r"[0-9]{3}")
_WELFARE_AREA_CODE = re.compile(r"[0-9]{2}")
_ENDPOINT_TEXTS = ("id", "role", "organiser", "name_fi", "name_sv", "area", "successor")
_ENDPOINT_DAYS = ("since", "until")


@dataclass(frozen=True, slots=True)
class Areas:
    """The two areas of a mainland municipality, as the table names them."""

    welfare_code: str
    welfare_fi: str
    employment: str


@dataclass(frozen=True, slots=True)
class MunicipalityRow:
    """One row; `areas` is None in Åland. `where` names file and row for error texts."""

    code: str
    name_fi: str
    name_sv: str
    areas: Areas | None
    where: str


@dataclass(frozen=True, slots=True)
class MergedRow:
    """One code no longer in use, and the one that answers for it."""

    old_code: str
    new_code: str
    where: str


@dataclass(frozen=True, slots=True)
class EndpointsText:
    """What endpoints.toml says; `organiser_of` names only endpoints whose organiser keeps several registers."""

    welfare_since: date | None
    welfare_names_sv: Mapping[str, str]
    employment_since: date | None
    organiser_of: Mapping[EndpointId, str]
    endpoints: tuple[Endpoint, ...]


def slug(name: str) -> str:
    """Make the part of an id that stands for a Finnish name: a-z, 0-9 and single '-'; å and ä give a, ö gives o."""
    plain = unicodedata.normalize("NFKD", name.lower()).encode("ascii", "ignore").decode("ascii")
    return re.sub(r"[^a-z0-9]+", "-", plain).strip("-")


def read_municipalities(text: str) -> tuple[MunicipalityRow, ...]:
    """Read municipalities.csv in its order; raises PlacesError. Whether areas agree between rows is not looked at."""
    rows: dict[str, MunicipalityRow] = {}
    for where, (code, name_fi, name_sv, welfare_code, welfare_fi, employment, _source) in _csv_rows(
        MUNICIPALITIES, text, _MUNICIPALITIES_HEADER
    ):
        _require(_MUNICIPALITY_CODE, code, where, "a municipality code has three digits; keep the leading zeros")
        if code in rows:
            raise PlacesError(where, f"municipality {code} is there twice; remove one row")
        if not name_fi or not name_sv:
            raise PlacesError(where, f"municipality {code} needs both names; a unilingual one may repeat its name")
        areas = (welfare_code, welfare_fi, employment)
        if any(areas) and not all(areas):
            raise PlacesError(where, "write all three area columns, or none of them (Åland)")
        if any(areas):
            _require(_WELFARE_AREA_CODE, welfare_code, where, "a welfare area code has two digits, for instance 08")
            if not slug(employment):
                raise PlacesError(where, "the employment area's name has no letter or digit")
        rows[code] = MunicipalityRow(code, name_fi, name_sv, Areas(*areas) if any(areas) else None, where)
    return tuple(rows.values())


def read_merged(text: str) -> tuple[MergedRow, ...]:
    """Read merged.csv; raises PlacesError. Whether the codes exist is not looked at."""
    rows: dict[str, MergedRow] = {}
    for where, (old_code, _old_name, new_code, merged_on, source) in _csv_rows(MERGED, text, _MERGED_HEADER):
        for code in (old_code, new_code):
            _require(_MUNICIPALITY_CODE, code, where, "a municipality code has three digits; keep the leading zeros")
        if old_code in rows:
            raise PlacesError(where, f"code {old_code} is there twice; remove one row")
        if not _is_day(merged_on) or not source:
            raise PlacesError(where, "a merger needs its day (for instance 2025-01-01) and its source")
        rows[old_code] = MergedRow(old_code, new_code, where)
    return tuple(rows.values())


def read_endpoints(text: str) -> EndpointsText:
    """Read endpoints.toml; raises PlacesError."""
    try:
        tables = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PlacesError(ENDPOINTS, f"this is not TOML: {error}") from error
    _refuse_unknown(tables, ("welfare_areas", "employment_areas", "organiser", "endpoint"), ENDPOINTS)
    welfare, employment = (_table(tables, name) for name in ("welfare_areas", "employment_areas"))
    _refuse_unknown(welfare, ("since", "names_sv"), f"{ENDPOINTS}, [welfare_areas]")
    _refuse_unknown(employment, ("since",), f"{ENDPOINTS}, [employment_areas]")
    names_sv = _table(welfare, "names_sv")
    return EndpointsText(
        welfare_since=_day(welfare, "since", f"{ENDPOINTS}, [welfare_areas]"),
        welfare_names_sv={code: _text(names_sv, code, f"{ENDPOINTS}, names_sv") or "" for code in names_sv},
        employment_since=_day(employment, "since", f"{ENDPOINTS}, [employment_areas]"),
        organiser_of=_organisers(tables),
        endpoints=tuple(_endpoint(entry, where) for where, entry in _entries(tables, "endpoint")),
    )


def _csv_rows(file: str, text: str, header: list[str]) -> Iterator[tuple[str, list[str]]]:
    reader = csv.reader(io.StringIO(text.removeprefix("\ufeff")), strict=True)
    try:
        for number, row in enumerate(reader, start=1):
            where = f"{file}, row {number}"
            if number == 1 and row != header:
                raise PlacesError(where, f"the header has to be {','.join(header)}")
            if len(row) != len(header):
                raise PlacesError(where, f"{len(row)} columns instead of {len(header)}; quote names that have a comma")
            if any(value != value.strip() for value in row):
                raise PlacesError(where, "a value begins or ends with a space; remove it")
            if number > 1:
                yield where, row
    except csv.Error as error:
        raise PlacesError(f"{file}, row {reader.line_num}", f"this is not CSV: {error}") from error
    if reader.line_num == 0:
        raise PlacesError(file, f"the text is empty; the header has to be {','.join(header)}")


def _organisers(tables: Mapping[str, object]) -> dict[EndpointId, str]:
    organiser_of: dict[EndpointId, str] = {}
    for where, entry in _entries(tables, "organiser"):
        _refuse_unknown(entry, ("id", "endpoints"), where)
        organiser, endpoints = _text(entry, "id", where), entry.get("endpoints")
        if not organiser or not isinstance(endpoints, list):
            raise PlacesError(where, "an organiser needs an id and a list of endpoints")
        for endpoint in endpoints:
            if not isinstance(endpoint, str) or endpoint in organiser_of:
                raise PlacesError(where, f"endpoint {endpoint!r} is no text, or has an organiser already")
            organiser_of[EndpointId(endpoint)] = organiser
    return organiser_of


def _endpoint(entry: Mapping[str, object], where: str) -> Endpoint:
    _refuse_unknown(entry, (*_ENDPOINT_TEXTS, *_ENDPOINT_DAYS), where)
    texts = {key: _text(entry, key, where) for key in _ENDPOINT_TEXTS}
    since, until = (_day(entry, key, where) for key in _ENDPOINT_DAYS)
    successor = texts["successor"]
    endpoint = Endpoint(
        id=EndpointId(texts["id"] or ""),
        role=texts["role"] or "",
        organiser=texts["organiser"] or "",
        name_fi=texts["name_fi"] or "",
        name_sv=texts["name_sv"] or "",
        area=texts["area"],
        since=since,
        until=until,
        successor=EndpointId(successor) if successor else None,
    )
    refuse_bad_endpoint(endpoint, where=where)
    return endpoint


def _entries(tables: Mapping[str, object], name: str) -> Iterator[tuple[str, dict[str, object]]]:
    entries = tables.get(name, [])
    if not isinstance(entries, list):
        raise PlacesError(f"{ENDPOINTS}, {name}", f"write [[{name}]], with two brackets")
    for number, entry in enumerate(entries, start=1):
        where = f"{ENDPOINTS}, [[{name}]] number {number}"
        if not isinstance(entry, dict):
            raise PlacesError(where, f"write [[{name}]] and keys below it")
        yield where, entry


def _table(tables: Mapping[str, object], name: str) -> dict[str, object]:
    table = tables.get(name, {})
    if not isinstance(table, dict):
        raise PlacesError(f"{ENDPOINTS}, {name}", "this has to be a table")
    return table


def _text(table: Mapping[str, object], key: str, where: str) -> str | None:
    value = table.get(key)
    if value is not None and not isinstance(value, str):
        raise PlacesError(where, f"{key} has to be a text in quotes")
    return value


def _day(table: Mapping[str, object], key: str, where: str) -> date | None:
    value = table.get(key)
    if value is not None and type(value) is not date:  # a date with a time of day is a subclass
        raise PlacesError(where, f"{key} has to be a day without quotes, for instance 2025-01-01")
    return value


def _refuse_unknown(table: Mapping[str, object], known: tuple[str, ...], where: str) -> None:
    if unknown := sorted(set(table) - set(known)):
        raise PlacesError(where, f"unknown: {', '.join(unknown)}; known: {', '.join(known)}")


def _require(form: re.Pattern[str], value: str, where: str, problem: str) -> None:
    if not form.fullmatch(value):
        raise PlacesError(where, f"{value!r}: {problem}")


def _is_day(text: str) -> bool:
    try:
        return date.fromisoformat(text).isoformat() == text
    except ValueError:
        return False
