"""Turns frozen records into Avro bytes and back, and derives the schema a record ought to have; it knows no topic and no file.

A frozen dataclass *is* the Avro record. Its fields' annotations give the schema; a test holds the derived schema against
the checked-in file. `sauma.avro_reader` reads and `sauma.avro_writer` writes; both are tested against fastavro. The functions
between record and bytes are made once per type from its annotations: walking these for every event would cost more than the rest.
"""

import dataclasses
import types
import typing
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from sauma import avro_reader, avro_writer
from sauma.avro_reader import Read

NAMESPACE = "sauma"
T = TypeVar("T")


class Undecodable(Exception):
    """Bytes that are not one whole record of the schema, written the one canonical way."""


@dataclasses.dataclass(frozen=True, slots=True)
class _Kind:
    """How one annotation looks in Avro, and the expressions that convert a value `{v}` between the two worlds."""

    schema: Any
    write: str
    """Gives the value's encoding."""
    read: str
    """Gives the value and the position after it, from the data `d` at `p`."""
    dump: str = "{v}"
    load: str = "{v}"
    field: str = ""
    """As `write`, for the value of a record's field, where that can be done in pieces and without a call."""
    quick: str = ""
    """Statements that read a record's field into `{v}` where its first byte is plain, without a call; ends in an `else`."""

    @property
    def reader(self) -> str:
        """The function behind `read`: what reads an item of a list."""
        name, _, arguments = self.read.partition("(")
        return name if arguments == "d, p)" else f"lambda d, p: {self.read}"


class _Plainly:
    """Writes texts and remembers none."""

    def __getitem__(self, value: str) -> bytes:
        return avro_writer.text(value)


class _PlainlyRead:
    """Reads texts and remembers none."""

    def __getitem__(self, data: bytes) -> str:
        return data.decode()


_PLAIN: dict[Any, _Kind] = {
    str: _Kind(
        "string",
        "_text[{v}]",
        "_r.text(d, p)",
        quick="if not (b := d[p]) & 0x81:"
        " q = p + 1 + (b >> 1);"
        f" {{v}} = _codes[d[p + 1 : q]] if b <= {2 * avro_reader.CODE_BYTES_MAX} else d[p + 1 : q].decode(); p = q",
    ),
    int: _Kind("long", "_long[{v}]", "_r.long(d, p)", quick="if not (b := d[p]) & 0x81: {v} = b >> 1; p += 1"),
    bool: _Kind("boolean", "(b'\\x01' if {v} else b'\\x00')", "_r.boolean(d, p)"),
    bytes: _Kind("bytes", "_w.blob({v})", "_r.blob(d, p)", field="_long[len({v})], {v}"),
    float: _Kind("double", "_w.double({v})", "_r.double(d, p)"),
}


def _is_record(annotation: Any) -> bool:
    return isinstance(annotation, type) and dataclasses.is_dataclass(annotation)


