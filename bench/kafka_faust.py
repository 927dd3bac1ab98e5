"""Faust sending the same rows: `python -m bench.kafka_faust NAME BOOTSTRAP PREFIX`. The work is the codec's, without law and state.

Its best settings of those that were tried: one agent on raw bytes, batches of 64 KiB, and logging off below warnings, which it
otherwise builds for nothing. `faust` takes events 500 at a time and awaits the acknowledgements of all their sends together,
without transactions. `faust-exactly-once` has its guarantee of that name; there events come one by one, because it finds the
transaction by the event at hand.
"""

import asyncio
import logging
import sys
import tempfile
from typing import Any

import faust

from bench.kafka_work import codec_only
from sauma_services.runtime.partitioner import partition_of
from sauma_services.runtime.topics import JOURNAL, state

AT_LEAST_ONCE, EXACTLY_ONCE = "faust", "faust-exactly-once"
GROUPS = (AT_LEAST_ONCE, EXACTLY_ONCE)
"""What it is measured as, by what it promises; also the groups' names."""

_TAKEN = 500
_TAKEN_SECONDS = 0.05


def app(name: str, bootstrap: str, prefix: str, folder: str, partitions: int) -> Any:
    """The application with its one agent."""
    made = faust.App(
        prefix + name,
        broker=f"kafka://{bootstrap}",
        datadir=folder,
        store="memory://",
        web_enabled=False,
        topic_allow_declare=False,
        topic_disable_leader=True,
        key_serializer="raw",
        value_serializer="raw",
        consumer_auto_offset_reset="earliest",
        producer_linger=0.005,
        producer_max_batch_size=64 * 1024,
        producer_compression_type="lz4",
        producer_acks=-1,
        stream_wait_empty=False,
        processing_guarantee="exactly_once" if name == EXACTLY_ONCE else "at_least_once",
    )
    work = codec_only()
    topics: dict[str, Any] = {}

    def topic(name: str) -> Any:
        found = topics.get(name)
        if found is None:
            found = topics[name] = made.topic(prefix + name, key_type=bytes, value_type=bytes)
        return found

    async def route(event: Any) -> list[Any]:
        key = event.message.key
        sends: list[Any] = []
        for name_of, own_key, value in work(key, event.value):
            to, partition = (name_of, None) if name_of else (state(name), partition_of(key, partitions))
            sends.append(await topic(to).send(key=own_key, value=value, partition=partition))
        return sends

    async def by_many(stream: Any) -> None:
        async for events in stream.take_events(_TAKEN, within=_TAKEN_SECONDS):
            await asyncio.gather(*[sent for event in events for sent in await route(event)])

    async def by_one(stream: Any) -> None:
        async for event in stream.events():
            await route(event)

    made.agent(topic(JOURNAL.name), concurrency=1)(by_one if name == EXACTLY_ONCE else by_many)
    return made


def main(name: str, bootstrap: str, prefix: str, partitions: str) -> None:
    """Until SIGTERM."""
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory(prefix="sauma-faust-") as folder:
        made = app(name, bootstrap, prefix, folder, int(partitions))
        faust.Worker(made, loglevel="warn", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main(*sys.argv[1:])
