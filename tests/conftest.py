"""What holds for every test."""

import gc
from collections.abc import Iterator

import pytest


@pytest.fixture(autouse=True)
def _collecting_again() -> Iterator[None]:
    """A loop that ran has turned Python's collector off, in the whole process; the next test did not ask for that."""
    yield
    gc.enable()
