"""Joins and splits Avro by hand where a whole record is carried inside another: its bytes stay exactly as its source wrote them.

The encoding of a record is its fields' encodings in order, so an entry is its stamp, the union's index, and the event's own
bytes. A test keeps these equal to what fastavro writes.
"""

from sauma.avro_writer import LONG
from sauma.fact import Moment

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
