"""One broker on this machine, and the processes that are measured on it: starts them, feeds them, and tells what they took.

It knows groups, topics and processes, and nothing of what the processes compute. A slice of the load is written in one
transaction, so that all of it becomes visible at one moment: nobody can read ahead before the clock runs.
"""

import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
from confluent_kafka import Consumer, ConsumerGroupState, KafkaError, Message, Producer, TopicPartition
from confluent_kafka.admin import AdminClient

from bench.kafka_worker import Worker
from sauma_services.demo.local_kafka import LocalKafka
from sauma_services.runtime.kafka_catalog import KafkaCatalog
from sauma_services.runtime.kafka_client import KafkaSettings, base_config, producer_config
from sauma_services.runtime.ports import Append
from sauma_services.runtime.topics import JOURNAL, TopicRow

PARTITIONS = 6
"""As many as the settings' default for Kafka."""

_READY_SECONDS = 120.0
_LOOK_SECONDS = 0.025
"""How often the end of a slice is looked for. Slices last some forty times as long; looking more often is work for the broker."""

Target = Mapping[int, int]
"""By partition of the journal the position after the last record that was written."""


@dataclass(frozen=True, slots=True)
class Took:
    """What one slice took: by the clock, and of processors."""

    events: int
    seconds: float
    cpu_seconds: float
    broker_cpu_seconds: float


class Bed:
    """The broker, and everything that asks it."""

    def __init__(self, folder: Path, broker: LocalKafka) -> None:
        self.folder = folder
        self.bootstrap = broker.bootstrap
        # LocalKafka keeps its process to itself: it is the only child of ours by then.
        self._broker = psutil.Process().children()[0]
        self._admin = AdminClient(base_config(self.settings("")))  # type: ignore[arg-type] # its own dictionary type
        self.workers: list[Worker] = []

    def close(self) -> None:
        """Stop all processes; then ask the broker no more: the library's clients wait for a broker that has gone."""
        for worker in self.workers:
            worker.stop()
        del self._admin

    def settings(self, prefix: str, instance: str = "1") -> KafkaSettings:
        """Of a client of this broker."""
        return KafkaSettings(self.bootstrap, instance, prefix, replicas=1)

    def create(self, prefix: str, rows: Sequence[TopicRow]) -> None:
        """Topics under a prefix."""
        KafkaCatalog(self.settings(prefix)).create(rows)

    def python(self, module: str, *arguments: str) -> Worker:
        """A process that runs one of our modules."""
        return self._kept([sys.executable, "-m", module, *arguments])

    def router(self, prefix: str, instance: str = "1", **log: object) -> Worker:
        """The services' own process, over a configuration in the folder. `log`: further settings of `[log]`."""
        data = self.folder / prefix
        data.mkdir(exist_ok=True)
        config = data / "sauma.toml"
        lines = {
            "kind": "kafka",
            "bootstrap": self.bootstrap,
            "prefix": prefix,
            "partitions": PARTITIONS,
            "replicas": 1,
            **log,
        }
        told = "\n".join(f"{key} = {json.dumps(value)}" for key, value in lines.items())
        config.write_text(f'[machine]\ndata = "data"\n\n[log]\n{told}\n', encoding="utf-8")
        sauma = Path(sys.executable).parent / "sauma"
        return self._kept([str(sauma), "router", str(config), "--instance", instance])

    def broker_cpu_seconds(self) -> float:
        """Of the broker so far."""
        times = self._broker.cpu_times()
        return times.user + times.system

    def wait_for_group(self, group: str, *, members: int, workers: Sequence[Worker] = ()) -> None:
        """Until all members are in, and their partitions are given out."""
        given_up_at = time.monotonic() + _READY_SECONDS
        while time.monotonic() < given_up_at:
            for worker in workers:
                worker.check()
            found = self._admin.describe_consumer_groups([group], request_timeout=5)[group]
            try:
                described = found.result()
            except Exception:  # noqa: BLE001, S110 - a group that nobody has joined yet
                pass
            else:
                if described.state == ConsumerGroupState.STABLE and len(described.members) == members:
                    return
            time.sleep(0.1)
        raise TimeoutError(f"group {group} does not gather {members} members")

    def publish(self, prefix: str, records: Sequence[Append]) -> Target:
        """Write to the journal of a prefix, all at once."""
        producer = Producer(
            producer_config(self.settings(prefix)) | {"transactional.id": f"{prefix}feed", "batch.num.messages": 10_000}
        )
        producer.init_transactions(30)
        producer.begin_transaction()
        target: dict[int, int] = {}

        def note(error: KafkaError | None, message: Message) -> None:
            if error is not None:
                raise RuntimeError(error.name())
            partition, offset = message.partition() or 0, message.offset() or 0
            target[partition] = max(target.get(partition, 0), offset + 1)

        for record in records:
            while True:
                try:
                    producer.produce(prefix + JOURNAL.name, record.value, record.key, on_delivery=note)
                    break
                except BufferError:
                    producer.poll(0.1)
            producer.poll(0)
        producer.flush(60)
        producer.commit_transaction(30)
        return target

    def took(self, events: int, workers: Sequence[Worker], ended: Callable[[], bool]) -> Took:
        """From now until `ended`."""
        began = time.perf_counter()
        cpu = sum(worker.cpu_seconds() for worker in workers)
        broker = self.broker_cpu_seconds()
        while not ended():
            for worker in workers:
                worker.check()
            time.sleep(_LOOK_SECONDS)
        return Took(
            events,
            time.perf_counter() - began,
            sum(worker.cpu_seconds() for worker in workers) - cpu,
            self.broker_cpu_seconds() - broker,
        )

    def _kept(self, command: list[str]) -> Worker:
        log = self.folder / f"worker-{len(self.workers)}.log"
        worker = Worker(command, log)
        self.workers.append(worker)
        return worker


