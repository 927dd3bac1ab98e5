"""`sauma agencies`: the simulated agencies beside processes that run apart; over old folders they go on, and repeat nobody."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from sauma_services.demo.cast import agencies, client, prepare

SAUMA = Path(sys.executable).parent / "sauma"
LISTS = "agencies/kela/lahetteet.csv"


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    return prepare(tmp_path / "data")


def told(configuration: Path, *, lines: int) -> list[str]:
    """The first sentences that the command says; then it is stopped as an operator stops it."""
    process = subprocess.Popen(
        [str(SAUMA), "agencies", str(configuration)],
        stdout=subprocess.PIPE,
        text=True,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    try:
        said = [process.stdout.readline().strip() for _ in range(lines)]
        process.send_signal(signal.SIGTERM)
        assert process.wait(30) == 0
    finally:
        process.kill()
        process.stdout.close()
    return said


def test_a_second_start_goes_on_with_the_next_client(configuration: Path) -> None:
    referrals = configuration.parent / LISTS

    assert told(configuration, lines=1) == ["client 1: line 1 of the story"]
    (row,) = [line for line in referrals.read_text(encoding="utf-8").splitlines() if client(1).henkilotunnus in line]
    assert told(configuration, lines=2) == [
        "the folders are of an earlier run: going on with client 2",
        "client 2: line 1 of the story",
    ]

    kela = agencies(configuration.parent).kela
    assert [kela.has_referred(client(number).henkilotunnus) for number in (1, 2, 3)] == [True, True, False]
    assert row in referrals.read_text(encoding="utf-8").splitlines()
