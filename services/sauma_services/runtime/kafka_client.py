"""What all clients of Kafka share: their settings, their configurations, and errors by what happens next."""

import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from sauma_services.runtime.errors import Failure, Fenced, NeedsOperator, TryAgain
from sauma_services.runtime.kafka_security import KafkaSecurity
from sauma_services.runtime.ports import Headers

# Together ten seconds: a queue of 100,000 records that has not moved by then has nobody to take it.
_ROOM_TRIES, _ROOM_SECONDS = 100, 0.1

Config = dict[str, object]

# Standard error belongs to the services' own log lines; what matters comes as an exception anyway.
_SILENT = logging.getLogger("sauma.kafka.library")
_SILENT.addHandler(logging.NullHandler())
_SILENT.propagate = False

MESSAGE_BYTES_MAX = 4 * 1024 * 1024
"""A record, with its headers. Intake lets in 1 MiB; a client's largest state part and delivery stay below four times that."""

_FENCED = frozenset(
    {
        KafkaError._FENCED,  # noqa: SLF001 - the library's own names for its local errors
        KafkaError.FENCED_INSTANCE_ID,
        KafkaError.INVALID_PRODUCER_EPOCH,
        KafkaError.PRODUCER_FENCED,
    }
)

_FOR_A_PERSON = frozenset(
    {
        KafkaError._AUTHENTICATION,  # noqa: SLF001
        KafkaError._AUTO_OFFSET_RESET,  # noqa: SLF001
        KafkaError._INVALID_ARG,  # noqa: SLF001
        KafkaError._UNKNOWN_PARTITION,  # noqa: SLF001
        KafkaError._UNKNOWN_TOPIC,  # noqa: SLF001
        KafkaError.CLUSTER_AUTHORIZATION_FAILED,
        KafkaError.GROUP_AUTHORIZATION_FAILED,
        KafkaError.INVALID_REPLICATION_FACTOR,
        KafkaError.INVALID_SESSION_TIMEOUT,
        KafkaError.INVALID_TRANSACTION_TIMEOUT,
        KafkaError.MSG_SIZE_TOO_LARGE,
        KafkaError.OFFSET_OUT_OF_RANGE,
        KafkaError.POLICY_VIOLATION,
        KafkaError.SASL_AUTHENTICATION_FAILED,
        KafkaError.TOPIC_AUTHORIZATION_FAILED,
        KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED,
        KafkaError.UNKNOWN_TOPIC_OR_PART,
        KafkaError.UNSUPPORTED_VERSION,
    }
)


_SAYS_NOTHING = frozenset(
    {
        KafkaError._ALL_BROKERS_DOWN,  # noqa: SLF001
        KafkaError._RESOLVE,  # noqa: SLF001
        KafkaError._TIMED_OUT,  # noqa: SLF001
        KafkaError._TIMED_OUT_QUEUE,  # noqa: SLF001
        KafkaError._TRANSPORT,  # noqa: SLF001
    }
)
"""Nobody answers: for a while, or at this address never."""

_NO_RIGHT = "the cluster gives this process no right to it: run `sauma topics apply`, or see the cluster's own rights"
_NO_TOPIC = "a topic is missing: run `sauma topics apply`"
_GONE = "records behind the committed position are gone from the cluster: restore them, or see docs/running.md, After a loss"

_ADVICE = {
    KafkaError._AUTHENTICATION: "the cluster does not let this process in: correct [log.security]",  # noqa: SLF001
    KafkaError._AUTO_OFFSET_RESET: _GONE,  # noqa: SLF001
    KafkaError._UNKNOWN_PARTITION: _NO_TOPIC,  # noqa: SLF001
    KafkaError._UNKNOWN_TOPIC: _NO_TOPIC,  # noqa: SLF001
    KafkaError.CLUSTER_AUTHORIZATION_FAILED: _NO_RIGHT,
    KafkaError.GROUP_AUTHORIZATION_FAILED: _NO_RIGHT,
    KafkaError.INVALID_REPLICATION_FACTOR: "the cluster has fewer brokers than [log] replicas: correct it",
    KafkaError.INVALID_SESSION_TIMEOUT: "[log] session_seconds is outside of what the cluster allows "
    "(group.min.session.timeout.ms, group.max.session.timeout.ms): correct it",
    KafkaError.INVALID_TRANSACTION_TIMEOUT: "[log] transaction_seconds is longer than the cluster allows "
    "(transaction.max.timeout.ms): correct it",
    KafkaError.OFFSET_OUT_OF_RANGE: _GONE,
    KafkaError.SASL_AUTHENTICATION_FAILED: "the cluster does not let this process in: correct [log.security]",
    KafkaError.TOPIC_AUTHORIZATION_FAILED: _NO_RIGHT,
    KafkaError.TRANSACTIONAL_ID_AUTHORIZATION_FAILED: _NO_RIGHT,
    KafkaError.UNKNOWN_TOPIC_OR_PART: _NO_TOPIC,
    **dict.fromkeys(_FENCED, "another process has taken this one's name: give each a name of its own (--instance)"),
    **dict.fromkeys(_SAYS_NOTHING, "the cluster does not answer"),
}
"""What to do, beside the library's name for the error."""


