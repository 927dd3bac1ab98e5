"""What was written once is read for ever: released schemas against today's, and each kind of change that would break it."""

import copy
import io
from collections.abc import Callable
from typing import Any

import fastavro
import pytest

from sauma.codec import Codec
from sauma.journal import Entry
from sauma.schemas import TOP, as_json, registry_of, schema_name
from support.examples import EXAMPLES, read_example
from support.schemas import ROOT, broken, read_schemas

TODAY = read_schemas(ROOT / "avro")
RELEASED = {int(folder.name): read_schemas(folder) for folder in (ROOT / "released").iterdir()}
NEWEST = max(RELEASED)

Named = dict[str, Any]


@pytest.mark.parametrize("version", sorted(RELEASED))
def test_todays_schemas_break_nothing_that_was_released(version: int) -> None:
    assert broken(RELEASED[version], TODAY) == []


def test_what_is_written_today_is_the_newest_released_version() -> None:
    # The header of a record names its version, and one version has one schema. A change needs the next version:
    # schemas/derive.py release, and a reader that chooses the writer's schema (docs/decisions/0002-avro-schemas.md).
    assert _without_docs(TODAY) == _without_docs(RELEASED[NEWEST])


@pytest.mark.parametrize(("record", "name"), [(t, n) for t in TOP for n in EXAMPLES[t]], ids=str)
def test_bytes_of_the_released_schema_decode_today(record: type[object], name: str) -> None:
    example = read_example(record, name)
    dump, _ = registry_of(record).converters(record)
    for named in RELEASED.values():
        old = io.BytesIO()
        fastavro.schemaless_writer(old, _parsed(named, schema_name(record)), dump(example))

        assert Codec(record, registry_of(record)).decode(old.getvalue()) == example


def test_a_later_reader_reads_released_bytes_through_both_schemas() -> None:
    # The way a second version will be read: the writer's schema as released, the reader's as it is by then.
    later = copy.deepcopy(RELEASED[NEWEST])
    later["sauma.WakeUp"]["fields"].append({"name": "cause", "type": ["null", "string"], "default": None})
    entry = read_example(Entry, "wake-up")
    data = Codec(Entry).encode(entry)

    read: Any = fastavro.schemaless_reader(
        io.BytesIO(data),
        _parsed(RELEASED[NEWEST], "sauma.Entry"),
        _parsed(later, "sauma.Entry"),
        return_record_name=True,
        return_record_name_override=True,
    )

    assert read["what"] == ("sauma.WakeUp", {**as_json(entry)["what"]["sauma.WakeUp"], "cause": None})


def _change(name: str, change: Callable[[dict[str, Any]], None]) -> Callable[[Named], None]:
    return lambda named: change(named[name])


def _field(schema: dict[str, Any], name: str) -> dict[str, Any]:
    return next(field for field in schema["fields"] if field["name"] == name)


def _without(schema: dict[str, Any], name: str) -> None:
    schema["fields"] = [field for field in schema["fields"] if field["name"] != name]


def _retyped(schema: dict[str, Any], name: str, kind: Any) -> None:
    _field(schema, name)["type"] = kind


def _added(schema: dict[str, Any], field: dict[str, Any]) -> None:
    schema["fields"].append(field)


def _renamed(named: Named, old: str, new: str) -> None:
    schema = named.pop(old)
    schema["name"] = new.rpartition(".")[2]
    named[new] = schema
    for other in named.values():
        for field in other["fields"]:
            field["type"] = _replaced(field["type"], old, new)


def _replaced(kind: Any, old: str, new: str) -> Any:
    if isinstance(kind, list):
        return [_replaced(branch, old, new) for branch in kind]
    if isinstance(kind, dict):
        return {key: _replaced(value, old, new) for key, value in kind.items()}
    return new if kind == old else kind


