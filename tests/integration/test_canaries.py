"""No personal identity code, name or cell text leaves the agencies' own folders: not in any file, name, log or answer."""

import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from sauma.fact import Moment
from sauma_services.demo.cast import PROVIDER, Agencies, Client, agencies, client
from sauma_services.machine import Machine
from sauma_services.runtime.health import State, read_health
from sauma_services.runtime.logging import Event, Fields
from sauma_services.runtime.settings import load
from support import bad_rows
from support.canaries import Canaries, of_person, of_story, shown

SAUMA = str(Path(sys.executable).parent / "sauma")
VIEW_BEGINS, VIEW_ENDS = (
    b"The plan as each register's own system holds it",
    b" pairs of shared fact and holder compared",
)
OF_STORY, OF_BAD_ROWS = client(0), client(1)
IN_SPITE_OF_SECONDS = 180
"""How long something is waited for: far beyond what a busy machine needs, so that only what never comes fails."""

CANARIES = Canaries(
    {*of_story(), *of_person(OF_STORY), *of_person(OF_BAD_ROWS), bad_rows.NOTE, bad_rows.mistyped(OF_BAD_ROWS)}
)


@dataclass(slots=True)
class Traces:
    """Everything that the commands left: one folder for all they could write to, and what they said."""

    root: Path
    said: dict[str, bytes] = field(default_factory=dict)
    of_processes: dict[str, bytes] = field(default_factory=dict)
    while_running: dict[str, bytes] = field(default_factory=dict)
    names_of_agencies: list[Path] = field(default_factory=list)
    """Files that an agency's clerk named badly; Sauma may read them and name nothing after them."""

    @property
    def data(self) -> Path:
        """The data folder of the told demo."""
        return self.root / "text"

    def environment(self) -> dict[str, str]:
        """Every folder that a process may choose to write to is below the root."""
        own = {name: str(self.root / name.lower()) for name in ("HOME", "TMPDIR", "XDG_CACHE_HOME")}
        return {"PATH": os.environ["PATH"], "LANG": "C.UTF-8", "PYTHONDONTWRITEBYTECODE": "1", **own}

    @contextmanager
    def started(self, name: str, *command: str, **environment: str) -> Iterator[subprocess.Popen[bytes]]:
        """The process; when it ends, what it said is kept."""
        for folder in ("home", "tmpdir", "xdg_cache_home", "cwd"):
            (self.root / folder).mkdir(exist_ok=True)
        with (self.root / f"{name}.out").open("wb") as out, (self.root / f"{name}.err").open("wb") as err:
            process = subprocess.Popen(
                command, stdout=out, stderr=err, cwd=self.root / "cwd", env={**self.environment(), **environment}
            )
            try:
                yield process
                process.wait(IN_SPITE_OF_SECONDS)
            finally:
                process.kill()
                process.wait()
        for end in ("out", "err"):
            path = self.root / f"{name}.{end}"
            self.said[path.name] = path.read_bytes()
            path.unlink()

    def look_at(self, name: str, process: subprocess.Popen[bytes]) -> None:
        """What any user of the machine may see of a process that runs."""
        for part in ("cmdline", "environ"):
            with suppress(FileNotFoundError):  # only Linux has them as files
                self.of_processes[f"{name} {part}"] = Path(f"/proc/{process.pid}/{part}").read_bytes()

    def look_into_files(self, folder: Path) -> None:
        """The files as they are while somebody writes them, write-ahead logs among them."""
        for path in folder.rglob("*"):
            if not path.is_relative_to(folder / "agencies"):
                with suppress(FileNotFoundError, IsADirectoryError):  # gone meanwhile; a folder
                    self.while_running[str(path.relative_to(folder))] = path.read_bytes()


