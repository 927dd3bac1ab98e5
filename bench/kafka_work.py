"""The work that is compared: journal records, and for each the rows that the router writes for it, from sample clients.

A contender without law has to write as many rows of the same sizes as the router. It finds them by the client's count of
records so far: the lives are the same in shape.
"""

import io
import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import fastavro

from bench.load import rounds
from sauma.client import FactState, Head, Parked, SourceMark
from sauma.codec import REGISTRY
from sauma.decision import Decision
from sauma.delivery import Delivery
from sauma.fact import Moment
from sauma.journal import Entry
from sauma.resources import load_laws, load_places
from sauma.splice import entry_of_event
from sauma_services.router import Router
from sauma_services.router.clients import FACT, HEAD, PARKED, SOURCE
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.ports import Append, Record, StatePart
from sauma_services.runtime.topics import DECISIONS, JOURNAL

EVENTS_EACH = 10
"""Events of a life: the beginning of the story, in which everything happens once."""

_SAMPLES = 64
"""Clients whose rows are written again and again: enough that the compression finds no more in a batch than in real ones."""

_PARTS: dict[str, type] = {HEAD: Head, SOURCE: SourceMark, FACT: FactState, PARKED: Parked}


@dataclass(frozen=True, slots=True)
class Row:
    """One row to be written: to a topic, or, without one, to the state."""

    topic: str | None
    key: bytes
    value: bytes
    record: type
    """Which record the value is."""


def journal(*, clients: int, events_each: int = EVENTS_EACH, seed: int) -> list[Append]:
    """Whole lives, one event a client in turn, stamped now: what intake would have written."""
    now = Moment(SystemClock().now())
    return [
        Append(JOURNAL.name, append.key, entry_of_event(now, append.value))
        for part in rounds(clients=clients, events_each=events_each, seed=seed)
        for append in part
    ]


def samples(clients: int = _SAMPLES, events_each: int = EVENTS_EACH) -> list[list[list[Row]]]:
    """By sample client and by the number of its event: the rows that the real router writes for it."""
    router = Router(laws=load_laws(), places=load_places())
    router.restore(0, ())
    now = SystemClock().now()
    router.process((), now=now)  # says what decides: a record of its own, and of no client
    router.committed()
    found: dict[bytes, list[list[Row]]] = {}
    for position, append in enumerate(journal(clients=clients, events_each=events_each, seed=0)):
        record = Record(JOURNAL.name, 0, position, append.key, append.value, (), now)
        outputs = router.process([record], now=now)
        router.committed()
        rows = [_row(one) for one in outputs.appends]
        rows += [_part(part) for parts in outputs.state.values() for part in parts]
        found.setdefault(append.key, []).append(rows)
    return list(found.values())


def _row(append: Append) -> Row:
    return Row(append.topic, append.key, append.value, Decision if append.topic == DECISIONS.name else Delivery)


def _part(part: StatePart) -> Row:
    if part.value is None:
        raise ValueError("the sample lives take no part away")
    kind = part.key.decode().split("/")[1]
    return Row(None, part.key, part.value, _PARTS[kind])


class Shapes:
    """Deals out the rows: for a client's record, those of the same place in a sample's life, under the client's own key."""

    def __init__(self) -> None:
        self._samples = samples()
        self._seen: dict[bytes, int] = {}

    def of(self, key: bytes) -> Sequence[Row]:
        """The rows for this client's next record; its state parts have keys of their own."""
        count = self._seen.get(key, 0)
        self._seen[key] = count + 1
        return self._samples[key[0] % len(self._samples)][count % EVENTS_EACH]


def part_key(key: bytes, row: Row) -> bytes:
    """The row's key, for this client instead of the sample."""
    return key + row.key[len(key) :] if row.topic is None else key


class PlainCodec:
    """Decodes and encodes with fastavro, as anyone would who has the schemas: dictionaries, no record types of ours."""

    def __init__(self) -> None:
        for record in (Entry, Delivery, Decision, *_PARTS.values()):
            REGISTRY.schema(record)
        known: dict[str, Any] = {}
        parsed = {name: fastavro.parse_schema(schema, named_schemas=known) for name, schema in REGISTRY.named().items()}
        self._schemas: dict[type, Any] = {
            record: parsed[record.__name__] for record in (Entry, Delivery, Decision, *_PARTS.values())
        }

    def decode(self, record: type, value: bytes) -> Any:
        """One record as a dictionary; the branch of a union of records is told beside it."""
        return fastavro.schemaless_reader(
            io.BytesIO(value),
            self._schemas[record],
            None,
            return_record_name=True,
            return_record_name_override=True,
        )

    def encoder(self, record: type) -> Callable[[Any], bytes]:
        """The function from such a dictionary to bytes."""
        schema = self._schemas[record]

        def encode(value: Any) -> bytes:
            out = io.BytesIO()
            fastavro.schemaless_writer(out, schema, value)
            return out.getvalue()

        return encode


Work = Callable[[bytes, bytes], Iterator[tuple[str | None, bytes, bytes]]]
"""From a record's key and value to rows: topic (None: the state), key, value."""


def passing_on() -> Work:
    """Rows of the same bytes; nothing is decoded."""
    shapes = Shapes()

    def work(key: bytes, _: bytes) -> Iterator[tuple[str | None, bytes, bytes]]:
        for row in shapes.of(key):
            yield row.topic, part_key(key, row), row.value

    return work


def codec_only() -> Work:
    """Decode the record, and encode each row anew from what it holds: all with fastavro."""
    codec, shapes = PlainCodec(), Shapes()
    encoders = {record: codec.encoder(record) for record in (Delivery, Decision, *_PARTS.values())}
    decoded: dict[int, Any] = {}  # by the sample row: each is decoded once, and encoded each time

    def work(key: bytes, value: bytes) -> Iterator[tuple[str | None, bytes, bytes]]:
        codec.decode(Entry, value)
        for row in shapes.of(key):
            held = decoded.get(id(row))
            if held is None:
                held = decoded[id(row)] = codec.decode(row.record, row.value)
            yield row.topic, part_key(key, row), encoders[row.record](held)

    return work


def chance(seed: int) -> random.Random:
    """For the order in which contenders take their turns."""
    return random.Random(seed)
