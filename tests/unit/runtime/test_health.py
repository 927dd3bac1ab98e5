"""Health is what each part does and since when, in a file that is never half written."""

import stat
from pathlib import Path

from sauma_services.runtime.clock import ManualClock
from sauma_services.runtime.health import FILE_NAME, Health, PartHealth, State, read_health

START = 1_777_593_600_000


def test_a_change_is_written_at_once(tmp_path: Path) -> None:
    clock = ManualClock(START)
    health = Health(tmp_path, clock)
    health.change("router", State.RUNNING)
    clock.advance(10)
    health.change("router", State.FAILED, reason="the log's file cannot be written")

    assert read_health(tmp_path) == {
        "router": PartHealth(State.FAILED, START + 10, None, "the log's file cannot be written", START + 10)
    }


def test_progress_is_written_once_a_second(tmp_path: Path) -> None:
    clock = ManualClock(START)
    health = Health(tmp_path, clock)
    health.change("router", State.RUNNING)

    clock.advance(400)
    health.progress("router")
    assert read_health(tmp_path)["router"].progressed_at is None
    assert health.parts()["router"].progressed_at == START + 400

    clock.advance(600)
    health.progress("router")
    assert read_health(tmp_path)["router"] == PartHealth(State.RUNNING, START, START + 1_000, turned_at=START + 1_000)


def test_a_part_without_work_shows_every_five_seconds_that_it_comes_round(tmp_path: Path) -> None:
    clock = ManualClock(START)
    health = Health(tmp_path, clock)
    health.change("router", State.RUNNING)

    clock.advance(4_900)
    health.turned("router")
    assert read_health(tmp_path)["router"].turned_at == START

    clock.advance(100)
    health.turned("router")
    assert read_health(tmp_path)["router"] == PartHealth(State.RUNNING, START, turned_at=START + 5_000)


def test_progress_is_written_also_after_the_clock_was_set_back(tmp_path: Path) -> None:
    clock = ManualClock(START)
    health = Health(tmp_path, clock)
    health.change("router", State.RUNNING)

    clock.advance(-3_600_000)
    health.progress("router")

    assert read_health(tmp_path)["router"].progressed_at == START - 3_600_000


def test_only_the_file_itself_is_left_and_it_is_for_the_owner_alone(tmp_path: Path) -> None:
    Health(tmp_path, ManualClock(START)).change("router", State.STARTING)

    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]
    assert stat.S_IMODE((tmp_path / FILE_NAME).stat().st_mode) == 0o600


def test_no_file_is_no_parts(tmp_path: Path) -> None:
    assert read_health(tmp_path) == {}