@dataclass(frozen=True, slots=True)
class KafkaSettings:
    """Where the cluster is, who this process is in it, and how long it waits for what."""

    bootstrap: str
    instance: str = "1"
    """Who this process is in its groups, the same after a restart: a restarted process takes its own place back at once, and
    whoever still runs under the same name is fenced. Two that run side by side need two names."""
    prefix: str = ""
    """Before the name of every topic and group: several installations can share a cluster."""
    replicas: int = 3
    """Copies of each topic; one fewer must have a record before it counts as written. 1 loses data with its disk."""
    session_seconds: float = 10.0
    """After so long without a sign of life a process's partitions go to others. Shorter puts out one that only paused;
    longer lets its clients wait. The cluster's own limits are 6 s and 30 min."""
    transaction_seconds: float = 15.0
    """After so long the cluster rolls back what a killed process left open; until then readers wait. Shorter fences a
    process that only paused while writing; longer adds to the wait."""
    answer_seconds: float = 10.0
    """After so long without an answer the outcome is unknown. Shorter makes doubts of slow disks; longer than the
    transaction's time is no use."""
    whole_seconds: float = 120.0
    """How long a reader waits for other's open transactions before it gives up. Shorter than a transaction's time gives up
    on a mere crash; longer hides a transaction that hangs."""

    security: KafkaSecurity | None = None
    """None: in the clear, for a cluster on this machine or in a closed network."""

    @property
    def administration(self) -> dict[str, object]:
        """How kafka-python finds the cluster and is let in."""
        secured = self.security.for_administration() if self.security else {}
        return {
            "bootstrap_servers": self.bootstrap.split(","),
            "bootstrap_timeout_ms": int(self.answer_seconds * 1000),
            **secured,
        }

    @property
    def replicas_in_sync_min(self) -> int:
        """Copies that must have a record before it is acknowledged: one may be away, as long as there are two."""
        return max(1, self.replicas - 1)


def base_config(settings: KafkaSettings) -> Config:
    """What every client has."""
    return (settings.security.for_library() if settings.security else {}) | {
        "bootstrap.servers": settings.bootstrap,
        "client.id": f"sauma-{settings.instance}",
        "log_level": 2,
        "logger": _SILENT,
        "socket.timeout.ms": int(settings.answer_seconds * 1000),
        # The transaction before has often not quite ended when the next begins, and the answer then is: try again.
        "retry.backoff.ms": 5,
        "retry.backoff.max.ms": 200,
        "reconnect.backoff.ms": 50,
        "reconnect.backoff.max.ms": 1_000,  # a broker that is back is found within it
        "topic.metadata.refresh.fast.interval.ms": 100,
        "message.max.bytes": MESSAGE_BYTES_MAX,
    }


def producer_config(settings: KafkaSettings) -> Config:
    """Ordered, acknowledged by all copies in sync, and with the partitioner that all clients but this library's own use."""
    return base_config(settings) | {
        "enable.idempotence": True,
        "acks": "all",
        "partitioner": "murmur2_random",
        "compression.type": "lz4",
        # 0 costs a quarter of the throughput and four times the broker's processor, 50 a sixth (measured).
        "linger.ms": 5,
        "message.timeout.ms": int(settings.answer_seconds * 1000),
    }


def consumer_config(settings: KafkaSettings, group: str) -> Config:
    """Reads what is committed, moves nobody's position by itself, and stops where its position has gone."""
    return base_config(settings) | {
        "group.id": group,
        "isolation.level": "read_committed",
        "enable.auto.commit": False,
        "enable.auto.offset.store": False,
        "auto.offset.reset": "error",
        "enable.partition.eof": True,
        "check.crcs": True,
        "allow.auto.create.topics": False,
        # Read ahead by fewer than the default 100,000 for half the memory; without the short back-off that would cost
        # two thirds of the speed (measured).
        "queued.min.messages": 5_000,
        "fetch.queue.backoff.ms": 10,
        "fetch.wait.max.ms": 100,
        "fetch.error.backoff.ms": 50,
    }


class QueueFull(Exception):
    """The library's own queue has had no room for a record for some seconds: the cluster takes nothing."""


def put(
    producer: Producer,
    topic: str,
    *,
    key: bytes,
    value: bytes | None,
    headers: Headers = (),
    partition: int,
    noted: Callable[[KafkaError | None, Message], None] | None = None,
) -> None:
    """Queue one record, waiting for room for a while. Raises QueueFull, or KafkaException where it can never go."""
    for _ in range(_ROOM_TRIES):
        try:
            if headers:  # an empty list of them takes as long as the rest of the call
                producer.produce(topic, value, key, partition, noted, headers=list(headers))
            else:
                producer.produce(topic, value, key, partition, noted)
        except BufferError:
            producer.poll(_ROOM_SECONDS)
        else:
            return
    raise QueueFull


def failure_of(error: KafkaError, doing: str) -> Failure:
    """What happens next. The library's text stays out: the name of the error says it, and holds no content."""
    advice = _ADVICE.get(error.code())
    reason = f"Kafka, {doing}: {error.name()}{f': {advice}' if advice else ''}"
    if error.code() in _FENCED:
        return Fenced(reason)
    if error.code() in _FOR_A_PERSON:
        return NeedsOperator(reason)
    return TryAgain(reason)


def error_in(caught: KafkaException) -> KafkaError:
    """The error that an exception of the library carries."""
    error: KafkaError = caught.args[0]
    return error


def unanswered(settings: KafkaSettings, code: str) -> TryAgain:
    """Nobody answers who was asked first of all: most often the address is wrong, or the cluster is not up yet."""
    return TryAgain(
        f"Kafka at {settings.bootstrap} does not answer ({code}): see that it is up, or correct [log] bootstrap"
    )


def is_unanswered(error: KafkaError) -> bool:
    """Whether nobody answered; otherwise somebody did, and said no."""
    return error.code() in _SAYS_NOTHING


@contextmanager
def translated(doing: str) -> Iterator[None]:
    """Turn the library's exceptions into what happens next."""
    try:
        yield
    except KafkaException as caught:
        raise failure_of(error_in(caught), doing) from caught
