"""The demo as a newcomer runs it: the story through the real machine and the agencies' own files, and what it answers."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from sauma.content import as_text
from sauma_services.demo.cast import CONFIGURATION, PROVIDER, prepare
from sauma_services.demo.play import Play
from sauma_services.demo.story import BEFORE_THE_END, THE_END
from sauma_services.demo.sync import compare, holdings
from sauma_services.machine import Machine
from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.settings import load

SAUMA = Path(sys.executable).parent / "sauma"

COUNTS = (
    "events",
    "deliveries",
    "released",
    "withheld",
    "undecided",
    "rebased",
    "retracted",
    "conflicts",
    "refused",
    "shared_items",
    "seconds",
)


def _sauma(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(SAUMA), *arguments],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, **environment},
    )


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, object]]:
    data = tmp_path_factory.mktemp("demo") / "data"
    done = _sauma("demo", "--once", "--output", "json", "--data", str(data))
    assert done.returncode == 0, done.stderr[-2000:]
    return data, json.loads(done.stdout.splitlines()[-1])


def test_the_demo_answers_with_its_counts(demo: tuple[Path, dict[str, object]]) -> None:
    _, found = demo
    assert found["plans_in_sync"] is True
    assert found["violations"] == 0
    assert found["differences"] == 0
    assert {name: found[name] for name in COUNTS if not float(str(found[name])) > 0} == {}
    assert int(str(found["shared_items"])) >= 20


def test_the_demo_taken_again_by_another_process_is_the_same(demo: tuple[Path, dict[str, object]]) -> None:
    data, found = demo
    done = _sauma(
        "replay", "verify", "--log", str(data), "--output", "json", PYTHONHASHSEED="4711", TZ="Pacific/Auckland"
    )
    assert done.returncode == 0, done.stderr[-2000:]
    verified = json.loads(done.stdout)
    assert verified["different"] == 0
    assert verified["records"] > int(str(found["events"])) - 5


def test_the_story_is_told_line_by_line(tmp_path: Path) -> None:
    done = _sauma("demo", "--once", "--data", str(tmp_path / "data"), NO_COLOR="1")
    assert done.returncode == 0, done.stderr[-2000:]
    for line in (*BEFORE_THE_END, *THE_END):
        assert f"{line.number:>4}  {line.title}" in done.stdout
    assert "-> employment-tampereen-seutu: referral v1, TYM 381/2023 3 §" in done.stdout
    assert "<- provider-valmennus: capacity, erase (right-ended)" in done.stdout
    assert "compared: the same everywhere" in done.stdout
    assert done.stdout.splitlines()[-1] == f"Take it again: .venv/bin/sauma replay verify --log {tmp_path / 'data'}"


def test_a_kafka_is_not_named_in_vain(tmp_path: Path) -> None:
    for kind in ([], ["--log-kind", "sqlite"]):
        done = _sauma("demo", "--once", "--data", str(tmp_path / "data"), "--bootstrap", "127.0.0.1:1", *kind)
        assert done.returncode == 2
        assert "say --log-kind kafka, too" in " ".join(done.stderr.replace("│", " ").split())
    assert not (tmp_path / "data").exists()


def test_all_say_how_many_play(tmp_path: Path) -> None:
    """Each has a connector of its own; the help, the configuration and the README agree."""
    settings = load(prepare(tmp_path / "data"))
    assert len(settings.connector) == 7
    words = "seven simulated organisations"
    assert words in " ".join(_sauma("demo", "--help", COLUMNS="200").stdout.split())
    assert words in CONFIGURATION.splitlines()[0]
    assert words in (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")


def test_a_folder_that_an_earlier_release_of_the_demo_made_is_made_anew(tmp_path: Path) -> None:
    data = tmp_path / "data"
    configuration = prepare(data)
    text = configuration.read_text(encoding="utf-8")
    before = "# Written by `sauma demo`: what one machine runs between six agencies' folders."
    configuration.write_text(text.replace(CONFIGURATION.splitlines()[0], before), encoding="utf-8")
    (data / "log.sqlite3").touch()

    prepare(data)

    assert not (data / "log.sqlite3").exists()


def test_a_folder_of_somebody_else_is_not_emptied(tmp_path: Path) -> None:
    (tmp_path / "letter.txt").write_text("mine")
    with pytest.raises(NeedsOperator):
        prepare(tmp_path)
    assert (tmp_path / "letter.txt").read_text() == "mine"


@pytest.fixture
def play(tmp_path: Path) -> Iterator[Play]:
    data = tmp_path / "data"
    machine = Machine(load(prepare(data)))
    performance = Play(machine, data, Console(quiet=True))
    performance.lines(BEFORE_THE_END)
    yield performance
    machine.close()


def test_a_planted_difference_is_seen(play: Play) -> None:
    before = compare(holdings(play.machine, play.stage.hetu))
    assert before.is_in_sync, before.different
    folder = play.machine.data / "agencies" / "keha"
    changed = 0
    for file in folder.rglob("*.json"):
        text = file.read_text(encoding="utf-8")
        if "Workshop in Kaleva" in text:
            file.write_text(text.replace("Workshop in Kaleva", "Workshop in Kalevi"), encoding="utf-8")
            changed += 1
    assert changed
    after = compare(holdings(play.machine, play.stage.hetu))
    assert not after.is_in_sync
    assert len(after.different) == 1
    assert after.shared_items == before.shared_items


def test_nobody_holds_what_only_others_may(play: Play) -> None:
    held = {
        endpoint: {" ".join(as_text(holding.content).values()) for holding in register.values() if holding.content}
        for endpoint, register in holdings(play.machine, play.stage.hetu).items()
    }
    note = "psychiatric nurse"
    assert [endpoint for endpoint, texts in held.items() if any(note in text for text in texts)] == ["health-08"]
    home = "Koekatu 1"
    assert sorted(e for e, texts in held.items() if any(home in text for text in texts)) == [
        "employment-kuopio",
        "social-13",
    ]
    erased = "half days"
    assert not any(erased in text.lower() for text in held[PROVIDER])
