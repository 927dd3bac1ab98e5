"""One turn of one runner in a process of its own, over files: what the test kills."""

import os
import pickle
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from sauma.delivery import Applied
from sauma.ids import EndpointId, FactId, SubjectId
from sauma_connectors.sdk.channel import Arriving, Outgoing
from sauma_connectors.sdk.contract import Answer, Arrival, Person
from sauma_connectors.sdk.runner import Runner
from sauma_connectors.sdk.settings import RunnerSettings
from sauma_services.keyring import FileKeyring, KeyringFiles, Release
from unit.sdk.desk import AT, Register


@dataclass
class FileRegister(Register):
    """A register that is on disk after every change."""

    path: Path = field(default=Path())

    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        answer = super().apply(person, arrival)
        self.save()
        return answer

    def shared(self, person: Person, row: str, fact: FactId, version: int) -> None:
        super().shared(person, row, fact, version)
        self.save()

    def save(self) -> None:
        """Write beside and move into place."""
        beside = self.path.with_suffix(".new")
        beside.write_bytes(pickle.dumps(self))
        beside.replace(self.path)


def load(path: Path) -> FileRegister:
    """The register as it is on disk."""
    register = pickle.loads(path.read_bytes())  # noqa: S301 - the test's own file
    assert isinstance(register, FileRegister)
    return register


@dataclass
class FileLine:
    """A channel over files: what is published and confirmed is appended, what is delivered lies there whole."""

    folder: Path

    def publish(self, events: Sequence[Outgoing]) -> None:
        self._append("published", [outgoing.data for outgoing in events])

    def confirm(self, applied: Sequence[Applied]) -> None:
        self._append("confirmed", [one.delivery.encode() for one in applied])

    def read(self, after: Mapping[int, int], *, count_max: int, wait_seconds_max: float) -> Sequence[Arriving]:
        assert wait_seconds_max >= 0
        line: list[bytes] = pickle.loads((self.folder / "deliveries").read_bytes())  # noqa: S301 - as above
        start = after.get(0, -1) + 1
        return [Arriving(0, at, data) for at, data in enumerate(line)][start : start + count_max]

    def _append(self, name: str, records: Sequence[bytes]) -> None:
        with (self.folder / name).open("ab") as file:
            for record in records:
                file.write(len(record).to_bytes(4, "big") + record)


@dataclass
class FileReleases:
    """What the test's router has released, as it left it."""

    held: dict[tuple[SubjectId, FactId, EndpointId], Release]

    def release_of(self, subject: SubjectId, fact: FactId, endpoint: EndpointId) -> Release | None:
        return self.held.get((subject, fact, endpoint))


def killing(place: str) -> Callable[[str], None]:
    """A failpoint that ends the process like a power cut at the n-th hit of a place, `connector.published:2`."""
    name, _, hit = place.partition(":")
    hits = 0

    def failpoint(reached: str) -> None:
        nonlocal hits
        hits += reached == name
        if reached == name and hits == int(hit):
            os.kill(os.getpid(), signal.SIGKILL)

    return failpoint


def main() -> None:
    """A turn over the folder that the command names, and where in it to die."""
    turn(Path(sys.argv[1]), RunnerSettings(failpoint=killing(sys.argv[2])))


def turn(folder: Path, settings: RunnerSettings) -> None:
    """One poll and one receive, from files to files."""
    releases = FileReleases(pickle.loads((folder / "releases").read_bytes()))  # noqa: S301 - as above
    keyring = FileKeyring(KeyringFiles.under(folder.parent / "keyring"), releases)
    runner = Runner(
        load(folder / "register"), FileLine(folder), keyring, folder / "store.sqlite3", lambda: int(AT), settings
    )
    runner.poll()
    runner.receive()
    runner.close()
    keyring.close()
