"""The codec against hostile bytes: a record in its one canonical form, or `Undecodable`, and little memory either way (I21, I22)."""

import io
import tracemalloc
from dataclasses import dataclass, replace
from typing import Any

import fastavro
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from sauma.client import FactState, Head
from sauma.codec import REGISTRY, Codec, Registry, Undecodable
from sauma.content import read_content
from sauma.delivery import Delivery
from sauma.event import ClientChange, Correction, Event, Receipt, Relationship
from sauma.fact import Moment
from sauma.ids import EndpointId, EventId, FactId, SubjectId
from sauma.journal import Absorb, Entry
from support.examples import EXAMPLES, read_example

EVENT, ENTRY = Codec(Event), Codec(Entry)


def _number(value: int, padding: int = 0) -> bytes:
    """A number as Avro writes it: zig-zag, seven bits a byte; padded with bytes that say nothing."""
    rest = (value << 1) ^ (value >> 63)
    rest &= 2**64 - 1
    digits = []
    while True:
        digits.append(rest & 0x7F)
        rest >>= 7
        if not rest:
            break
    digits += [0] * padding
    return bytes([*(digit | 0x80 for digit in digits[:-1]), digits[-1]])


def _text(value: str) -> bytes:
    return _number(len(value.encode())) + value.encode()


def _event(body: bytes, *, seq: bytes = _number(1), source: bytes = _text("kela"), cause: bytes = _number(0)) -> bytes:
    """An event's bytes put together by hand, so that a wrong piece can be put in."""
    return _text("id") + source + _text("s") + _text("first") + seq + _number(0) + body + cause


DIED = _number(5) + _text("died") + _number(0) + _number(0)
PLAIN = Event(EventId("id"), EndpointId("kela"), SubjectId("s"), "first", 1, Moment(0), ClientChange("died"))


def _inventory(held: bytes) -> bytes:
    return _event(_number(7) + _text("inventory") + held + _number(0) * 3)


def _parsed(record: type) -> Any:
    known: dict[str, Any] = {}
    for name, schema in REGISTRY.named().items():
        parsed = fastavro.parse_schema(schema, named_schemas=known)
        if name == record.__name__:
            return parsed
    raise KeyError(record)


CODECS: dict[type, Codec[Any]] = {record: Codec(record) for record in (Event, Entry, Delivery, Head, FactState)}
PARSED = {record: _parsed(record) for record in CODECS}


def _as_fastavro_has_it(record: type, data: bytes) -> object:
    """The record by fastavro's reader, or None: also where its writer would have written other bytes."""
    _, load = REGISTRY.converters(record)
    again = io.BytesIO()
    try:
        raw = fastavro.schemaless_reader(
            io.BytesIO(data), PARSED[record], None, return_record_name=True, return_record_name_override=True
        )
        fastavro.schemaless_writer(again, PARSED[record], raw)
        return load(raw) if again.getvalue() == data else None
    except Exception:  # noqa: BLE001 - it has many ways to say no
        return None


def _ends(record: type, data: bytes) -> None:
    """A record whose bytes these are, or `Undecodable`, and fastavro is of the same mind; any other exception fails the test."""
    codec = CODECS[record]
    try:
        found = codec.decode(data)
    except Undecodable:
        assert _as_fastavro_has_it(record, data) is None
        return
    assert codec.encode(found) == data
    assert _as_fastavro_has_it(record, data) == found


