"""`--log` names a log by its configuration, whatever that is called, or by the folder that holds it as sauma.toml."""

import subprocess
import sys
from pathlib import Path

import pytest

from support.line import Line, tell_story
from support.world import PROVIDER, SUBJECT

SAUMA = Path(sys.executable).parent / "sauma"
SETTINGS = f"""
[machine]
data = "data"

[[endpoint]]
id = "{PROVIDER.id}"
role = "{PROVIDER.role}"
organiser = "{PROVIDER.organiser}"
name = "{PROVIDER.name_fi}"
"""
COMMANDS = {
    "verify": ("replay", "verify"),
    "export": ("replay", "export", "{file}"),
    "breaches": ("law", "breaches"),
    "explain": ("law", "explain", "--subject", SUBJECT, "--number", "1"),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with two configurations over one log."""
    folder = tmp_path_factory.mktemp("machine")
    (folder / "data").mkdir()
    with Line(folder / "data") as line:
        tell_story(line)
    for name in ("sauma.toml", "tampere.toml"):
        (folder / name).write_text(SETTINGS, encoding="utf-8")
    return folder


def sauma(command: str, log: Path, file: Path) -> subprocess.CompletedProcess[str]:
    arguments = [str(file) if one == "{file}" else one for one in COMMANDS[command]]
    return subprocess.run(
        [str(SAUMA), *arguments, "--log", str(log)],
        capture_output=True,
        text=True,
        check=False,
        env={"NO_COLOR": "1", "COLUMNS": "200"},
    )


@pytest.mark.parametrize("command", COMMANDS)
def test_a_configuration_and_its_folder_are_the_same_log(folder: Path, tmp_path: Path, command: str) -> None:
    by_folder = sauma(command, folder, tmp_path / "first")
    by_file = sauma(command, folder / "tampere.toml", tmp_path / "second")

    assert by_folder.returncode == by_file.returncode == 0, by_file.stderr
    assert by_file.stdout.replace("second", "first") == by_folder.stdout


def test_a_folder_without_a_configuration_is_told_what_to_do(folder: Path, tmp_path: Path) -> None:
    done = sauma("verify", folder / "data", tmp_path / "file")

    assert done.returncode == 2
    assert "holds no sauma.toml: give the configuration itself" in " ".join(done.stderr.replace("│", " ").split())


def test_an_import_takes_a_configuration_of_any_name(folder: Path, tmp_path: Path) -> None:
    sauma("export", folder, tmp_path / "journal.avro")
    other = tmp_path / "other.toml"
    other.write_text(SETTINGS, encoding="utf-8")

    done = subprocess.run(
        [str(SAUMA), "replay", "import", str(tmp_path / "journal.avro"), "--log", str(other)],
        capture_output=True,
        text=True,
        check=False,
    )

    assert done.returncode == 0, done.stderr
    assert "journal records read" in done.stdout
