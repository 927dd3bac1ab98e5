"""The same services on Kafka: the demo's story, separate processes on one configuration, and the topics they need."""

import json
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import pytest

from sauma.ids import EndpointId
from sauma.places import Places
from sauma.resources import load_laws
from sauma_services.checker import check
from sauma_services.checker.taken import snapshot
from sauma_services.demo.cast import agencies, client, prepare, use_kafka
from sauma_services.demo.local_kafka import are_jars_here
from sauma_services.demo.story import BEFORE_THE_END, Stage
from sauma_services.machine.places import places_of
from sauma_services.machine.share import endpoints_of
from sauma_services.router import Router
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.loop import Loop
from sauma_services.runtime.open_log import open_log
from sauma_services.runtime.ports import Log
from sauma_services.runtime.settings import load
from sauma_services.runtime.topics import DECISIONS, JOURNAL, deliveries
from support.brokers import cluster, missing

SAUMA = Path(sys.executable).parent / "sauma"


def sauma(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(SAUMA), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def answer(*arguments: str | Path) -> Any:
    done = sauma(*arguments, "--output", "json")
    assert done.returncode == 0, done.stderr[-2000:]
    return json.loads(done.stdout.splitlines()[-1])


# The demo


def test_the_story_ends_in_sync_and_is_the_same_taken_again(bootstrap: str, tmp_path: Path) -> None:
    data = tmp_path / "data"

    found = answer("demo", "--once", "--data", data, "--log-kind", "kafka", "--bootstrap", bootstrap)

    assert found["plans_in_sync"] is True
    assert (found["violations"], found["differences"]) == (0, 0)
    assert found["shared_items"] >= 20
    verified = answer("replay", "verify", "--log", data)
    assert verified["different"] == 0
    assert verified["records"] > found["events"] - 5


def test_a_demo_with_a_kafka_of_its_own_takes_the_journal_again_before_that_ends(tmp_path: Path) -> None:
    if not are_jars_here():
        missing("the jars of Kafka are not here: run `make brokers`")
    done = sauma("demo", "--once", "--data", tmp_path / "data", "--log-kind", "kafka")

    assert done.returncode == 0, done.stderr[-2000:]
    assert "compared: the same everywhere" in done.stdout
    assert "Taken again: 0 differences. This Kafka ends with the demo." in done.stdout
    assert "replay verify" not in done.stdout


# One journal, two logs

Written = dict[tuple[str, bytes], list[bytes]]
"""The values in each topic of each key, in their order."""


def written(log: Log, places: Places, partitions: int) -> Written:
    reader = log.reader()
    found: Written = {}
    for topic in (DECISIONS.name, *map(deliveries, sorted(places.endpoints))):
        for partition in range(partitions):
            for record in reader.scan(topic, partition):
                found.setdefault((topic, record.key), []).append(record.value)
    return found


def settled(configuration: Path) -> Written:
    """What the router of a configuration makes of the journal in its log, and nothing else of it runs."""
    settings = load(configuration)
    places = places_of(settings)
    log = open_log(settings)
    router = Router(laws=load_laws(), places=places)
    loop = Loop(log.loop(router.name, router.inputs), router, SystemClock())
    while loop.turn() or loop.is_behind():
        pass
    found = written(log, places, settings.log.partitions_or_default)
    log.close()
    return found


def test_a_journal_carried_to_another_log_and_back_gives_the_same_bytes(
    bootstrap: str, prefix: str, tmp_path: Path
) -> None:
    answer("demo", "--once", "--data", tmp_path / "told")
    told = load(tmp_path / "told" / "sauma.toml")
    there, back = prepare(tmp_path / "there"), prepare(tmp_path / "back")
    use_kafka(there, bootstrap, prefix)

    def carried(source: Path, target: Path, file: Path) -> None:
        for command, folder in (("export", source), ("import", target)):
            done = sauma("replay", command, file, "--log", folder)
            assert done.returncode == 0, done.stderr[-2000:]

    carried(tmp_path / "told", there.parent, tmp_path / "first.avro")
    on_kafka = settled(there)
    carried(there.parent, back.parent, tmp_path / "second.avro")
    embedded = settled(back)

    log = open_log(told)
    original = written(log, places_of(told), 1)
    log.close()
    assert len(original) > 5
    assert on_kafka == original
    assert embedded == original
    verified = answer("replay", "verify", "--log", there.parent)
    assert (verified["different"], verified["not_yet_done"]) == (0, 0)
    again = sauma("replay", "import", tmp_path / "first.avro", "--log", there.parent)
    assert again.returncode == 2
    assert "holds a journal already" in again.stderr


# Separate processes


@pytest.fixture
def configuration(bootstrap: str, prefix: str, tmp_path: Path) -> Path:
    path = prepare(tmp_path / "data")
    use_kafka(path, bootstrap, prefix)
    return path


class Processes:
    """`sauma` processes over one configuration, by what they do."""

    def __init__(self, configuration: Path) -> None:
        self._configuration = configuration
        self._running: dict[tuple[str, ...], subprocess.Popen[bytes]] = {}

    def start(self, *arguments: str, after: Sequence[str] = ()) -> None:
        command = [str(SAUMA), *arguments, str(self._configuration), *after]
        self._running[arguments] = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)

    def kill(self, *arguments: str) -> None:
        process = self._running.pop(arguments)
        process.kill()
        process.wait()

    def stop(self) -> list[int]:
        for process in self._running.values():
            process.send_signal(signal.SIGTERM)
        return [process.wait(60) for process in self._running.values()]

    def are_running(self) -> bool:
        return all(process.poll() is None for process in self._running.values())

    def end(self) -> None:
        for process in self._running.values():
            process.kill()
            process.wait()


