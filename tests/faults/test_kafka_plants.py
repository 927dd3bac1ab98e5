"""The judge of the fault runs finds what it is for: each bug planted in the real loop on a real Kafka is found, and no other."""

import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from faults.kafka.draining import seconds_until_drained
from faults.kafka.judging import Judgement, judge
from faults.kafka.load import Load, LoadSettings
from faults.kafka.plants import PLANTS
from faults.kafka.proxy import CommitFault
from faults.kafka.stage import PARTITIONS, Brokers, brokers, stage

SEED = 5
EVENTS, RATE, CLIENTS_AT_ONCE = 2_400, 240.0, 60
"""Few clients, so that they live to the withdrawal of their consents."""

FINDS = {
    # The records that a commit had done by its position alone were never decided on.
    "positions-before-outputs": "unlogged",
    # A commit that came late took the next transaction's records with it and left its positions: they were done again.
    "no-rotation": "duplicated",
    # Whoever takes a partition over counts its clients' records from one again.
    "state-dropped-on-revoke": "duplicated",
    # The recipient keeps what its consent no longer carries.
    "view-cached": "unlawful",
}


@pytest.fixture(scope="module")
def one_broker() -> Iterator[Brokers]:
    with brokers(1) as on:
        yield on


def lived_through(on: Brokers, folder: Path, plant: str) -> Judgement:
    """A second router comes, commits come late, a router is killed; whoever ends by itself is started again."""
    with stage(on, folder, prefix=f"{plant or 'sound'}.", plant=plant) as set_up:
        crew = set_up.crew
        load = Load(
            set_up.kafka,
            LoadSettings(SEED, RATE, clients_at_once=CLIENTS_AT_ONCE),
            partitions=PARTITIONS,
            events_max=EVENTS,
        )
        crew.start("intake", "i1")
        crew.start("router", "r1")
        load.start()

        def reached(share: float) -> None:
            while load.is_alive() and load.seen < share * EVENTS:
                crew.look_after()
                time.sleep(0.05)

        reached(0.3)
        crew.start("router", "r2")
        for share in (0.4, 0.5, 0.6, 0.7):
            reached(share)
            set_up.proxy.arm(CommitFault.REQUEST_LATE)
            while set_up.proxy.happened(0.1) is None:
                crew.look_after()
        reached(0.8)
        crew.kill(crew.members["r1"])
        crew.start("router", "r1")
        reached(1)
        load.join()
        if load.failure is not None:
            raise load.failure
        while seconds_until_drained(set_up, load.journal, seconds_max=1) is None:
            crew.look_after()
        load.close()
        return judge(set_up.kafka, set_up.settings, clients=load.told.clients, partitions=PARTITIONS)


def test_without_a_plant_nothing_is_found(one_broker: Brokers, tmp_path: Path) -> None:
    found = lived_through(one_broker, tmp_path, "")

    assert found.is_clean, found
    assert found.counts["inbound"] >= EVENTS


@pytest.mark.parametrize("plant", PLANTS)
def test_a_planted_bug_is_found(one_broker: Brokers, tmp_path: Path, plant: str) -> None:
    found = lived_through(one_broker, tmp_path, plant)

    assert found.found[FINDS[plant]] > 0, found
