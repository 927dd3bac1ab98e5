"""Follows what becomes visible on one topic to readers of committed records; decodes nothing."""

from collections.abc import Sequence

from confluent_kafka import Consumer, KafkaError, Message, TopicPartition

from sauma_services.runtime.kafka_client import KafkaSettings, consumer_config

# A look takes at most this many: more would only delay what the caller does between two looks.
_PAGE = 10_000

_AT_ONCE_MS = 10
_WORTH_AN_ANSWER_BYTES = 200_000


class Tail:
    """One topic from its beginning, all partitions. For one thread at a time."""

    def __init__(self, settings: KafkaSettings, topic: str, partitions: int, *, late_ms_max: int = 10) -> None:
        """`late_ms_max`: what is new shows within it. Shorter, and brokers on the same processors spend theirs on answering."""
        config = consumer_config(settings, f"{settings.prefix}tail") | {
            "fetch.wait.max.ms": late_ms_max,
            "fetch.min.bytes": 1 if late_ms_max <= _AT_ONCE_MS else _WORTH_AN_ANSWER_BYTES,
            "auto.offset.reset": "earliest",
        }
        self._consumer = Consumer(config)
        self._consumer.assign([TopicPartition(settings.prefix + topic, n, 0) for n in range(partitions)])
        self.ends = dict.fromkeys(range(partitions), 0)
        """By partition: the position after the last record seen."""
        self.reached = dict.fromkeys(range(partitions), 0)
        """By partition: as `ends`, and past the marks of transactions that follow."""

    def look(self, wait_seconds_max: float) -> Sequence[Message]:
        """The next records; none where there is nothing new within the time."""
        first = self._consumer.poll(wait_seconds_max)
        messages = [first, *self._consumer.consume(_PAGE, 0)] if first is not None else []
        found: list[Message] = []
        for message in messages:
            partition, offset, error = message.partition() or 0, message.offset() or 0, message.error()
            if error is None:
                self.ends[partition] = self.reached[partition] = offset + 1
                found.append(message)
            elif error.code() == KafkaError._PARTITION_EOF:
                self.reached[partition] = max(self.reached[partition], offset)
        return found

    def close(self) -> None:
        """No use after this."""
        self._consumer.close()
