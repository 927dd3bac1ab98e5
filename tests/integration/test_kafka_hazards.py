"""What a cluster and its other writers may do to a log on Kafka besides failing: each of these once stopped or doubled something."""

import random
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, NewPartitions  # type: ignore[attr-defined]
from kafka import KafkaProducer

from integration.log_worker import INPUT, OUTPUT, kafka_settings
from integration.test_log_ports import everything, joined, publish, row, values
from sauma.ids import EndpointId
from sauma_services.intake import Intake
from sauma_services.machine.channel import LogChannel
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.errors import NeedsOperator, TryAgain
from sauma_services.runtime.kafka_client import MESSAGE_BYTES_MAX
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.kafka_loop import KafkaLoopLog
from sauma_services.runtime.loop import Loop
from sauma_services.runtime.ports import Append, Outputs, Record, StatePart
from sauma_services.runtime.topics import deliveries, inbound, narrowing

KELA = EndpointId("kela")


class Copying:
    """Writes each record on as it is."""

    name, inputs = "copying", (INPUT,)

    def restore(self, partition: int, parts: Iterable[StatePart]) -> None:
        """Keeps nothing."""

    def forget(self, partition: int) -> None:
        """Keeps nothing."""

    def process(self, records: Sequence[Record], *, now: int) -> Outputs:  # noqa: ARG002 - no clock is asked
        return Outputs([Append(OUTPUT, record.key, record.value) for record in records])

    def committed(self) -> None:
        """Keeps nothing."""

    discard = committed

    def next_due(self) -> int | None:
        return None


# Changes of the group


class Rebalancing:
    """A library's consumer whose group changes, and has settled again, within the call that follows the first record."""

    def __init__(self, consumer: Any, member: Any) -> None:
        self._consumer, self._member = consumer, member
        self._has_given = False
        self.has_changed = False

    def __getattr__(self, name: str) -> Any:
        return getattr(self._consumer, name)

    def poll(self, seconds: float) -> Any:
        message = self._consumer.poll(seconds)
        while message is not None and message.error() is not None:  # the end of the partition, which is no record
            message = self._consumer.poll(seconds)
        self._has_given |= message is not None and message.error() is None
        return message

    def consume(self, count: int, seconds: float) -> Any:
        if not self._has_given or self.has_changed:
            return self._consumer.consume(count, seconds)
        self.has_changed = True
        held = self._consumer.assignment()
        self._member._on_revoke(self._consumer, held)
        self._consumer.unassign()
        self._member._on_assign(self._consumer, held)
        return []


def test_a_group_that_changes_between_two_records_of_a_read_doubles_none(log: KafkaLog) -> None:
    loop = joined(log)
    assert isinstance(loop, KafkaLoopLog)
    loop._member._consumer = changing = Rebalancing(loop._member._consumer, loop._member)  # type: ignore[assignment]
    publish(log, INPUT, *((b"k", b"%d" % n) for n in range(5)))

    found: list[bytes] = []
    while loop.is_behind():
        loop.assigned()
        found += values(loop.read(100, 0.2))

    assert changing.has_changed
    assert found == [b"0", b"1", b"2", b"3", b"4"]


# Other writers


class NotText(str):
    """A header's name as other clients can write it."""

    def encode(self, *_: object) -> bytes:
        return b"bad\xff"


def test_a_header_that_is_no_text_is_refused_and_stops_nobody(log: KafkaLog, where: str) -> None:
    topology = Intake([KELA])
    log.create([row(name) for name in ("journal", "rejected", inbound(KELA), narrowing(KELA), deliveries(KELA))])
    prefix, _, bootstrap = where.partition("@")
    producer = KafkaProducer(bootstrap_servers=bootstrap)
    producer.send(prefix + inbound(KELA), key=b"k", value=b"v", headers=[(NotText("x"), b"1")]).get(10)
    producer.close()

    loop = Loop(log.loop(topology.name, topology.inputs), topology, SystemClock())
    while loop.turn() or loop.is_behind():
        pass

    assert len(everything(log, "rejected")) == 1


# What was changed by hand


def raised(log_at: str, topic: str, count: int) -> None:
    """Somebody gives a topic more partitions."""
    prefix, _, bootstrap = log_at.partition("@")
    admin = AdminClient({"bootstrap.servers": bootstrap})
    for done in admin.create_partitions([NewPartitions(prefix + topic, count)]).values():
        done.result()
    while len(admin.list_topics(prefix + topic, timeout=30).topics[prefix + topic].partitions) < count:
        pass  # until the cluster shows it to whoever joins from now on