BREAKING: dict[str, tuple[Callable[[Named], None], str]] = {
    "a field without a default is removed": (
        _change("sauma.Event", lambda s: _without(s, "occurred_at")),
        "sauma.Event: old cannot read new: occurred_at at ",
    ),
    "a field gets another type": (
        _change("sauma.Notice", lambda s: _retyped(s, "seq", "boolean")),
        "sauma.Notice: new cannot read old: reader type: boolean not compatible with writer type: long at ",
    ),
    "text becomes bytes": (
        _change("sauma.Correction", lambda s: _retyped(s, "reason", "bytes")),
        "sauma.Correction.reason: string became bytes",
    ),
    "a type is renamed": (
        lambda named: _renamed(named, "sauma.Ruling", "sauma.Verdict"),
        "sauma.Ruling: gone (removed or renamed)",
    ),
    "a content type is removed": (
        lambda named: named.pop("sauma.content.Goal"),
        "sauma.content.Goal: gone (removed or renamed)",
    ),
    "a field is renamed": (
        _change("sauma.Applied", lambda s: _field(s, "number").update(name="count")),
        "sauma.Applied: new cannot read old: count at ",
    ),
    "a union loses a type": (
        _change("sauma.Event", lambda s: _field(s, "body")["type"].remove("sauma.Correction")),
        "sauma.Event: new cannot read old: ",
    ),
    "a union gains a type": (
        _change("sauma.Event", lambda s: _field(s, "body")["type"].append("sauma.Applied")),
        "sauma.Event: old cannot read new: ",
    ),
    "a field may no longer be absent": (
        _change("sauma.FactPut", lambda s: _retyped(s, "plan", "string")),
        "sauma.FactPut: new cannot read old: ",
    ),
    "a new field has no default": (
        _change("sauma.Receipt", lambda s: _added(s, {"name": "register", "type": "string"})),
        "sauma.Receipt: new cannot read old: register at ",
    ),
    "a new field of state has no default": (
        _change("sauma.Head", lambda s: _added(s, {"name": "language", "type": "string"})),
        "sauma.Head: new cannot read old: language at ",
    ),
    "a content type's category is lowered": (
        _change("sauma.content.Capacity", lambda s: s.update(category=[3])),
        "sauma.content.Capacity: category [5] became [3]",
    ),
    "a content type gets one category more": (
        _change("sauma.content.HealthNote", lambda s: s.update(category=[5, 7])),
        "sauma.content.HealthNote: category [5] became [5, 7]",
    ),
    "a content type loses its category": (
        _change("sauma.content.Identity", lambda s: s.pop("category")),
        "sauma.content.Identity: category [1] became None",
    ),
}


@pytest.mark.parametrize("what", BREAKING)
def test_a_breaking_change_is_found_with_type_and_place(what: str) -> None:
    change, told = BREAKING[what]
    changed = copy.deepcopy(TODAY)
    change(changed)

    found = broken(TODAY, changed)

    assert any(line.startswith(told) for line in found), found


def test_an_enumeration_that_loses_a_symbol_is_found() -> None:
    old = {"sauma.Ask": {"type": "enum", "name": "Ask", "namespace": "sauma", "symbols": ["stop", "erase"]}}
    new = {"sauma.Ask": {**old["sauma.Ask"], "symbols": ["stop"]}}

    assert broken(old, new) == ["sauma.Ask: new cannot read old: {'erase'} at /symbols"]


HARMLESS: dict[str, Callable[[Named], None]] = {
    "a new field with a default": _change(
        "sauma.Event", lambda s: _added(s, {"name": "trace", "type": ["null", "string"], "default": None})
    ),
    "a field of state alone is removed": _change("sauma.Head", lambda s: _without(s, "law")),
    "a new type": lambda named: named.update(
        {"sauma.content.Note": {"type": "record", "name": "Note", "namespace": "sauma.content", "fields": []}}
    ),
    "another description": _change("sauma.Event", lambda s: s.update(doc="Said anew.")),
}


@pytest.mark.parametrize("what", HARMLESS)
def test_a_harmless_change_is_let_through(what: str) -> None:
    changed = copy.deepcopy(TODAY)
    HARMLESS[what](changed)

    assert broken(TODAY, changed) == []


def _without_docs(named: Named) -> Named:
    return {name: {key: value for key, value in schema.items() if key != "doc"} for name, schema in named.items()}


def _parsed(named: Named, name: str) -> Any:
    """The named type as fastavro knows it, with all that it is made of."""
    known: dict[str, Any] = {}
    waiting = list(named.values())
    while waiting:
        left = []
        for schema in waiting:
            try:
                fastavro.parse_schema(schema, named_schemas=known)
            except fastavro.schema.UnknownType:
                left.append(schema)
        assert len(left) < len(waiting), left
        waiting = left
    return fastavro.parse_schema(named[name], named_schemas={k: v for k, v in known.items() if k != name})
