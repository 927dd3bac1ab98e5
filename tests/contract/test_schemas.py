"""The checked-in schemas: they are the derived ones, they keep the rules, and every consumer eats every example."""

import copy
import io
import json
import subprocess
import sys
from collections.abc import Mapping
from typing import Any, get_args

import fastavro
import pytest

from sauma.client import Client, FactState, Head, Parked, SourceMark
from sauma.codec import Codec, Registry
from sauma.content import CONTENT_OF, Content, as_text, content_schema, read_content, write_content
from sauma.event import Body, Event
from sauma.fact import KINDS
from sauma.ids import event_hash
from sauma.journal import Entry, What
from sauma.schemas import TOP, as_json, derived, from_json, place, registry_of, schema_name
from sauma.step import step
from support.examples import EXAMPLES, FOLDER, read_example
from support.schemas import ROOT, faults, read_schemas
from support.story import LINES
from support.world import E, World, put, puts

FILES = read_schemas(ROOT / "avro")
ALL = [(record, name) for record in TOP for name in EXAMPLES[record]]
each_example = pytest.mark.parametrize(("record", "name"), ALL, ids=str)

Named = Mapping[str, Any]


def test_the_files_are_what_the_record_types_derive() -> None:
    wanted = dict(derived())

    assert wanted == FILES, "write them anew: .venv/bin/python schemas/derive.py"
    assert [name for name in FILES if not (ROOT / "avro" / place(name)).is_file()] == []


def test_the_schemas_keep_the_rules() -> None:
    assert faults(FILES) == []


def _planted(name: str, kind: Any) -> Named:
    """Today's schemas with one more field in this type."""
    named: dict[str, Any] = copy.deepcopy(FILES)
    named[name]["fields"].append({"name": "planted", "type": kind})
    return named


def _categorised(*categories: int) -> Named:
    """Today's schemas with another category for capacity."""
    named: dict[str, Any] = copy.deepcopy(FILES)
    named["sauma.content.Capacity"]["category"] = list(categories)
    return named


def _array(items: Any) -> Any:
    return {"type": "array", "items": items}


def _nested(levels: int) -> Any:
    kind: Any = "string"
    for _ in range(levels):
        kind = _array(kind)
    return kind


EMPTY = {"type": "record", "name": "Empty", "namespace": "sauma", "fields": []}
ONLY_NULL = {**EMPTY, "fields": [{"name": "nothing", "type": "null"}]}
NOTICE = "sauma.Notice"

BAD: dict[str, tuple[Named, str]] = {
    "a type within itself": (_planted(NOTICE, NOTICE), "sauma.Notice: recursive"),
    "a type within itself, optional and in an array": (
        _planted(NOTICE, ["null", _array(NOTICE)]),
        "sauma.Notice: recursive",
    ),
    "two types within each other": (_planted("sauma.Scope", "sauma.Will"), "sauma.Scope: recursive"),
    "an array of nothing": (_planted(NOTICE, _array("null")), "sauma.Notice.planted: items of zero bytes"),
    "a map of nothing": (
        _planted(NOTICE, {"type": "map", "values": "null"}),
        "sauma.Notice.planted: items of zero bytes",
    ),
    "an array of empty records": (
        {**_planted(NOTICE, _array("sauma.Empty")), "sauma.Empty": EMPTY},
        "sauma.Notice.planted: items of zero bytes",
    ),
    "an array of records of nothing but null": (
        _planted(NOTICE, _array(ONLY_NULL)),
        "sauma.Notice.planted: items of zero bytes",
    ),
    "an array in an array, of nothing": (
        _planted(NOTICE, _array(_array("null"))),
        "sauma.Notice.planted[]: items of zero bytes",
    ),
    "an array of fixed 0": (
        _planted(NOTICE, _array({"type": "fixed", "name": "F", "size": 0})),
        "sauma.Notice.planted: items of zero bytes",
    ),
    "too deep": (_planted(NOTICE, _nested(40)), "sauma.Notice: deeper than 32"),
    "too deep only with what is around it": (_planted("sauma.Basis", _nested(30)), "sauma.Delivery: deeper than 32"),
    "a type that is nowhere": (_planted(NOTICE, "sauma.Nowhere"), "sauma.Notice.planted: unknown type sauma.Nowhere"),
    "a content type without category": (_categorised(), "sauma.content.Capacity: no category"),
    "a category that does not exist": (_categorised(8), "sauma.content.Capacity: no category, or none of 1 to 7"),
    "a category that the kind of fact has not": (
        _categorised(3),
        "sauma.content.Capacity: category [3], but a capacity has other ones",
    ),
}


