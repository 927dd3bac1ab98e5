"""One transactional producer: writes records, state parts and positions all together or not at all.

No Python client of Kafka can tell a late answer from a timely one, and whatever is under way when it stops waiting can hit
the *next* transaction: a commit, an abort, and also the positions, which then pass over records that were never done. So
after any failure the producer is thrown away, and a new one under the same name makes the cluster end what was open and
refuse what still comes under the old epoch. Nothing is ever aborted and gone on with.
"""

import logging
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass

from confluent_kafka import KafkaError, KafkaException, Message, Producer, TopicPartition

from sauma.making import cheap_to_make
from sauma_services.runtime.errors import Failure, Fenced, NeedsOperator, TryAgain
from sauma_services.runtime.kafka_client import (
    KafkaSettings,
    QueueFull,
    error_in,
    failure_of,
    producer_config,
    put,
)
from sauma_services.runtime.kafka_watch import Watch
from sauma_services.runtime.logging import Event, tell

# Initialising waits until what was open under the same name has ended, which takes the cluster a second or so.
_OPENINGS_ANSWERS = 3

# By the library's count, 6 is for information. At 5 and below it is silent about connections that the other side closed.
_LEVEL_OF_BREAKS = 6
_BREAK, _NEVER_STOOD = "FAIL", "in state CONNECT"
"""What it calls a connection that broke, and where it says of one that it was still being made."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Write:
    """One record as the cluster takes it; without a value, it is a tombstone."""

    topic: str
    key: bytes
    value: bytes | None
    headers: tuple[tuple[str, bytes], ...]
    partition: int


class Transactions:
    """For one thread at a time. `open` comes first, and again after every failure."""

    def __init__(self, settings: KafkaSettings, name: str) -> None:
        """`name`: whoever opens it again fences whoever held it."""
        self._settings = settings
        self._name = name
        self._producer: Producer | None = None
        self._is_in_doubt = False
        self._watch = Watch(name)
        self.rotations = 0
        """How often a producer was thrown away for a doubt."""

    def open(self) -> None:
        """Take the name over, unless it is held already."""
        if self._producer is not None:
            return
        # Before the first connection: the library tells of a broker's failure once, and not of the same again for half a
        # minute. One that was told of while opening must not be forgotten at the end of it.
        self._is_in_doubt = False
        producer = Producer(
            producer_config(self._settings)
            | {
                "transactional.id": self._name,
                "transaction.timeout.ms": int(self._settings.transaction_seconds * 1000),
                # Of what was delivered the commit tells: a report of each record is only work.
                "delivery.report.only.error": True,
                # The library mends connections by itself, sends again what was under way, and of one that was closed in
                # order it says so nowhere but in its log, at this level (seen: no error callback, and a commit that came late).
                "log_level": _LEVEL_OF_BREAKS,
                "logger": _Listening(self._note_trouble),
            }
        )
        try:
            seconds = _OPENINGS_ANSWERS * self._settings.answer_seconds
            with self._watch.within(seconds, "opening transactions"):
                producer.init_transactions(seconds)
        except KafkaException as caught:
            raise failure_of(error_in(caught), "opening transactions") from caught
        self._producer = producer

    def commit(self, writes: Iterable[Write], positions: Sequence[TopicPartition], member: object) -> None:
        """Write it all, and the positions in the name of the group's member. After TryAgain the outcome is unknown."""
        if self._producer is not None:
            self._producer.poll(0)  # tells of connections that broke during or since the last commit
            if self._is_in_doubt:
                self._throw_away()
                self.open()
        producer = self._producer
        if producer is None:
            raise TryAgain("Kafka, committing: no producer after a doubt")
        seconds = self._settings.answer_seconds
        refused: list[tuple[KafkaError, str]] = []

        def note(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                refused.append((error, message.topic() or ""))

        try:
            producer.begin_transaction()
            for write in writes:
                put(
                    producer,
                    write.topic,
                    key=write.key,
                    value=write.value,
                    headers=write.headers,
                    partition=write.partition,
                    noted=note,
                )
            with self._watch.within(seconds, "sending positions"):
                producer.send_offsets_to_transaction(list(positions), member, seconds)
            with self._watch.within(seconds, "committing"):
                producer.commit_transaction(seconds)
        except QueueFull as caught:
            self._throw_away()
            raise TryAgain("Kafka, writing: the queue stays full") from caught
        except KafkaException as caught:
            # Once a record is refused, the library answers every later call with its own state: what the record was
            # refused for stands in its report alone.
            with suppress(KafkaException):  # of a fenced one
                producer.poll(0)
            self._throw_away()
            raise _refusal(refused) or _doubt(error_in(caught), "committing") from caught

    def close(self) -> None:
        """What is open is left to time out, or to whoever opens the name next. May be called twice."""
        producer, self._producer = self._producer, None
        if producer is not None:
            producer.purge()

    def _throw_away(self) -> None:
        self.rotations += 1
        tell(Event.PRODUCER_ROTATED, part=self._name)
        self.close()

    def _note_trouble(self, said: str) -> None:
        """A connection that broke may have had a commit under way; one that never stood had nothing."""
        if _BREAK in said and _NEVER_STOOD not in said:
            self._is_in_doubt = True


class _Listening(logging.Logger):
    """Hears what the library logs, and passes it on to nobody else."""

    def __init__(self, heard: Callable[[str], None]) -> None:
        super().__init__("sauma.kafka.producer")
        self._heard = heard

    def handle(self, record: logging.LogRecord) -> None:
        """In the thread that polls."""
        self._heard(record.getMessage())


def _refusal(refused: Iterable[tuple[KafkaError, str]]) -> NeedsOperator | None:
    """What a person must mend of records that were refused, by error and topic."""
    failures = (failure_of(error, f"writing to {topic}") for error, topic in refused)
    return next((failure for failure in failures if isinstance(failure, NeedsOperator)), None)


def _doubt(error: KafkaError, doing: str) -> Failure:
    """A fatal error of a producer ends that producer; only being fenced, or what a person must mend, ends the loop."""
    failure = failure_of(error, doing)
    return failure if isinstance(failure, Fenced | NeedsOperator) else TryAgain(failure.reason)
