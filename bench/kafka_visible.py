"""Feeds a journal at a steady rate, and notes for each event when the log accepted it and when its deliveries became visible.

Accepted is the journal's own stamp of its append; visible is when a read_committed consumer has the last of the event's
deliveries. Both are the clock of one machine. Which deliveries an event has follows from its place in its client's life.
"""

import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

from confluent_kafka import Consumer, KafkaError, Message, Producer, TopicPartition

from bench.kafka_bed import Bed
from bench.kafka_work import EVENTS_EACH, samples
from sauma_services.runtime.kafka_client import consumer_config, producer_config
from sauma_services.runtime.ports import Append
from sauma_services.runtime.topics import JOURNAL, endpoint_of

Place = tuple[bytes, int]
"""A client, and the number of its event."""


@dataclass(frozen=True, slots=True)
class Seen:
    """One event. Times are seconds of the machine's clock; an event whose deliveries never came is infinitely late."""

    accepted: float
    visible: float

    @property
    def waited(self) -> float:
        """Seconds from accepted to visible."""
        return self.visible - self.accepted


class Expected:
    """Which deliveries each event of a life has: by topic the numbers of the events in their order, and how many each has."""

    def __init__(self) -> None:
        (life,) = samples(clients=1)
        self.by_topic: dict[str, list[int]] = {}
        self.counts = [0] * EVENTS_EACH
        for number, rows in enumerate(life):
            for row in rows:
                if row.topic is not None and endpoint_of(row.topic) is not None:
                    self.by_topic.setdefault(row.topic, []).append(number)
                    self.counts[number] += 1


class Watch:
    """One contender's deliveries, under a prefix. For one feeding at a time."""

    def __init__(self, bed: Bed, prefix: str) -> None:
        self._bed = bed
        self._prefix = prefix
        self._expected = Expected()
        settings = bed.settings(prefix)
        # Both without delay: what is measured lies between them.
        self._producer = Producer(producer_config(settings) | {"linger.ms": 0})
        self._consumer = Consumer(consumer_config(settings, f"{prefix}watch") | {"enable.partition.eof": False})

    def followed(
        self,
        records: Sequence[Append],
        *,
        per_second: float,
        patience_seconds: float = 10.0,
        meanwhile: Callable[[], None] | None = None,
    ) -> list[Seen]:
        """Feed whole lives at this rate, and see each event through. `meanwhile` runs beside it.

        Waits after the last feeding for as long as `patience_seconds` for what is still to come. Events without deliveries
        are left out.
        """
        waiting, visible = self._awaited(records), dict[Place, float]()
        accepted: dict[Place, float] = {}
        fed = threading.Event()
        watching = threading.Thread(target=self._watch, args=(waiting, visible, fed, patience_seconds))
        beside = threading.Thread(target=meanwhile) if meanwhile else None
        self._consumer.assign(self._ends())
        watching.start()
        if beside:
            beside.start()
        self._feed(records, per_second, accepted)
        if beside:
            beside.join()
        fed.set()
        watching.join()
        return [
            Seen(accepted[place], visible.get(place, float("inf")))
            for place in accepted
            if self._expected.counts[place[1]]
        ]

    def close(self) -> None:
        """No use after this."""
        self._consumer.close()

    def _awaited(self, records: Sequence[Append]) -> dict[Place, int]:
        counts: dict[bytes, int] = {}
        awaited: dict[Place, int] = {}
        for record in records:
            number = counts.get(record.key, 0)
            counts[record.key] = number + 1
            if self._expected.counts[number]:
                awaited[record.key, number] = self._expected.counts[number]
        return awaited

    def _ends(self) -> list[TopicPartition]:
        places = [TopicPartition(self._prefix + topic, 0) for topic in self._expected.by_topic]
        return [
            TopicPartition(one.topic, one.partition, self._consumer.get_watermark_offsets(one, 30)[1]) for one in places
        ]

    def _feed(self, records: Sequence[Append], per_second: float, accepted: dict[Place, float]) -> None:
        counts: dict[bytes, int] = {}
        began = time.monotonic()

        def noted(place: Place) -> Callable[[KafkaError | None, Message], None]:
            def note(error: KafkaError | None, message: Message) -> None:
                if error is not None:
                    raise RuntimeError(error.name())
                accepted[place] = message.timestamp()[1] / 1000

            return note

        for count, record in enumerate(records):
            late = time.monotonic() - began - count / per_second
            if late < 0:
                self._producer.poll(0)
                time.sleep(max(0.0, count / per_second - (time.monotonic() - began)))
            number = counts.get(record.key, 0)
            counts[record.key] = number + 1
            self._producer.produce(
                self._prefix + JOURNAL.name, record.value, record.key, on_delivery=noted((record.key, number))
            )
            self._producer.poll(0)
        self._producer.flush(30)

    def _watch(
        self, waiting: dict[Place, int], visible: dict[Place, float], fed: threading.Event, patience_seconds: float
    ) -> None:
        counts: dict[tuple[str, bytes], int] = {}
        given_up_at: float | None = None
        while waiting:
            if fed.is_set() and given_up_at is None:
                given_up_at = time.monotonic() + patience_seconds
            if given_up_at is not None and time.monotonic() > given_up_at:
                return
            message = self._consumer.poll(0.1)
            if message is None:
                continue
            now = time.time()
            error = message.error()
            if error is not None:
                raise RuntimeError(error.name())
            topic, key = (message.topic() or "").removeprefix(self._prefix), message.key() or b""
            count = counts.get((topic, key), 0)
            counts[topic, key] = count + 1
            place = key, self._expected.by_topic[topic][count]
            waiting[place] -= 1
            if not waiting[place]:
                del waiting[place]
                visible[place] = now


def percentiles(waits: Sequence[float]) -> Mapping[str, float]:
    """In milliseconds."""
    ordered = sorted(waits)

    def at(share: float) -> float:
        return round(ordered[min(len(ordered) - 1, int(share * len(ordered)))] * 1000, 1)

    return {"p50_ms": at(0.5), "p95_ms": at(0.95), "p99_ms": at(0.99), "most_ms": at(1.0)}
