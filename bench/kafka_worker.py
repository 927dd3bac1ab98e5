"""One process under measurement: what it takes of the machine, and how it ends; it knows nothing of what the process computes."""

import signal
import subprocess
from collections.abc import Sequence
from pathlib import Path

import psutil


class Worker:
    """One process under measurement."""

    def __init__(self, command: Sequence[str], log: Path) -> None:
        self._log = log
        self._command = command
        self.process = self._started()

    @property
    def pid(self) -> int:
        """Of the process as it was started last."""
        return self.process.pid

    def cpu_seconds(self) -> float:
        """Processor time so far, in user and system mode."""
        times = psutil.Process(self.pid).cpu_times()
        return times.user + times.system

    def memory_bytes(self) -> int:
        """What it has in memory now."""
        return int(psutil.Process(self.pid).memory_info().rss)

    def check(self) -> None:
        """Raise where it has ended by itself, with the end of what it said."""
        if self.process.poll() is not None:
            said = self._log.read_text(encoding="utf-8", errors="replace")[-2000:]
            raise RuntimeError(f"{' '.join(self._command)} ended with {self.process.returncode}: {said}")

    def kill(self) -> None:
        """As a machine that loses its power would."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()

    def start_again(self) -> None:
        """The same command once more."""
        self.process = self._started()

    def stop(self) -> None:
        """In order; after half a minute otherwise."""
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(30)
            except subprocess.TimeoutExpired:
                self.kill()

    def _started(self) -> subprocess.Popen[bytes]:
        with self._log.open("ab") as log:
            return subprocess.Popen(self._command, stdout=log, stderr=log)
