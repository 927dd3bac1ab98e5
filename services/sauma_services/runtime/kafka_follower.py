"""Reads partitions of Kafka from given positions to given ends, whole: past whatever transactions were open on the way."""

import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from typing import cast

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from sauma_services.runtime.errors import TryAgain
from sauma_services.runtime.kafka_catalog import KafkaCatalog, Place
from sauma_services.runtime.kafka_client import consumer_config, failure_of, translated
from sauma_services.runtime.ports import Headers, Record

# Messages taken over from the library at once; the library has read ahead many more.
_PAGE_MESSAGES = 1_000
_POLL_SECONDS = 0.05
# Where the last thing in a partition is the mark of a commit, its end shows only in a fetch that finds nothing. Longer is
# added to such readings; shorter asks the broker more often while an open transaction is waited for.
_FETCH_MILLISECONDS = 5
# Intake refuses a schema of no name, and its source is told.
_UNREADABLE: Headers = (("schema", b""),)


def record_of(message: Message, topic: str) -> Record:
    """The record as the port has it. The library says None for nothing; on these topics nothing and empty are the same."""
    return Record(
        topic,
        message.partition() or 0,
        message.offset() or 0,
        message.key() or b"",
        message.value() or b"",
        _headers(message),
        message.timestamp()[1],
    )


def _headers(message: Message) -> Headers:
    try:
        found = cast("list[tuple[str, bytes | None]] | None", message.headers())
    except (SystemError, UnicodeDecodeError):  # a name that is not UTF-8, which anybody may write who may write at all
        return _UNREADABLE
    return tuple((name, value or b"") for name, value in found or ())


class Follower:
    """A consumer without a group. For one thread at a time; one reading at a time."""

    def __init__(self, catalog: KafkaCatalog) -> None:
        self._catalog = catalog
        settings = catalog.settings
        config = consumer_config(settings, f"{settings.prefix}follower") | {"fetch.wait.max.ms": _FETCH_MILLISECONDS}
        self._consumer = Consumer(config)
        self._reached: dict[Place, int] = {}

    def move(self, starts: Mapping[Place, int]) -> None:
        """Read on from these positions, and nothing else."""
        self._reached = dict(starts)
        physical = self._catalog.physical
        with translated("taking up partitions"):
            for topic in {topic for topic, _ in starts}:
                # Left to itself, the library may take a second to learn where a topic lies, and ten to notice that it
                # lies elsewhere now.
                self._consumer.list_topics(physical(topic), self._catalog.settings.answer_seconds)
            self._consumer.assign([TopicPartition(physical(topic), p, at) for (topic, p), at in starts.items()])

    def until(self, ends: Mapping[Place, int]) -> Iterator[tuple[str, Message]]:
        """Messages, with their topic, until each partition has reached its end; some beyond it may come too.

        Raises TryAgain when an open transaction holds the end back for longer than the settings allow.
        """
        behind = {place for place, end in ends.items() if self._reached[place] < end}
        prefix = self._catalog.settings.prefix
        given_up_at: float | None = None
        while behind:
            page = self._page()
            if any(message.error() is None for message in page):
                given_up_at = None  # it goes on; and the caller may take its time over each record
            for message in page:
                place = ((message.topic() or "").removeprefix(prefix), message.partition() or 0)
                offset = message.offset() or 0
                error = message.error()
                if error is None:
                    self._reached[place] = offset + 1
                    yield place[0], message
                elif error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's own name
                    self._reached[place] = max(self._reached[place], offset)
                elif not error.retriable() and error.code() != KafkaError._TRANSPORT:  # noqa: SLF001
                    raise failure_of(error, "reading")
                if place in behind and self._reached[place] >= ends[place]:
                    behind.discard(place)
            if given_up_at is None:
                given_up_at = time.monotonic() + self._catalog.settings.whole_seconds
            if behind and time.monotonic() > given_up_at:
                raise TryAgain(
                    "Kafka, reading: an open transaction, or a broker that does not answer, holds back the end"
                )

    def rest(self) -> None:
        """Stop reading ahead."""
        with suppress(KafkaException):
            self._consumer.unassign()

    def close(self) -> None:
        """No use after this."""
        self._consumer.close()

    def _page(self) -> list[Message]:
        with translated("reading"):
            # `consume` waits its whole time unless it gets all it asks for: so one is waited for, and the rest taken.
            first = self._consumer.poll(_POLL_SECONDS)
            return [first, *self._consumer.consume(_PAGE_MESSAGES, 0)] if first is not None else []
