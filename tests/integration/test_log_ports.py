"""What every log promises behind its ports. Another log becomes another parameter of `under_test`."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from integration.log_worker import INPUT, OUTPUT, TOMBSTONE_AT, Counting, open_log
from sauma_services.runtime import topics
from sauma_services.runtime.errors import Fenced, NeedsOperator
from sauma_services.runtime.failpoints import NAMES
from sauma_services.runtime.partitioner import partition_of
from sauma_services.runtime.ports import Append, Log, LoopLog, Record, StatePart
from sauma_services.runtime.topics import Retention, TopicRow

WORKER = Path(__file__).with_name("log_worker.py")
SECOND_INPUT = "in.kela"


def row(name: str, partitions: int = 1) -> TopicRow:
    return TopicRow(name, "key", "none", "the test", Retention.UNTIL_CUT, partitions=partitions)


@dataclass(frozen=True, slots=True)
class UnderTest:
    """One log, opened here, and its address for other processes."""

    log: Log
    address: str

    def start(self, *arguments: str, failpoint: str = "") -> "subprocess.Popen[str]":
        return subprocess.Popen(
            [sys.executable, str(WORKER), self.address, *arguments],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            text=True,
            env={**os.environ, "SAUMA_FAILPOINT": failpoint},
        )


@pytest.fixture(params=["sqlite", "kafka"])
def under_test(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[UnderTest]:
    match request.param:
        case "sqlite":
            address = f"sqlite:{tmp_path / 'data' / 'log.sqlite3'}"
        case "kafka":
            address = f"kafka:{request.getfixturevalue('prefix')}@{request.getfixturevalue('bootstrap')}"
        case _:
            raise AssertionError(request.param)
    log = open_log(address)
    yield UnderTest(log, address)
    log.close()


@pytest.fixture
def log(under_test: UnderTest) -> Log:
    return under_test.log


def there(log: Log, *names: str) -> None:
    """Topics are created before they are used; those that a test has created itself stay as they are."""
    for name in names:
        with suppress(NeedsOperator):
            log.create([row(name)])


def joined(log: Log, *inputs: str, group: str = "group", partitions: int = 1) -> LoopLog:
    """A loop that has been told of all its partitions."""
    there(log, *(inputs or (INPUT,)), OUTPUT, "decisions")
    loop = log.loop(group, inputs or (INPUT,))
    gained: set[int] = set()
    while len(gained) < partitions:
        gained |= loop.assigned().gained
        if len(gained) < partitions:
            assert not loop.read(100, 0.05), "a record of a partition not told of"
    return loop


def read_at_least(loop: LoopLog, count: int, count_max: int = 100) -> list[Record]:
    """Reads until there are so many; hangs, and is timed out, if they never come."""
    records: list[Record] = []
    while len(records) < count:
        batch = loop.read(count_max, 0.5)
        assert len(batch) <= count_max
        records += batch
    return records


def publish(log: Log, topic: str, *pairs: tuple[bytes, bytes]) -> None:
    there(log, topic)
    log.publisher().publish(topic, [Append(topic, key, value) for key, value in pairs])


def everything(log: Log, topic: str, partitions: int = 1) -> list[Record]:
    reader = log.reader()
    return [record for partition in range(partitions) for record in reader.scan(topic, partition)]


def values(records: Sequence[Record]) -> list[bytes]:
    return [record.value for record in records]


# Publishing and reading


def test_what_was_published_is_read_as_it_was(log: Log) -> None:
    headers = (("incarnation", b"\x00\xff"), ("seq", b""), ("ä", b"x" * 70_000))
    there(log, INPUT)
    log.publisher().publish(INPUT, [Append(INPUT, b"k", b"", headers), Append(INPUT, b"", b"v" * 1_000_000)])

    first, second = everything(log, INPUT)

    assert (first.topic, first.partition, first.key, first.value, first.headers) == (INPUT, 0, b"k", b"", headers)
    assert (second.key, second.value, second.headers) == (b"", b"v" * 1_000_000, ())
    assert second.position > first.position
    assert first.stamped_at > 0


def test_a_scan_goes_from_its_start_to_before_its_stop(log: Log) -> None:
    publish(log, INPUT, *((b"k", b"%d" % n) for n in range(2_500)))  # more than a page of any log
    records = everything(log, INPUT)
    reader = log.reader()

    middle = list(reader.scan(INPUT, 0, records[1_000].position, records[2_200].position))

    assert values(records) == [b"%d" % n for n in range(2_500)]
    assert middle == records[1_000:2_200]
    assert reader.end(INPUT, 0) > records[-1].position
    assert not list(reader.scan(INPUT, 0, reader.end(INPUT, 0)))


def test_a_scan_ends_where_the_end_was_when_it_was_asked_for(log: Log) -> None:
    publish(log, INPUT, (b"k", b"before"))
    scan = log.reader().scan(INPUT, 0)
    publish(log, INPUT, (b"k", b"after"))

    assert values(list(scan)) == [b"before"]


def test_there_is_nothing_in_what_does_not_exist(log: Log) -> None:
    reader = log.reader()

    assert not list(reader.scan("in.nobody", 0))
    assert reader.end("in.nobody", 0) == 0
    assert not list(reader.state("nobody"))
    assert reader.state_part("nobody", b"k") is None


def test_a_record_goes_to_the_partition_of_its_key(log: Log) -> None:
    log.create([row(INPUT, 3)])
    keys = [b"client-%d" % n for n in range(30)]
    publish(log, INPUT, *((key, b"v") for key in keys))

    records = everything(log, INPUT, 3)

    assert {record.key: record.partition for record in records} == {key: partition_of(key, 3) for key in keys}
    assert {record.partition for record in records} == {0, 1, 2}


def test_another_partition_count_is_refused(log: Log) -> None:
    log.create([row(INPUT, 3)])
    log.create([row(INPUT, 3)])

    with pytest.raises(NeedsOperator, match="has 3 partitions"):
        log.create([row(INPUT, 4)])


def test_topics_of_unequal_partition_counts_make_no_loop(log: Log) -> None:
    log.create([row(INPUT, 2), row(SECOND_INPUT, 3)])

    with pytest.raises(NeedsOperator, match="unequal"):
        log.loop("group", [INPUT, SECOND_INPUT])


# The loop: assignment, positions, commit


def test_nothing_is_read_before_the_assignment_was_taken(log: Log) -> None:
    publish(log, INPUT, (b"k", b"v"))
    loop = log.loop("group", [INPUT])

    assert not loop.read(10, 0)
    joined(log)


def test_reading_goes_on_from_what_was_committed_after_a_restart(under_test: UnderTest) -> None:
    log = under_test.log
    publish(log, INPUT, *((b"k", b"%d" % n) for n in range(5)))
    loop = joined(log)
    loop.commit(read_at_least(loop, 2, 2), (), {})
    read_at_least(loop, 1, 1)  # read, not committed
    loop.close()

    again = open_log(under_test.address)
    rest = read_at_least(joined(again), 3)
    again.close()

    assert values(rest) == [b"2", b"3", b"4"]


def test_each_group_reads_for_itself(log: Log) -> None:
    publish(log, INPUT, (b"k", b"v"))
    one = joined(log, group="one")
    one.commit(read_at_least(one, 1), (), {})

    assert values(read_at_least(joined(log, group="two"), 1)) == [b"v"]
    assert not one.read(10, 0)


def test_a_commit_writes_outputs_state_and_positions(log: Log) -> None:
    publish(log, INPUT, (b"k", b"v"))
    loop = joined(log)

    loop.commit(read_at_least(loop, 1), [Append(OUTPUT, b"k", b"out")], {0: [StatePart(b"part", b"1")]})

    assert values(everything(log, OUTPUT)) == [b"out"]
    assert list(log.reader().state("group")) == [StatePart(b"part", b"1")]
    assert log.reader().state_part("group", b"part") == b"1"
    assert not joined(log).read(10, 0)


def test_an_empty_batch_is_committed_like_any_other(log: Log) -> None:
    publish(log, INPUT, (b"k", b"unread"))
    loop = joined(log)

    loop.commit((), [Append(OUTPUT, b"k", b"wake-up")], {0: [StatePart(b"part", b"1")]})

    assert values(everything(log, OUTPUT)) == [b"wake-up"]
    assert log.reader().state_part("group", b"part") == b"1"
    assert values(read_at_least(loop, 1)) == [b"unread"]


def test_a_commit_of_nothing_at_all_is_no_error(log: Log) -> None:
    joined(log).commit((), (), {})


def test_a_loop_reads_what_it_wrote_to_its_own_input(log: Log) -> None:
    loop = joined(log)
    assert not loop.read(10, 0)

    loop.commit((), [Append(INPUT, b"k", b"wake-up")], {})

    assert values(read_at_least(loop, 1)) == [b"wake-up"]


def test_reopening_loses_and_gains_everything_and_reads_again(log: Log) -> None:
    log.create([row(INPUT, 2)])
    publish(log, INPUT, *((b"client-%d" % n, b"%d" % n) for n in range(10)))
    loop = joined(log, partitions=2)
    before = read_at_least(loop, 10)

    loop.reopen()
    gained: set[int] = set()
    lost: set[int] = set()
    while len(gained) < 2:
        change = loop.assigned()
        gained |= change.gained
        lost |= change.lost

    assert (gained, lost) == ({0, 1}, {0, 1})
    assert set(read_at_least(loop, 10)) == set(before)


def test_a_waiting_read_is_woken_by_another_process(under_test: UnderTest) -> None:
    loop = joined(under_test.log)

    with under_test.start("publish", "other", "1"):
        records = read_at_least(loop, 1)

    assert values(records) == [b"0"]


# State


def test_state_is_restored_without_what_was_taken_away(log: Log) -> None:
    log.create([row(INPUT, 2)])
    loop = joined(log, partitions=2)
    loop.commit((), (), {0: [StatePart(b"a", b"1"), StatePart(b"b", b"1")], 1: [StatePart(b"a", b"other")]})
    loop.commit((), (), {0: [StatePart(b"a", None), StatePart(b"b", b"2"), StatePart(b"never", None)]})

    again = joined(log, partitions=2)

    assert list(again.restore(0)) == [StatePart(b"b", b"2")]
    assert list(again.restore(1)) == [StatePart(b"a", b"other")]


def test_within_one_commit_the_last_word_on_a_part_counts(log: Log) -> None:
    loop = joined(log)

    loop.commit(
        (), (), {0: [StatePart(b"a", None), StatePart(b"a", b"1"), StatePart(b"b", b"1"), StatePart(b"b", None)]}
    )

    assert list(joined(log).restore(0)) == [StatePart(b"a", b"1")]


def test_a_large_state_is_restored_each_part_once(log: Log) -> None:
    parts = {b"%d" % n: b"v%d" % n for n in range(2_500)} | {b"": b"the empty key is a key"}
    joined(log).commit((), (), {0: [StatePart(key, value) for key, value in parts.items()]})

    restored = list(joined(log).restore(0))

    assert len(restored) == len(parts)
    assert {part.key: part.value for part in restored} == parts


def test_groups_do_not_see_each_others_state(log: Log) -> None:
    joined(log, group="one").commit((), (), {0: [StatePart(b"a", b"1")]})

    assert not list(joined(log, group="two").restore(0))
    assert log.reader().state_part("two", b"a") is None


# Fencing


@pytest.mark.parametrize("is_wake_up", [False, True])
def test_a_loop_whose_group_was_taken_over_cannot_commit(log: Log, is_wake_up: bool) -> None:
    publish(log, INPUT, (b"k", b"v"))
    older = joined(log)
    batch = read_at_least(older, 1)
    newer = joined(log)

    with pytest.raises(Fenced):
        older.commit(() if is_wake_up else batch, [Append(OUTPUT, b"k", b"zombie")], {0: [StatePart(b"a", b"zombie")]})
    newer.commit(read_at_least(newer, 1), [Append(OUTPUT, b"k", b"right")], {})

    assert values(everything(log, OUTPUT)) == [b"right"]
    assert not list(log.reader().state("group"))


def test_a_fenced_loop_stays_fenced(log: Log) -> None:
    older = joined(log)
    joined(log)

    with pytest.raises(Fenced):
        older.reopen()


# Fairness


def test_a_long_topic_does_not_keep_a_short_one_waiting(log: Log) -> None:
    publish(log, INPUT, *((b"k", b"long") for _ in range(3_000)))
    loop = joined(log, INPUT, SECOND_INPUT)
    first = read_at_least(loop, 1)
    assert b"short" not in values(first)

    publish(log, SECOND_INPUT, (b"k", b"short"))
    before = 0
    # As a loop reads: with a commit after each batch. Merely reading is quicker than any log can fetch.
    while b"short" not in values(batch := loop.read(100, 0.5)):
        loop.commit(batch, (), {})
        before += len(batch)

    assert before <= 1_000


def test_every_topic_gets_its_turn_when_a_read_holds_fewer_than_there_are(log: Log) -> None:
    names = [topics.inbound(f"area-{n}") for n in range(7)]
    for name in names:
        publish(log, name, *((b"k", b"v") for _ in range(20)))
    loop = joined(log, *names)

    seen: dict[str, list[int]] = defaultdict(list)
    for _ in range(140):
        for record in loop.read(3, 0.5):
            seen[record.topic].append(record.position)
        if len(seen) == len(names):
            break

    assert sorted(seen) == sorted(names)
    assert max(len(positions) for positions in seen.values()) < 20, "one topic was read out before another came"


# Several writers, and readers beside them


def test_two_processes_publish_at_once_and_nothing_is_lost_or_out_of_order(under_test: UnderTest) -> None:
    there(under_test.log, INPUT)
    with under_test.start("publish", "a", "100") as one, under_test.start("publish", "b", "100") as other:
        pass
    assert (one.returncode, other.returncode) == (0, 0)

    records = everything(under_test.log, INPUT)

    for name in (b"a", b"b"):
        assert [record.value for record in records if record.key == name] == [b"%d" % n for n in range(100)]
    assert len(records) == 200
    assert len({record.position for record in records}) == 200


def test_a_reader_never_sees_half_a_commit(log: Log) -> None:
    loop = joined(log)
    commits = 60
    failures: list[object] = []

    def write() -> None:
        for n in range(commits):
            number = b"%d" % n
            loop.commit(
                (), [Append(OUTPUT, b"k", number), Append("decisions", b"k", number)], {0: [StatePart(b"n", number)]}
            )

    writer = threading.Thread(target=write)
    reader = log.reader()
    writer.start()
    is_writing = True
    while is_writing:
        is_writing = writer.is_alive()
        # Looked at in this order, each must show at least the commits that the one before it showed.
        committed = int(reader.state_part("group", b"n") or -1) + 1
        decided = len(list(reader.scan("decisions", 0)))
        journalled = len(list(reader.scan(OUTPUT, 0)))
        if not committed <= decided <= journalled:
            failures.append((committed, decided, journalled))
    writer.join()

    assert not failures
    assert values(everything(log, "decisions")) == [b"%d" % n for n in range(commits)]


# Killed in the middle


def filled(under_test: UnderTest, count: int, partitions: int) -> list[tuple[bytes, bytes]]:
    under_test.log.create([row(INPUT, partitions), row(OUTPUT, partitions)])
    pairs = [(b"client-%d" % (n % 17), b"%d" % n) for n in range(count)]
    publish(under_test.log, INPUT, *pairs)
    return pairs


def assert_consistent(log: Log, partitions: int) -> int:
    """Outputs, state and positions tell the same story; how many records are done."""
    inputs = everything(log, INPUT, partitions)
    outputs = everything(log, OUTPUT, partitions)
    done: dict[bytes, int] = defaultdict(int)
    for output in outputs:
        assert int(output.value) == done[output.key] % TOMBSTONE_AT + 1
        done[output.key] += 1
    of = {key: [r.value for r in inputs if r.key == key][:count] for key, count in done.items()}
    assert of == {key: [dict(r.headers)["of"] for r in outputs if r.key == key] for key in done}
    expected = {key: count % TOMBSTONE_AT for key, count in done.items() if count % TOMBSTONE_AT}
    assert {part.key: int(part.value or b"") for part in log.reader().state(Counting.name)} == expected

    loop = joined(log, group=Counting.name, partitions=partitions)
    rest = read_at_least(loop, len(inputs) - len(outputs))
    assert not loop.read(1, 0)
    loop.close()
    assert sorted(r.value for r in rest) == sorted(
        {r.value for r in inputs} - {v for some in of.values() for v in some}
    )
    return len(outputs)


def kill_after(lines: int) -> Callable[["subprocess.Popen[str]"], None]:
    def kill(worker: "subprocess.Popen[str]") -> None:
        assert worker.stdout is not None  # a line a commit; empty once the process has ended by itself
        for _ in range(lines):
            worker.stdout.readline()
        worker.kill()

    return kill


@pytest.mark.parametrize("partitions", [1, 3])
def test_a_process_killed_anywhere_leaves_whole_commits(under_test: UnderTest, partitions: int) -> None:
    seed = random.randrange(1 << 32)
    chance = random.Random(seed)
    pairs = filled(under_test, 700, partitions)
    done = 0
    for _ in range(5):
        with under_test.start("drain") as worker:
            kill_after(chance.randint(0, 8))(worker)
        before, done = done, assert_consistent(under_test.log, partitions)
        assert done >= before, f"seed {seed}"

    with under_test.start("drain") as worker:
        worker.communicate(timeout=120)
    assert worker.returncode == 0
    assert assert_consistent(under_test.log, partitions) == len(pairs), f"seed {seed}"


@pytest.mark.parametrize("failpoint", [name for name in NAMES if name.startswith("router.")])
def test_a_loop_killed_at_a_failpoint_commits_each_batch_once(under_test: UnderTest, failpoint: str) -> None:
    filled(under_test, 40, 1)
    with under_test.start("drain", failpoint=f"{failpoint}:3") as worker:
        worker.communicate(timeout=120)
    assert worker.returncode == -signal.SIGKILL

    done = assert_consistent(under_test.log, 1)

    # A read may come back empty, and then the third one is an earlier batch's.
    expected = {"router.after-commit": {21}, "router.after-read": {0, 7, 14}}
    assert done in expected.get(failpoint, {14})
    with under_test.start("drain") as worker:
        worker.communicate(timeout=120)
    assert assert_consistent(under_test.log, 1) == 40
