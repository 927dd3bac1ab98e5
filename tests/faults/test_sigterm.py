"""SIGTERM ends `sauma run` in order; of two over the same data, one is turned away and says why."""

import subprocess
from collections.abc import Iterator

import pytest

from faults.load import Load
from faults.outcome import assert_sound, outcome
from faults.process import DEADLINE_SECONDS, SAUMA, Running, restarted, wait_for
from sauma_services.runtime.health import State, read_health

ROUNDS = 6
"""Referral, answers and the first facts: enough that every part has had to do."""

ONLY_THE_LINE = """
[machine]
data = "."

[[endpoint]]
id = "provider-valmennus"
role = "provider"
organiser = "valmennus"
name = "Valmennus Oy (simulated)"
"""
"""The same data and no connectors: nothing but the log itself stands between two such machines."""


@pytest.fixture
def running(clerks: Load) -> Iterator[Running]:
    process = Running(clerks.configuration)
    yield process
    process.end()


def _referrals_arrive(clerks: Load) -> None:
    """Kela's clerk refers some clients, and the employment area has them all."""
    referred = [clerks.clients[number] for number, _ in clerks.rounds[0]]
    assert referred
    assert clerks.round()
    employment = clerks.stages[0].agencies.employment
    wait_for(lambda: all(employment.received(hetu, "referral") for hetu in referred), "the referrals arrive")


def _assert_goes_on(clerks: Load) -> None:
    with restarted(clerks.configuration) as machine:
        for _ in range(ROUNDS):
            assert clerks.round()
            machine.settle()
        assert_sound(machine, clerks.clients)
        assert outcome(machine, clerks.clients).held_facts > 10


def test_sigterm_amid_work_ends_it_in_order_and_a_restart_goes_on(clerks: Load, running: Running) -> None:
    running.wait_until_running()
    _referrals_arrive(clerks)
    assert clerks.round()
    assert running.terminate() == 0
    parts = read_health(clerks.configuration.parent)
    assert {name: part.state for name, part in parts.items() if part.state is not State.STOPPED} == {}
    assert {"intake", "router", "kela", "keha"} <= parts.keys()
    assert '"event": "process-stopped"' in running.said
    assert '"level": "error"' not in running.said
    _assert_goes_on(clerks)


def test_sigterm_ends_an_idle_one(running: Running) -> None:
    running.wait_until_running()
    assert running.terminate() == 0


def test_a_second_run_is_turned_away_and_the_first_goes_on(clerks: Load, running: Running) -> None:
    running.wait_until_running()
    second = subprocess.run(
        [str(SAUMA), "run", str(clerks.configuration)],
        capture_output=True,
        text=True,
        check=False,
        timeout=DEADLINE_SECONDS,
    )
    assert second.returncode == 2
    assert "another process works with this store" in second.stderr
    assert "Traceback" not in second.stderr
    _referrals_arrive(clerks)
    assert running.terminate() == 0
    _assert_goes_on(clerks)


def test_a_second_line_over_the_same_log_fences_the_first(clerks: Load, running: Running) -> None:
    running.wait_until_running()
    assert clerks.round()
    other = clerks.configuration.with_name("other.toml")
    other.write_text(ONLY_THE_LINE, encoding="utf-8")
    second = Running(other)
    try:
        assert running.process.wait(DEADLINE_SECONDS) == 1
        assert "was opened again elsewhere" in running.said
        assert "Traceback" not in running.said
        assert second.terminate() == 0
    finally:
        second.end()
    _assert_goes_on(clerks)
