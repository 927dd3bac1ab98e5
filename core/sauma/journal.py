"""What stands in the journal: everything known about one client, in the one order that decides every race."""

from dataclasses import dataclass

from sauma.event import Event
from sauma.fact import Moment
from sauma.ids import EndpointId, SubjectId
from sauma.making import cheap_to_make


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Refused:
    """Intake refused a record whose subject and seq were readable: it leaves no gap."""

    source: EndpointId
    subject: SubjectId
    incarnation: str
    seq: int
    reason: str


@cheap_to_make
@dataclass(frozen=True, slots=True)
class WakeUp:
    """Time alone changed something about the client; due at `moment`. Its id is (subject, moment): a repeat has no effect."""

    subject: SubjectId
    moment: Moment


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Epoch:
    """From here on this partition is decided with exactly these: verification runs with the same."""

    subject: SubjectId
    """Empty: the record concerns the partition, not a client."""
    partition: int
    core: str
    law: str
    places: str
    schemas: str
    rules: tuple[str, ...] = ()
    """The rule files' texts: the journal brings the rules along by which it is judged, and `law` is their digest."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Reconsider:
    """Judge the client anew, under the law now in force."""

    subject: SubjectId
    law: str
    """The rule set to judge by. Its id is (subject, law): for a client that was judged by it last, it has no effect."""


@dataclass(frozen=True, slots=True)
class Slice:
    """The clients whose reconsider records stand in a partition's journal and have not been taken yet."""

    subjects: tuple[SubjectId, ...]


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Absorb:
    """One numbered part of the history of a subject that turned out to be the same person (VTJ 661/2009 12 §)."""

    subject: SubjectId
    """The subject that goes on."""
    absorbed: SubjectId
    part: int
    is_last: bool
    original: bytes
    """The entry as it stood in the absorbed subject's journal."""


What = Event | Refused | WakeUp | Epoch | Reconsider | Absorb


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Entry:
    """One record of the journal."""

    stamp: Moment
    """By intake or router; the client's effective time is the latest stamp so far."""
    what: What