@pytest.mark.parametrize("what", BAD)
def test_a_bad_schema_is_found(what: str) -> None:
    planted, told = BAD[what]

    assert any(fault.startswith(told) for fault in faults(planted)), faults(planted)


def test_every_kind_with_a_cell_has_a_content_type() -> None:
    # A proposal and a conflict hold the content of the item they are about.
    with_cell = {name for name, kind in KINDS.items() if kind.has_cell} - {"proposal", "conflict"}

    assert with_cell == CONTENT_OF.keys()


def test_two_types_of_one_name_are_refused() -> None:
    # Silently taking the first for both would write one type's fields for the other's.
    registry = Registry()
    registry.schema(CONTENT_OF["referral"])

    with pytest.raises(TypeError, match="Referral"):
        registry.schema(Event)


def test_events_and_contents_keep_their_own_types_in_either_order_of_import() -> None:
    # In a process of its own: which module was imported first is what went wrong.
    program = (
        "import {0}, {1}; from sauma.codec import Codec; from sauma.event import Event, Referral; from sauma import content;"
        "codec = Codec(Event); event = Event('i', 's', 'u', 'n', 1, 0, Referral('r', 'made'));"
        "assert codec.decode(codec.encode(event)) == event;"
        "asked = content.Referral('a', 'b', 'c'); assert content.read_content(content.write_content(asked)) == asked"
    )
    for order in (("sauma.event", "sauma.content"), ("sauma.content", "sauma.event")):
        subprocess.run([sys.executable, "-c", program.format(*order)], check=True, timeout=60)


# Examples


def test_every_type_has_examples_and_no_example_is_left_over() -> None:
    assert [record.__name__ for record in TOP if not EXAMPLES[record]] == []
    there = {path.relative_to(FOLDER) for path in FOLDER.rglob("*") if path.is_file()}
    assert there == {path.relative_to(FOLDER) for found in EXAMPLES.values() for path in found.values()}


def test_every_event_body_and_every_kind_of_journal_record_has_an_example() -> None:
    bodies = {type(read_example(Event, name).body) for name in EXAMPLES[Event]}
    records = {type(read_example(Entry, name).what) for name in EXAMPLES[Entry]}

    assert bodies == set(get_args(Body))
    assert records == set(get_args(What))


def test_every_optional_field_and_every_list_is_seen_both_filled_and_empty() -> None:
    seen: dict[str, set[bool]] = {}
    for record, name in ALL:
        _look(schema_name(record), as_json(read_example(record, name)), "", seen)

    there = {
        f"{name}.{field['name']}" for name, s in FILES.items() for field in s["fields"] if _has_empty(field["type"])
    }
    # An approval always covers something: an approval of nothing is none.
    assert {where for where in there if seen.get(where) != {True, False}} == {"sauma.content.Approval.covers"}


def _has_empty(kind: Any) -> bool:
    return kind[0] == "null" if isinstance(kind, list) else isinstance(kind, dict)


def _look(kind: Any, value: Any, where: str, seen: dict[str, set[bool]]) -> None:
    if _has_empty(kind):
        seen.setdefault(where, set()).add(bool(value))
    if isinstance(kind, list):
        if value is not None:
            ((name, inner),) = value.items()
            branch = next(b for b in kind if name == (b if isinstance(b, str) else b["type"]))
            _look(branch, inner, "", seen)
    elif isinstance(kind, dict):
        for inner in value.values() if kind["type"] == "map" else value:
            _look(kind["values" if kind["type"] == "map" else "items"], inner, "", seen)
    elif kind in FILES:
        for field in FILES[kind]["fields"]:
            _look(field["type"], value[field["name"]], f"{kind}.{field['name']}", seen)


