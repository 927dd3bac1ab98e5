"""Appends to Kafka without a group, and knows of every record whether the cluster has it."""

from collections.abc import Sequence

from confluent_kafka import KafkaError, KafkaException, Message, Producer

from sauma_services.runtime.errors import TryAgain
from sauma_services.runtime.kafka_catalog import KafkaCatalog
from sauma_services.runtime.kafka_client import QueueFull, error_in, failure_of, producer_config, put
from sauma_services.runtime.ports import Append


class KafkaPublisher:
    """`Publisher` on Kafka: idempotent, so the library's own repeats double nothing; publishing again after TryAgain may."""

    def __init__(self, catalog: KafkaCatalog) -> None:
        self._catalog = catalog
        self._producer = Producer(producer_config(catalog.settings))

    def publish(self, topic: str, records: Sequence[Append]) -> None:
        """Durable on return: all copies in sync have it. Raises ValueError where a record names another topic."""
        if any(record.topic != topic for record in records):
            raise ValueError(f"a record for another topic than {topic}")
        physical = self._catalog.physical(topic)
        failures: list[KafkaError] = []

        def note(error: KafkaError | None, _: Message) -> None:
            if error is not None:
                failures.append(error)

        try:
            for record in records:
                put(
                    self._producer,
                    physical,
                    key=record.key,
                    value=record.value,
                    headers=record.headers,
                    partition=self._catalog.partition_of(topic, record.key),
                    noted=note,
                )
            left = self._producer.flush(2 * self._catalog.settings.answer_seconds)
        except (KafkaException, QueueFull) as caught:
            self._renew()
            if isinstance(caught, QueueFull):
                raise TryAgain("Kafka, publishing: the queue stays full") from caught
            raise failure_of(error_in(caught), "publishing") from caught
        if failures:
            self._renew()
            raise failure_of(failures[0], "publishing")
        if left:
            self._renew()
            raise TryAgain("Kafka, publishing: no answer")

    def close(self) -> None:
        """What is not acknowledged yet is dropped."""
        self._producer.purge()

    def _renew(self) -> None:
        """What is left in the queue must not go out behind the caller's back, after what it does next."""
        self._producer.purge()
        self._producer = Producer(producer_config(self._catalog.settings))