def test_partitions_added_by_hand_take_none_of_a_clients_records(log: KafkaLog, where: str) -> None:
    log.create([row(OUTPUT, 2)])
    publish(log, OUTPUT, *((b"client-%d" % n, b"before") for n in range(20)))
    raised(where, OUTPUT, 5)
    other = KafkaLog(replace(kafka_settings(where), instance="other"))
    while other.reader().end(OUTPUT, 4) or not other.lacks([row("none")]):  # the cluster knows of them
        pass

    publish(log, OUTPUT, *((b"client-%d" % n, b"after") for n in range(20)))

    assert [len(everything(other, OUTPUT, 5)), len(everything(log, OUTPUT, 2))] == [40, 40]
    other.close()


def test_an_input_with_more_partitions_than_before_needs_an_operator(log: KafkaLog, where: str) -> None:
    log.create([row(INPUT, 2), row(OUTPUT, 2)])
    raised(where, INPUT, 3)
    other = log.loop("other", [INPUT])

    def read_on() -> None:
        while True:
            other.assigned()
            other.read(10, 0.2)

    with pytest.raises(NeedsOperator, match="had 2 partitions and has more now"):
        read_on()


def test_deliveries_of_a_topic_that_was_made_anew_are_read_from_its_beginning(log: KafkaLog) -> None:
    log.create([row(name) for name in (inbound(KELA), narrowing(KELA), deliveries(KELA))])
    publish(log, deliveries(KELA), *((b"k", b"%d" % n) for n in range(3)))
    channel = LogChannel(log, KELA)

    assert [one.data for one in channel.read({0: 40}, count_max=10, wait_seconds_max=0)] == [b"0", b"1", b"2"]
    assert [one.data for one in channel.read({0: 1}, count_max=10, wait_seconds_max=0)] == [b"2"]
    assert not channel.read({0: 2}, count_max=10, wait_seconds_max=0)


# Too much


def test_a_long_reading_that_goes_on_is_not_given_up(where: str) -> None:
    log = KafkaLog(replace(kafka_settings(where), whole_seconds=0.5))
    publish(log, INPUT, *((b"k", bytes(1_000)) for _ in range(3_000)))

    count = 0
    for _ in log.reader().scan(INPUT, 0):
        count += 1
        time.sleep(0.0005)  # the caller's own time: as long as the limit, three times over
    log.close()

    assert count == 3_000


class Slow:
    """A log that takes no more than so many records in time."""

    def __init__(self, log: KafkaLoopLog, most: int) -> None:
        self._log, self._most = log, most
        self.failed = 0

    def __getattr__(self, name: str) -> Any:
        return getattr(self._log, name)

    def commit(
        self, batch: Sequence[Record], appends: Sequence[Append], state: Mapping[int, Sequence[StatePart]]
    ) -> None:
        if len(batch) > self._most:
            self.failed += 1
            raise TryAgain("too much at once")
        self._log.commit(batch, appends, state)


def test_a_batch_that_is_too_much_at_once_is_taken_in_smaller_ones(log: KafkaLog) -> None:
    publish(log, INPUT, *((b"k", b"%d" % n) for n in range(400)))
    log.create([row(OUTPUT)])
    opened = log.loop(Copying.name, [INPUT])
    assert isinstance(opened, KafkaLoopLog)
    slow = Slow(opened, 60)
    loop = Loop(slow, Copying(), SystemClock())

    while loop.turn() or loop.is_behind():
        assert slow.failed < 50

    assert slow.failed
    assert values(everything(log, OUTPUT)) == [b"%d" % n for n in range(400)]


def test_an_output_that_the_cluster_refuses_needs_an_operator_who_is_told_the_topic(log: KafkaLog) -> None:
    log.create([row(INPUT), row(OUTPUT)])
    publish(log, INPUT, (b"k", b"v"))
    loop = joined(log)
    batch: Sequence[Record] = ()
    while not batch:
        loop.assigned()
        batch = loop.read(10, 0.2)

    # The library lets it pass, and the cluster counts its frame, too. No compression makes it less.
    output = Append(OUTPUT, b"k", random.Random(1).randbytes(MESSAGE_BYTES_MAX - 60))
    with pytest.raises(NeedsOperator, match=f"{OUTPUT}.*MSG_SIZE_TOO_LARGE"):
        loop.commit(batch, [output], {})