@pytest.fixture
def processes(configuration: Path) -> Iterator[Processes]:
    started = Processes(configuration)
    yield started
    started.end()


def test_separate_processes_do_the_work_of_one(configuration: Path, processes: Processes) -> None:
    settings = load(configuration)
    places = places_of(settings)
    assert sauma("topics", "apply", configuration).returncode == 0
    processes.start("intake")
    processes.start("router", "--instance", "a")
    processes.start("router", "--instance", "b")
    processes.start("connector", "run", after=endpoints_of(settings))
    log = open_log(settings)
    reader = log.reader()
    clients = [client(number) for number in range(6)]
    cast = agencies(configuration.parent)

    def received(number: int) -> bool:
        held = cast.employment.received(clients[number].henkilotunnus, "referral")
        return bool(held)

    for one in clients[:3]:
        act = BEFORE_THE_END[0].acts[0]
        act(Stage(cast, one, SystemClock().now))
    wait_until(processes, lambda: all(received(number) for number in range(3)))
    processes.kill("router", "--instance", "a")  # its partitions go to the other after its session
    for one in clients[3:]:
        BEFORE_THE_END[0].acts[0](Stage(cast, one, SystemClock().now))
    wait_until(processes, lambda: all(received(number) for number in range(6)))

    assert processes.stop() == [0, 0, 0]
    sources = [EndpointId(endpoint) for endpoint in endpoints_of(settings)]
    report = check(snapshot(reader, places=places, sources=sources, partitions=6), places=places)
    log.close()
    assert not report.violations
    assert report.counts["clients"] == 6
    assert answer("replay", "verify", "--log", configuration.parent)["different"] == 0


