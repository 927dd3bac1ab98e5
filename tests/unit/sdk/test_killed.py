"""A runner killed without warning at any of its places loses nothing, doubles nothing and tells nobody of it."""

import os
import pickle
import signal
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest

from sauma_connectors.sdk.contract import RelationshipStep
from sauma_connectors.sdk.settings import RunnerSettings
from unit.sdk.desk import EMPLOYMENT, PERSON, Desk, Register, item, referral
from unit.sdk.killed_worker import FileRegister, load, turn

PLACES = (
    "connector.outbox-written",
    "connector.published",
    "connector.sink-applied",
    "connector.receipt-sent",
)
ROOT = Path(__file__).parents[3]


@dataclass
class Killed:
    """The employment area's runner, a process at a time, beside the others on the test's own desk."""

    desk: Desk
    folder: Path
    published: int = 0

    def turn(self) -> None:
        """A turn that nothing cuts off."""
        self._before()
        turn(self.folder, RunnerSettings())
        self._after()

    def turn_killed(self, place: str) -> int:
        """A turn in a process that dies at a place; its exit code. What it published is in the test's log afterwards."""
        self._before()
        path = os.pathsep.join(str(ROOT / part) for part in ("core", "connectors", "services", "tests"))
        worker = [sys.executable, "-c", "from unit.sdk.killed_worker import main; main()", str(self.folder), place]
        done = subprocess.run(worker, env={**os.environ, "PYTHONPATH": path}, check=False)
        self._after()
        return done.returncode

    def settle(self) -> None:
        """Turn everything until nobody publishes anything more."""
        for _ in range(20):
            before = len(self.desk.log.inbound)
            self.turn()
            self.desk.settle()
            if len(self.desk.log.inbound) == before:
                return
        raise AssertionError("the runners never come to rest")

    def _before(self) -> None:
        log = self.desk.log
        releases = {
            (subject, fact, EMPLOYMENT): log.release_of(subject, fact, EMPLOYMENT)
            for subject, client in log.clients.items()
            for fact in client.facts
        }
        (self.folder / "releases").write_bytes(pickle.dumps(releases))
        line = [data for _, data in log.deliveries.get(EMPLOYMENT, [])]
        (self.folder / "deliveries").write_bytes(pickle.dumps(line))

    def _after(self) -> None:
        records = _records(self.folder / "published")
        self.desk.log.inbound += [(EMPLOYMENT, data) for data in records[self.published :]]
        self.published = len(records)

    def says(self, row: str, says: object) -> None:
        """A clerk writes a row."""
        register = load(self.folder / "register")
        register.says(row, says)  # type: ignore[arg-type] # a fact or an act
        register.save()


@pytest.fixture
def killed(desk: Desk, kela: Register, tmp_path: Path) -> Killed:
    folder = tmp_path / "employment"
    folder.mkdir()
    (folder / "deliveries").write_bytes(pickle.dumps([]))
    FileRegister(EMPLOYMENT, path=folder / "register").save()
    made = Killed(desk, folder)
    made.settle()
    kela.says("lahete-1", referral())
    made.settle()
    made.says("alku-1", RelationshipStep("started"))
    made.settle()
    kela.says("osallistuu-1", RelationshipStep("taking-part"))
    made.settle()
    return made


def _records(path: Path) -> list[bytes]:
    data = path.read_bytes() if path.exists() else b""
    found: list[bytes] = []
    at = 0
    while at < len(data):
        size = int.from_bytes(data[at : at + 4], "big")
        found.append(data[at + 4 : at + 4 + size])
        at += 4 + size
    return found


@pytest.mark.parametrize("place", PLACES)
def test_a_runner_killed_at_any_place_loses_and_doubles_nothing(killed: Killed, kela: Register, place: str) -> None:
    desk = killed.desk
    killed.says("a", item("a"))
    killed.settle()
    kela.says("kelan", item("kelan", to=("employment",)))
    desk.settle()
    killed.says("a", item("a2"))
    killed.says("b", item("b"))
    killed.says("arvio", RelationshipStep("reviewed"))

    assert killed.turn_killed(f"{place}:1") == -signal.SIGKILL
    desk.settle()
    killed.settle()

    assert (desk.version(EMPLOYMENT, "a"), desk.version(EMPLOYMENT, "b")) == (2, 1)
    assert {p.content for p in kela.received[PERSON].values() if p.kind == "plan-item"} == {
        item("a2").content,
        item("b").content,
    }
    register = load(killed.folder / "register")
    assert [p.content for p in register.received[PERSON].values() if p.kind == "plan-item"] == [item("kelan").content]
    assert register.links[PERSON, desk.fact(EMPLOYMENT, "a")] == ("a", 2)
    confirmed = {record.decode() for record in _records(killed.folder / "confirmed")}
    assert confirmed == {delivery.id for delivery, _ in desk.log.deliveries[EMPLOYMENT]}
    reviewed = [body for body in set(map(repr, desk.log.bodies(EMPLOYMENT))) if "reviewed" in body]
    assert len(reviewed) == 1
    assert not [told for told in register.told if told.reason != "step-not-possible"]
    assert set(desk.log.outcomes()) <= {"accepted", "repeat", "step-not-possible"}
