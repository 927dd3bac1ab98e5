"""Makes a state of many clients without running their events: one sample client's parts, under other clients' names.

A subject is 32 characters everywhere and a fact's id starts with 20 of them, so putting another subject in their place
changes no length, and the parts stay whole records.
"""

import random
from collections.abc import Iterator, Sequence

from confluent_kafka import Consumer, Producer, TopicPartition

from bench.kafka_bed import PARTITIONS, Bed
from bench.kafka_work import EVENTS_EACH, samples
from bench.load import whole
from sauma.fact import Moment
from sauma.splice import entry_of_event
from sauma_services.router import Router
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.kafka_client import base_config, producer_config
from sauma_services.runtime.partitioner import partition_of
from sauma_services.runtime.ports import Append, StatePart
from sauma_services.runtime.topics import JOURNAL, state

_FACT_PREFIX = 20
"""Characters of the subject in a fact's id, as the load makes it."""


def subjects(count: int, seed: int = 1) -> list[str]:
    """The clients' ids."""
    chance = random.Random(seed)
    return [f"{chance.getrandbits(128):032x}" for _ in range(count)]


def sample_parts() -> tuple[str, list[StatePart]]:
    """A client after its first events: its subject, and its parts as they are stored."""
    (life,) = samples(clients=1)
    parts = {row.key: row.value for rows in life for row in rows if row.topic is None}
    return next(iter(parts)).decode()[:32], [StatePart(key, value) for key, value in parts.items()]


def parts_of(subject: str, sample: str, parts: Sequence[StatePart]) -> Iterator[StatePart]:
    """The sample's parts as this client's."""
    whole_id, own_id = sample.encode(), subject.encode()
    start, own_start = whole_id[:_FACT_PREFIX], own_id[:_FACT_PREFIX]
    for part in parts:
        value = (part.value or b"").replace(whole_id, own_id).replace(start, own_start)
        yield StatePart(part.key.replace(whole_id, own_id).replace(start, own_start), value)


def write_state(bed: Bed, prefix: str, clients: Sequence[str]) -> int:
    """Write the router's state of all these clients, and its group's positions; returns the bytes of the parts."""
    topic, size = prefix + state(Router.name), 0
    sample, parts = sample_parts()
    producer = Producer(producer_config(bed.settings(prefix)))
    for subject in clients:
        partition = partition_of(subject.encode(), PARTITIONS)
        for part in parts_of(subject, sample, parts):
            size += len(part.key) + len(part.value or b"")
            while True:
                try:
                    producer.produce(topic, part.value, part.key, partition)
                    break
                except BufferError:
                    producer.poll(0.1)
        producer.poll(0)
    producer.flush(120)
    # A state without a position is what the router refuses: it would take every record twice.
    group = Consumer(base_config(bed.settings(prefix)) | {"group.id": prefix + Router.name})
    starts = [TopicPartition(prefix + JOURNAL.name, partition, 0) for partition in range(PARTITIONS)]
    group.commit(offsets=starts, asynchronous=False)
    group.close()
    return size


class Lives:
    """What happens next to clients of such a state."""

    def __init__(self) -> None:
        self._goes_on: dict[str, Iterator[Append]] = {}

    def next_of(self, chosen: Sequence[str], each_at_most: int = 1_000) -> list[Append]:
        """One more event of each of these, in turn; a client may be named often, up to `each_at_most` times in all."""
        now = Moment(SystemClock().now())
        return [
            Append(JOURNAL.name, append.key, entry_of_event(now, append.value))
            for append in (next(self._of(subject, each_at_most)) for subject in chosen)
        ]

    def _of(self, subject: str, each_at_most: int) -> Iterator[Append]:
        life = self._goes_on.get(subject)
        if life is None:
            life = self._goes_on[subject] = whole(subject, EVENTS_EACH + each_at_most)
            for _ in range(EVENTS_EACH):
                next(life)
        return life