@each_example
def test_the_codec_eats_the_example(record: type[object], name: str) -> None:
    codec, example = Codec(record, registry_of(record)), read_example(record, name)

    assert codec.decode(codec.encode(example)) == example
    assert codec.decode_trusted(codec.encode(example)) == example


@each_example
def test_the_example_is_in_avros_own_json_form(record: type[object], name: str) -> None:
    text = EXAMPLES[record][name].read_text(encoding="utf-8")
    registry = registry_of(record)
    dump, _ = registry.converters(record)
    known: dict[str, Any] = {}
    for schema in registry.named().values():
        parsed = fastavro.parse_schema(schema, named_schemas=known)
        if schema["name"] == record.__name__:
            break
    theirs = io.StringIO()
    fastavro.json_writer(theirs, parsed, [dump(read_example(record, name))])

    assert json.loads(theirs.getvalue()) == json.loads(text) == as_json(read_example(record, name))
    assert text == json.dumps(json.loads(text), indent=2, ensure_ascii=False) + "\n"


def test_an_example_of_before_a_field_existed_is_read_with_the_default() -> None:
    written = as_json(World().event(E, puts(put("a", "background", 3))))
    del written["cause"]

    assert from_json(Event, written).cause is None
    del written["seq"]
    with pytest.raises(KeyError):
        from_json(Event, written)


@pytest.mark.parametrize("name", EXAMPLES[Entry])
@pytest.mark.parametrize("lines", [0, 12, len(LINES)])
def test_the_core_takes_a_step_on_every_entry(name: str, lines: int) -> None:
    # On a client of whom nothing is known, in the middle of the story, and at its end.
    world = World()
    for line in LINES[:lines]:
        line.says(world)
    entry = read_example(Entry, name)
    digest = event_hash(Codec(Event).encode(entry.what)) if isinstance(entry.what, Event) else b""

    taken = step(world.client, entry, event_digest=digest, laws=world.laws, places=world.places)

    assert taken.decision.outcome in ("accepted", "refused", "parked", "repeat", "early")
    assert taken.client.head.records == world.client.head.records + 1
    for record in (taken.decision, *taken.deliveries, taken.client.head, *taken.client.facts.values()):
        codec = Codec(type(record))
        assert codec.decode(codec.encode(record)) == record


@pytest.mark.parametrize("name", EXAMPLES[FactState])
def test_the_core_goes_on_from_every_stored_fact(name: str) -> None:
    state = read_example(FactState, name)
    world = World(client=_opened().with_facts(state))

    taken = world.journal(world.event(E, puts(put("other", "background", 3)), incarnation="after-the-upgrade"))

    assert taken.decision.outcome == "accepted"
    assert taken.client.facts[state.fact.id].fact == state.fact


@pytest.mark.parametrize("name", EXAMPLES[Head])
def test_the_core_goes_on_from_every_stored_head(name: str) -> None:
    head = read_example(Head, name)
    marks = [read_example(SourceMark, n) for n in EXAMPLES[SourceMark]]
    parked = [read_example(Parked, n) for n in EXAMPLES[Parked]]
    client = Client(
        head, {mark.source: mark for mark in marks}, {}, {f"kela/{n}": p for n, p in enumerate(parked, start=100)}
    )
    world = World(client=client, now=head.effective_at)

    taken = world.say(E, puts(put("other", "background", 3)))

    assert taken.client.head.records == head.records + 1
    assert taken.client.head.numbers.items() >= head.numbers.items() or taken.deliveries


def _opened() -> Client:
    world = World()
    for line in LINES[:3]:
        line.says(world)
    return world.client


@pytest.mark.parametrize(("record", "name"), [(t, n) for t in CONTENT_OF.values() for n in EXAMPLES[t]], ids=str)
def test_the_reader_of_cells_eats_every_content(record: type[Content], name: str) -> None:
    content = read_example(record, name)

    assert read_content(write_content(content)) == content
    assert content_schema(content) == record.__name__
    assert all(isinstance(text, str) for text in as_text(content).values())
