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
from sauma_services.runtime.loop import Loop, LoopSettings

BY_THE_NETWORK = [fault for fault in CommitFault if fault is not CommitFault.BROKER_STOPPED]
"""A broker that stops with a commit in its hands has a test of its own, beside the log's."""


@pytest.fixture(scope="module")
def one_broker() -> Iterator[Brokers]:
    with brokers(1) as on:
        yield on


@pytest.mark.parametrize("fault", BY_THE_NETWORK)
def test_a_spoilt_commit_is_followed_by_a_new_producer_and_doubles_nothing(
    one_broker: Brokers, fault: CommitFault
) -> None:
    prefix = f"{fault}."
    past = KafkaLog(kafka_settings(f"{prefix}@{one_broker.cluster.bootstrap}", "watcher"))
    past.create([row(INPUT), row(OUTPUT)])
    publish(past, INPUT, *((b"client-%d" % (n % 5), b"%d" % n) for n in range(300)))
    fronted = kafka_settings(f"{prefix}@127.0.0.1:{one_broker.fronts[0]}")
    log = KafkaLog(replace(fronted, answer_seconds=ANSWER_SECONDS))
    opened = log.loop(Counting.name, [INPUT])
    loop = Loop(opened, Counting(), SystemClock(), LoopSettings(records_max=50))
    while not loop.turn():
        pass

    one_broker.proxy.arm(fault)
    while loop.turn() or loop.is_behind():
        pass

    happened = one_broker.proxy.happened(0)
    assert happened is not None
    assert happened.fault is fault
    assert opened.rotations >= 1
    log.close()
    assert assert_consistent(past, 1) == 300
    past.close()


def test_positions_that_come_late_are_not_taken_for_those_of_the_next_commit(one_broker: Brokers) -> None:
    past = KafkaLog(kafka_settings(f"late-positions.@{one_broker.cluster.bootstrap}", "watcher"))
    past.create([row(INPUT, 4), row(OUTPUT, 4)])
    publish(past, INPUT, *((b"client-%d" % (n % 5), b"%d" % n) for n in range(300)))
    fronted = kafka_settings(f"late-positions.@127.0.0.1:{one_broker.fronts[0]}")
    log = KafkaLog(replace(fronted, answer_seconds=ANSWER_SECONDS))
    opened = log.loop(Counting.name, [INPUT])
    many = Loop(opened, Counting(), SystemClock(), LoopSettings(records_max=50))
    while not many.turn():
        pass

    one_broker.proxy.arm(CommitFault.POSITIONS_LATE)
    while many.turn():
        pass
    # The next commit says nothing of most partitions of the one that failed, and then the process ends.
    opened.reopen()
    few = Loop(opened, Counting(), SystemClock(), LoopSettings(records_max=1))
    while not few.turn():
        pass
    log.close()
    log = KafkaLog(replace(fronted, answer_seconds=ANSWER_SECONDS))
    rest = Loop(log.loop(Counting.name, [INPUT]), Counting(), SystemClock())
    while rest.turn() or rest.is_behind():
        pass

    happened = one_broker.proxy.happened(0)
    assert happened is not None
    assert happened.fault is CommitFault.POSITIONS_LATE
    log.close()
    assert assert_consistent(past, 4) == 300
    past.close()
