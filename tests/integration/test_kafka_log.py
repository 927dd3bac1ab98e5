"""What only a Kafka log has to stand: other's open transactions, zombies, shared groups, and commits without an answer."""

import gc
import os
import random
import signal
import subprocess
import sys
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from confluent_kafka import Consumer, KafkaError, Producer, TopicPartition
from kafka.admin import KafkaAdminClient

from integration.log_worker import INPUT, OUTPUT, Counting, kafka_settings
from integration.test_log_ports import assert_consistent, everything, joined, publish, read_at_least, row, values
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.errors import Fenced, NeedsOperator, TryAgain
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.kafka_loop import KafkaLoopLog
from sauma_services.runtime.loop import Loop, LoopSettings
from sauma_services.runtime.partitioner import partition_of
from sauma_services.runtime.ports import Append, StatePart
from support.brokers import cluster

WORKER = Path(__file__).with_name("kafka_worker.py")
PARTITIONS = 4


Start = Callable[..., "subprocess.Popen[str]"]


@pytest.fixture
def start(where: str) -> Iterator[Start]:
    """Starts workers; what still runs at the end is killed, also where it was paused."""
    started: list[subprocess.Popen[str]] = []

    def run(*arguments: str) -> "subprocess.Popen[str]":
        command = [sys.executable, str(WORKER), where, *arguments]
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.DEVNULL}
        environment = {**os.environ, "PYTHONPATH": str(WORKER.parents[1])}
        started.append(subprocess.Popen(command, text=True, env=environment, **pipes))
        return started[-1]

    yield run
    for worker in started:
        worker.kill()
        worker.communicate()


def line_of(worker: "subprocess.Popen[str]") -> str:
    assert worker.stdout is not None
    return worker.stdout.readline().strip()


def tell(worker: "subprocess.Popen[str]") -> None:
    assert worker.stdin is not None
    worker.stdin.write("\n")
    worker.stdin.flush()


# The partitioner


def test_the_library_puts_keys_where_the_embedded_log_does(log: KafkaLog) -> None:
    log.create([row(INPUT, 7)])
    chance = random.Random(7)
    keys = {chance.randbytes(length) for length in range(1, 60) for _ in range(8)} | {b""}
    publish(log, INPUT, *((key, b"v") for key in keys))

    found = {record.key: record.partition for record in everything(log, INPUT, 7)}

    assert found == {key: partition_of(key, 7) for key in keys}
    assert set(found.values()) == set(range(7))


# Restoring beside another's open transaction


def naive_restore(where: str, topic: str) -> list[bytes]:
    """As one would write it at first: read what is committed, until the end of the partition is told."""
    consumer = Consumer(
        {
            "bootstrap.servers": where.partition("@")[2],
            "group.id": "naive",
            "isolation.level": "read_committed",
            "enable.partition.eof": True,
        }
    )
    consumer.assign([TopicPartition(topic, 0, 0)])
    found: list[bytes] = []
    while True:
        message = consumer.poll(1)
        if message is None:
            continue
        error = message.error()
        if error is not None:
            assert error.code() == KafkaError._PARTITION_EOF
            consumer.close()
            return found
        found.append(message.key() or b"")


def test_a_restore_waits_for_what_a_dead_process_left_open(log: KafkaLog, where: str) -> None:
    loop = joined(log)
    loop.commit((), (), {0: [StatePart(b"before", b"1")]})
    prefix, _, bootstrap = where.partition("@")
    topic = f"{prefix}state.group"
    dead = Producer(
        {"bootstrap.servers": bootstrap, "transactional.id": f"{prefix}dead", "transaction.timeout.ms": 4_000}
    )
    dead.init_transactions(30)
    dead.begin_transaction()
    dead.produce(topic, key=b"never", value=b"1", partition=0)
    dead.flush(30)

    loop.commit((), (), {0: [StatePart(b"after", b"1")]})

    assert naive_restore(where, topic) == [b"before"], "the hazard is real: a committed part is missed"
    assert {part.key for part in joined(log).restore(0)} == {b"before", b"after"}
    assert log.reader().state_part("group", b"after") == b"1"


