"""Measures intake and router on the embedded log beside a bare loop that does the same reading and writing, without law or state.

`python -m bench.pipeline` prints events/s, CPU per event, bytes a client, and the ratio to the bare loop of the same run.
Absolute figures of a shared machine say little: read the ratios.
"""

import argparse
import gc
import json
import resource
import sqlite3
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from bench.load import ENDPOINTS, EVENT, START, records
from sauma.resources import load_laws, load_places
from sauma_services.intake import Intake
from sauma_services.router import Router
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.loop import Loop, LoopSettings
from sauma_services.runtime.ports import Append
from sauma_services.runtime.sqlite_log import SqliteLog
from sauma_services.runtime.topics import DECISIONS, JOURNAL, REJECTED, deliveries, deliveries_row, inbound_row


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


def pipeline(folder: Path, load: dict[str, list[Append]]) -> tuple[Run, list[tuple[int, int]]]:
    """The real thing. Also returns (key bytes, value bytes) of every row it wrote, for the bare loop to write again."""
    log = SqliteLog(folder / "log.sqlite3")
    places = load_places()
    log.create([inbound_row(e) for e in ENDPOINTS])
    log.create([deliveries_row(e) for e in places.endpoints])
    publisher = log.publisher()
    for topic, appends in load.items():
        publisher.publish(topic, appends)
    total = sum(len(appends) for appends in load.values())
    intake, router = Intake(ENDPOINTS), Router(laws=load_laws(), places=places)
    settings = LoopSettings(wait_seconds_max=0.0001)
    loops = [Loop(log.loop(t.name, t.inputs), t, SystemClock(), settings) for t in (intake, router)]
    cpu, start = time.process_time(), time.perf_counter()
    while any([loop.turn() for loop in loops]):
        pass
    run = Run(total, time.perf_counter() - start, time.process_time() - cpu)
    reader = log.reader()
    topics = [JOURNAL.name, DECISIONS.name, REJECTED.name, *(deliveries(e) for e in ENDPOINTS), deliveries("keha")]
    rows = [(len(r.key), len(r.value)) for topic in topics for r in reader.scan(topic, 0)]
    rejected = sum(1 for _ in reader.scan(REJECTED.name, 0))
    assert rejected == 0, "the load must be let in whole"
    # State parts are written over and over; what stands at the end is what each write weighed, near enough.
    state = [(len(part.key), len(part.value or b"")) for part in reader.state(Router.name)]
    rows += _state_writes(state, total)
    log.close()
    return run, rows


def _state_writes(state: list[tuple[int, int]], events: int) -> list[tuple[int, int]]:
    """Three parts an event: the head, the source's mark, and the fact that it touched; of the sizes that stand at the end."""
    return [state[n % len(state)] for n in range(3 * events)]


def bare(folder: Path, load: dict[str, list[Append]], rows: list[tuple[int, int]]) -> Run:
    """Decode the same events and write as many rows of the same sizes, 500 events a transaction, durably. Nothing else."""
    db = sqlite3.connect(folder / "bare.sqlite3", isolation_level=None)
    db.execute("PRAGMA journal_mode=WAL")
    db.execute("PRAGMA synchronous=FULL")
    db.execute("CREATE TABLE rows (position INTEGER PRIMARY KEY, key BLOB, value BLOB)")
    values = [append.value for appends in load.values() for append in appends]
    each = len(rows) / len(values)
    blob = bytes(1024 * 1024)
    cpu, start = time.process_time(), time.perf_counter()
    for first in range(0, len(values), 500):
        batch = values[first : first + 500]
        for value in batch:
            EVENT.decode_trusted(value)
        some = rows[int(first * each) : int((first + len(batch)) * each)]
        db.execute("BEGIN IMMEDIATE")
        db.executemany("INSERT INTO rows(key, value) VALUES (?, ?)", [(blob[:k], blob[:v]) for k, v in some])
        db.execute("COMMIT")
    run = Run(len(values), time.perf_counter() - start, time.process_time() - cpu)
    db.close()
    return run


def once(clients: int, events_each: int, *, with_bare: bool = True) -> dict[str, float]:
    """One measurement in a folder of its own."""
    load = records(clients=clients, events_each=events_each)
    with tempfile.TemporaryDirectory(prefix="sauma-bench-") as name:
        gc.collect()
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        run, rows = pipeline(Path(name), load)
        memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before
        state = sum(k + v for k, v in rows[-3 * run.events :]) / 3 / run.events
        found = {
            "clients": clients,
            "events": run.events,
            "events_per_second": round(run.rate),
            "cpu_us_per_event": round(run.cpu_us, 1),
            "rows_per_event": round(len(rows) / run.events, 2),
            "state_bytes_per_part": round(state),
            "memory_bytes_per_client": round(memory * 1024 / clients),
        }
        if with_bare:
            floor = bare(Path(name), load, rows)
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
    assert START < time.time() * 1000
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