def test_the_bytes_made_by_hand_are_an_event() -> None:
    assert EVENT.encode(PLAIN) == _event(DIED)
    assert EVENT.decode(_event(DIED)) == PLAIN


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(_event(DIED)[:-1], id="the end missing"),
        pytest.param(_event(DIED) + b"\x00", id="trailing byte"),
        pytest.param(_event(DIED) * 2, id="two records"),
        pytest.param(_event(DIED, seq=_number(1, padding=1)), id="padded number"),
        pytest.param(_event(DIED, seq=_number(1, padding=20)), id="number of twenty bytes"),
        pytest.param(_event(DIED, seq=b"\xff" * 64 + b"\x01"), id="number beyond 64 bits"),
        pytest.param(_event(DIED, source=_number(4, padding=1) + b"kela"), id="padded length"),
        pytest.param(_event(DIED, source=_number(-1) + b"kela"), id="negative length"),
        pytest.param(_event(DIED, source=_number(2**40) + b"kela"), id="length of a terabyte"),
        pytest.param(_event(DIED, source=_number(2**63 - 1)), id="the greatest length"),
        pytest.param(_event(DIED, source=_number(2) + b"\xff\xfe"), id="no UTF-8"),
        pytest.param(_event(DIED, source=_number(2) + b"\xc0\x80"), id="overlong UTF-8"),
        pytest.param(_event(DIED, source=_number(3) + b"\xed\xa0\x80"), id="half a surrogate pair"),
        pytest.param(_event(_number(8) + DIED[1:]), id="a body that does not exist"),
        pytest.param(_event(_number(-1) + DIED[1:]), id="negative body"),
        pytest.param(_event(_number(-3) + DIED[1:]), id="a body counted from the end"),
        pytest.param(_event(DIED, cause=_number(2)), id="neither absent nor present"),
        pytest.param(
            _inventory(_number(-1) + _number(7) + _text("f") + _number(1) + b"\x00"), id="block with its size"
        ),
        pytest.param(_inventory((_number(1) + _text("f") + _number(1)) * 2 + b"\x00"), id="list in two blocks"),
        pytest.param(_inventory(_number(200_000_000)), id="a list of 200 million"),
        pytest.param(_inventory(_number(-200_000_000) + _number(5)), id="a list of 200 million, with its size"),
        pytest.param(_inventory(_number(-(2**63))), id="the least count"),
    ],
)
def test_what_is_not_canonical_is_refused(data: bytes) -> None:
    with pytest.raises(Undecodable):
        EVENT.decode(data)


def test_a_truth_value_other_than_0_and_1_is_refused() -> None:
    subject = SubjectId("s")
    data = ENTRY.encode(Entry(Moment(0), Absorb(subject, subject, 1, is_last=True, original=b"")))
    at = len(data) - 2
    assert data[at:] == b"\x01\x00"

    for truth in (2, 7, 255):
        with pytest.raises(Undecodable):
            ENTRY.decode(data[:at] + bytes([truth]) + data[at + 1 :])


def test_a_map_that_says_a_key_twice_is_refused() -> None:
    heads, pair = Codec(Head), _text("kela") + _number(3)
    once = heads.encode(Head(SubjectId("s"), numbers={EndpointId("kela"): 3}))
    twice = once.replace(_number(1) + pair, _number(2) + pair + pair)
    assert len(twice) == len(once) + len(pair)

    with pytest.raises(Undecodable):
        heads.decode(twice)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"", id="nothing"),
        pytest.param(b"\x08Goal", id="no content"),
        pytest.param(b"\x08Goal\x00", id="empty content"),
        pytest.param(b"\x08Note\x06\x04ab", id="a type that does not exist"),
        pytest.param(b"\x08Goal\x06\x04ab\x00", id="trailing byte outside"),
        pytest.param(b"\x08Goal\x08\x04ab\x00", id="trailing byte inside"),
    ],
)
def test_a_cells_content_that_is_broken_is_refused(data: bytes) -> None:
    with pytest.raises(Undecodable):
        read_content(data)


def test_the_refusal_repeats_nothing_of_the_bytes() -> None:
    with pytest.raises(Undecodable) as refused:
        EVENT.decode(_event(DIED, source=_number(7) + b"secret\xff"))

    assert "secret" not in str(refused.value)
    assert refused.value.__cause__ is None
    assert refused.value.__suppress_context__


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(_number(2**40), id="text"),
        pytest.param(_text("id") + _text("kela") + _text("s") + _number(2**62), id="text further in"),
        pytest.param(_inventory(_number(200_000_000))[:-4], id="a list"),
        pytest.param(_inventory(_number(-200_000_000) + _number(1))[:-4], id="a list with its size"),
    ],
)
def test_a_few_bytes_cannot_claim_much_memory(data: bytes) -> None:
    tracemalloc.start()
    try:
        with pytest.raises(Undecodable):
            EVENT.decode(data)
        _, peak_bytes = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()

    # What the claims speak of is from hundreds of megabytes to exabytes; what is there is under a hundred bytes.
    assert peak_bytes < 256 * 1024


