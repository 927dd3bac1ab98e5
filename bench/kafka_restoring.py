"""Reads a router's state back, in a process of its own, and says what that took: as the router does, or raw.

`python -m bench.kafka_restoring HOW BOOTSTRAP PREFIX CLIENTS`, HOW being `router` or `raw`. Raw is the least that anyone
has to do with a compacted topic: read it to its end and keep the last value of each key.
"""

import json
import sys
import time

import psutil
from confluent_kafka import OFFSET_BEGINNING, Consumer, TopicPartition

from bench.kafka_bed import PARTITIONS
from sauma.resources import load_laws, load_places
from sauma_services.router import Router
from sauma_services.runtime.kafka_client import KafkaSettings, consumer_config
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.loop import collect_when_idle
from sauma_services.runtime.topics import state


def by_router(settings: KafkaSettings) -> tuple[float, object]:
    """The seconds of the restores alone, without joining the group; and what they made."""
    log = KafkaLog(settings)
    router = Router(laws=load_laws(), places=load_places())
    loop = log.loop(router.name, router.inputs)
    gained: set[int] = set()
    seconds = 0.0
    while len(gained) < PARTITIONS:
        loop.read(1, 1.0)
        for partition in sorted(loop.assigned().gained):
            began = time.perf_counter()
            router.restore(partition, loop.restore(partition))
            seconds += time.perf_counter() - began
            gained.add(partition)
    return seconds, router


def raw(settings: KafkaSettings) -> tuple[float, object]:
    """The seconds from the first asking to the end of all partitions; and the table."""
    topic = settings.prefix + state(Router.name)
    consumer = Consumer(consumer_config(settings, f"{settings.prefix}raw"))
    table: dict[bytes, bytes] = {}
    ended: set[int] = set()
    consumer.list_topics(topic, 30)  # left to itself, the library takes a second to learn where the topic lies
    began = time.perf_counter()
    consumer.assign([TopicPartition(topic, partition, OFFSET_BEGINNING) for partition in range(PARTITIONS)])
    while len(ended) < PARTITIONS:
        for message in consumer.consume(5_000, 0.05):
            if message.error() is not None:  # the end of a partition comes as one
                ended.add(message.partition() or 0)
            else:
                table[message.key() or b""] = message.value() or b""
    seconds = time.perf_counter() - began
    consumer.close()
    return seconds, table


def main(how: str, bootstrap: str, prefix: str, clients: str) -> None:
    """Print one line."""
    collect_when_idle()
    process = psutil.Process()
    settings = KafkaSettings(bootstrap, prefix=prefix, replicas=1)
    before, cpu = process.memory_info().rss, time.process_time()
    seconds, kept = by_router(settings) if how == "router" else raw(settings)
    share = 100_000 / int(clients)
    found = {
        "seconds_per_100k": round(seconds * share, 2),
        "cpu_seconds_per_100k": round((time.process_time() - cpu) * share, 2),
        "megabytes_per_100k": round((process.memory_info().rss - before) / 1e6 * share),
    }
    del kept
    print(json.dumps(found))


if __name__ == "__main__":
    main(*sys.argv[1:])
