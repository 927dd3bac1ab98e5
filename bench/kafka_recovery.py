"""Measures what a killed router costs: started again at once, and gone for good while another takes its partitions over.

`python -m bench.kafka_recovery` feeds a steady load, kills with -9 in the middle of it, and prints how soon the first event
accepted after the kill was visible, and how long the worst event waited; the latter under two choices of time-outs. The
broker's own times are its defaults, as an operator's would be.
"""

import argparse
import json
import statistics
import time
from collections.abc import Mapping

from bench.kafka_bed import PARTITIONS, Bed, bed, machine
from bench.kafka_throughput import rows
from bench.kafka_visible import Seen, Watch
from bench.kafka_work import EVENTS_EACH, journal
from bench.kafka_worker import Worker
from sauma.resources import load_places
from sauma_services.router import Router

DEFAULT: Mapping[str, float] = {"session_seconds": 10.0, "transaction_seconds": 15.0, "answer_seconds": 10.0}
SHORT: Mapping[str, float] = {"session_seconds": 6.0, "transaction_seconds": 6.0, "answer_seconds": 5.0}
"""As short as a broker of default settings lets a session be."""

_PATIENCE_SECONDS = 90.0
"""How long what was fed may take to come out; the slowest seen took a third of it."""


def started_again(made: Bed, *, kills: int, per_second: float) -> dict[str, object]:
    """One router, killed and started again at once, as its supervisor would."""
    prefix = "again."
    made.create(prefix, rows(load_places(), Router.name))
    worker, watch = made.router(prefix), Watch(made, prefix)
    made.wait_for_group(prefix + Router.name, members=1, workers=[worker])
    back: list[float] = []
    worst: list[float] = []
    for seed in range(kills + 1):
        killed_at: list[float] = []

        def kill(noted: list[float] = killed_at) -> None:
            time.sleep(3)
            noted.append(time.time())
            worker.kill()
            worker.start_again()

        load = journal(clients=round(per_second * 8 / EVENTS_EACH), seed=seed)
        seen = watch.followed(load, per_second=per_second, patience_seconds=_PATIENCE_SECONDS, meanwhile=kill)
        if seed:  # the first warms the broker and the file system
            back.append(min(event.visible for event in seen if event.accepted > killed_at[0]) - killed_at[0])
            worst.append(_worst(seen))
    watch.close()
    worker.stop()
    return {
        "what": "killed and started again",
        "kills": kills,
        "seconds_until_back_at_work": _spread(back),
        "seconds_of_the_worst_event": _spread(worst),
    }


def taken_over(made: Bed, name: str, times: Mapping[str, float], *, kills: int, per_second: float) -> dict[str, object]:
    """Two routers; one is killed and does not come back until its partitions have gone to the other."""
    prefix = f"over-{name}."
    made.create(prefix, rows(load_places(), Router.name))
    workers: list[Worker] = [made.router(prefix, instance, **times) for instance in ("1", "2")]
    watch = Watch(made, prefix)
    worst: list[float] = []
    median: list[float] = []
    for seed in range(kills):
        made.wait_for_group(prefix + Router.name, members=2, workers=workers)
        gone = workers[seed % 2]

        def kill(gone: Worker = gone) -> None:
            time.sleep(3)
            gone.kill()

        load = journal(clients=round(per_second * 20 / EVENTS_EACH), seed=seed)
        seen = watch.followed(load, per_second=per_second, patience_seconds=_PATIENCE_SECONDS, meanwhile=kill)
        worst.append(_worst(seen))
        median.append(statistics.median(event.waited for event in seen))
        gone.start_again()
    watch.close()
    for worker in workers:
        worker.stop()
    return {
        "what": f"killed, and its share of {PARTITIONS} partitions goes to another",
        "settings": {"name": name, **times},
        "kills": kills,
        "seconds_of_the_worst_event": _spread(worst),
        "seconds_of_the_median_event": _spread(median),
    }


def _worst(seen: list[Seen]) -> float:
    lost = sum(event.waited == float("inf") for event in seen)
    if lost:
        raise RuntimeError(f"{lost} events never became visible")
    return max(event.waited for event in seen)


def _spread(some: list[float]) -> dict[str, float]:
    return {
        "least": round(min(some), 2),
        "median": round(statistics.median(some), 2),
        "most": round(max(some), 2),
    }


def main() -> None:
    """The figures that docs/benchmarks.md explains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=5)
    parser.add_argument("--per-second", type=float, default=200)
    chosen = parser.parse_args()
    with bed() as made:
        print(json.dumps(started_again(made, kills=chosen.kills, per_second=chosen.per_second)), flush=True)
        for name, times in (("default", DEFAULT), ("short", SHORT)):
            found = taken_over(made, name, times, kills=chosen.kills, per_second=chosen.per_second)
            print(json.dumps(found), flush=True)
    print(json.dumps(machine()))


if __name__ == "__main__":
    main()
