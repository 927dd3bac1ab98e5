"""Measures reading a router's state back, beside reading the same topic raw; then what an event costs over that state.

`python -m bench.kafka_restore` prints seconds and memory per 100,000 clients, their ratios to the raw reading, and the
processor time of an event with few and with many clients. The state is written as such: nobody runs millions of events.
"""

import argparse
import json
import random
import subprocess
import sys
from collections.abc import Sequence

from bench.kafka_bed import Bed, Progress, Took, bed, machine
from bench.kafka_clients import Lives, subjects, write_state
from bench.kafka_throughput import rows
from bench.kafka_worker import Worker
from sauma.resources import load_places
from sauma_services.router import Router

_FEW = 1_000
"""Clients that come again and again in the first pattern; all the clients of the smallest state."""


def reading(made: Bed, how: str, prefix: str, clients: int) -> dict[str, float]:
    """One reading in a process of its own."""
    command = [sys.executable, "-m", "bench.kafka_restoring", how, made.bootstrap, prefix, str(clients)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    found: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    return found


def slice_of(made: Bed, prefix: str, worker: Worker, lives: Lives, chosen: Sequence[str]) -> Took:
    """These clients' next events."""
    progress = Progress(made, prefix, prefix + Router.name)
    records = lives.next_of(chosen)
    target = made.publish(prefix, records)
    took = made.took(len(records), [worker], lambda: progress.reached(target))
    progress.close()
    return took


def told(took: Took) -> dict[str, float]:
    """By the clock, and by the processor."""
    return {
        "events_per_second": round(took.events / took.seconds),
        "cpu_us_per_event": round(took.cpu_seconds / took.events * 1e6, 1),
    }


def measure(made: Bed, clients: int, events: int, repeats: int) -> dict[str, object]:
    """Write the state, read it back in turns, then run events over it."""
    prefix = f"state-{clients}."
    made.create(prefix, rows(load_places(), Router.name))
    everyone = subjects(clients)
    size = write_state(made, prefix, everyone)
    readings = {how: [reading(made, how, prefix, clients) for _ in range(repeats)] for how in ("raw", "router")}
    least = {how: {key: min(one[key] for one in some) for key in some[0]} for how, some in readings.items()}
    worker = made.router(prefix)
    made.wait_for_group(prefix + Router.name, members=1, workers=[worker])
    lives, chance = Lives(), random.Random(1)
    slice_of(made, prefix, worker, lives, everyone[:_FEW] * 2)  # warms the process, and has these clients in use
    again = slice_of(made, prefix, worker, lives, everyone[:_FEW] * (events // _FEW))
    spread = chance.choices(everyone, k=events)
    met_first = slice_of(made, prefix, worker, lives, spread)
    met_before = slice_of(made, prefix, worker, lives, spread)
    worker.stop()
    return {
        "clients": clients,
        "state_bytes_per_client": round(size / clients),
        **least,
        "router/raw": {key: round(least["router"][key] / least["raw"][key], 2) for key in least["raw"]},
        f"the_same_{_FEW}_clients": told(again),
        "clients_at_random": told(met_first),
        "clients_at_random_again": told(met_before),
    }


def main() -> None:
    """The figures that docs/benchmarks.md explains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, nargs="*", default=[1_000, 20_000, 200_000])
    parser.add_argument("--events", type=int, default=20_000)
    parser.add_argument("--repeats", type=int, default=2, help="readings of each kind; the quickest is told")
    chosen = parser.parse_args()
    found: list[dict[str, object]] = []
    with bed() as made:
        for clients in chosen.clients:
            found.append(measure(made, clients, chosen.events, chosen.repeats))
            print(json.dumps(found[-1]), flush=True)
    first, last = found[0], found[-1]
    costs = (f"the_same_{_FEW}_clients", "clients_at_random", "clients_at_random_again")
    ratio = {name: round(last[name]["cpu_us_per_event"] / first[name]["cpu_us_per_event"], 3) for name in costs}  # type: ignore[index] # told's dictionaries
    print(json.dumps({"ratios": {f"cpu an event, {last['clients']} clients to {first['clients']}": ratio}}))
    print(json.dumps(machine()))


if __name__ == "__main__":
    main()
