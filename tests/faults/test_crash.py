"""kill -9 at every failpoint and at random moments under load: nothing is lost, doubled, out of order or unlogged."""

import os
import random
import sys
import time

import pytest

from faults.load import Load
from faults.outcome import Outcome, assert_sound, outcome
from faults.process import Running, Settling, restarted
from sauma_services.runtime.failpoints import NAMES

HITS = (1, 2, 6)
"""Which hit of a failpoint kills: the first thing a process does there, the next, and one amid other work."""

PLACES = {
    part: tuple(f"{name}:{hit}" for hit in HITS for name in NAMES if name.startswith(f"{part}."))
    for part in ("intake", "router", "connector")
}

KILLS_AT_RANDOM = 20
LONGEST_LIFE_SECONDS = 1.5
"""An act is at the other agencies about a second after it was done: so a kill falls before, amid or after that."""


def _live_on(clerks: Load, undisturbed: Outcome) -> None:
    """To the end of the acts without further trouble; then everything must be as if there had been none."""
    with restarted(clerks.configuration) as machine:
        while clerks.round():
            machine.settle()
        assert_sound(machine, clerks.clients)
        found = outcome(machine, clerks.clients)
    assert found.held == undisturbed.held
    assert found.accepted == undisturbed.accepted
    assert found.held_facts > 50


def test_every_failpoint_is_among_the_places() -> None:
    assert {place.partition(":")[0] for places in PLACES.values() for place in places} == set(NAMES)


@pytest.mark.parametrize("part", PLACES)
def test_killed_at_each_failpoint(clerks: Load, undisturbed: Outcome, part: str) -> None:
    for place in PLACES[part]:
        process = Settling(clerks.configuration, place)
        while clerks.round() and (is_alive := process.settle()):
            pass
        process.close()
        assert not is_alive, f"{place} was never reached"
        with restarted(clerks.configuration):
            pass
    _live_on(clerks, undisturbed)


def test_killed_at_random_under_load(clerks: Load, undisturbed: Outcome) -> None:
    seed = int(os.environ.get("SAUMA_FAULT_SEED", random.SystemRandom().randrange(10**6)))
    sys.stdout.write(f"SAUMA_FAULT_SEED={seed}\n")
    chance = random.Random(seed)
    kills = 0
    while kills < KILLS_AT_RANDOM:
        running = Running(clerks.configuration)
        running.wait_until_running()
        if kills % 3 != 2:  # else the next process is killed while it recovers
            assert clerks.round()
        time.sleep(chance.uniform(0, LONGEST_LIFE_SECONDS))  # the moment of the kill, not a wait for anything
        running.kill()
        kills += 1
        if kills % 3 != 2:
            with restarted(clerks.configuration):
                pass
    _live_on(clerks, undisturbed)
