"""An outbox deleted, or restored from an older copy: no act and no changed row is swallowed, and the difference is repaired."""

import shutil
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import pytest

from faults.conftest import SEED, new_folder
from faults.load import Load, schedule
from faults.outcome import Outcome, assert_sound, outcome
from faults.process import restarted
from sauma_services.demo.cast import PROVIDER
from sauma_services.demo.story import withdraw

EMPLOYMENT, SOCIAL, HEALTH, KELA, KEHA = "employment-tampereen-seutu", "social-08", "health-08", "kela", "keha"

LOST_BEFORE = next(number for number, acts in enumerate(schedule(SEED, 3)) for _, act in acts if act is withdraw)
"""The round, counted from 0, in which a client withdraws a consent at the provider: it falls into the outage."""
ROUNDS = len(schedule(SEED, 3))
COPIED_BEFORE = LOST_BEFORE - 6
"""The older copy knows nothing of this and the following rounds."""

ALL_OF_ONE_PLACE = (EMPLOYMENT, SOCIAL, HEALTH, KELA, KEHA, PROVIDER)

LOSSES: Mapping[str, tuple[tuple[str, ...], bool]] = {
    "employment-deleted": ((EMPLOYMENT,), False),
    "provider-deleted": ((PROVIDER,), False),
    "all-deleted": (ALL_OF_ONE_PLACE, False),
    "employment-restored": ((EMPLOYMENT,), True),
    "social-restored": ((SOCIAL,), True),
    "kela-restored": ((KELA,), True),
    "all-restored": (ALL_OF_ONE_PLACE, True),
}
"""Whose outbox is lost, and whether an older copy takes its place."""

HELD_BACK_AT = {EMPLOYMENT, SOCIAL}
"""Whose acts before the outage include some that could do harm if they were said again."""


@pytest.fixture(scope="module")
def undisturbed_changes() -> Outcome:
    """The acts of an outage in a run in which nothing was lost."""
    with new_folder() as folder:
        clerks = Load(folder / "data", SEED)
        _until_outage(clerks)
        return _after_outage(clerks, was_restored=False)


@pytest.mark.parametrize("loss", LOSSES)
def test_an_outbox_lost(clerks: Load, undisturbed_changes: Outcome, data: Path, loss: str) -> None:
    endpoints, is_restored = LOSSES[loss]
    copies = data.with_name("copies")
    _until_outage(clerks, copies)
    stores = data / "connectors"
    for endpoint in endpoints:
        lost = list(stores.glob(f"{endpoint}.sqlite3*"))
        assert lost
        for file in lost:
            file.unlink()
        if is_restored:
            for copy in copies.glob(f"{endpoint}.sqlite3*"):
                shutil.copy2(copy, stores)
    found = _after_outage(clerks, was_restored=is_restored)
    assert found.texts == undisturbed_changes.texts
    assert _without_numbers(undisturbed_changes) - _without_numbers(found) == Counter()
    # What an older copy says again has the same bytes, where it holds no cell, and is known as a repeat.
    for endpoint in () if is_restored else HELD_BACK_AT & {*endpoints}:
        assert "perhaps-sent-before" in _told(clerks, endpoint)


def _until_outage(clerks: Load, copies: Path | None = None) -> None:
    """The rounds before it, and the copies that are made some rounds earlier."""
    for end, is_copied in ((COPIED_BEFORE, True), (LOST_BEFORE, False)):
        with restarted(clerks.configuration) as machine:
            while len(clerks.rounds) > ROUNDS - end:
                assert clerks.round()
                machine.settle()
        if is_copied and copies is not None:
            shutil.copytree(machine.data / "connectors", copies)
    clerks.records_change()
    assert clerks.round()


def _after_outage(clerks: Load, *, was_restored: bool) -> Outcome:
    """The rest of the story, and what it came to."""
    with restarted(clerks.configuration) as machine:
        while clerks.round():
            machine.settle()
        assert_sound(machine, clerks.clients, was_restored=was_restored)
        return outcome(machine, clerks.clients)


def _without_numbers(found: Outcome) -> Counter[tuple[int, str, str]]:
    """What was accepted, without versions; a receipt is no act of anybody's."""
    return Counter(
        (client, source, said.rstrip("0123456789 "))
        for client, source, said in found.accepted.elements()
        if not said.startswith("Receipt")
    )


def _told(clerks: Load, endpoint: str) -> set[str]:
    """The reasons of what the clerks of a register were told."""
    systems = clerks.stages[0].agencies
    if endpoint == EMPLOYMENT:
        return {notice.cells()["syy"] for notice in systems.employment.notices()}
    if endpoint == KELA:
        return {notice["syy"] for notice in systems.kela.notices()}
    return {issue.details.text or "" for notice in systems.welfare.notices() for issue in notice.issue}