class Registry:
    """Derives schemas and converters for record types of one namespace, each named type once.

    `properties` are added to the schemas of the types they name: they travel with the schema and change no byte.
    `is_in_the_clear`: texts are ids and codes, of which the latest may be remembered; content never is.
    """

    def __init__(
        self,
        namespace: str = NAMESPACE,
        properties: Mapping[str, Mapping[str, Any]] = types.MappingProxyType({}),
        *,
        is_in_the_clear: bool = False,
    ) -> None:
        self._namespace = namespace
        self._text = avro_writer.TEXT if is_in_the_clear else _Plainly()
        self._codes = avro_reader.Codes() if is_in_the_clear else _PlainlyRead()
        self._properties = properties
        self._records: dict[str, type] = {}
        self._schemas: dict[str, dict[str, Any]] = {}
        self._dump: dict[str, Callable[[Any], Any]] = {}
        self._load: dict[str, Callable[[Any], Any]] = {}
        self._write: dict[str, Callable[[Any], bytes]] = {}
        self._read: dict[str, Read] = {}

    def schema(self, record: type) -> dict[str, Any]:
        """The record's own schema; other named types are referred to by name."""
        self._learn(record)
        return self._schemas[record.__name__]

    def named(self) -> dict[str, dict[str, Any]]:
        """Every schema learnt so far, by name, in the order in which each may be read after the ones before it."""
        return dict(self._schemas)

    def converters(self, record: type) -> tuple[Callable[[Any], Any], Callable[[Any], Any]]:
        """The pair (record to dictionary, dictionary to record)."""
        self._learn(record)
        return self._dump[record.__name__], self._load[record.__name__]

    def writer(self, record: type) -> Callable[[Any], bytes]:
        """The function from a record to its encoding."""
        self._learn(record)
        return self._write[record.__name__]

    def reader(self, record: type) -> Read:
        """The function from data and a position to the record there and the position after it."""
        self._learn(record)
        return self._read[record.__name__]

    def _learn(self, record: type) -> None:
        name = record.__name__
        if name in self._schemas:
            if self._records[name] is not record:
                raise TypeError(f"{record!r} and {self._records[name]!r} would both be {self._namespace}.{name}")
            return
        hints = typing.get_type_hints(record)
        fields = dataclasses.fields(record)
        kinds = {field.name: self._kind(hints[field.name], where=f"{name}.{field.name}") for field in fields}
        self._records[name] = record
        self._schemas[name] = {
            "type": "record",
            "name": name,
            "namespace": self._namespace,
            "doc": (record.__doc__ or "").strip().splitlines()[0],
            **self._properties.get(name, {}),
            "fields": [_field_schema(field, kinds[field.name]) for field in fields],
        }
        dump = ", ".join(f"{f.name!r}: " + kinds[f.name].dump.format(v=f"r.{f.name}") for f in fields)
        load = ", ".join(kinds[f.name].load.format(v=f"d[{f.name!r}]") for f in fields)
        write = ", ".join((kinds[f.name].field or kinds[f.name].write).format(v=f"r.{f.name}") for f in fields)
        values = [f"v{n}" for n in range(len(fields))]
        read = "".join(_reading(v, kinds[f.name]) for v, f in zip(values, fields, strict=True))
        read = f"def read(d, p):\n{read} return _new({', '.join(values)}), p"
        scope: dict[str, Any] = {
            "_D": self._dump,
            "_L": self._load,
            "_W": self._write,
            "_R": self._read,
            "_w": avro_writer,
            "_long": avro_writer.LONG,
            "_text": self._text,
            "_codes": self._codes,
            "_r": avro_reader,
            "_new": record,
        }
        self._dump[name] = eval(f"lambda r: {{{dump}}}", scope)  # noqa: S307 - built from our own annotations only
        self._load[name] = eval(f"lambda d: _new({load})", scope)  # noqa: S307 - as above
        writes = eval(f"lambda r: b''.join(({write},))", scope)  # noqa: S307 - as above
        self._write[name] = _repeating(writes) if getattr(record, "comes_again", False) else writes
        exec(read, scope)  # noqa: S102 - as above
        self._read[name] = scope["read"]

    def _kind(self, annotation: Any, *, where: str) -> _Kind:
        while hasattr(annotation, "__supertype__"):  # NewType
            annotation = annotation.__supertype__
        if annotation in _PLAIN:
            return _PLAIN[annotation]
        if _is_record(annotation):
            self._learn(annotation)
            name = annotation.__name__
            return _Kind(
                f"{self._namespace}.{name}",
                write=f"_W[{name!r}]({{v}})",
                read=f"_R[{name!r}](d, p)",
                dump=f"_D[{name!r}]({{v}})",
                load=f"_L[{name!r}]({{v}})",
            )
        origin, arguments = typing.get_origin(annotation), typing.get_args(annotation)
        if origin is tuple and len(arguments) == 2 and arguments[1] is Ellipsis:
            return self._array(arguments[0], where)
        if origin in (dict, Mapping, typing.get_origin(Mapping[str, str])):
            return self._map(arguments[1], where)
        if origin in (typing.Union, types.UnionType):
            return self._union(arguments, where)
        raise TypeError(
            f"{where}: {annotation!r} has no Avro form; use a plain type, a record, tuple[X, ...], Mapping or a union"
        )

    def _array(self, item: Any, where: str) -> _Kind:
        kind = self._kind(item, where=where)
        dump, load, write = (part.format(v="x") for part in (kind.dump, kind.load, kind.write))
        is_plain = kind.dump == "{v}"
        return _Kind(
            {"type": "array", "items": kind.schema},
            write=f"(_w.block([{write} for x in {{v}}]) if {{v}} else b'\\x00')",
            read=f"_r.items(d, p, {kind.reader}) if d[p] else ((), p + 1)",
            quick="if not d[p]: {v} = (); p += 1",
            dump="{v}" if is_plain else f"[{dump} for x in {{v}}]",
            load="tuple({v})" if is_plain else f"tuple([{load} for x in {{v}}])",
        )

    def _map(self, value: Any, where: str) -> _Kind:
        kind = self._kind(value, where=where)
        dump, load, write = (part.format(v="x") for part in (kind.dump, kind.load, kind.write))
        is_plain = kind.dump == "{v}"
        return _Kind(
            {"type": "map", "values": kind.schema},
            write=f"(_w.block([_text[k] + {write} for k, x in {{v}}.items()]) if {{v}} else b'\\x00')",
            read=f"_r.entries(d, p, {kind.reader}) if d[p] else ({{}}, p + 1)",
            quick="if not d[p]: {v} = {{}}; p += 1",
            dump="{v}" if is_plain else f"{{{{k: {dump} for k, x in {{v}}.items()}}}}",
            load="{v}" if is_plain else f"{{{{k: {load} for k, x in {{v}}.items()}}}}",
        )

    def _union(self, members: tuple[Any, ...], where: str) -> _Kind:
        others = [m for m in members if m is not type(None)]
        if len(others) == 1:
            kind = self._kind(others[0], where=where)
            is_plain = kind.dump == "{v}"
            return _Kind(
                ["null", kind.schema],
                write=f"(b'\\x00' if {{v}} is None else b'\\x02' + {kind.write})",
                read=f"_r.present(d, p, {kind.reader}) if d[p] else (None, p + 1)",
                quick="if not d[p]: {v} = None; p += 1",
                dump="{v}" if is_plain else f"(None if {{v}} is None else {kind.dump})",
                load="{v}" if is_plain else f"(None if {{v}} is None else {kind.load})",
            )
        if len(others) != len(members) or not all(_is_record(m) for m in others):
            raise TypeError(f"{where}: a union is either one type or null, or several records and no null")
        schemas = [self._kind(m, where=where).schema for m in others]
        names = ", ".join(repr(m.__name__) for m in others)
        index = {m.__name__: avro_writer.LONG[n] for n, m in enumerate(others)}
        name = "{v}.__class__.__name__"
        dump = f"(({self._namespace!r} + '.' + {name}), _D[{name}]({{v}}))"
        load = f"_L[{{v}}[0][{len(self._namespace) + 1}:]]({{v}}[1])"
        write = f"({str(index).replace('{', '{{').replace('}', '}}')}[{name}] + _W[{name}]({{v}}))"
        return _Kind(schemas, write, f"_r.branch(d, p, _R, ({names}))", dump, load)


