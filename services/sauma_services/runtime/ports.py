"""What a loop, a connector and a reader may ask of a log, and what none of them may assume about it."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sauma.making import cheap_to_make
from sauma_services.runtime.topics import TopicRow

Headers = tuple[tuple[str, bytes], ...]


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Record:
    """One record as the log holds it. `stamped_at` is the log's own stamp, milliseconds since 1970-01-01 UTC.

    Positions rise within a partition but are not contiguous, and the last one need not be just before the end.
    Stamps need not rise.
    """

    topic: str
    partition: int
    position: int
    key: bytes
    value: bytes
    headers: Headers
    stamped_at: int


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Append:
    """One record to be written. The log chooses the partition from the key, the same on every log."""

    topic: str
    key: bytes
    value: bytes
    headers: Headers = ()
    partition: int | None = None
    """For a record about a partition itself, which no key leads to."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class StatePart:
    """One part of a topology's state; keys are unique within a partition. A value of None takes the part away."""

    key: bytes
    value: bytes | None


@dataclass(frozen=True, slots=True)
class Assignment:
    """Partitions won and lost since last asked. One number may be in both: it is lost first and then gained anew."""

    gained: frozenset[int]
    lost: frozenset[int]


@dataclass(frozen=True, slots=True)
class Outputs:
    """What one call of a topology wants written: records, and state parts by partition."""

    appends: Sequence[Append] = ()
    state: Mapping[int, Sequence[StatePart]] = field(default_factory=dict)


class LoopLog(Protocol):
    """The log of one loop: one group over topics of equal partition counts. For one thread at a time.

    Every method may raise TryAgain (then: discard, `reopen`), Fenced (another took the group or the partitions: end
    without `reopen`) and NeedsOperator (end).
    """

    def assigned(self) -> Assignment:
        """What changed since last asked. Changes arise only inside `read` and `reopen`, and at opening.

        The caller may not assume that it has all partitions, or any, or that the first answer names them.
        """
        ...

    def restore(self, partition: int) -> Iterator[StatePart]:
        """Every live committed part of a gained partition: each key once, no tombstone, in no order.

        Comes before the first `read` after the gain. May block for seconds while another's open transaction ends.
        """
        ...

    def read(self, count_max: int, wait_seconds_max: float) -> Sequence[Record]:
        """The next records, in order within each topic and partition, and in no order across them.

        May return early, late or empty at any time, full or not. Never returns a record of a partition that
        `assigned` has not told of. A long topic does not keep the others waiting. Reading goes on from what was read
        last, committed or not.
        """
        ...

    def commit(
        self, batch: Sequence[Record], appends: Sequence[Append], state: Mapping[int, Sequence[StatePart]]
    ) -> None:
        """Write the appends, the state parts and the positions after `batch`, all together or not at all, durably.

        `batch` is the whole of one or more reads, or empty (a wake-up): an empty one is fenced like any other.
        After TryAgain the outcome is unknown: throw away what was computed, `reopen`, restore, read again.
        """
        ...

    def waits_for(self) -> str | None:
        """What keeps the log from giving anything, as a plain sentence; None while nothing is known to. Never raises."""
        ...

    def is_behind(self) -> bool:
        """Whether more is committed than `read` has given. What an open transaction has written may count already."""
        ...

    def reopen(self) -> None:
        """Go back to what is committed. The next `assigned` tells everything told before as lost, and gains anew."""
        ...

    def close(self) -> None:
        """Leave the group; what is not committed is left undone. May be called twice."""
        ...


class Publisher(Protocol):
    """Appends without a group: for connectors. For one thread at a time."""

    def publish(self, topic: str, records: Sequence[Append]) -> None:
        """Write `records`, all of this `topic`, in order; durable on return.

        After TryAgain any of them may be there or not, or come later: publishing again may double them. A reader may
        see some before the others.
        """
        ...


class Reader(Protocol):
    """Reads what is committed, without a group and without moving anybody's position. For one thread at a time."""

    def scan(self, topic: str, partition: int, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        """Records from position `start` to before `stop`; without `stop`, to the end at the time of the call.

        Nothing of a topic that does not exist. `start` need not be a record's position.
        """
        ...

    def end(self, topic: str, partition: int) -> int:
        """A position above all committed records; 0 when there are none. The record just before it may not exist."""
        ...

    def state(self, group: str) -> Iterator[StatePart]:
        """Every live committed part of the group, all partitions, in no order. Parts may be of different commits."""
        ...

    def state_part(self, group: str, key: bytes) -> bytes | None:
        """The committed value of one part, None when there is none."""
        ...


class Log(Protocol):
    """Opens the three ports on one log. Safe between threads; what it opens is not."""

    def create(self, rows: Iterable[TopicRow]) -> None:
        """Create the topics that are missing. Raises NeedsOperator where one exists with another partition count."""
        ...

    def lacks(self, rows: Iterable[TopicRow]) -> Sequence[str]:
        """The names of topics that are missing and that an operator has to make; none where topics come by being used."""
        ...

    def loop(self, group: str, topics: Sequence[str]) -> LoopLog:
        """Join `group`. On a log that cannot share a group, whoever held it before is fenced from now on."""
        ...

    def publisher(self) -> Publisher:
        """A publisher of its own."""
        ...

    def reader(self) -> Reader:
        """A reader of its own."""
        ...

    def close(self) -> None:
        """Close all that was opened from here."""
        ...


class Topology(Protocol):
    """A service as the loop drives it: records in, records and state out. Knows no log and asks no clock.

    The loop calls from one thread, in the order: restore of each gained partition, then process, then either committed
    or discard.
    """

    @property
    def name(self) -> str:
        """Also the group's name."""
        ...

    @property
    def inputs(self) -> Sequence[str]:
        """The names of the topics read."""
        ...

    def restore(self, partition: int, parts: Iterable[StatePart]) -> None:
        """Take up a partition with these live parts; it held none of it before."""
        ...

    def forget(self, partition: int) -> None:
        """Drop everything about a partition, also one whose restore broke off."""
        ...

    def process(self, records: Sequence[Record], *, now: int) -> Outputs:
        """Compute the outputs of a batch, or of a wake-up when it is empty. `now` is milliseconds since 1970-01-01 UTC.

        State changes become final at `committed` and are taken back at `discard`. The same records may come again.
        """
        ...

    def committed(self) -> None:
        """What the last `process` computed is written."""
        ...

    def discard(self) -> None:
        """Drop what the last `process` computed, if anything: whether it is written is unknown.

        `forget` and `restore` of every partition follow. Also comes when reading failed and nothing is at hand.
        """
        ...

    def next_due(self) -> int | None:
        """When `process` should be called even without records: milliseconds since 1970-01-01 UTC; None for never."""
        ...
