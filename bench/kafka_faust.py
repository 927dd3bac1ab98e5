"""Faust sending the same rows: `python -m bench.kafka_faust BOOTSTRAP PREFIX`. Every send is awaited, nothing is in transactions.

Its best settings of those that were tried: one agent on raw bytes, events taken 500 at a time, the acknowledgements of all
their sends awaited together, batches of 64 KiB, and logging off below warnings, which it otherwise builds for nothing.
The work is the codec's, without law and state.
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

GROUP = "faust"
_TAKEN = 500
_TAKEN_SECONDS = 0.05


def app(bootstrap: str, prefix: str, folder: str, partitions: int) -> Any:
    """The application with its one agent."""
    made = faust.App(
        prefix + GROUP,
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
    )
    work = codec_only()
    topics: dict[str, Any] = {}

    def topic(name: str) -> Any:
        found = topics.get(name)
        if found is None:
            found = topics[name] = made.topic(prefix + name, key_type=bytes, value_type=bytes)
        return found

    @made.agent(topic(JOURNAL.name), concurrency=1)
    async def route(stream: Any) -> None:
        async for events in stream.take_events(_TAKEN, within=_TAKEN_SECONDS):
            sends: list[Any] = []
            for event in events:
                key = event.message.key
                for name, own_key, value in work(key, event.value):
                    to, partition = (name, None) if name else (state(GROUP), partition_of(key, partitions))
                    sends.append(await topic(to).send(key=own_key, value=value, partition=partition))
            await asyncio.gather(*sends)

    return made


def main(bootstrap: str, prefix: str, partitions: str = "6") -> None:
    """Until SIGTERM."""
    logging.disable(logging.INFO)
    with tempfile.TemporaryDirectory(prefix="sauma-faust-") as folder:
        made = app(bootstrap, prefix, folder, int(partitions))
        faust.Worker(made, loglevel="warn", redirect_stdouts=False).execute_from_commandline()


if __name__ == "__main__":
    main(*sys.argv[1:])
