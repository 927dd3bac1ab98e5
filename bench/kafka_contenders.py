"""The loops beside which the router is measured, each a process: `python -m bench.kafka_contenders NAME BOOTSTRAP PREFIX`.

raw: reads, writes, and commits positions now and then; promises nothing. relay: the same rows, in transactions.
codec: decodes and encodes with fastavro, in transactions. own-codec: the same work in the services' own loop.
The first three are written straight on confluent-kafka, as short as they can be, with the settings that made such loops
fastest: what the services' loop costs beside them is then seen, too.
"""

import signal
import sys
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence

from confluent_kafka import OFFSET_BEGINNING, Consumer, Message, Producer, TopicPartition

from bench.kafka_work import Work, codec_only, passing_on
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.kafka_client import KafkaSettings, consumer_config, producer_config
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.loop import Loop, collect_when_idle
from sauma_services.runtime.ports import Append, Outputs, Record, StatePart
from sauma_services.runtime.topics import JOURNAL, state

_BATCH = 2_000
"""Records a transaction at most: a commit is then a few hundredths of the time."""
_GATHER_SECONDS = 0.005
"""After the first record, how long others are waited for; the best latency of several that were tried."""
_WAIT_SECONDS = 0.05


def _put(producer: Producer, topic: str, key: bytes, value: bytes, partition: int = -1) -> None:
    while True:
        try:
            producer.produce(topic, value, key, partition)
            break
        except BufferError:
            producer.poll(0.1)


class Plain:
    """A loop straight on confluent-kafka."""

    def __init__(self, settings: KafkaSettings, group: str, work: Work, *, is_transactional: bool) -> None:
        prefix = settings.prefix
        self._state, self._prefix, self._work = prefix + state(group), prefix, work
        self._names: dict[str, str] = {}
        self._consumer = Consumer(
            consumer_config(settings, prefix + group)
            | {
                "group.instance.id": f"{prefix}{group}-1",
                "partition.assignment.strategy": "range",
                "enable.partition.eof": False,
                "enable.auto.offset.store": not is_transactional,
            }
        )
        self._consumer.subscribe([prefix + JOURNAL.name], on_assign=_from_the_beginning)
        own = {"transactional.id": f"{prefix}{group}-1"} if is_transactional else {}
        self._producer = Producer(producer_config(settings) | own)
        self._is_transactional = is_transactional
        if is_transactional:
            self._producer.init_transactions(30)

    def run(self, stop: threading.Event) -> None:
        """Until told to stop."""
        committed_at = time.monotonic()
        unsure = False
        while not stop.is_set():
            first = self._consumer.poll(_WAIT_SECONDS)
            if first is None:
                batch: list[Message] = []
            else:
                batch = [first, *self._consumer.consume(_BATCH - 1, _GATHER_SECONDS)]
            if self._is_transactional:
                if batch:
                    self._transaction(batch)
                continue
            self._write(batch)
            self._producer.poll(0)
            unsure = unsure or bool(batch)
            if unsure and (not batch or time.monotonic() - committed_at > 1.0):
                self._producer.flush(30)
                self._consumer.commit(asynchronous=False)
                committed_at, unsure = time.monotonic(), False
        self._consumer.close()

    def _transaction(self, batch: Sequence[Message]) -> None:
        self._producer.begin_transaction()
        self._write(batch)
        ends: dict[int, int] = {}
        for message in batch:
            ends[message.partition() or 0] = (message.offset() or 0) + 1
        topic = self._prefix + JOURNAL.name
        self._producer.send_offsets_to_transaction(
            [TopicPartition(topic, partition, end) for partition, end in ends.items()],
            self._consumer.consumer_group_metadata(),
            30,
        )
        self._producer.commit_transaction(30)

    def _write(self, batch: Sequence[Message]) -> None:
        producer, names, prefix = self._producer, self._names, self._prefix
        # All at one go when all are made: sent as they are made, slow work goes out in many small requests.
        for topic, key, value, partition in [row for message in batch for row in self._rows(message)]:
            if topic is None:
                _put(producer, self._state, key, value, partition)
            else:
                name = names.get(topic) or names.setdefault(topic, prefix + topic)
                _put(producer, name, key, value)

    def _rows(self, message: Message) -> Iterator[tuple[str | None, bytes, bytes, int]]:
        error = message.error()
        if error is not None:
            raise RuntimeError(error.name())
        partition = message.partition() or 0
        for topic, key, value in self._work(message.key() or b"", message.value() or b""):
            yield topic, key, value, partition


def _from_the_beginning(consumer: Consumer, partitions: list[TopicPartition]) -> None:
    for partition in partitions:
        partition.offset = OFFSET_BEGINNING
    consumer.assign(partitions)


class Worked:
    """A topology that only does the work: what the services' loop costs by itself."""

    inputs: Sequence[str] = (JOURNAL.name,)

    def __init__(self, name: str, work: Work) -> None:
        self.name = name
        self._work = work

    def restore(self, partition: int, parts: Iterable[StatePart]) -> None:
        """Keeps nothing."""

    def forget(self, partition: int) -> None:
        """Keeps nothing."""

    def next_due(self) -> int | None:
        """Waits for records only."""
        return None

    def committed(self) -> None:
        """Keeps nothing."""

    def discard(self) -> None:
        """Keeps nothing."""

    def process(self, records: Sequence[Record], *, now: int) -> Outputs:  # noqa: ARG002 - the port's signature
        """The work's rows of each record."""
        appends: list[Append] = []
        parts: dict[int, list[StatePart]] = {}
        for record in records:
            for topic, key, value in self._work(record.key, record.value):
                if topic is None:
                    parts.setdefault(record.partition, []).append(StatePart(key, value))
                else:
                    appends.append(Append(topic, key, value))
        return Outputs(appends, parts)


def _own(settings: KafkaSettings, name: str, work: Work) -> Callable[[threading.Event], None]:
    log = KafkaLog(settings)
    topology = Worked(name, work)
    return Loop(log.loop(topology.name, topology.inputs), topology, SystemClock()).run


def main(name: str, bootstrap: str, prefix: str) -> None:
    """Run one until SIGTERM. Its group has its name."""
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    collect_when_idle()
    settings = KafkaSettings(bootstrap, prefix=prefix, replicas=1)
    run: Callable[[threading.Event], None]
    match name:
        case "raw":
            run = Plain(settings, name, passing_on(), is_transactional=False).run
        case "relay":
            run = Plain(settings, name, passing_on(), is_transactional=True).run
        case "codec":
            run = Plain(settings, name, codec_only(), is_transactional=True).run
        case "own-codec":
            run = _own(settings, name, codec_only())
        case "own-relay":
            run = _own(settings, name, passing_on())
        case _:
            raise SystemExit(f"no such contender: {name}")
    run(stop)


if __name__ == "__main__":
    main(*sys.argv[1:])
