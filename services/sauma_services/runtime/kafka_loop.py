"""One group's loop on Kafka: one transaction a commit, state in a compacted topic, fenced by name and by generation."""

from collections.abc import Callable, Iterator, Mapping, Sequence

from confluent_kafka import TopicPartition

from sauma_services.runtime.errors import Fenced, NeedsOperator
from sauma_services.runtime.kafka_catalog import KafkaCatalog
from sauma_services.runtime.kafka_member import Member
from sauma_services.runtime.kafka_reader import KafkaReader
from sauma_services.runtime.kafka_transactions import Transactions, Write
from sauma_services.runtime.ports import Append, Assignment, Record, StatePart
from sauma_services.runtime.topics import state as state_topic
from sauma_services.runtime.topics import state_row


class KafkaLoopLog:
    """`LoopLog` on Kafka."""

    def __init__(
        self, catalog: KafkaCatalog, group: str, topics: Sequence[str], left: Callable[[str, str], None]
    ) -> None:
        """`left` is told the group's name and the member's id when this member has left it for good."""
        counts = {catalog.partitions(topic) for topic in topics}
        if 0 in counts:
            missing = ", ".join(topic for topic in topics if not catalog.partitions(topic))
            raise NeedsOperator(f"no such topics: {missing}: run `sauma topics apply`")
        if len(counts) > 1:
            # A partition number would then name other keys in each topic, and its state would have two owners.
            raise NeedsOperator(f"the topics of group {group} have unequal partition counts: {sorted(counts)}")
        self._partitions = counts.pop()
        catalog.create([state_row(group, self._partitions)])
        settings = catalog.settings
        self._group = group
        self._catalog = catalog
        self._state = catalog.physical(state_topic(group))
        self._left = left
        self._reader = KafkaReader(catalog)
        # First the transactions: whoever held the name cannot commit from here on, and what was open is ended.
        self._transactions = Transactions(settings, f"{settings.prefix}{group}-{settings.instance}")
        self._transactions.open()
        self._member = Member(catalog, group, topics)
        self._is_fenced = False
        self._is_closed = False

    @property
    def rotations(self) -> int:
        """How often the producer was thrown away for a doubt."""
        return self._transactions.rotations

    def assigned(self) -> Assignment:
        """All partitions of this member at every change of the group."""
        return self._member.change()

    def restore(self, partition: int) -> Iterator[StatePart]:
        """The partition's live parts, read up to the high watermark and folded in memory before the first is given."""
        parts = list(self._reader.state_of(self._group, partition))
        if parts and self._member.is_new(partition):
            # The cluster forgets positions of a group that was away for long; reading again from the beginning would
            # take every record twice.
            raise NeedsOperator(
                f"group {self._group} has state for partition {partition} and no position: set its position back by hand"
            )
        yield from parts

    def read(self, count_max: int, wait_seconds_max: float) -> Sequence[Record]:
        """Whatever has arrived; topics and partitions get equal shares of it."""
        try:
            return self._member.read(count_max, wait_seconds_max)
        except Fenced:
            self._is_fenced = True
            raise

    def commit(
        self, batch: Sequence[Record], appends: Sequence[Append], state: Mapping[int, Sequence[StatePart]]
    ) -> None:
        """One transaction, with positions also where there is nothing else: only they prove the membership."""
        if any(not 0 <= partition < self._partitions for partition in state):
            raise ValueError(f"state for a partition outside 0..{self._partitions - 1}")
        positions = self._member.positions(batch)
        physical = self._catalog.physical
        try:
            self._transactions.commit(
                self._writes(appends, state),
                [TopicPartition(physical(topic), partition, at) for (topic, partition), at in positions.items()],
                self._member.identity,
            )
        except Fenced:
            self._is_fenced = True
            raise
        self._member.committed(positions)

    def waits_for(self) -> str | None:
        """For the cluster, while nobody of it answers."""
        return self._member.waits_for

    def is_behind(self) -> bool:
        """Compares what was read with the high watermarks."""
        return self._member.is_behind()

    def reopen(self) -> None:
        """A new producer where the old one was thrown away, but only while the place in the group is still ours."""
        if self._is_fenced:
            raise Fenced(f"group {self._group} was opened again elsewhere")
        self._member.check_place()
        self._transactions.open()
        self._member.rewind()

    def close(self) -> None:
        """Leave the group for good: its partitions go to others at once."""
        if self._is_closed:
            return
        self._is_closed = True
        member = self._member.id
        self._member.close()
        self._transactions.close()
        self._reader.close()
        if not self._is_fenced:
            self._left(self._group, member)

    def _writes(self, appends: Sequence[Append], state: Mapping[int, Sequence[StatePart]]) -> Iterator[Write]:
        physical = self._catalog.physical
        for append in appends:
            partition = append.partition
            if partition is None:
                partition = self._catalog.partition_of(append.topic, append.key)
            yield Write(physical(append.topic), append.key, append.value, append.headers, partition)
        for partition, some in state.items():
            # The last value of a key counts, whether it comes before or after a tombstone of it.
            for key, value in {part.key: part.value for part in some}.items():
                yield Write(self._state, key, value, (), partition)
