"""Turns bytes into resources and back; a fault is told by its FHIR path and in plain words, and no value is repeated."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, cast

from pydantic import ValidationError

from sauma_connectors.welfare_area.wire import RESOURCES, Resource

SIZE_BYTES_MAX = 1024 * 1024
"""One resource; FHIR's own limit of a text. Larger means a file of another kind."""

DEPTH_MAX = 32
"""Resources nest about eight deep; more is an attack or an accident."""

_SAFE_KEY = re.compile(r"[A-Za-z_]{1,40}")
_WORDS = {
    "missing": "is missing",
    "string_type": "must be a text",
    "int_type": "must be a whole number",
    "bool_type": "must be true or false",
    "list_type": "must be an array",
    "model_type": "must be an object",
    "dict_type": "must be an object",
    "too_short": "must have at least one entry",
    "greater_than_equal": "is too small",
    "less_than_equal": "is too large",
}


@dataclass(frozen=True, slots=True)
class Fault:
    """Why a resource cannot be read: a reason code, the place, and what to do. It never holds a value."""

    reason: str
    detail: str


class Unfit(Exception):
    """The resource in hand cannot be translated; the caller goes on with the next one."""

    def __init__(self, reason: str, where: str, advice: str) -> None:
        super().__init__(f"{where} {advice}")
        self.fault = Fault(reason, f"{where} {advice}")


def parse(data: bytes) -> dict[str, Any]:
    """The JSON object in a file, in the types that FHIR allows; raises Unfit."""
    try:
        value = json.loads(
            data.decode("utf-8-sig"), object_pairs_hook=_unique, parse_constant=_no_constant, parse_float=Decimal
        )
    except UnicodeDecodeError:
        raise Unfit("unreadable-row", "the file", "is not UTF-8; write it as UTF-8") from None
    except (ValueError, RecursionError, ArithmeticError):
        raise Unfit("unreadable-row", "the file", "is no JSON; write it whole, then move it into place") from None
    if not isinstance(value, dict):
        raise Unfit("wrong-shape", "the file", "must hold one JSON object: a FHIR resource")
    _walk(value, "resource", 0)
    return value


def validate(value: Mapping[str, Any]) -> Resource:
    """The resource, checked for the shape that is needed; raises Unfit."""
    kind = RESOURCES.get(name) if isinstance(name := value.get("resourceType"), str) else None
    if kind is None:
        raise Unfit("wrong-shape", "resourceType", "is missing or is not one that is read from this folder")
    try:
        return kind.model_validate(value, by_alias=True, by_name=False)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False, include_input=False)[0]
    words = first["msg"] if first["type"] == "fhir" else _WORDS.get(first["type"], "is not what FHIR allows here")
    reason = "unknown-code" if first["type"] == "literal_error" else "wrong-shape"
    raise Unfit(reason, _path(kind.__name__, first["loc"]), words)


def read(data: bytes) -> Resource:
    """A resource from a file's bytes; raises Unfit."""
    return validate(parse(data))


def render(resource: Resource) -> bytes:
    """A resource as a file's bytes: always the same bytes for the same resource; empty elements are left out."""
    tree = as_json(resource)
    return json.dumps(tree, ensure_ascii=False, indent=2, default=float).encode() + b"\n"


def as_json(resource: Resource) -> dict[str, Any]:
    """A resource as the tree of its JSON, without empty elements, which FHIR does not allow."""
    return cast("dict[str, Any]", _pruned(resource.model_dump(by_alias=True)))


def _pruned(value: Any) -> Any:
    if isinstance(value, dict):
        items = ((key, _pruned(item)) for key, item in value.items())
        return {key: item for key, item in items if item is not None and item not in ("", [], {})}
    if isinstance(value, list):
        return [item for item in map(_pruned, value) if item not in (None, "", [], {})]
    return value


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) != len(pairs):
        raise Unfit("wrong-shape", "a property", "is given twice in one object; write it once")
    return found


def _no_constant(_: str) -> None:
    raise Unfit("wrong-shape", "a number", "is NaN or infinite, which JSON does not have; leave it out")


def _walk(value: object, path: str, depth: int) -> None:
    """Refuse what JSON allows and FHIR does not: null, and empty texts, arrays and objects; and half of a character."""
    if depth > DEPTH_MAX:
        raise Unfit("wrong-shape", "resource", "is nested too deeply")
    if isinstance(value, str):
        if any("\ud800" <= character <= "\udfff" for character in value):
            raise Unfit("wrong-shape", path, "holds half of a character; write it as UTF-8")
        if not value:
            raise Unfit("wrong-shape", path, "is empty; leave it out")
    elif isinstance(value, dict | list):
        if not value:
            raise Unfit("wrong-shape", path, "is empty; leave it out")
        entries = value.items() if isinstance(value, dict) else enumerate(value)
        for key, item in entries:
            # An array may have null in the place of a value that has only extensions; an object may not.
            if item is None and isinstance(value, dict):
                raise Unfit("wrong-shape", _step(path, key), "is null; leave it out")
            _walk(item, _step(path, key), depth + 1)
            if isinstance(key, str):
                _walk(key, path, depth + 1)


def _step(path: str, key: object) -> str:
    if isinstance(key, int):
        return f"{path}[{key}]"
    return f"{path}.{key if isinstance(key, str) and _SAFE_KEY.fullmatch(key) else '?'}"


def _path(start: str, loc: tuple[int | str, ...]) -> str:
    path = start
    for part in loc:
        path = _step(path, part)
    return path