def test_a_running_system_is_verified_up_to_where_its_router_is(configuration: Path, processes: Processes) -> None:
    settings = load(configuration)
    assert sauma("topics", "apply", configuration).returncode == 0
    processes.start("intake")
    processes.start("connector", "run", after=endpoints_of(settings))
    cast = agencies(configuration.parent)
    stages = [Stage(cast, client(number), SystemClock().now) for number in range(12)]
    log = open_log(settings)
    reader = log.reader()

    def journalled() -> int:
        return sum(len(list(reader.scan(JOURNAL.name, partition))) for partition in range(6))

    for stage in stages[:6]:
        BEFORE_THE_END[0].acts[0](stage)
    wait_until(processes, lambda: journalled() == 6)
    before_any_router = answer("replay", "verify", "--log", configuration)
    assert (before_any_router["different"], before_any_router["not_yet_done"]) == (0, 6)
    file = configuration.with_name("journal.avro")
    refused = sauma("replay", "export", file, "--log", configuration)
    assert (refused.returncode, file.exists()) == (2, False)
    assert "6 journal records wait for the router" in refused.stderr

    processes.start("router", "--instance", "a")
    for stage in stages[6:]:
        BEFORE_THE_END[0].acts[0](stage)
        amid_work = answer("replay", "verify", "--log", configuration)
        assert amid_work["different"] == 0, amid_work["first"]
    wait_until(processes, lambda: all(cast.employment.received(one.hetu, "referral") for one in stages))
    log.close()
    at_rest = answer("replay", "verify", "--log", configuration)
    assert (at_rest["different"], at_rest["not_yet_done"]) == (0, 0)
    wait_until(processes, lambda: sauma("replay", "export", file, "--log", configuration).returncode == 0)


def wait_until(processes: Processes, is_so: Any) -> None:
    """Looks again and again; the test's own time limit ends it."""
    pause = threading.Event()
    while not is_so():
        assert processes.are_running()
        pause.wait(0.05)


# Topics


def plan(configuration: Path) -> list[dict[str, str]]:
    done = sauma("topics", "plan", configuration, "--output", "json")
    assert done.returncode in (0, 1), done.stderr[-2000:]
    found: list[dict[str, str]] = json.loads(done.stdout)
    return found


def test_a_plan_that_was_applied_is_empty(configuration: Path) -> None:
    before = plan(configuration)
    assert {change["kind"] for change in before} == {"create"}
    assert {"journal", "deliver.kela", "in.kela", "state.router"} <= {change["about"] for change in before}

    done = sauma("topics", "apply", configuration)

    assert done.returncode == 0, done.stderr
    assert plan(configuration) == []


def test_another_partition_count_is_refused_and_nothing_is_applied(configuration: Path) -> None:
    assert sauma("topics", "apply", configuration).returncode == 0
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(text.replace('kind = "kafka"', 'kind = "kafka"\npartitions = 7'), encoding="utf-8")

    refused = [change for change in plan(configuration) if change["kind"] == "refused"]
    done = sauma("topics", "apply", configuration)

    assert "journal" in {change["about"] for change in refused}
    assert "deliver.kela" not in {change["about"] for change in refused}
    assert all("another partition" in change["what"] for change in refused)
    assert done.returncode == 2
    assert "nothing is applied" in done.stderr


@pytest.fixture(scope="module")
def guarded() -> Iterator[str]:
    """A broker that asks who may do what; whoever has no name is an operator there."""
    options = (
        "authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer",
        "super.users=User:ANONYMOUS",
    )
    with cluster(1, options=options) as kafka:
        yield kafka.bootstrap


def test_rights_follow_from_the_rows(guarded: str, tmp_path: Path) -> None:
    configuration = prepare(tmp_path / "data")
    use_kafka(configuration, guarded, "rights.")
    granted = {(change["about"], change["what"]) for change in plan(configuration) if change["kind"] == "grant"}

    assert ("in.kela", "User:kela may write topic") in granted
    assert [what for about, what in granted if about == "in.kela" and "write" in what] == ["User:kela may write topic"]
    assert ("deliver.kela", "User:kela may read topic") in granted
    assert not [what for about, what in granted if about == "journal" and "kela" in what]

    assert sauma("topics", "apply", configuration).returncode == 0
    assert plan(configuration) == []