class Progress:
    """How far a group has come, by its committed positions in the journal: what an operator sees, too."""

    def __init__(self, bed: Bed, prefix: str, group: str) -> None:
        self._topic = prefix + JOURNAL.name
        # Read uncommitted: asking must not wait for a commit under way, which is what is being timed.
        config = base_config(bed.settings(prefix)) | {"group.id": group, "isolation.level": "read_uncommitted"}
        self._consumer = Consumer(config)

    def reached(self, target: Target) -> bool:
        """Whether all of `target` is committed."""
        asked = [TopicPartition(self._topic, partition) for partition in target]
        answers = self._consumer.committed(asked, 30)
        return all(answer.offset >= target[answer.partition] for answer in answers)

    def close(self) -> None:
        """No use after this."""
        self._consumer.close()


class Count:
    """How many records a topic without transactions has: for who commits its position late and writes at once."""

    def __init__(self, bed: Bed, topic: str, partitions: int = 1) -> None:
        self._topic = topic
        self._partitions = partitions
        self._consumer = Consumer(base_config(bed.settings("")) | {"group.id": "count"})

    def now(self) -> int:
        """By the ends of its partitions."""
        places = [TopicPartition(self._topic, partition) for partition in range(self._partitions)]
        return sum(self._consumer.get_watermark_offsets(place, 30)[1] for place in places)

    def close(self) -> None:
        """No use after this."""
        self._consumer.close()


def machine() -> dict[str, object]:
    """What a reader of figures has to know of the machine: others' work on it shows in its load."""
    return {"machine": {"processors": os.cpu_count(), "load_of_the_last_minute": round(os.getloadavg()[0], 1)}}


@contextmanager
def bed(*, options: Sequence[str] = ()) -> Iterator[Bed]:
    """A broker of its own in an empty folder; at the end everything that was started has ended."""
    with tempfile.TemporaryDirectory(prefix="sauma-bench-", dir=os.environ.get("SAUMA_BENCH_DIR")) as name:
        folder = Path(name)
        broker = LocalKafka(folder / "kafka", heap="1g", options=options)
        made: Bed | None = None
        try:
            made = Bed(folder, broker)
            yield made
        finally:
            if made is not None:
                made.close()
            broker.stop()
