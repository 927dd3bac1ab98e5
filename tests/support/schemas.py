"""Reads schema files, says what is wrong with a set of schemas, and what a change of them would break."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import avro.compatibility
import avro.name
import avro.schema

from sauma.content import CONTENT_OF
from sauma.fact import CATEGORIES, KINDS
from sauma.schemas import BUS, CELL, Schema, full_name, schema_name

ROOT = Path(__file__).parents[2] / "schemas"

DEPTH_MAX = 32
"""Avro readers recurse once a level: the known crash of one needs thousands, our deepest type has about ten."""

Named = Mapping[str, Schema]
PRIMITIVE = frozenset({"null", "boolean", "int", "long", "float", "double", "bytes", "string"})


def read_schemas(folder: Path) -> dict[str, Schema]:
    """Every schema file in a folder and its content folder, by full name."""
    found = (
        json.loads(p.read_text(encoding="utf-8")) for p in sorted((*folder.glob("*.avsc"), *folder.glob("*/*.avsc")))
    )
    return {full_name(schema): schema for schema in found}


def faults(named: Named) -> list[str]:
    """Everything that is wrong with the schemas: a line each, with type and place."""
    found = [fault for name, schema in named.items() for fault in _faults(named, name, schema)]
    contents = {name: schema for name, schema in named.items() if name.startswith("sauma.content.")}
    for name, schema in contents.items():
        if not set(schema.get("category", ())) or not set(schema["category"]) <= set(CATEGORIES):
            found.append(f"{name}: no category, or none of 1 to 7")
    for kind, content in CONTENT_OF.items():
        held = set(contents.get(f"sauma.content.{content.__name__}", {}).get("category", ()))
        if not held <= KINDS[kind].categories:
            found.append(f"sauma.content.{content.__name__}: category {sorted(held)}, but a {kind} has other ones")
    return found


def _faults(named: Named, name: str, schema: Schema) -> Iterator[str]:
    for place, part in _parts(schema, name):
        if isinstance(part, str) and part not in PRIMITIVE and part not in named:
            yield f"{place}: unknown type {part}"
        if isinstance(part, dict) and part["type"] in ("array", "map"):
            item = part["items" if part["type"] == "array" else "values"]
            if _may_be_empty(named, item, ()):
                yield f"{place}: items of zero bytes"
    if name in _below(named, schema):
        yield f"{name}: recursive"
    elif _depth(named, schema, ()) > DEPTH_MAX:
        yield f"{name}: deeper than {DEPTH_MAX}"


def _parts(schema: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The schema and all schemas written out in it, with their places; what is named elsewhere is not followed."""
    yield place, schema
    if isinstance(schema, list):
        for branch in schema:
            yield from _parts(branch, place)
    elif isinstance(schema, Mapping):
        if schema["type"] == "record":
            for field in schema["fields"]:
                yield from _parts(field["type"], f"{place}.{field['name']}")
        elif schema["type"] in ("array", "map"):
            yield from _parts(schema["items" if schema["type"] == "array" else "values"], f"{place}[]")


def _below(named: Named, schema: Schema) -> set[str]:
    """The names of all types that are part of this one, however far down."""
    found: set[str] = set()
    waiting: list[Any] = [schema]
    while waiting:
        for _, part in _parts(waiting.pop(), ""):
            if isinstance(part, str) and part in named and part not in found:
                found.add(part)
                waiting.append(named[part])
    return found


def _may_be_empty(named: Named, schema: Any, seen: tuple[str, ...]) -> bool:
    if isinstance(schema, str):
        again = schema in seen or schema not in named
        return schema == "null" or (not again and _may_be_empty(named, named[schema], (*seen, schema)))
    if isinstance(schema, list):
        return False  # the index of the branch is a byte
    if schema["type"] == "record":
        return all(_may_be_empty(named, field["type"], seen) for field in schema["fields"])
    return bool(schema["type"] == "null" or (schema["type"] == "fixed" and schema["size"] == 0))


def _depth(named: Named, schema: Any, seen: tuple[str, ...]) -> int:
    if isinstance(schema, str):
        return _depth(named, named[schema], (*seen, schema)) if schema in named and schema not in seen else 0
    if isinstance(schema, list):
        inside = list(schema)
    elif schema["type"] == "record":
        inside = [field["type"] for field in schema["fields"]]
    else:
        inside = [schema[key] for key in ("items", "values") if key in schema]
    return 1 + max((_depth(named, part, seen) for part in inside), default=0)


def broken(old: Named, new: Named) -> list[str]:
    """What readers of one version could not read of the other: a line each, with type, direction and place.

    New reads old always; old reads new for whatever goes over the bus or lies in cells.
    """
    found = [f"{name}: gone (removed or renamed)" for name in old if name not in new]
    before, after = _parsed(old), _parsed(new)
    tops = [schema_name(record) for record in BUS + CELL]
    travels = {*tops, *(part for name in tops if name in old for part in _below(old, old[name]))}
    for name in sorted(old.keys() & new.keys()):
        found += _unreadable(f"{name}: new cannot read old", reader=after[name], writer=before[name])
        if name in travels:
            found += _unreadable(f"{name}: old cannot read new", reader=before[name], writer=after[name])
        found += _swapped(name, old[name], new[name])
        if old[name].get("category") != new[name].get("category"):
            found.append(f"{name}: category {old[name].get('category')} became {new[name].get('category')}")
    return found


def _unreadable(what: str, *, reader: Any, writer: Any) -> list[str]:
    checker = avro.compatibility.ReaderWriterCompatibilityChecker()  # type: ignore[no-untyped-call] # no annotations there
    result = checker.get_compatibility(reader, writer)
    if result.compatibility is avro.compatibility.SchemaCompatibilityType.compatible:
        return []
    return [f"{what}: {'; '.join(sorted(result.messages))} at {'; '.join(sorted(result.locations))}"]


def _swapped(name: str, old: Schema, new: Schema) -> list[str]:
    """Avro reads text as bytes and bytes as text, and whole numbers as broken ones; our records would hold the wrong type."""
    before, after = _plain(old, name), _plain(new, name)
    return [
        f"{place}: {' or '.join(sorted(before[place]))} became {' or '.join(sorted(after[place]))}"
        for place in before.keys() & after.keys()
        if before[place] != after[place]
    ]


def _plain(schema: Schema, name: str) -> dict[str, set[str]]:
    """The plain types at each place, null aside: becoming optional is no swap."""
    found: dict[str, set[str]] = {}
    for place, part in _parts(schema, name):
        if isinstance(part, str) and part in PRIMITIVE - {"null"}:
            found.setdefault(place, set()).add(part)
    return found


def _parsed(named: Named) -> dict[str, Any]:
    """The schemas as the avro package knows them, each after those it is made of."""
    names, parsed = avro.name.Names(), {}
    waiting = dict(named)
    while waiting:
        ready = [name for name, schema in waiting.items() if not (_below(named, schema) & waiting.keys())]
        if not ready:
            raise ValueError(f"recursive: {sorted(waiting)}")
        for name in ready:
            parsed[name] = avro.schema.make_avsc_object(waiting.pop(name), names)
    return parsed