def test_state_without_a_position_needs_an_operator(log: KafkaLog, where: str) -> None:
    publish(log, INPUT, (b"k", b"v"))
    loop = joined(log)
    loop.commit(read_at_least(loop, 1), (), {0: [StatePart(b"a", b"1")]})
    loop.close()
    prefix, _, bootstrap = where.partition("@")
    admin = KafkaAdminClient(bootstrap_servers=bootstrap)
    admin.delete_groups([f"{prefix}group"])  # as a cluster does by itself after a week of absence
    admin.close()

    again = joined(log)

    with pytest.raises(NeedsOperator, match="no position"):
        list(again.restore(0))


# Zombies


@pytest.mark.parametrize("what", ["batch", "nothing"])
def test_a_process_that_wakes_up_after_its_session_writes_nothing(
    log: KafkaLog, where: str, start: Start, what: str
) -> None:
    log.create([row(INPUT), row(OUTPUT)])
    publish(log, INPUT, (b"k", b"v"))
    zombie = start("zombie", "hold", what)
    assert line_of(zombie) == "holding"
    zombie.send_signal(signal.SIGSTOP)

    other = KafkaLog(kafka_settings(where, "other"))
    loop = joined(other, group=Counting.name)  # comes once the session of the paused one is over
    loop.commit(read_at_least(loop, 1), [Append(OUTPUT, b"k", b"right")], {0: [StatePart(b"k", b"right")]})
    zombie.send_signal(signal.SIGCONT)
    tell(zombie)

    assert line_of(zombie) in ("TryAgain", "Fenced")
    assert values(everything(log, OUTPUT)) == [b"right"]
    assert log.reader().state_part(Counting.name, b"k") == b"right"
    other.close()


def test_a_process_of_the_same_name_takes_over_at_once(log: KafkaLog, where: str, start: Start) -> None:
    log.create([row(INPUT), row(OUTPUT)])
    publish(log, INPUT, (b"k", b"v"))
    older = start("same", "hold", "nothing")
    assert line_of(older) == "holding"

    again = KafkaLog(kafka_settings(where, "same"))
    loop = joined(again, group=Counting.name)
    tell(older)

    assert line_of(older) == "Fenced"
    loop.commit(read_at_least(loop, 1), [Append(OUTPUT, b"k", b"right")], {})
    assert values(everything(log, OUTPUT)) == [b"right"]
    again.close()


# Several processes in a group


def test_members_share_the_partitions_and_hand_over_without_loss_or_doubling(log: KafkaLog, start: Start) -> None:
    log.create([row(INPUT, PARTITIONS), row(OUTPUT, PARTITIONS)])
    keys = [b"client-%d" % n for n in range(40)]
    count = 0

    def more(records: int) -> None:
        nonlocal count
        publish(log, INPUT, *((keys[n % len(keys)], b"%d" % n) for n in range(count, count + records)))
        count += records

    def worked(*workers: "subprocess.Popen[str]") -> None:
        for worker in workers:
            assert line_of(worker) == "committed"

    more(200)
    one = start("one", "run")
    worked(one)
    two = start("two", "run")
    more(200)
    while two.poll() is None and len(assignments(log)) < 2:
        more(20)
    worked(one, two)  # both have partitions
    one.kill()
    more(200)
    three = start("three", "run")
    more(200)
    worked(two, three)
    two.terminate()
    more(200)
    assert two.wait(60) == 0
    while len(everything(log, OUTPUT, PARTITIONS)) < count:
        assert three.poll() is None
    three.terminate()
    assert three.wait(60) == 0

    assert assert_consistent(log, PARTITIONS) == count


def assignments(log: KafkaLog) -> set[str]:
    """The names of the group's members that have partitions."""
    settings = log._settings
    admin = KafkaAdminClient(bootstrap_servers=settings.bootstrap)
    try:
        (group,) = admin.describe_groups([f"{settings.prefix}{Counting.name}"]).values()
    finally:
        admin.close()
    return {member["group_instance_id"] for member in group["members"] if member["member_assignment"]}


# Commits without an answer