def _until(is_so: Callable[[], bool], what: str, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + IN_SPITE_OF_SECONDS
    while not is_so():
        assert process.poll() is None, f"the process ended before {what}"
        assert time.monotonic() < deadline, f"never came: {what}"
        time.sleep(0.05)


@pytest.fixture(scope="module")
def traces(tmp_path_factory: pytest.TempPathFactory) -> Traces:
    found = Traces(tmp_path_factory.mktemp("canaries"))
    told = (SAUMA, "demo", "--once", "--data", str(found.data))
    as_json = (SAUMA, "demo", "--once", "--output", "json", "--data", str(found.root / "json"))
    with found.started("demo-text", *told) as one, found.started("demo-json", *as_json) as other:
        found.look_at("demo text", one)
        found.look_at("demo json", other)
    assert one.returncode == other.returncode == 0, found.said["demo-text.err"] + found.said["demo-json.err"]
    for output in ("text", "json"):
        verify = (SAUMA, "replay", "verify", "--log", str(found.data), "--output", output)
        with found.started(f"verify-{output}", *verify) as one:
            found.look_at(f"verify {output}", one)
        assert one.returncode == 0
    _run_with_bad_rows(found)
    return found


def _run_with_bad_rows(found: Traces) -> None:
    """A machine on the demo's folder: a further client, and rows in every agency that cannot be used."""
    data = found.root / "run"
    shutil.copytree(found.data, data)
    cast = agencies(data)
    _refer(cast, OF_BAD_ROWS)
    told_before = _told(cast)
    folder = data / "agencies"
    in_welfare = bad_rows.at_welfare(folder / "welfare-13", OF_BAD_ROWS)
    in_provider = bad_rows.at_provider(folder / "provider-valmennus", OF_BAD_ROWS)
    planted = {
        "kela": bad_rows.at_kela(folder / "kela", OF_BAD_ROWS),
        "employment": bad_rows.at_employment(folder / "employment-kuopio", OF_BAD_ROWS),
        "welfare": len(in_welfare),
        "provider": len(in_provider),
    }
    found.names_of_agencies += [*in_welfare, *in_provider]

    def is_all_told() -> bool:
        return all(_told(cast)[name] - told_before[name] >= count for name, count in planted.items())

    with found.started("run", SAUMA, "run", str(data / "sauma.toml")) as process:
        _until(is_all_told, f"a notice about each bad row ({planted})", process)
        _until(lambda: bool(cast.employment.received(OF_BAD_ROWS.henkilotunnus, "referral")), "the referral", process)
        found.look_at("run", process)
        found.look_into_files(data)
        process.send_signal(signal.SIGTERM)
    assert process.returncode == 0, found.said["run.err"]


def _refer(cast: Agencies, person: Client) -> None:
    cast.kela.refer(
        person.henkilotunnus,
        family_name=person.family_name,
        given_names=person.given_names,
        municipality="837",
        to_role="employment",
        service="Work ability assessment",
        grounds=bad_rows.NOTE,
        contact_person="Work ability adviser, Kela Tampere",
        at=Moment(1_772_442_900_000),
        row="r-further",
    )


def _told(cast: Agencies) -> dict[str, int]:
    """How many notices each agency's clerks have."""
    return {
        "kela": len(cast.kela.notices()),
        "employment": len(cast.employment_kuopio.notices()),
        "welfare": len(cast.welfare_kuopio.notices()),
        "provider": len(cast.provider.notices()),
    }


def _folders(traces: Traces) -> list[Path]:
    return [traces.root / name for name in ("text", "json", "run")]


# --- nothing is found ----------------------------------------------------------------------------------------------


def test_the_agencies_own_folders_hold_all_that_is_hunted(traces: Traces) -> None:
    """Else the rest of these tests would find nothing because there is nothing."""
    files = [path for path in (traces.root / "run" / "agencies").rglob("*") if path.is_file()]
    held = CANARIES.hunt(b"\n".join(path.read_bytes() for path in files))
    replaced = {"Half days of light work"}  # the story changes it, and the agencies hold the new wording
    assert CANARIES.secrets - held == replaced


def test_no_file_outside_the_agencies_folders_holds_any(traces: Traces) -> None:
    for folder in _folders(traces):
        found = CANARIES.hunt_tree(folder, leave_out=folder / "agencies")
        assert not found, f"{folder.name}: {shown(found)}"
    for name in ("home", "tmpdir", "xdg_cache_home", "cwd"):
        found = CANARIES.hunt_tree(traces.root / name)
        assert not found, f"{name}: {shown(found)}"


def test_no_file_holds_any_while_a_machine_runs(traces: Traces) -> None:
    assert "health.json" in traces.while_running
    assert "log.sqlite3-wal" in traces.while_running
    found = {name: CANARIES.hunt(data) for name, data in traces.while_running.items()}
    assert not any(found.values()), shown(found)


def test_no_name_of_a_file_or_folder_holds_any_not_even_at_the_agencies(traces: Traces) -> None:
    assert CANARIES.hunt_names(traces.root, leave_out=traces.names_of_agencies) == set()
    assert OF_BAD_ROWS.henkilotunnus in CANARIES.hunt_names(traces.root)


def test_nothing_printed_holds_any_but_the_closing_view(traces: Traces) -> None:
    before, _, rest = traces.said["demo-text.out"].partition(VIEW_BEGINS)
    view, _, after = rest.partition(VIEW_ENDS)
    assert CANARIES.hunt(view) >= of_person(OF_STORY)
    assert b"Kela refers the client" in before
    assert b"The end is proposed" in after
    printed = {**traces.said, "demo-text.out": before + b"\n" + after}
    found = {name: CANARIES.hunt(data) for name, data in printed.items()}
    assert not any(found.values()), shown(found)


def test_nothing_that_others_see_of_a_process_holds_any(traces: Traces) -> None:
    if not Path("/proc/self/cmdline").exists():
        pytest.skip("this system does not show processes as files")
    assert b"run" in traces.of_processes["run cmdline"]
    found = {name: CANARIES.hunt(data) for name, data in traces.of_processes.items()}
    assert not any(found.values()), shown(found)


def test_every_log_line_is_of_the_closed_list(traces: Traces) -> None:
    labels = {event.label for event in Event}
    fields = {*Fields.__optional_keys__, "event", "level", "timestamp"}
    lines = [
        json.loads(line) for name, said in traces.said.items() if name.endswith(".err") for line in said.splitlines()
    ]
    assert {line["event"] for line in lines} <= labels
    assert {"process-started", "connector-started", "loop-stopped", "process-stopped"} <= {
        line["event"] for line in lines
    }
    assert {name for line in lines for name in line} <= fields
    # Ids, codes and topic names: no sentence, nothing that a person wrote.
    is_plain = re.compile(r"[A-Za-z0-9._:+-]{1,80}")
    assert [value for line in lines for value in line.values() if not is_plain.fullmatch(str(value))] == []


# --- exceptions ----------------------------------------------------------------------------------------------------

BREAKS = """
import importlib, os, sys
module, kind, method = os.environ["BREAK"].split(":")
def broken(*_, **__):
    try:
        raise KeyError(os.environ["TEXT"])
    except KeyError as first:
        raise RuntimeError("cannot use " + os.environ["TEXT"]) from first
setattr(getattr(importlib.import_module(module), kind), method, broken)
from sauma_services.cli import main
main()
"""
KELA_READS = "sauma_connectors.kela.connector:KelaSource:read"
KELA_WRITES = "sauma_connectors.kela.outbound:KelaSink:apply"
ROUTER_RESTORES = "sauma_services.router.topology:Router:restore"
TEXT = f"{OF_BAD_ROWS.given_names} {OF_BAD_ROWS.family_name} {OF_BAD_ROWS.henkilotunnus}: {bad_rows.NOTE}"


@pytest.mark.parametrize("place", [KELA_READS, KELA_WRITES, ROUTER_RESTORES])
def test_an_exception_in_a_running_machine_says_its_type_and_never_its_text(traces: Traces, place: str) -> None:
    name = place.rpartition(":")[0].rpartition(":")[2]
    data = traces.root / f"broken-{name}"
    shutil.copytree(traces.data, data)
    _refer(agencies(data), OF_BAD_ROWS)
    agencies(data).kela.relationship(OF_STORY.henkilotunnus, "left", at=Moment(1))
    part = "router" if place == ROUTER_RESTORES else "kela"

    def is_failed() -> bool:
        known = read_health(data).get(part)
        return known is not None and known.state == State.FAILED

    run = (sys.executable, "-c", BREAKS, "run", str(data / "sauma.toml"))
    with traces.started(f"broken-{name}", *run, BREAK=place, TEXT=TEXT) as process:
        if part == "kela":
            _until(is_failed, "the connector's failure in health.json", process)
            process.send_signal(signal.SIGTERM)
    assert process.returncode == (0 if part == "kela" else 1)
    said = traces.said.pop(f"broken-{name}.err")
    assert is_failed() or part == "kela"
    assert b"RuntimeError" in said
    assert CANARIES.hunt(said) == set()
    assert CANARIES.hunt_tree(data, leave_out=data / "agencies") == {}


def test_an_exception_that_ends_a_command_says_its_type_and_places_and_never_its_text(traces: Traces) -> None:
    demo = (sys.executable, "-c", BREAKS, "demo", "--once", "--data", str(traces.root / "broken-demo"))
    with traces.started("broken-demo", *demo, BREAK=KELA_READS, TEXT=TEXT) as process:
        pass
    assert process.returncode == 70
    said = traces.said.pop("broken-demo.err")
    assert b"RuntimeError" in said
    assert b"after KeyError" in said
    assert b"sdk/polling.py" in said
    assert CANARIES.hunt(said) == set()


# --- what travels in the clear -------------------------------------------------------------------------------------

CLERK_WRITES: dict[str, Callable[[Agencies, str], object]] = {
    "evidence of a step": lambda cast, text: cast.kela.relationship(
        OF_STORY.henkilotunnus, "left", evidence=text, at=Moment(1)
    ),
    "evidence of a consent": lambda cast, text: cast.employment_kuopio.consent(
        OF_STORY.henkilotunnus, "consent-9", recipients=(PROVIDER,), kinds=("capacity",), evidence=text, at=Moment(1)
    ),
    "reason of an answer": lambda cast, text: cast.employment_kuopio.answer_referral(
        OF_STORY.henkilotunnus, "0" * 32, "received", Moment(1), reason=text
    ),
    "id of a shared will": lambda cast, text: cast.employment_kuopio.withdraw(OF_STORY.henkilotunnus, text, Moment(1)),
}


@pytest.mark.parametrize("place", CLERK_WRITES)
def test_a_reference_that_names_a_person_stays_at_the_agency(traces: Traces, place: str, tmp_path: Path) -> None:
    data = tmp_path / "data"
    shutil.copytree(traces.data, data)
    CLERK_WRITES[place](agencies(data), OF_BAD_ROWS.henkilotunnus)
    machine = Machine(load(data / "sauma.toml"))
    try:
        machine.settle()
    finally:
        machine.close()
    assert CANARIES.hunt_tree(data, leave_out=data / "agencies") == {}
