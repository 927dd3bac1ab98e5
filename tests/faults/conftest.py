"""Data folders for machines that are killed, and one run that was not, to hold the others against."""

import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.load import Load
from faults.outcome import Outcome, assert_sound, outcome
from sauma_services.machine import Machine
from sauma_services.runtime.settings import load

SEED = 38
"""Of the acts: all runs live through the same, so that one uninterrupted run answers for all."""

_MEMORY = Path("/dev/shm")  # noqa: S108 - a folder of its own is made in it
"""kill -9 takes a process and leaves what it wrote, in memory as on a disk; only a power cut tells them apart."""


def new_folder() -> Path:
    """A folder that the caller removes."""
    return Path(tempfile.mkdtemp(prefix="sauma-faults-", dir=_MEMORY if _MEMORY.is_dir() else None))


@pytest.fixture
def data() -> Iterator[Path]:
    """A folder of the test's own."""
    folder = new_folder()
    yield folder / "data"
    shutil.rmtree(folder)


@pytest.fixture
def clerks(data: Path) -> Load:
    """The acts, over the test's own folder."""
    return Load(data, SEED)


@pytest.fixture(scope="session")
def undisturbed() -> Iterator[Outcome]:
    """What the same acts come to when nothing happens to the machine."""
    folder = new_folder()
    acts = Load(folder / "data", SEED)
    machine = Machine(load(acts.configuration))
    while acts.round():
        machine.settle()
    assert_sound(machine, acts.clients)
    found = outcome(machine, acts.clients)
    machine.close()
    yield found
    shutil.rmtree(folder)
