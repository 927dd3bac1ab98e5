"""Measures intake and router on the embedded log beside a bare loop that does the same reading and writing, without law or state.

`python -m bench.pipeline` prints events/s, CPU per event, bytes a client, and the ratio to the bare loop of the same run.
Absolute figures of a shared machine say little: read the ratios.
"""

import argparse
import gc
import io
import json
import resource
import sqlite3
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import fastavro

from bench.load import ENDPOINTS, START, rounds
from sauma.codec import REGISTRY, Codec
from sauma.decision import Decision
from sauma.event import Event
from sauma.places import Places
from sauma.resources import load_laws, load_places
from sauma.rulefile import Laws
from sauma_services.intake import Intake
from sauma_services.router import Router
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.loop import Loop, LoopSettings, collect_when_idle
from sauma_services.runtime.ports import Append, Outputs, Record
from sauma_services.runtime.sqlite_log import SqliteLog
from sauma_services.runtime.topics import (
    DECISIONS,
    JOURNAL,
    REJECTED,
    deliveries,
    deliveries_row,
    inbound_row,
    narrowing_row,
)

_DECISION = Codec(Decision)


@dataclass(frozen=True)
class Run:
    """What one run took."""

    events: int
    seconds: float
    cpu_seconds: float

    @property
    def rate(self) -> float:
        """Events a second."""
        return self.events / self.seconds

    @property
    def cpu_us(self) -> float:
        """Microseconds of processor time an event."""
        return self.cpu_seconds / self.events * 1e6


Rows = list[tuple[int, int]]
"""The sizes of rows' keys and values, in bytes."""


def pipeline(
    folder: Path, load: list[list[Append]], beside: Callable[[list[Append], Rows], None]
) -> tuple[Run, Rows, int]:
    """The real thing. Also returns the sizes of every row that it wrote, and the bytes of state a client.

    Each slice of the load is published outside the time taken, then intake and router run until it is drained. After each,
    `beside` is given it with the rows that were written for it: what is measured beside takes its turns on the same machine.
    """
    log = SqliteLog(folder / "log.sqlite3")
    places = load_places()
    log.create([row(e) for e in ENDPOINTS for row in (inbound_row, narrowing_row)])
    log.create([deliveries_row(e) for e in places.endpoints])
    publisher, reader = log.publisher(), log.reader()
    intake, router = Intake(ENDPOINTS), Counted(laws=load_laws(), places=places)
    settings = LoopSettings(wait_seconds_max=0.0001)
    loops = [Loop(log.loop(t.name, t.inputs), t, SystemClock(), settings) for t in (intake, router)]
    topics = [JOURNAL.name, DECISIONS.name, REJECTED.name, *(deliveries(e) for e in ENDPOINTS), deliveries("keha")]
    ends = dict.fromkeys(topics, 0)
    rows: Rows = []
    cpu = seconds = 0.0
    for part in load:
        by_topic: dict[str, list[Append]] = {}
        for append in part:
            by_topic.setdefault(append.topic, []).append(append)
        for topic, appends in by_topic.items():
            publisher.publish(topic, appends)
        cpu_before, before = time.process_time(), time.perf_counter()
        while sum(loop.turn() for loop in loops):
            pass
        cpu, seconds = cpu + time.process_time() - cpu_before, seconds + time.perf_counter() - before
        written, router.written = router.written, []
        for topic in topics:
            written += [(len(r.key), len(r.value)) for r in reader.scan(topic, 0, ends[topic])]
            ends[topic] = reader.end(topic, 0)
        rows += written
        beside(part, written)
    outcomes = Counter(_DECISION.decode_trusted(r.value).outcome for r in reader.scan(DECISIONS.name, 0))
    total = sum(len(part) for part in load)
    assert outcomes == {"accepted": total}, f"the load must be let in whole: {outcomes}"
    state = round(sum(len(p.key) + len(p.value or b"") for p in reader.state(Router.name)) / len(load[0]))
    log.close()
    return Run(total, seconds, cpu), rows, state


class Counted(Router):
    """The router, noting the sizes of the state parts that it writes, which the log overwrites."""

    def __init__(self, *, laws: Laws, places: Places) -> None:
        super().__init__(laws=laws, places=places)
        self.written: list[tuple[int, int]] = []

    def process(self, records: Sequence[Record], *, now: int) -> Outputs:
        """As the router's."""
        outputs = super().process(records, now=now)
        self.written += [(len(p.key), len(p.value or b"")) for parts in outputs.state.values() for p in parts]
        return outputs


