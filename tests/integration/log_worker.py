"""What the log suite runs in processes of its own, to be killed: a counting loop, and a publisher.

`python log_worker.py ADDRESS drain` turns until there is nothing to do and tells each commit; `... publish NAME COUNT`;
`... die STATEMENT` (SQLite only) is killed as the so-manieth statement of a commit begins.
ADDRESS says which log: `sqlite:<path>` or `kafka:<prefix>@<bootstrap>`.
"""

import itertools
import os
import signal
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.kafka_client import KafkaSettings
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.loop import Loop, LoopSettings
from sauma_services.runtime.ports import Append, Log, Outputs, Record, StatePart
from sauma_services.runtime.sqlite_log import SqliteLog
from sauma_services.runtime.sqlite_loop import SqliteLoopLog

INPUT, OUTPUT = "in.health-08", "journal"
TOMBSTONE_AT = 5


def open_log(address: str) -> Log:
    """The log at `address`."""
    kind, _, where = address.partition(":")
    match kind:
        case "sqlite":
            return SqliteLog(Path(where))
        case "kafka":
            return KafkaLog(kafka_settings(where))
        case _:
            raise ValueError(f"no such kind of log: {kind}")


def kafka_settings(where: str, instance: str = "1") -> KafkaSettings:
    """Settings for tests: one copy, and no longer waits than the tests can bear. `where` is `<prefix>@<bootstrap>`."""
    prefix, _, bootstrap = where.partition("@")
    return KafkaSettings(
        bootstrap, instance, prefix, replicas=1, session_seconds=6, transaction_seconds=6, answer_seconds=5
    )


class Counting:
    """Numbers each key's records 1 to 5 and over again; the state is the number, taken away at 5."""

    name = "router"
    inputs = (INPUT,)

    def __init__(self, *, tells: bool = False) -> None:
        self._tells = tells
        self._counts: dict[int, dict[bytes, int]] = {}
        self._pending: dict[int, dict[bytes, int]] = {}

    def restore(self, partition: int, parts: Iterable[StatePart]) -> None:
        assert partition not in self._counts
        self._counts[partition] = {part.key: int(part.value or b"") for part in parts}

    def forget(self, partition: int) -> None:
        self._counts.pop(partition, None)

    def process(self, records: Sequence[Record], *, now: int) -> Outputs:  # noqa: ARG002 - the port's signature
        appends = []
        self._pending = {}
        for record in records:
            pending = self._pending.setdefault(record.partition, {})
            held = self._counts[record.partition].get(record.key, 0)
            count = pending.get(record.key, held) % TOMBSTONE_AT + 1
            pending[record.key] = count
            appends.append(Append(OUTPUT, record.key, b"%d" % count, (("of", record.value),)))
        state = {
            partition: [StatePart(key, None if n == TOMBSTONE_AT else b"%d" % n) for key, n in counts.items()]
            for partition, counts in self._pending.items()
        }
        return Outputs(appends, state)

    def committed(self) -> None:
        for partition, counts in self._pending.items():
            self._counts[partition].update(counts)
        self._pending = {}
        if self._tells:
            sys.stdout.write("committed\n")
            sys.stdout.flush()

    def discard(self) -> None:
        self._pending = {}

    def next_due(self) -> int | None:
        return None


def main(address: str, command: str, *arguments: str) -> None:
    log = open_log(address)
    if command == "publish":
        name, count = arguments[0], int(arguments[1])
        publisher = log.publisher()
        for n in range(count):
            publisher.publish(INPUT, [Append(INPUT, name.encode(), b"%d" % n)])
    elif command == "die":
        commit_and_die(log, int(arguments[0]))
    else:
        topology = Counting(tells=True)
        settings = LoopSettings(records_max=7)
        loop = Loop(log.loop(topology.name, topology.inputs), topology, SystemClock(), settings)
        while loop.turn() or loop.is_behind():
            pass
    log.close()


def commit_and_die(log: Log, statement: int) -> None:
    loop = log.loop("group", [INPUT])
    assert isinstance(loop, SqliteLoopLog)
    loop.assigned()
    batch = loop.read(10, 0)
    seen = itertools.count(1)

    def count(_: str) -> None:
        if next(seen) == statement:
            os.kill(os.getpid(), signal.SIGKILL)

    loop._connection.set_trace_callback(count)
    appends = [Append(OUTPUT, b"k", b"new-1"), Append(OUTPUT, b"k", b"new-2")]
    loop.commit(batch, appends, {0: [StatePart(b"a", b"1"), StatePart(b"b", b"1"), StatePart(b"gone", None)]})


if __name__ == "__main__":
    main(*sys.argv[1:])
