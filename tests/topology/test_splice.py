"""An entry put together around an event's own bytes is the entry that the codec writes, and gives the same bytes back."""

import io
from typing import Any

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauma.codec import REGISTRY, Codec
from sauma.event import Event
from sauma.fact import Moment
from sauma.ids import EndpointId, SubjectId
from sauma.journal import Absorb, Entry, Epoch, Reconsider, Refused, WakeUp, What
from sauma.splice import entry_of_event, event_in_entry, read_entry
from support.examples import EXAMPLES, read_example

ENTRY, EVENT = Codec(Entry), Codec(Event)
EVENTS = [read_example(Event, name) for name in sorted(EXAMPLES[Event])]
MOMENTS = st.integers(-(2**63), 2**63 - 1).map(Moment)
TEXT = st.text(max_size=40)
NUMBERS = st.integers(-(2**63), 2**63 - 1)
SUBJECTS, SOURCES = TEXT.map(SubjectId), TEXT.map(EndpointId)
OTHERS: st.SearchStrategy[What] = st.one_of(
    st.builds(Refused, SOURCES, SUBJECTS, TEXT, NUMBERS, TEXT),
    st.builds(WakeUp, SUBJECTS, MOMENTS),
    st.builds(Epoch, SUBJECTS, NUMBERS, TEXT, TEXT, TEXT, TEXT),
    st.builds(Reconsider, SUBJECTS, TEXT),
    st.builds(Absorb, SUBJECTS, SUBJECTS, NUMBERS, st.booleans(), st.binary(max_size=40)),
)


def _by_fastavro(entry: Entry) -> bytes:
    dump, _ = REGISTRY.converters(Entry)
    known: dict[str, dict[Any, Any]] = {}
    for name, schema in REGISTRY.named().items():
        parsed = fastavro.parse_schema(schema, named_schemas=known)
        if name == Entry.__name__:
            break
    written = io.BytesIO()
    fastavro.schemaless_writer(written, parsed, dump(entry))
    return written.getvalue()


@given(stamp=MOMENTS, event=st.sampled_from(EVENTS), seq=st.integers(1, 2**53 - 1), text=TEXT)
def test_an_entry_around_an_event_is_the_codecs(stamp: Moment, event: Event, seq: int, text: str) -> None:
    event = Event(event.id, event.source, SubjectId(text), text, seq, stamp, event.body, event.cause)
    data = EVENT.encode(event)
    spliced = entry_of_event(stamp, data)
    assert spliced == ENTRY.encode(Entry(stamp, event))
    assert ENTRY.decode(spliced) == Entry(stamp, event)
    assert event_in_entry(spliced) == data
    assert read_entry(spliced) == (Entry(stamp, event), data)


@pytest.mark.parametrize("event", EVENTS, ids=sorted(EXAMPLES[Event]))
def test_and_it_is_what_fastavro_writes(event: Event) -> None:
    for stamp in (Moment(0), Moment(63), Moment(64), Moment(-1), Moment(1_780_000_000_000), Moment(2**63 - 1)):
        assert entry_of_event(stamp, EVENT.encode(event)) == _by_fastavro(Entry(stamp, event))


@given(stamp=MOMENTS, what=OTHERS)
def test_any_other_entry_holds_no_event(stamp: Moment, what: What) -> None:
    written = ENTRY.encode(Entry(stamp, what))
    assert event_in_entry(written) == b""
    assert read_entry(written) == (Entry(stamp, what), b"")
