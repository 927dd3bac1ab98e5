"""The log on Apache Kafka: the three ports on one cluster, for many machines; several processes share a group.

What it takes from the cluster: transactions, groups with named members, compacted topics. What it does not trust: that
a commit without an answer did not happen, and that a transaction alone makes a repeat harmless.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import Protocol, TypeVar

from sauma_services.runtime.kafka_catalog import KafkaCatalog
from sauma_services.runtime.kafka_client import KafkaSettings
from sauma_services.runtime.kafka_loop import KafkaLoopLog
from sauma_services.runtime.kafka_publisher import KafkaPublisher
from sauma_services.runtime.kafka_reader import KafkaReader
from sauma_services.runtime.topics import TopicRow

_LEAVING_MILLISECONDS = 3_000


class _Closing(Protocol):
    def close(self) -> None: ...


Opened = TypeVar("Opened", bound=_Closing)


class KafkaLog:
    """The factory: opens loops, publishers and readers on one cluster. Safe between threads; what it opens is not."""

    def __init__(self, settings: KafkaSettings) -> None:
        """Connects at the first use."""
        self._settings = settings
        self._catalog = KafkaCatalog(settings)
        self._opened: list[_Closing] = []

    def create(self, rows: Iterable[TopicRow]) -> None:
        """Create the missing topics. Unlike on the embedded log, none comes to be by being used."""
        self._catalog.create(rows)

    def lacks(self, rows: Iterable[TopicRow]) -> Sequence[str]:
        """The names of those that the cluster does not have."""
        return self._catalog.lacks(rows)

    def loop(self, group: str, topics: Sequence[str]) -> KafkaLoopLog:
        """Join `group` under this instance's name. Whoever bears the same name in it is fenced."""
        return self._kept(KafkaLoopLog(self._catalog, group, topics, self._leave))

    def publisher(self) -> KafkaPublisher:
        """A publisher of its own."""
        return self._kept(KafkaPublisher(self._catalog))

    def reader(self) -> KafkaReader:
        """A reader of its own."""
        return self._kept(KafkaReader(self._catalog))

    def close(self) -> None:
        """Close everything opened from here. The caller sees to it that no thread is still using any of it."""
        while self._opened:
            self._opened.pop().close()

    def _kept(self, opened: Opened) -> Opened:
        self._opened.append(opened)
        return opened

    def _leave(self, group: str, member: str) -> None:
        """Give up this instance's place, which the cluster would otherwise keep for the session's time.

        confluent-kafka never gives up a named place, so kafka-python says it. When it cannot, the session's time does it.
        """
        from kafka.admin import KafkaAdminClient, MemberToRemove  # noqa: PLC0415 - half a second, for this alone
        from kafka.errors import KafkaError  # noqa: PLC0415

        name = f"{self._settings.prefix}{group}"
        # With the id of the member too: another that has taken the name meanwhile must not be put out.
        place = MemberToRemove(group_instance_id=f"{name}-{self._settings.instance}", member_id=member)
        with suppress(KafkaError):
            # A supervisor waits ten seconds before it kills: a cluster that is away is not waited for.
            admin = KafkaAdminClient(**self._settings.administration | {"bootstrap_timeout_ms": _LEAVING_MILLISECONDS})
            try:
                admin.remove_group_members(name, [place])
            finally:
                admin.close()
