"""Keeps what state each part of the process is in, in one small file that an operator or a probe can read."""

import json
import os
import threading
from dataclasses import asdict, dataclass, replace
from enum import StrEnum
from pathlib import Path

from sauma_services.runtime.clock import Clock

FILE_NAME = "health.json"

# Progress is noted at every commit, the file written at most this often: a probe looks every few seconds at best.
_WRITE_EVERY_MILLISECONDS = 1_000
# Of a part that has nothing to do, its turns: often enough to tell it from one that is stuck or was killed.
_WRITE_IDLE_EVERY_MILLISECONDS = 5_000


class State(StrEnum):
    """What a part is doing."""

    STARTING = "starting"
    RUNNING = "running"
    WAITING = "waiting"
    """For something outside that does not answer, and goes on by itself when it does."""
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class PartHealth:
    """One part. Times are milliseconds since 1970-01-01 UTC; `reason` is a code or a plain sentence, never content."""

    state: State
    since: int
    progressed_at: int | None = None
    reason: str | None = None
    turned_at: int | None = None
    """When it last came round, with or without work. Written every few seconds: older than that, it is stuck or was killed."""


class Health:
    """The parts of one process. Safe between threads. A part without work makes no progress and is still running."""

    def __init__(self, data: Path, clock: Clock) -> None:
        """Writes to `health.json` in the folder `data`, which must exist."""
        self._path = data / FILE_NAME
        self._clock = clock
        self._lock = threading.Lock()
        self._parts: dict[str, PartHealth] = {}
        self._written_at = 0

    def change(self, part: str, state: State, *, reason: str | None = None) -> None:
        """`part` is in `state` from now on; written at once. Raises OSError where the file cannot be written."""
        with self._lock:
            before, now = self._parts.get(part), self._clock.now()
            self._parts[part] = PartHealth(state, now, before.progressed_at if before else None, reason, now)
            self._write()

    def progress(self, part: str) -> None:
        """`part`, which has a state, has done something; written with the next change or after a second of work."""
        self._turned(part, _WRITE_EVERY_MILLISECONDS, did_work=True)

    def turned(self, part: str) -> None:
        """`part`, which has a state, has come round without work; written with the next change or after some seconds."""
        self._turned(part, _WRITE_IDLE_EVERY_MILLISECONDS, did_work=False)

    def parts(self) -> dict[str, PartHealth]:
        """A copy of how things stand."""
        with self._lock:
            return dict(self._parts)

    def _turned(self, part: str, every: int, *, did_work: bool) -> None:
        with self._lock:
            now, before = self._clock.now(), self._parts[part]
            self._parts[part] = replace(before, turned_at=now, progressed_at=now if did_work else before.progressed_at)
            # Not between 0 and the limit: written a while ago, or the clock was set back.
            if not 0 <= now - self._written_at < every:
                self._write()

    def _write(self) -> None:
        # Written beside and renamed, so that a reader sees the old file or the new one and never half of one.
        beside = self._path.with_name(f".{FILE_NAME}.{os.getpid()}")
        content = {name: asdict(part) for name, part in sorted(self._parts.items())}
        handle = os.open(beside, os.O_CREAT | os.O_WRONLY | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            json.dump({"process": os.getpid(), "parts": content}, file, indent=1)
        beside.replace(self._path)
        self._written_at = self._clock.now()


def read_health(data: Path) -> dict[str, PartHealth]:
    """The parts as last written in the folder `data`; none where there is no file. Says nothing of a killed process."""
    try:
        text = (data / FILE_NAME).read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    return {
        name: PartHealth(**{**part, "state": State(part["state"])}) for name, part in json.loads(text)["parts"].items()
    }
