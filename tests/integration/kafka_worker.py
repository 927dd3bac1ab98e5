"""What the Kafka suite runs in processes of its own, to be paused and killed.

`python kafka_worker.py PREFIX@BOOTSTRAP INSTANCE run` takes part in the counting group until SIGTERM; `... hold batch` or
`... hold nothing` reads a batch, says so, and commits it, or nothing, when told to on its standard input.
"""

import signal
import sys
import threading

from integration.log_worker import INPUT, OUTPUT, Counting, kafka_settings
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.errors import Failure
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.loop import Loop, LoopSettings
from sauma_services.runtime.ports import Append, Log, Record, StatePart


def main(where: str, instance: str, command: str, *arguments: str) -> None:
    log = KafkaLog(kafka_settings(where, instance))
    if command == "run":
        run(log)
    else:
        hold(log, arguments[0])


def run(log: Log) -> None:
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    topology = Counting(tells=True)
    Loop(log.loop(topology.name, topology.inputs), topology, SystemClock(), LoopSettings(records_max=20)).run(stop)
    log.close()


def hold(log: Log, what: str) -> None:
    loop = log.loop(Counting.name, [INPUT])
    batch: list[Record] = []
    while not batch:
        loop.assigned()
        batch += loop.read(10, 0.5)
    say("holding")
    sys.stdin.readline()
    try:
        zombie = [Append(OUTPUT, b"k", b"zombie")]
        loop.commit(batch if what == "batch" else (), zombie, {batch[0].partition: [StatePart(b"k", b"zombie")]})
    except Failure as failure:
        say(type(failure).__name__)
    else:
        say("committed")


def say(word: str) -> None:
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main(*sys.argv[1:])