class Stopping:
    """A producer whose broker is stopped as it commits."""

    def __init__(self, producer: Producer, stop: Callable[[], None]) -> None:
        self._producer = producer
        self._stop = stop

    def __getattr__(self, name: str) -> Any:
        return getattr(self._producer, name)

    def commit_transaction(self, seconds: float) -> None:
        self._stop()
        self._producer.commit_transaction(seconds)


def test_a_commit_without_an_answer_is_done_again_from_what_is_committed() -> None:
    with cluster(1) as kafka:
        (node,) = kafka.nodes
        log = KafkaLog(kafka_settings(f"doubt.@{kafka.bootstrap}"))
        log.create([row(INPUT), row(OUTPUT)])
        publish(log, INPUT, *((b"client-%d" % (n % 5), b"%d" % n) for n in range(60)))
        opened = log.loop(Counting.name, [INPUT])
        loop = Loop(opened, Counting(), SystemClock(), LoopSettings(records_max=7))
        while not loop.turn():
            pass
        opened._transactions._producer = Stopping(  # type: ignore[assignment]
            opened._transactions._producer,  # type: ignore[arg-type]
            lambda: node.send(signal.SIGSTOP),
        )

        was_committed = loop.turn()
        node.send(signal.SIGCONT)
        while loop.turn() or loop.is_behind():
            pass

        assert not was_committed
        assert opened.rotations >= 1
        opened.close()
        assert assert_consistent(log, 1) == 60
        log.close()


class Supervised:
    """A counting loop that is started again when it ends as fenced, as a supervisor does with its process.

    A named member whose joining was not answered because the broker died may find itself fenced by its own repeat.
    """

    def __init__(self, log: KafkaLog, records_max: int) -> None:
        self._log = log
        self._settings = LoopSettings(records_max=records_max)
        self._start()

    def turn(self) -> bool:
        try:
            return self._loop.turn() or self._loop.is_behind()
        except Fenced:
            self._opened.close()
            self._start()
            return True
        except TryAgain:  # of is_behind: asked while nobody leads a partition
            return True

    def close(self) -> None:
        self._opened.close()

    def _start(self) -> None:
        self._opened = self._log.loop(Counting.name, [INPUT])
        self._loop = Loop(self._opened, Counting(), SystemClock(), self._settings)


def test_a_broker_that_is_killed_loses_and_doubles_nothing() -> None:
    with cluster(3, options=("broker.session.timeout.ms=3000", "broker.heartbeat.interval.ms=500")) as kafka:
        settings = replace(kafka_settings(f"three.@{kafka.bootstrap}"), replicas=3)
        log = KafkaLog(settings)
        log.create([row(INPUT, PARTITIONS), row(OUTPUT, PARTITIONS)])
        publish(log, INPUT, *((b"client-%d" % (n % 20), b"%d" % n) for n in range(300)))
        loop = Supervised(log, records_max=10)
        while len(everything(log, OUTPUT, PARTITIONS)) < 50:
            loop.turn()

        kafka.nodes[0].send(signal.SIGKILL)
        while loop.turn():
            pass
        publish(log, INPUT, *((b"client-%d" % (n % 20), b"%d" % n) for n in range(300, 400)))
        kafka.nodes[0].start()
        kafka.nodes[0].wait()
        while loop.turn():
            pass

        loop.close()
        assert assert_consistent(log, PARTITIONS) == 400
        log.close()
    with warnings.catch_warnings():  # kafka-python leaves a socket open where a broker refuses the connection
        warnings.simplefilter("ignore", ResourceWarning)
        gc.collect()


def test_a_fenced_loop_does_not_come_back_by_reopening_after_a_doubt(log: KafkaLog, where: str) -> None:
    older = joined(log)
    assert isinstance(older, KafkaLoopLog)
    again = KafkaLog(kafka_settings(where))
    newer = joined(again)
    older._transactions.close()  # as after a commit without an answer

    with pytest.raises(TryAgain):
        older.commit((), [Append(OUTPUT, b"k", b"zombie")], {})
    with pytest.raises(Fenced):
        older.reopen()

    newer.commit((), [Append(OUTPUT, b"k", b"right")], {})
    assert values(everything(log, OUTPUT)) == [b"right"]
    again.close()
