"""What only the embedded log promises: its file, its errors, and a death between two statements of a commit."""

import signal
import sqlite3
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from integration.log_worker import INPUT, OUTPUT
from sauma_services.runtime.clock import ManualClock
from sauma_services.runtime.errors import NeedsOperator, TryAgain
from sauma_services.runtime.ports import Append, StatePart
from sauma_services.runtime.sqlite_log import SqliteLog

WORKER = Path(__file__).with_name("log_worker.py")

Seen = tuple[list[bytes], list[tuple[bytes, bytes | None]], list[bytes]]


def test_folder_and_file_are_for_the_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "data" / "log.sqlite3"
    log = SqliteLog(path)
    log.publisher().publish(INPUT, [Append(INPUT, b"k", b"v")])

    modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in (path.parent, *path.parent.iterdir())}
    log.close()

    assert modes.pop("data") == 0o700
    assert set(modes.values()) == {0o600}
    assert len(modes) == 3, "the database, its write-ahead log and its index"


def test_a_file_that_is_no_log_needs_an_operator(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    path.write_bytes(b"this is something else" * 100)

    with pytest.raises(NeedsOperator):
        SqliteLog(path)


def test_a_file_of_another_format_needs_an_operator(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    SqliteLog(path).close()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()

    with pytest.raises(NeedsOperator, match="format 99"):
        SqliteLog(path)


def test_a_full_disk_needs_an_operator_and_leaves_nothing_behind(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite3")
    loop = log.loop("group", [INPUT])
    (pages,) = loop._connection.execute("PRAGMA page_count").fetchone()
    loop._connection.execute(f"PRAGMA max_page_count = {pages + 10}")

    with pytest.raises(NeedsOperator, match="SQLITE_FULL"):
        loop.commit(
            (), [Append(OUTPUT, b"k", b"v"), Append(OUTPUT, b"k", b"v" * 1_000_000)], {0: [StatePart(b"a", b"1")]}
        )

    reader = log.reader()
    assert (reader.end(OUTPUT, 0), list(reader.scan(OUTPUT, 0)), list(reader.state("group"))) == (0, [], [])
    loop.commit((), [Append(OUTPUT, b"k", b"small")], {})
    assert [record.value for record in reader.scan(OUTPUT, 0)] == [b"small"]
    log.close()


def test_a_file_that_stays_locked_is_tried_again(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    log = SqliteLog(path)
    publisher = log.publisher()
    publisher.publish(INPUT, [Append(INPUT, b"k", b"1")])
    publisher._connection.execute("PRAGMA busy_timeout = 1")
    other = sqlite3.connect(path, isolation_level=None)
    other.execute("BEGIN IMMEDIATE")

    with pytest.raises(TryAgain):
        publisher.publish(INPUT, [Append(INPUT, b"k", b"2")])
    other.execute("ROLLBACK")
    other.close()
    publisher.publish(INPUT, [Append(INPUT, b"k", b"2")])

    assert [record.value for record in log.reader().scan(INPUT, 0)] == [b"1", b"2"]
    log.close()


def test_records_bear_the_time_of_the_logs_clock(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite3", clock=ManualClock(1_777_593_600_000))
    log.publisher().publish(INPUT, [Append(INPUT, b"k", b"v")])

    assert [record.stamped_at for record in log.reader().scan(INPUT, 0)] == [1_777_593_600_000]
    log.close()


def test_a_publisher_refuses_a_record_for_another_topic(tmp_path: Path) -> None:
    log = SqliteLog(tmp_path / "log.sqlite3")

    with pytest.raises(ValueError, match="another topic"):
        log.publisher().publish(INPUT, [Append(INPUT, b"k", b"v"), Append(OUTPUT, b"k", b"v")])

    assert log.reader().end(INPUT, 0) == 0
    log.close()


def test_a_death_between_any_two_statements_of_a_commit_leaves_all_or_nothing(tmp_path: Path) -> None:
    """Dies at the first, second, third ... statement of the same commit, until it survives."""
    outcomes: list[Seen] = []
    for statement in range(1, 40):
        path = tmp_path / f"{statement}.sqlite3"
        setting_up = SqliteLog(path)
        setting_up.publisher().publish(INPUT, [Append(INPUT, b"k", b"1"), Append(INPUT, b"k", b"2")])
        setting_up.loop("group", [INPUT]).commit((), [Append(OUTPUT, b"k", b"old")], {0: [StatePart(b"gone", b"1")]})
        setting_up.close()

        command = [sys.executable, str(WORKER), f"sqlite:{path}", "die", str(statement)]
        died = subprocess.run(command, check=False, stderr=subprocess.DEVNULL).returncode

        log = SqliteLog(path)
        reader = log.reader()
        loop = log.loop("group", [INPUT])
        loop.assigned()
        seen = (
            [record.value for record in reader.scan(OUTPUT, 0)],
            sorted((part.key, part.value) for part in reader.state("group")),
            [record.value for record in loop.read(10, 0)],
        )
        log.close()
        outcomes.append(seen)
        if died == 0:
            break
        assert died == -signal.SIGKILL
    else:
        pytest.fail("it never came to the end of the commit")

    before: Seen = ([b"old"], [(b"gone", b"1")], [b"1", b"2"])
    after: Seen = ([b"old", b"new-1", b"new-2"], [(b"a", b"1"), (b"b", b"1")], [])
    assert outcomes[0] == before
    assert outcomes[-1] == after
    assert len(outcomes) > 8, "a commit has more statements than that"
    assert all(outcome in (before, after) for outcome in outcomes)
