"""Whatever a network does to one commit, the producer is rotated after it, and every record is done exactly once."""

from collections.abc import Iterator
from dataclasses import replace

import pytest

from faults.kafka.proxy import CommitFault
from faults.kafka.stage import ANSWER_SECONDS, Brokers, brokers
from integration.log_worker import INPUT, OUTPUT, Counting, kafka_settings
from integration.test_log_ports import assert_consistent, publish, row
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.kafka_loop import KafkaLoopLog
from sauma_services.runtime.loop import Loop, LoopSettings

BY_THE_NETWORK = [fault for fault in CommitFault if fault is not CommitFault.BROKER_STOPPED]
"""A broker that stops with a commit in its hands has a test of its own, beside the log's."""


@pytest.fixture(scope="module")
def one_broker() -> Iterator[Brokers]:
    with brokers(1) as on:
        yield on


class Counted:
    """A topology of its own topics behind a faulty network, with 300 records to count."""

    def __init__(self, on: Brokers, name: str, partitions: int) -> None:
        self._on, self._partitions = on, partitions
        self._fronted = kafka_settings(f"{name}.@127.0.0.1:{on.fronts[0]}")
        self._past = KafkaLog(kafka_settings(f"{name}.@{on.cluster.bootstrap}", "watcher"))
        self._past.create([row(INPUT, partitions), row(OUTPUT, partitions)])
        publish(self._past, INPUT, *((b"client-%d" % (n % 5), b"%d" % n) for n in range(300)))

    def process(self) -> KafkaLog:
        """What a process that is started opens."""
        return KafkaLog(replace(self._fronted, answer_seconds=ANSWER_SECONDS))

    def assert_happened(self, fault: CommitFault) -> None:
        """The network did what it was told to."""
        happened = self._on.proxy.happened(0)
        assert happened is not None
        assert happened.fault is fault

    def assert_each_counted_once(self) -> None:
        """As somebody sees it who reads past the network."""
        assert assert_consistent(self._past, self._partitions) == 300
        self._past.close()


def counting(log: KafkaLog, settings: LoopSettings | None = None) -> tuple[Loop, KafkaLoopLog]:
    """A loop that counts, and what it has of the log."""
    opened = log.loop(Counting.name, [INPUT])
    return Loop(opened, Counting(), SystemClock(), settings or LoopSettings()), opened


def begin(loop: Loop) -> None:
    """Until it has done its first batch."""
    while not loop.turn():
        pass


@pytest.mark.parametrize("fault", BY_THE_NETWORK)
def test_a_spoilt_commit_is_followed_by_a_new_producer_and_doubles_nothing(
    one_broker: Brokers, fault: CommitFault
) -> None:
    counted = Counted(one_broker, str(fault), partitions=1)
    log = counted.process()
    loop, opened = counting(log, LoopSettings(records_max=50))
    begin(loop)

    one_broker.proxy.arm(fault)
    while loop.turn() or loop.is_behind():
        pass

    counted.assert_happened(fault)
    assert opened.rotations >= 1
    log.close()
    counted.assert_each_counted_once()


def test_positions_that_come_late_are_not_taken_for_those_of_the_next_commit(one_broker: Brokers) -> None:
    counted = Counted(one_broker, "late-positions", partitions=4)
    log = counted.process()
    many, opened = counting(log, LoopSettings(records_max=50))
    begin(many)

    one_broker.proxy.arm(CommitFault.POSITIONS_LATE)
    while many.turn():
        pass
    # The next commit says nothing of most partitions of the one that failed, and then the process ends.
    opened.reopen()
    begin(Loop(opened, Counting(), SystemClock(), LoopSettings(records_max=1)))
    log.close()
    log = counted.process()
    rest, _ = counting(log)
    while rest.turn() or rest.is_behind():
        pass

    counted.assert_happened(CommitFault.POSITIONS_LATE)
    log.close()
    counted.assert_each_counted_once()
