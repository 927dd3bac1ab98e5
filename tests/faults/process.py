"""Machines in processes of their own: one that settles on demand and dies at a failpoint, and `sauma run` itself."""

import multiprocessing
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from faults.worker import settle_when_asked
from sauma_services.machine import Machine
from sauma_services.runtime.health import State, read_health
from sauma_services.runtime.settings import load

DEADLINE_SECONDS = 180.0
"""Far beyond what anything here takes on a busy machine: who waits so long has found a fault."""

_CONTEXT = multiprocessing.get_context("forkserver")
_CONTEXT.set_forkserver_preload(["sauma_services.machine"])  # each process is a copy of one that has loaded the code

SAUMA = Path(sys.executable).parent / "sauma"


@contextmanager
def restarted(configuration: Path) -> Iterator[Machine]:
    """A restart without a failpoint, in this process; the machine has come to rest."""
    machine = Machine(load(configuration))
    try:
        machine.settle()
        yield machine
    finally:
        machine.close()


class Settling:
    """A process whose machine comes to rest when asked to, unless it dies at its failpoint first."""

    def __init__(self, configuration: Path, failpoint: str) -> None:
        self._asking, asked = _CONTEXT.Pipe()
        self._process = _CONTEXT.Process(target=settle_when_asked, args=(asked, configuration, failpoint))
        self._process.start()
        asked.close()

    def settle(self) -> bool:
        """True at rest; False where it was killed by SIGKILL. Any other end is an assertion."""
        try:
            self._asking.send(True)
            assert self._asking.poll(DEADLINE_SECONDS), "no answer"
            return bool(self._asking.recv())
        except (EOFError, ConnectionError):
            self._process.join(DEADLINE_SECONDS)
            assert self._process.exitcode == -signal.SIGKILL
            return False

    def close(self) -> None:
        """End it in order if it still runs."""
        if self._process.is_alive():
            self._asking.send(False)
            self._process.join(DEADLINE_SECONDS)
            assert self._process.exitcode == 0
        self._asking.close()
        self._process.close()


class Running:
    """`sauma run` over a configuration; stderr, its log, goes to a file in the data folder."""

    def __init__(self, configuration: Path) -> None:
        self._data = configuration.parent
        self._log = self._data / "run.log"
        with self._log.open("ab") as log:
            self.process = subprocess.Popen([str(SAUMA), "run", str(configuration)], stderr=log)

    @property
    def said(self) -> str:
        """Everything that this and earlier processes over this folder wrote to stderr."""
        return self._log.read_text(encoding="utf-8")

    def wait_until_running(self) -> None:
        """Until every part says that it runs."""
        wait_for(lambda: self._is_of_this_process() and self._all_parts(State.RUNNING), "sauma run is up")

    def end(self) -> None:
        """SIGKILL if it still runs: for the clearing up after a test."""
        if self.process.poll() is None:
            self.kill()

    def kill(self) -> None:
        """SIGKILL, as `kill -9` does it."""
        self.process.send_signal(signal.SIGKILL)
        assert self.process.wait(DEADLINE_SECONDS) == -signal.SIGKILL

    def terminate(self) -> int:
        """SIGTERM; the exit status."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(DEADLINE_SECONDS)

    def _is_of_this_process(self) -> bool:
        path = self._data / "health.json"
        return path.exists() and f'"process": {self.process.pid},' in path.read_text(encoding="utf-8")

    def _all_parts(self, state: State) -> bool:
        assert self.process.poll() is None, f"sauma run ended by itself: {self.said[-2000:]}"
        parts = read_health(self._data)
        return len(parts) > 2 and all(part.state is state for part in parts.values())


def wait_for(is_so: Callable[[], bool], what: str) -> None:
    """Poll until it is so."""
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not is_so():
        assert time.monotonic() < deadline, f"waited in vain: {what}"
        time.sleep(0.01)
