"""The processes of intake and router in a fault run: started, killed, paused, and started again where they end by themselves.

It does what a supervisor of the operating system does, and counts what happened to whom.
"""

import json
import multiprocessing
import os
import signal
import time
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing.context import ForkServerProcess
from pathlib import Path

from faults.kafka.worker import work

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["faults.kafka.worker", "sauma_services.runtime.kafka_log"])

_END_SECONDS = 60.0
"""How long a process that was asked to end may take: it finishes its batch, and a commit may have to wait for an answer."""


@dataclass(slots=True)
class Member:
    """One process. `name` is its instance: the same after it was started again."""

    part: str
    name: str
    process: ForkServerProcess
    started_at: float
    is_paused: bool = False
    failpoint: str = ""
    leaves_by: float | None = None
    """When it must have ended: it was asked to."""

    @property
    def pid(self) -> int:
        """Of the process."""
        pid = self.process.pid
        assert pid is not None
        return pid


class Crew:
    """For one thread at a time."""

    def __init__(self, configuration: Path, *, plant: str = "") -> None:
        self._configuration = configuration
        self._logs = configuration.parent / "logs"
        self._logs.mkdir(exist_ok=True)
        self._plant = plant
        self.members: dict[str, Member] = {}
        self.ended = Counter[str]()
        """How often members ended by themselves, by part and exit status."""
        self.stuck: list[str] = []
        """Who was asked to end and did not."""

    def start(self, part: str, name: str, *, failpoint: str = "") -> Member:
        """A member of this name, which none bears now; with a failpoint it will die there."""
        assert name not in self.members
        log = self._logs / f"{part}-{name}.jsonl"
        arguments = (self._configuration, part, name, failpoint, self._plant, log)
        process = _CONTEXT.Process(target=work, args=arguments, name=f"{part}-{name}")
        process.start()
        self.members[name] = Member(part, name, process, time.monotonic(), failpoint=failpoint)
        return self.members[name]

    def of(self, part: str) -> list[Member]:
        """Those that do this now: not paused, not asked to leave, and not ended by themselves since they were looked after."""
        doing = (m for m in self.members.values() if m.part == part and not m.is_paused and m.leaves_by is None)
        return [m for m in doing if m.process.is_alive()]

    def kill(self, member: Member) -> None:
        """SIGKILL, as `kill -9` does it; the name is free then."""
        os.kill(member.pid, signal.SIGKILL)
        self._gone(member)
        assert member.process.exitcode in (-signal.SIGKILL, 0, 1, 2), member.process.exitcode

    def pause(self, member: Member) -> None:
        """SIGSTOP."""
        member.is_paused = True
        os.kill(member.pid, signal.SIGSTOP)

    def go_on(self, member: Member) -> None:
        """SIGCONT."""
        os.kill(member.pid, signal.SIGCONT)
        member.is_paused = False

    def dismiss(self, member: Member) -> None:
        """SIGTERM; it leaves its group in order, and `look_after` sees it gone."""
        member.leaves_by = time.monotonic() + _END_SECONDS
        with suppress(ProcessLookupError):  # it had ended by itself just before
            os.kill(member.pid, signal.SIGTERM)

    def look_after(self) -> list[Member]:
        """Start again whoever has ended by itself, as a supervisor would. Returns those that died at their failpoint."""
        died: list[Member] = []
        for member in list(self.members.values()):
            if member.process.is_alive():
                if member.leaves_by is not None and time.monotonic() > member.leaves_by:
                    self._give_up(member)
                continue
            self._gone(member)
            if member.leaves_by is not None:
                # It may have been asked before it could hear, or have met its failpoint on the way out.
                status = member.process.exitcode
                assert status in (0, 1, 2, -signal.SIGTERM, -signal.SIGKILL), f"{member.name} left with {status}"
                continue
            if member.failpoint and member.process.exitcode == -signal.SIGKILL:
                died.append(member)
            else:
                self.ended[f"{member.part} {member.process.exitcode}"] += 1
            self.start(member.part, member.name)
        return died

    def _give_up(self, member: Member) -> None:
        """It hangs: where, is in its log; then it is killed, as a supervisor would, and the run has failed."""
        self.stuck.append(f"{member.part} {member.name}")
        os.kill(member.pid, signal.SIGUSR1)
        time.sleep(1)  # for its last words
        self.kill(member)

    def end(self) -> None:
        """Kill all that is left."""
        for member in list(self.members.values()):
            member.process.kill()
            self._gone(member)

    def _gone(self, member: Member) -> None:
        member.process.join(_END_SECONDS)
        assert not member.process.is_alive(), f"{member.part} {member.name} does not end"
        del self.members[member.name]

    def said(self) -> list[dict[str, object]]:
        """Every line that any of them has written, in no order between processes."""
        found: list[dict[str, object]] = []
        for path in sorted(self._logs.glob("*.jsonl")):
            for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
                if line.startswith("{"):
                    found.append({"from": path.stem, **json.loads(line)})
                elif line.strip():
                    found.append({"from": path.stem, "event": "not-a-log-line", "text": line})
        return found
