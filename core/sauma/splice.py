"""Joins and splits Avro by hand where a whole record is carried inside another: its bytes stay exactly as its source wrote them.

The encoding of a record is its fields' encodings in order, so an entry is its stamp, the union's index, and the event's own
bytes. A test keeps these equal to what fastavro writes.
"""

from functools import lru_cache

from sauma import avro_reader
from sauma.avro_writer import LONG
from sauma.codec import Codec
from sauma.event import Event
from sauma.fact import Moment
from sauma.journal import Entry

_EVENT, _ENTRY = Codec(Event), Codec(Entry)

_RECENT_MAX = 8_192
"""Events remembered as read, some 40 MB when full: on one machine the router takes from the journal what intake, which is
ten times as quick, has read some batches before. Fewer, and each is read twice; more, and they only fill memory."""

_RECENT_BYTES_MAX = 16 * 1024
"""Larger events are rare, and eight thousand of the largest would be 8 GiB."""

_EVENT_INDEX = b"\x00"
"""The event is the first member of the entry's union; index 0 in Avro's zigzag."""


def entry_of_event(stamp: Moment, event: bytes) -> bytes:
    """The bytes of `Entry(stamp, event)` around an event's own bytes."""
    return LONG[stamp] + _EVENT_INDEX + event


def event_in_entry(entry: bytes) -> bytes:
    """The event's own bytes inside an entry's; empty where the entry holds no event. The bytes must be an entry's."""
    start = 0
    while entry[start] & 0x80:
        start += 1
    is_event = entry[start + 1 : start + 2] == _EVENT_INDEX
    return entry[start + 2 :] if is_event else b""


def read_event(data: bytes) -> Event:
    """The event in bytes from outside, as `Codec.decode`. The latest ones are remembered."""
    return _recent(data) if len(data) <= _RECENT_BYTES_MAX else _EVENT.decode(data)


_recent = lru_cache(maxsize=_RECENT_MAX)(_EVENT.decode)


def read_entry(data: bytes) -> tuple[Entry, bytes]:
    """The entry in bytes that this system has written, and its event's own bytes; empty where it holds no event."""
    event = event_in_entry(data)
    if not event:
        return _ENTRY.decode_trusted(data), event
    stamp, _ = avro_reader.long(data, 0)
    return Entry(Moment(stamp), read_event(event)), event
