"""Measures how long an event takes from accepted to visible, beside a bare transactional relay of the same records.

`python -m bench.kafka_latency` prints p50, p95 and p99 of the router and of the relay at the same steady rate, in turns on
one broker: medians over the slices, and the median ratios.
"""

import argparse
import json
import statistics
from collections.abc import Mapping

from bench.kafka_bed import bed, machine
from bench.kafka_throughput import contenders
from bench.kafka_visible import Watch, percentiles
from bench.kafka_work import EVENTS_EACH, chance, journal


def measure(*, per_second: float, seconds: float, slices: int, names: list[str], seed: int) -> list[dict[str, object]]:
    """The figures of each contender, and the ratios to the relay."""
    clients = max(1, round(per_second * seconds / EVENTS_EACH))
    with bed() as made:
        taking = contenders(made, names)
        watches = {one.name: Watch(made, one.prefix) for one in taking}
        waits: dict[str, list[Mapping[str, float]]] = {one.name: [] for one in taking}
        spent: dict[str, float] = dict.fromkeys(waits, 0.0)
        order = chance(seed)
        for number in range(slices + 1):
            order.shuffle(taking)
            for one in taking:
                before = sum(worker.cpu_seconds() for worker in one.workers)
                seen = watches[one.name].followed(journal(clients=clients, seed=seed + number), per_second=per_second)
                for worker in one.workers:
                    worker.check()
                some = percentiles([event.waited for event in seen])
                print(json.dumps({"slice": number, "contender": one.name, **some}), flush=True)
                if number:  # the first warms the broker and the processes
                    waits[one.name].append(some)
                    spent[one.name] += sum(worker.cpu_seconds() for worker in one.workers) - before
        for watch in watches.values():
            watch.close()
    events = clients * EVENTS_EACH * slices
    found: list[dict[str, object]] = [
        {
            "contender": name,
            "events_per_second": per_second,
            **{key: statistics.median(one[key] for one in some) for key in some[0]},
            "cpu_us_per_event": round(spent[name] / events * 1e6),
        }
        for name, some in waits.items()
    ]
    ratios = {
        f"{name}/relay": {
            key: round(statistics.median(a[key] / b[key] for a, b in zip(some, waits["relay"], strict=True)), 2)
            for key in some[0]
        }
        for name, some in waits.items()
        if name != "relay"
    }
    return [*found, {"ratios": ratios}]


def main() -> None:
    """The figures that docs/benchmarks.md explains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--per-second", type=float, default=500)
    parser.add_argument("--seconds", type=float, default=5, help="of a slice")
    parser.add_argument("--slices", type=int, default=9)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--contenders", nargs="*", default=["relay", "own-relay", "router"])
    chosen = parser.parse_args()
    for line in measure(
        per_second=chosen.per_second,
        seconds=chosen.seconds,
        slices=chosen.slices,
        names=list(chosen.contenders),
        seed=chosen.seed,
    ):
        print(json.dumps(line))
    print(json.dumps(machine()))


if __name__ == "__main__":
    main()