@dataclass(frozen=True)
class Odd:
    """A record with a set, which Avro has not."""

    names: frozenset[str]


def test_a_type_without_an_avro_form_is_refused_where_it_is_declared() -> None:
    with pytest.raises(TypeError, match=r"Odd\.names"):
        Registry().schema(Odd)


@given(st.binary(max_size=4096))
@example(b"\x00" * 4096)
@example(b"\xff" * 4096)
@settings(max_examples=300, deadline=None)
def test_any_bytes_end_as_a_record_or_undecodable(data: bytes) -> None:
    for record in CODECS:
        _ends(record, data)


VALID = [(t, codec.encode(read_example(t, name))) for t, codec in CODECS.items() for name in EXAMPLES[t]]


@st.composite
def mutated(draw: st.DrawFn) -> tuple[type, bytes]:
    """A valid record with a few pieces changed, left out, doubled or put in."""
    record, valid = draw(st.sampled_from(VALID))
    data = bytearray(valid)
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.integers(0, 8)))
        match draw(st.sampled_from(("change", "cut", "double", "insert"))):
            case "change":
                data[at:end] = draw(st.binary(min_size=end - at, max_size=end - at))
            case "cut":
                del data[at:end]
            case "double":
                data[at:at] = data[at:end]
            case _:
                number = st.integers(-(2**63), 2**63 - 1).map(_number)
                data[at:at] = draw(number | st.binary(max_size=8))
    return record, bytes(data)


@given(mutated())
@settings(max_examples=500, deadline=None)
def test_a_mutated_record_ends_as_a_record_or_undecodable(changed: tuple[type, bytes]) -> None:
    record, data = changed

    _ends(record, data)


@pytest.mark.parametrize(("record", "name"), [(Event, "marks-and-provider"), (FactState, "given-and-erased")])
def test_every_single_changed_byte_ends_as_a_record_or_undecodable(record: type, name: str) -> None:
    data = CODECS[record].encode(read_example(record, name))

    for at in range(len(data)):
        for value in (0, 1, data[at] ^ 1, data[at] ^ 0x80, 0x7F, 0xFF):
            _ends(record, data[:at] + bytes([value]) + data[at + 1 :])


@pytest.mark.parametrize(("record", "name"), [(Event, "everything-filled-in"), (FactState, "not-given")])
def test_every_beginning_of_a_record_is_refused(record: type, name: str) -> None:
    data = CODECS[record].encode(read_example(record, name))

    for end in range(len(data)):
        with pytest.raises(Undecodable):
            CODECS[record].decode(data[:end])


@pytest.mark.parametrize("number", [-(2**63), -(2**62), -65, -64, -1, 0, 63, 64, 4095, 4096, 2**31, 2**62, 2**63 - 1])
def test_every_number_of_64_bits_is_written_as_fastavro_writes_it(number: int) -> None:
    event = replace(PLAIN, seq=number)

    assert EVENT.decode(EVENT.encode(event)) == event == _as_fastavro_has_it(Event, EVENT.encode(event))


@pytest.mark.parametrize("number", [2**63, -(2**63) - 1, 2**64])
def test_a_number_beyond_64_bits_is_not_written(number: int) -> None:
    with pytest.raises(ValueError, match="64-bit"):
        EVENT.encode(replace(PLAIN, seq=number))


texts = st.text(max_size=20)
moments = st.integers(-(2**63), 2**63 - 1).map(Moment)


@given(
    st.builds(
        Event,
        id=texts.map(EventId),
        source=texts.map(EndpointId),
        subject=texts.map(SubjectId),
        incarnation=texts,
        seq=st.integers(-(2**63), 2**63 - 1),
        occurred_at=moments,
        body=st.one_of(
            st.builds(Relationship, step=texts, evidence=st.none() | texts),
            st.builds(ClientChange, change=texts, until=st.none() | moments),
            st.builds(Correction, fact=texts.map(FactId), reason=texts),
            st.builds(Receipt, kind=texts, facts=st.just(()), reason=st.none() | texts),
        ),
        cause=st.none() | texts.map(EventId),
    )
)
@settings(max_examples=200, deadline=None)
def test_decoding_what_was_encoded_gives_the_same(event: Event) -> None:
    assert EVENT.decode(EVENT.encode(event)) == event
