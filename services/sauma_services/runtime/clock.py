"""The only place that asks what time it is."""

import threading
import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time. The caller may not assume that it rises: an operator or a time server may set it back."""

    def now(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        ...


class SystemClock:
    """The machine's clock."""

    def now(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return time.time_ns() // 1_000_000


class ManualClock:
    """A clock that stands still until it is moved: for tests and for the demo's story. Safe between threads."""

    def __init__(self, start: int) -> None:
        """`start` is milliseconds since 1970-01-01 UTC."""
        self._now = start
        self._lock = threading.Lock()

    def now(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        with self._lock:
            return self._now

    def advance(self, milliseconds: int) -> int:
        """Move on (or back, when negative) and return the new time."""
        with self._lock:
            self._now += milliseconds
            return self._now

    def set(self, now: int) -> None:
        """Move to `now`, milliseconds since 1970-01-01 UTC."""
        with self._lock:
            self._now = now
