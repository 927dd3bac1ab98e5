"""Ends the process when a call into the Kafka library does not come back long after its own time was over.

Seen under faults: a call with a time limit of three seconds that had not returned after three minutes, while the library
went on giving signs of life to the group. Nobody else could take the partitions, and nothing could be done from outside the
call. A process that ends is started again by its supervisor, takes its place back, and does the work from what is committed.
"""

import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sauma_services.runtime.logging import Event, tell

EXIT_STATUS = 1
"""As for a loop that failed by itself: a supervisor starts it again."""

# Against a machine that is only slow: a call comes back some time after its limit, never several limits later.
_TIMES_ITS_LIMIT = 3.0
_LOOK_SECONDS = 0.5


class Watch:
    """Watches the calls of one thread, from a thread of its own."""

    def __init__(self, part: str) -> None:
        """`part`: whose calls they are, for the log."""
        self._part = part
        self._call: tuple[float, str] | None = None
        self._is_watching = False

    @contextmanager
    def within(self, seconds: float, doing: str) -> Iterator[None]:
        """The call in this block has a limit of so many seconds of its own."""
        self._call = (time.monotonic() + _TIMES_ITS_LIMIT * seconds, doing)
        if not self._is_watching:
            self._is_watching = True
            threading.Thread(target=self._look, name=f"watch {self._part}", daemon=True).start()
        try:
            yield
        finally:
            self._call = None

    def _look(self) -> None:
        while True:
            time.sleep(_LOOK_SECONDS)
            call = self._call
            if call is not None and time.monotonic() > call[0]:
                tell(Event.LOOP_FAILED, part=self._part, reason=f"Kafka, {call[1]}: the library does not come back")
                os._exit(EXIT_STATUS)