class Bare:
    """Decodes the same events and writes as many rows of the same sizes, 500 events a transaction, durably. Nothing else.

    Decodes with fastavro, as anyone would who has the schema only: so the yardstick stays the same when our reader changes.
    """

    def __init__(self, folder: Path) -> None:
        self._schemas: dict[str, dict[str, object]] = {}
        for named in REGISTRY.named().values():
            self._schema = fastavro.parse_schema(named, named_schemas=self._schemas)
            if named["name"] == Event.__name__:
                break
        _, self._load_event = REGISTRY.converters(Event)
        self._db = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
        self._db.execute("PRAGMA journal_mode=WAL")
        self._db.execute("PRAGMA synchronous=FULL")
        self._db.execute("CREATE TABLE rows (position INTEGER PRIMARY KEY, key BLOB, value BLOB)")
        self.events = 0
        self.seconds = self.cpu_seconds = 0.0

    def take(self, load: list[Append], rows: Rows) -> None:
        """A slice of the load."""
        values = [append.value for append in load]
        each = len(rows) / len(values)
        blob = bytes(1024 * 1024)
        cpu, start = time.process_time(), time.perf_counter()
        for first in range(0, len(values), 500):
            batch = values[first : first + 500]
            for value in batch:
                self._read(value)
            some = rows[int(first * each) : int((first + len(batch)) * each)]
            self._db.execute("BEGIN IMMEDIATE")
            self._db.executemany("INSERT INTO rows(key, value) VALUES (?, ?)", [(blob[:k], blob[:v]) for k, v in some])
            self._db.execute("COMMIT")
        self.seconds += time.perf_counter() - start
        self.cpu_seconds += time.process_time() - cpu
        self.events += len(values)

    def run(self) -> Run:
        """What it has taken so far."""
        return Run(self.events, self.seconds, self.cpu_seconds)

    def _read(self, value: bytes) -> object:
        raw = fastavro.schemaless_reader(
            io.BytesIO(value), self._schema, None, return_record_name=True, return_record_name_override=True
        )
        return self._load_event(raw)


def once(clients: int, events_each: int, *, with_bare: bool = True) -> dict[str, float]:
    """One measurement in a folder of its own."""
    collect_when_idle()
    load = list(rounds(clients=clients, events_each=events_each))
    with tempfile.TemporaryDirectory(prefix="sauma-bench-") as name:
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        bare = Bare(Path(name))
        run, rows, state = pipeline(Path(name), load, bare.take if with_bare else lambda _load, _rows: None)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        found = {
            "clients": clients,
            "events": run.events,
            "events_per_second": round(run.rate),
            "cpu_us_per_event": round(run.cpu_us, 1),
            "rows_per_event": round(len(rows) / run.events, 2),
            "bytes_per_event": round(sum(k + v for k, v in rows) / run.events),
            "state_bytes_per_client": state,
            "memory_bytes_per_client": round(memory * 1024 / clients),
        }
        if with_bare:
            floor = bare.run()
            found |= {
                "bare_events_per_second": round(floor.rate),
                "bare_cpu_us_per_event": round(floor.cpu_us, 1),
                "ratio_to_bare": round(run.rate / floor.rate, 3),
            }
    return found


def main() -> None:
    """The figures that the README speaks of."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--events", type=int, default=100_000)
    parser.add_argument("--each", type=int, default=10)
    parser.add_argument("--only", action="store_true", help="the first measurement alone")
    chosen = parser.parse_args()
    assert time.time() * 1000 > START
    print(json.dumps(once(chosen.events // chosen.each, chosen.each)))
    if chosen.only:
        return
    print("cost by number of clients, 10 events each:")
    for clients in (1_000, 10_000, 100_000):
        print(json.dumps(once(clients, 10, with_bare=False)))
    print("cost by length of life, 20 facts each:")
    for each, clients in ((10, 2_000), (200, 100), (2_000, 10)):
        print(json.dumps(once(clients, each, with_bare=False)))
    sys.stdout.flush()


if __name__ == "__main__":
    main()
