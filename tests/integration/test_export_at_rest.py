"""`sauma replay export` writes the journal of a log at rest, and of no other: what waits somewhere would be in no file."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from sauma.event import Relationship
from sauma_services.runtime.clock import ManualClock
from support.line import LOG_NAME, Line, headers_of, tell_story
from support.world import PROVIDER, START, SUBJECT, E, K

SAUMA = Path(sys.executable).parent / "sauma"
LATER = START + 400 * 24 * 3600 * 1000
"""After the story."""
SETTINGS = f"""
[machine]
data = "."

[log]
path = "{LOG_NAME}"

[[endpoint]]
id = "{PROVIDER.id}"
role = "{PROVIDER.role}"
organiser = "{PROVIDER.organiser}"
name = "{PROVIDER.name_fi}"

[[connector]]
kind = "kela"
endpoints = ["{K}"]
folder = "kela"

[[connector]]
kind = "employment-area"
endpoints = ["{E}"]
folder = "employment"
"""


@pytest.fixture
def line(tmp_path: Path) -> Iterator[Line]:
    """After the story, all is done."""
    (tmp_path / "sauma.toml").write_text(SETTINGS, encoding="utf-8")
    with Line(tmp_path, clock=ManualClock(START)) as line:
        tell_story(line)
        line.clock.set(LATER)
        line.settle()
        yield line


def export(line: Line) -> subprocess.CompletedProcess[str]:
    command = [str(SAUMA), "replay", "export", str(line.folder / "journal.avro"), "--log", str(line.folder)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def assert_refused(line: Line, *, because: str) -> None:
    done = export(line)
    assert done.returncode == 2
    assert because in done.stderr
    assert "stop all processes of this log, then export again" in done.stderr
    assert not (line.folder / "journal.avro").exists()


def test_what_intake_has_not_taken_in_is_told_with_its_topic(line: Line) -> None:
    line.send_bytes(K, b"no event", key=b"")
    line.send_bytes(K, b"", key=b"")
    assert_refused(line, because="2 records wait for intake (2 in in.kela)")


def test_another_event_under_a_number_that_was_used_waits_too(line: Line) -> None:
    line.say(E, Relationship("started"))
    line.send(line.event(E, Relationship("end-proposed"), seq=1))
    assert_refused(line, because="1 records wait for intake")


def test_what_the_router_has_not_done_is_told(line: Line) -> None:
    line.send(line.event(E, Relationship("started")))
    line.loops[0].turn()  # intake's
    assert_refused(line, because="1 journal records wait for the router")


def test_what_intake_refused_and_what_came_twice_wait_for_nobody(line: Line) -> None:
    event = line.event(E, Relationship("started"))
    line.send(event, event)
    line.send_bytes(K, b"no event", key=b"")
    line.send_bytes(K, b"no event", key=SUBJECT.encode(), headers=headers_of(line.event(K, Relationship("started"))))
    line.settle()
    done = export(line)
    assert done.returncode == 0, done.stderr
    assert (line.folder / "journal.avro").exists()
