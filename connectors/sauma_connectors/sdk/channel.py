"""How a connector reaches the log: three verbs, whatever the log is. Services implement them; a connector never sees a topic."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from sauma.delivery import Applied
from sauma.event import Event


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One event on its way, and its bytes as they stand in the outbox: resent, they are the same bytes."""

    event: Event
    data: bytes


@dataclass(frozen=True, slots=True)
class Arriving:
    """One delivery's bytes, and where it stood, so that reading can go on after it."""

    partition: int
    position: int
    data: bytes


class Channel(Protocol):
    """A connector's own line to the log. It cannot write for another endpoint, nor read another's deliveries."""

    def publish(self, events: Sequence[Outgoing]) -> None:
        """Append to the endpoint's inbound topic, in order; durable on return. May raise `TryAgain`: then any part may have gone."""
        ...

    def confirm(self, applied: Sequence[Applied]) -> None:
        """Append receipts of kind applied; durable on return."""
        ...

    def read(self, after: Mapping[int, int], *, count_max: int, wait_seconds_max: float) -> Sequence[Arriving]:
        """Deliveries after these positions (per partition; an absent partition from its start), in order within a partition.

        The caller may not assume that positions are contiguous, that a call waits its whole time, or that it returns anything.
        """
        ...
