"""What an operator sees of a process on Kafka: that its cluster is away and is back, and what is wrong when it starts."""

import signal
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from sauma_services.demo.cast import prepare, use_kafka
from sauma_services.runtime.health import PartHealth, State, read_health
from support.brokers import cluster

SAUMA = Path(sys.executable).parent / "sauma"


def sauma(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    command = [str(SAUMA), *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture
def configuration(tmp_path: Path) -> Path:
    return prepare(tmp_path / "data")


class RouterProcess:
    """`sauma router` over a configuration; its health and its log."""

    def __init__(self, configuration: Path) -> None:
        self._folder = configuration.parent / "processes" / "router-1"
        self._told = configuration.parent / "router.log"
        with self._told.open("wb") as told:
            self._process = subprocess.Popen([str(SAUMA), "router", str(configuration)], stderr=told)

    @property
    def health(self) -> PartHealth | None:
        return read_health(self._folder).get("router")

    @property
    def told(self) -> str:
        return self._told.read_text(encoding="utf-8")

    def wait_until(self, is_so: Callable[[PartHealth], bool]) -> PartHealth:
        """Looks again and again; the test's own time limit ends it."""
        pause = threading.Event()
        while (now := self.health) is None or not is_so(now):
            assert self._process.poll() is None, self.told
            pause.wait(0.1)
        return now

    def stop(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(60)

    def end(self) -> None:
        self._process.kill()
        self._process.wait()


@pytest.fixture
def router(configuration: Path) -> Iterator[Callable[[], RouterProcess]]:
    started: list[RouterProcess] = []

    def start() -> RouterProcess:
        started.append(RouterProcess(configuration))
        return started[-1]

    yield start
    for one in started:
        one.end()


def was_idle(health: PartHealth) -> bool:
    """Whether it has come round without work for a while."""
    return (health.turned_at or 0) - (health.progressed_at or health.since) > 3_000


def test_an_idle_router_says_that_its_cluster_is_away_and_that_it_is_back(
    configuration: Path, router: Callable[[], RouterProcess]
) -> None:
    with cluster(1) as kafka:
        use_kafka(configuration, kafka.bootstrap, "")
        assert sauma("topics", "apply", configuration).returncode == 0
        process = router()
        process.wait_until(lambda health: health.state is State.RUNNING and was_idle(health))

        kafka.nodes[0].send(signal.SIGKILL)
        away = process.wait_until(lambda health: health.state is State.WAITING)
        assert "does not answer" in (away.reason or "")
        assert '"log-silent"' in process.told

        kafka.nodes[0].start()
        kafka.nodes[0].wait()
        process.wait_until(lambda health: health.state is State.RUNNING)
        assert '"log-answers"' in process.told
        assert process.stop() == 0


def test_a_process_apart_makes_no_topics(bootstrap: str, prefix: str, configuration: Path) -> None:
    use_kafka(configuration, bootstrap, prefix)

    refused = sauma("router", configuration)

    assert refused.returncode == 2
    assert "topics are missing" in refused.stderr
    assert "run `sauma topics apply`, or correct [log] prefix" in refused.stderr
    assert '{"kind": "create", "about": "journal"' in sauma("topics", "plan", configuration, "--output", "json").stdout


@pytest.mark.parametrize("command", [("router",), ("topics", "plan")])
def test_an_address_where_nobody_answers_is_named(configuration: Path, command: tuple[str, ...]) -> None:
    use_kafka(configuration, "127.0.0.1:1", "")
    text = configuration.read_text(encoding="utf-8")
    configuration.write_text(text.replace("[log]\n", "[log]\nanswer_seconds = 2\n"), encoding="utf-8")

    failed = sauma(*command, configuration)

    assert failed.returncode == 2
    assert "Kafka at 127.0.0.1:1 does not answer" in failed.stderr
    assert "see that it is up, or correct [log] bootstrap" in failed.stderr


def test_a_session_that_the_cluster_does_not_allow_is_named_by_its_key(configuration: Path) -> None:
    with cluster(1, options=("group.min.session.timeout.ms=6000",)) as kafka:
        use_kafka(configuration, kafka.bootstrap, "")
        assert sauma("topics", "apply", configuration).returncode == 0
        text = configuration.read_text(encoding="utf-8")
        configuration.write_text(text.replace("[log]\n", "[log]\nsession_seconds = 2\n"), encoding="utf-8")

        failed = sauma("router", configuration)

        assert failed.returncode == 1
        assert "[log] session_seconds is outside of what the cluster allows" in failed.stderr


@pytest.mark.parametrize("name", ["../../oops", "a b", "", "ö"])
def test_an_instance_is_a_plain_name(configuration: Path, name: str) -> None:
    use_kafka(configuration, "127.0.0.1:1", "")

    refused = sauma("router", configuration, "--instance", name)

    assert refused.returncode == 2
    assert "--instance" in refused.stderr
    assert not (configuration.parent / "processes").exists()
