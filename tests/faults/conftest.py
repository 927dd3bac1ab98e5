"""Data folders for machines that are killed, and one run that was not, to hold the others against."""

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from faults.load import Load
from faults.outcome import Outcome, assert_sound, outcome
from faults.process import restarted

SEED = 38
"""Of the acts: all runs live through the same, so that one uninterrupted run answers for all."""

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
"""kill -9 takes a process and leaves what it wrote, in memory as on a disk; only a power cut tells them apart."""


@contextmanager
def new_folder() -> Iterator[Path]:
    """A folder that is removed in the end."""
    with tempfile.TemporaryDirectory(prefix="sauma-faults-", dir=_MEMORY if _MEMORY.is_dir() else None) as name:
        yield Path(name)


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder of the test's own."""
    with new_folder() as folder:
        yield folder / "data"


@pytest.fixture
def clerks(data: Path) -> Load:
    """The acts, over the test's own folder."""
    return Load(data, SEED)


@pytest.fixture(scope="session")
def undisturbed() -> Outcome:
    """What the same acts come to when nothing happens to the machine."""
    with new_folder() as folder:
        acts = Load(folder / "data", SEED)
        with restarted(acts.configuration) as machine:
            while acts.round():
                machine.settle()
            assert_sound(machine, acts.clients)
            found = outcome(machine, acts.clients)
    return found
