"""What a runner may be told besides its connector: limits, an operator's decisions, and where a test may kill it."""

from collections.abc import Callable
from dataclasses import dataclass

from sauma_connectors.sdk.waiting import Wait


def _nothing(name: str) -> None:
    """No failpoint."""


def _untold(wait: Wait) -> None:
    """Nobody is told what waits."""


@dataclass(frozen=True, slots=True)
class RunnerSettings:
    """Every value has a default that suits one register on one machine."""

    read_count_max: int = 500
    """Deliveries taken from the log at once: more lets more of a backlog collapse, and holds more in memory."""
    read_wait_seconds_max: float = 0.0
    """How long one read of the log may wait for something to arrive."""
    inbox_count_max: int = 10_000
    """Deliveries that may wait here for a register that does not take them; at the bound the log keeps the rest."""
    retry_first_ms: int = 1_000
    retry_longest_ms: int = 5 * 60 * 1_000
    """The longest pause between two tries: a register that is back is noticed within it."""
    accept_shrunk: bool = False
    """An operator says that a list of less than half its former length is right as it is."""
    acts_confirmed: frozenset[str] = frozenset()
    """Rows of acts that were held back after the store was lost, and that an operator says were never sent."""
    failpoint: Callable[[str], None] = _nothing
    """Called with connector.outbox-written, .published, .sink-applied and .receipt-sent."""
    waits: Callable[[Wait], None] = _untold
    """Called when the register could not take something: when it begins to wait, and at each further try of a delivery."""
