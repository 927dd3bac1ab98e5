"""What a Kafka cluster says of its topics: which there are, and where their partitions begin and end; creates missing ones."""

import threading
from collections.abc import Collection, Iterable, Mapping

from confluent_kafka import IsolationLevel, KafkaError, KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, NewTopic, OffsetSpec  # type: ignore[attr-defined]

from sauma_services.runtime.errors import NeedsOperator, TryAgain
from sauma_services.runtime.kafka_client import (
    MESSAGE_BYTES_MAX,
    KafkaSettings,
    base_config,
    error_in,
    failure_of,
    is_unanswered,
    translated,
    unanswered,
)
from sauma_services.runtime.partitioner import partition_of
from sauma_services.runtime.topics import Cleanup, TopicRow

Place = tuple[str, int]
"""A topic, under its own name without the prefix, and a partition."""

# How long a new topic may take until every broker knows of it; then somebody has to look.
_KNOWN_SECONDS = 30.0
_LOOK_SECONDS = 0.05

# A broker that died shows at the first try, and its successor within a few seconds; a topic just made may have brokers
# that do not know yet what they lead. With the pauses between them, which double, these take three seconds.
_LEADER_TRIES = 7


def topic_config(row: TopicRow, settings: KafkaSettings) -> dict[str, str]:
    """How the topic of a row is to be set up. All other settings stay the cluster's."""
    config = {
        "cleanup.policy": row.cleanup.value,
        "max.message.bytes": str(MESSAGE_BYTES_MAX),
        "message.timestamp.type": "LogAppendTime",
        "min.insync.replicas": str(settings.replicas_in_sync_min),
    }
    if row.cleanup is Cleanup.COMPACT:
        return config | {
            # A view that reads on after a long pause must still meet the tombstones it missed.
            "delete.retention.ms": str(7 * 24 * 3600 * 1000),
            # Only closed segments are compacted: with the default of 1 GiB a restore would read much that is long replaced.
            "segment.bytes": str(64 * 1024 * 1024),
        }
    return config | {"retention.ms": "-1", "retention.bytes": "-1"}


class KafkaCatalog:
    """Safe between threads."""

    def __init__(self, settings: KafkaSettings) -> None:
        self.settings = settings
        self._admin = AdminClient(base_config(settings))  # type: ignore[arg-type]
        self._partitions: dict[str, int] = {}
        self._lock = threading.Lock()

    def physical(self, name: str) -> str:
        """The name that the cluster knows."""
        return self.settings.prefix + name

    def partitions(self, name: str) -> int:
        """How many partitions a topic has; 0 when there is no such topic."""
        known = self._partitions.get(name)
        return known if known is not None else self._look().get(name, 0)

    def lacks(self, rows: Iterable[TopicRow]) -> list[str]:
        """The names of those that the cluster does not have."""
        there = self._look()
        return [row.name for row in rows if row.name not in there]

    def partition_of(self, name: str, key: bytes) -> int:
        """Where a key's records go, by the count that was seen first: one raised since would split a client's records.

        Raises NeedsOperator where there is no such topic: the library would wait for one, and a cluster may make one of
        its own making.
        """
        count = self.partitions(name)
        if not count:
            raise NeedsOperator(f"no such topic: {name}: run `sauma topics apply`")
        return partition_of(key, count)

    def create(self, rows: Iterable[TopicRow]) -> None:
        """Create what is missing. Raises NeedsOperator for another partition count: it would split a client's records."""
        wanted = {row.name: row for row in rows}
        there = self._look()
        for name, row in wanted.items():
            if there.get(name, row.partitions) != row.partitions:
                raise NeedsOperator(
                    f"topic {name} has {there[name]} partitions and the settings ask for {row.partitions}: "
                    "set it back, or move to a new prefix"
                )
        new = [row for name, row in wanted.items() if name not in there]
        if not new:
            return
        self._create(new)
        waited = 0.0
        while missing := wanted.keys() - self._look().keys():
            if waited > _KNOWN_SECONDS:
                raise TryAgain(f"{len(missing)} new topics are not known to the cluster yet")
            threading.Event().wait(_LOOK_SECONDS)
            waited += _LOOK_SECONDS

    def ends(self, places: Collection[Place]) -> dict[Place, int]:
        """The high watermarks: above all that is written, also by transactions that are still open."""
        return self._offsets(places, OffsetSpec.latest())  # type: ignore[no-untyped-call]

    def starts(self, places: Collection[Place]) -> dict[Place, int]:
        """The first positions that are still there."""
        return self._offsets(places, OffsetSpec.earliest())  # type: ignore[no-untyped-call]

    def _create(self, rows: list[TopicRow]) -> None:
        settings = self.settings
        made = self._admin.create_topics(
            [
                NewTopic(
                    self.physical(row.name),
                    num_partitions=row.partitions,
                    replication_factor=settings.replicas,
                    config=topic_config(row, settings),
                )
                for row in rows
            ],
            operation_timeout=_KNOWN_SECONDS,
        )
        for future in made.values():
            try:
                future.result()
            except KafkaException as caught:
                error = error_in(caught)
                if error.code() != KafkaError.TOPIC_ALREADY_EXISTS:  # another process was quicker
                    raise failure_of(error, "creating topics (see `sauma topics plan`)") from caught

    def _look(self) -> Mapping[str, int]:
        """All topics with our prefix. A count is fixed for good, so what was seen once need not be asked for again."""
        try:
            found = self._admin.list_topics(timeout=self.settings.answer_seconds).topics
        except KafkaException as caught:
            error = error_in(caught)
            if is_unanswered(error):
                raise unanswered(self.settings, error.name()) from caught
            raise failure_of(error, "listing topics") from caught
        prefix = self.settings.prefix
        seen = {
            name.removeprefix(prefix): len(topic.partitions)
            for name, topic in found.items()
            if name.startswith(prefix) and topic.error is None and topic.partitions
        }
        with self._lock:
            # What was seen first counts, also where somebody has raised it since.
            self._partitions = seen | self._partitions
        return seen

    def _offsets(self, places: Collection[Place], spec: OffsetSpec) -> dict[Place, int]:
        """In one request. A read_committed answer would be the last stable offset, which an open transaction holds back.

        For a partition whose leader does not answer, the library gives a negative position and no error; and it goes on
        asking a leader that is dead, or was elected anew, until it is made to look.
        """
        doubt = TryAgain("Kafka, asking for positions: a partition has no leader that answers")
        for number in range(_LEADER_TRIES):
            if number:
                threading.Event().wait(_LOOK_SECONDS * 2 ** (number - 1))
                self._look()
            try:
                found = self._asked(places, spec) if places else {}
            except TryAgain as failed:
                doubt = failed
            else:
                if all(position >= 0 for position in found.values()):
                    return found
        raise doubt

    def _asked(self, places: Collection[Place], spec: OffsetSpec) -> dict[Place, int]:
        prefix = self.settings.prefix
        with translated("asking for positions"):
            asked = self._admin.list_offsets(
                {TopicPartition(self.physical(topic), partition): spec for topic, partition in places},
                isolation_level=IsolationLevel.READ_UNCOMMITTED,
                request_timeout=max(1.0, self.settings.answer_seconds / 4),
            )
            return {
                (place.topic.removeprefix(prefix), place.partition): future.result().offset
                for place, future in asked.items()
            }