def _repeating(write: Callable[[Any], bytes]) -> Callable[[Any], bytes]:
    """Writes records of which the same object comes again soon, with at most one other in between, and remembers the last two."""
    last: tuple[Any, bytes] = (None, b"")
    before = last

    def written(record: Any) -> bytes:
        nonlocal last, before
        for known, data in (last, before):
            if known is record:
                return data
        last, before = (record, write(record)), last
        return last[1]

    return written


def _reading(value: str, kind: _Kind) -> str:
    """The lines that read one field; most are short or absent, so that most are read without a call."""
    if not kind.quick:
        return f" {value}, p = {kind.read}\n"
    return f" {kind.quick.format(v=value)}\n else: {value}, p = {kind.read}\n"


def _field_schema(field: "dataclasses.Field[Any]", kind: _Kind) -> dict[str, Any]:
    schema: dict[str, Any] = {"name": field.name, "type": kind.schema}
    if isinstance(kind.schema, list) and kind.schema[0] == "null":
        schema["default"] = None
    elif isinstance(field.default, str | int | bool | tuple):
        schema["default"] = list(field.default) if isinstance(field.default, tuple) else field.default
    elif field.default == b"":
        schema["default"] = ""
    elif isinstance(kind.schema, dict) and kind.schema["type"] == "map":
        schema["default"] = {}
    return schema


REGISTRY = Registry(is_in_the_clear=True)


class Codec(Generic[T]):
    """Encodes and decodes one record type. What it decodes is in the one canonical form (invariant I22)."""

    def __init__(self, record: type[T], registry: Registry = REGISTRY) -> None:
        self.encode: Callable[[T], bytes] = registry.writer(record)
        """The record's canonical bytes."""
        self._read = registry.reader(record)

    def decode_trusted(self, data: bytes) -> T:
        """The record in bytes that this system has written itself; whatever is wrong with them is a bug and rises as it is."""
        record, end = self._read(data, 0)
        if end != len(data):
            raise Undecodable("more or less than one record")
        return typing.cast("T", record)

    def decode_start(self, data: bytes) -> T:
        """The record that these trusted bytes begin with: whoever needs a long record's first fields reads no others."""
        record, _ = self._read(data, 0)
        return typing.cast("T", record)

    def decode(self, data: bytes) -> T:
        """The record in bytes from outside: exactly one, and `encode` gives these bytes. Raises `Undecodable` and nothing else."""
        try:
            return self.decode_trusted(data)
        except Exception as error:  # noqa: BLE001 - the one place where a reader's many exceptions become one refusal
            raise Undecodable(type(error).__name__) from None
