"""The keyring's fixtures: keyrings over files in a folder of the test's own."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sauma_services.keyring import FileKeyring, KeyringFiles
from unit.keyring.desk import Clock, Desk, HeldReleases


@pytest.fixture
def new_desk(tmp_path: Path) -> Iterator[Callable[[], Desk]]:
    """Makes a keyring over the test's own files; each call another instance, as another start would."""
    made: list[Desk] = []

    def make() -> Desk:
        files, releases, clock = KeyringFiles.under(tmp_path / "keyring"), HeldReleases(), Clock()
        made.append(Desk(FileKeyring(files, releases, monotonic_seconds=clock), files, releases, clock))
        return made[-1]

    yield make
    for desk in made:
        desk.keyring.close()


@pytest.fixture
def desk(new_desk: Callable[[], Desk]) -> Desk:
    return new_desk()
