"""The closed list of record types on the bus, in state and in cells, their schemas, and a record's Avro JSON form; it opens no file."""

from collections.abc import Mapping
from typing import Any, TypeVar

from sauma.client import FactState, Head, Parked, SourceMark
from sauma.codec import REGISTRY, Registry
from sauma.content import CONTENT_OF, CONTENT_REGISTRY, Sealed
from sauma.decision import Decision
from sauma.delivery import Applied, Delivery, Rejection
from sauma.event import Event
from sauma.journal import Entry, Epoch, Slice

Schema = Mapping[str, Any]
T = TypeVar("T")

BUS: tuple[type, ...] = (Event, Entry, Delivery, Decision, Rejection, Applied)
"""What goes over topics: releases run side by side, so new reads old and old reads new."""

STATE: tuple[type, ...] = (Head, SourceMark, FactState, Parked, Epoch, Slice)
"""What the router keeps of a client and of a partition: new reads old; an older release rebuilds from the journal instead."""

CELL: tuple[type, ...] = (Sealed, *dict.fromkeys(CONTENT_OF.values()))
"""What is inside cells: recipients are upgraded one by one, so new reads old and old reads new."""

TOP: tuple[type, ...] = BUS + STATE + CELL
"""Every type that is ever encoded as a whole; all other types are parts of these."""

_CONTENT = frozenset(CONTENT_OF.values())


def derived() -> dict[str, Schema]:
    """The schema of every named type, by full name, in the order in which each may be read after the ones before it.

    Derived afresh: a type that some other module has given to the shared registry is not among them.
    """
    plain = Registry()
    for record in TOP:
        if record not in _CONTENT:
            plain.schema(record)
    contents = {record.__name__: CONTENT_REGISTRY.schema(record) for record in TOP if record in _CONTENT}
    return {full_name(schema): schema for schema in (*plain.named().values(), *contents.values())}


def full_name(schema: Schema) -> str:
    """The namespace and the name of a named type: `sauma.Event`, `sauma.content.Referral`."""
    return f"{schema['namespace']}.{schema['name']}"


def place(name: str) -> str:
    """Where a type's schema lies under schemas/avro, from its full name: `Event.avsc`, `content/Referral.avsc`."""
    return f"{name.removeprefix('sauma.').replace('.', '/')}.avsc"


def schema_name(record: type) -> str:
    """The full name of a record type's schema."""
    return full_name(registry_of(record).schema(record))


def registry_of(record: type) -> Registry:
    """The registry that a record type's codec is to use."""
    return CONTENT_REGISTRY if record in _CONTENT else REGISTRY


def as_json(record: object) -> dict[str, Any]:
    """The record in Avro's JSON form: bytes as ISO 8859-1 text, a union's value under its type's name."""
    kind = type(record)
    dump, _ = registry_of(kind).converters(kind)
    return _out(schema_name(kind), dump(record))  # type: ignore[no-any-return] # a record's form is an object


def from_json(kind: type[T], value: Mapping[str, Any]) -> T:
    """The record that the JSON form stands for.

    A field left out takes its default, so that what was written before the field existed is read; without a default,
    and for a type that the schema does not have, KeyError.
    """
    _, load = registry_of(kind).converters(kind)
    return load(_in(schema_name(kind), value))  # type: ignore[no-any-return] # the converter of this very type


def _named(name: str) -> Schema | None:
    namespace, _, short = name.rpartition(".")
    if not namespace:
        return None
    return (CONTENT_REGISTRY if namespace == "sauma.content" else REGISTRY).named()[short]


def _branch(union: list[Any], name: str) -> Any:
    found = next((b for b in union if name == (b if isinstance(b, str) else b["type"])), None)
    if found is None:
        raise KeyError(name)
    return found


def _out(schema: Any, raw: Any) -> Any:
    if isinstance(schema, list):
        if raw is None:
            return None
        if isinstance(raw, tuple):  # several records: the converter says which
            return {raw[0]: _out(raw[0], raw[1])}
        branch = schema[1]
        return {branch if isinstance(branch, str) else branch["type"]: _out(branch, raw)}
    if isinstance(schema, str):
        named = _named(schema)
        if named is None:
            return raw.decode("latin-1") if schema == "bytes" else raw
        schema = named
    if schema["type"] == "array":
        return [_out(schema["items"], item) for item in raw]
    if schema["type"] == "map":
        return {key: _out(schema["values"], item) for key, item in raw.items()}
    return {field["name"]: _out(field["type"], raw[field["name"]]) for field in schema["fields"]}


def _in(schema: Any, value: Any) -> Any:
    if isinstance(schema, list):
        if value is None:
            return None
        ((name, inner),) = value.items()
        read = _in(_branch(schema, name), inner)
        return read if schema[0] == "null" else (name, read)
    if isinstance(schema, str):
        named = _named(schema)
        if named is None:
            return value.encode("latin-1") if schema == "bytes" else value
        schema = named
    if schema["type"] == "array":
        return [_in(schema["items"], item) for item in value]
    if schema["type"] == "map":
        return {key: _in(schema["values"], item) for key, item in value.items()}
    return {
        f["name"]: _in(f["type"], value[f["name"]] if f["name"] in value else f["default"]) for f in schema["fields"]
    }
