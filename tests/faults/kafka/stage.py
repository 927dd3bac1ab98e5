"""Where a fault run takes place: three brokers behind a proxy, the topics, the crew, and the settings that all of them share."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from faults.kafka.crew import Crew
from faults.kafka.proxy import Proxy
from sauma.ids import EndpointId
from sauma.places import Places
from sauma_services.demo.cast import CONFIGURATION, CONFIGURATION_NAME, EMBEDDED
from sauma_services.demo.local_kafka import LocalKafka, free_ports
from sauma_services.machine.places import places_of
from sauma_services.machine.share import endpoints_of
from sauma_services.machine.topics_of import topics_of
from sauma_services.runtime.kafka_client import KafkaSettings
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.open_log import kafka_settings
from sauma_services.runtime.settings import Settings, load
from support.brokers import cluster

PARTITIONS = 6
"""As the default: so that one to three routers always have several, and some of them move at every change."""

SESSION_SECONDS, TRANSACTION_SECONDS, ANSWER_SECONDS = 6, 6, 3
"""Far shorter than in production, so that a run of minutes meets their ends dozens of times."""

_LOG = """[log]
kind = "kafka"
bootstrap = "{bootstrap}"
prefix = "{prefix}"
partitions = {partitions}
replicas = {replicas}
session_seconds = {session}
transaction_seconds = {transaction}
answer_seconds = {answer}
"""

_BROKER_OPTIONS = (
    # A dead or paused broker is out of the cluster after 3 s instead of 9: a run has no time to wait for it.
    "broker.session.timeout.ms=3000",
    "broker.heartbeat.interval.ms=500",
    "replica.lag.time.max.ms=5000",
)


@dataclass(frozen=True, slots=True)
class Stage:
    """Everything that a run needs. `kafka` leads past the proxy: for whoever watches, and for the agencies."""

    cluster: LocalKafka
    proxy: Proxy
    crew: Crew
    settings: Settings
    kafka: KafkaSettings
    log: KafkaLog
    places: Places

    @property
    def sources(self) -> list[EndpointId]:
        """The endpoints that have inbound topics."""
        return endpoints_of(self.settings)


@dataclass(frozen=True, slots=True)
class Brokers:
    """A cluster and the proxy before it; several stages can be set up on it, one after the other."""

    cluster: LocalKafka
    proxy: Proxy
    fronts: Sequence[int]


@contextmanager
def brokers(nodes: int = 3) -> Iterator[Brokers]:
    """So many brokers, each behind a front of the proxy."""
    fronts = free_ports(nodes)
    with cluster(nodes, options=_BROKER_OPTIONS, heap="256m", fronts=fronts) as kafka:
        behind = [(front, node.behind) for front, node in zip(fronts, kafka.nodes, strict=True)]
        proxy = Proxy(behind, answer_seconds=ANSWER_SECONDS)
        try:
            yield Brokers(kafka, proxy, fronts)
        finally:
            proxy.close()


@contextmanager
def stage(on: Brokers, folder: Path, *, prefix: str = "", plant: str = "") -> Iterator[Stage]:
    """The topics, apart from others by `prefix`; the crew is still empty. `folder`: for the configuration and the logs.

    `plant`: a bug that every member of the crew has.
    """
    folder.mkdir(parents=True, exist_ok=True)
    fronted = ",".join(f"127.0.0.1:{port}" for port in on.fronts)
    members = _configured(folder / CONFIGURATION_NAME, fronted, len(on.fronts), prefix)
    watcher = _configured(folder / "past-the-proxy.toml", on.cluster.bootstrap, len(on.fronts), prefix)
    settings = load(members)
    own = kafka_settings(load(watcher), instance="watcher")
    log = KafkaLog(own)
    places = places_of(settings)
    crew = Crew(members, plant=plant)
    try:
        log.create(topics_of(settings, places))
        yield Stage(on.cluster, on.proxy, crew, settings, own, log, places)
    finally:
        crew.end()
        log.close()


def _configured(path: Path, bootstrap: str, nodes: int, prefix: str) -> Path:
    log = _LOG.format(
        bootstrap=bootstrap,
        prefix=prefix,
        partitions=PARTITIONS,
        replicas=nodes,
        session=SESSION_SECONDS,
        transaction=TRANSACTION_SECONDS,
        answer=ANSWER_SECONDS,
    )
    path.write_text(CONFIGURATION.replace(EMBEDDED, log), encoding="utf-8")
    return path
