"""Measures the router on Kafka beside loops that do less: all on one broker, the same events, in turns within one run.

`python -m bench.kafka_throughput` prints events/s and processor time of each contender and the ratios between them. Each
slice is whole lives of clients; contenders take it one after the other, in an order that changes. Read the ratios.
"""

import argparse
import json
import statistics
from collections.abc import Sequence
from dataclasses import dataclass, replace

from bench.kafka_bed import PARTITIONS, Bed, Count, Progress, Took, bed, machine
from bench.kafka_faust import AT_LEAST_ONCE
from bench.kafka_faust import GROUPS as FAUST
from bench.kafka_work import EVENTS_EACH, chance, journal
from bench.kafka_worker import Worker
from sauma.codec import Codec
from sauma.decision import Decision
from sauma.places import Places
from sauma.resources import load_places
from sauma_services.router import Router
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.ports import Append
from sauma_services.runtime.topics import DECISIONS, FIXED, TopicRow, deliveries_row, state_row

PLAIN = ("raw", "relay", "codec", "own-codec")
"""Contenders of `bench.kafka_contenders`, all with groups of their own names."""

RATIOS = (
    ("router", "codec"),
    ("router", "own-codec"),
    ("router", "relay"),
    ("router", "raw"),
    *(("router", name) for name in FAUST),
    ("two-routers", "router"),
    ("own-codec", "codec"),
)

_SHARES = {"raw": 4.0, "relay": 4.0, "own-relay": 4.0, **dict.fromkeys(FAUST, 0.2)}
"""How many of a slice's clients each takes, so that all of them are at it for about as long."""

_DECISION = Codec(Decision)


@dataclass(frozen=True, slots=True)
class Contender:
    """Who is measured: its prefix on the broker, its group, its processes, and which share of a slice it takes."""

    name: str
    group: str
    workers: tuple[Worker, ...]
    share: float = 1.0

    @property
    def prefix(self) -> str:
        """Before its topics: contenders share nothing."""
        return f"{self.name}."

    @property
    def is_transactional(self) -> bool:
        """Whether its committed position says that its rows are written."""
        return self.name != AT_LEAST_ONCE


def rows(places: Places, group: str) -> list[TopicRow]:
    """The topics that a contender writes."""
    return [
        *(replace(row, partitions=PARTITIONS) for row in FIXED),
        *(deliveries_row(endpoint) for endpoint in sorted(places.endpoints)),
        state_row(group, PARTITIONS),
    ]


def contenders(made: Bed, names: Sequence[str]) -> list[Contender]:
    """Their processes, started, and in their groups."""
    places = load_places()
    found: list[Contender] = []
    for name in names:
        prefix = f"{name}."
        group = Router.name if "router" in name else name
        made.create(prefix, rows(places, group))
        if name == "router":
            workers: tuple[Worker, ...] = (made.router(prefix),)
        elif name == "two-routers":
            workers = (made.router(prefix, "1"), made.router(prefix, "2"))
        elif name in FAUST:
            workers = (made.python("bench.kafka_faust", name, made.bootstrap, prefix, str(PARTITIONS)),)
        else:
            workers = (made.python("bench.kafka_contenders", name, made.bootstrap, prefix),)
        made.wait_for_group(prefix + group, members=len(workers), workers=workers)
        found.append(Contender(name, group, workers, _SHARES.get(name, 1.0)))
    return found


def slice_of(made: Bed, one: Contender, records: Sequence[Append], before: int) -> Took:
    """Let one contender take a slice; `before` is how many events it has had until now."""
    ends: Progress | Count
    if one.is_transactional:
        ends = progress = Progress(made, one.prefix, one.prefix + one.group)
        target = made.publish(one.prefix, records)
        took = made.took(len(records), one.workers, lambda: progress.reached(target))
    else:
        ends = count = Count(made, one.prefix + DECISIONS.name, PARTITIONS)
        made.publish(one.prefix, records)
        took = made.took(len(records), one.workers, lambda: count.now() >= before + len(records))
    ends.close()
    return took


def measure(*, clients: int, slices: int, names: Sequence[str], seed: int) -> list[dict[str, object]]:
    """The figures of each contender, and the ratios."""
    with bed() as made:
        taking = contenders(made, names)
        found: dict[str, list[Took]] = {one.name: [] for one in taking}
        had: dict[str, int] = dict.fromkeys(found, 0)
        order = chance(seed)
        for number in range(slices + 1):
            order.shuffle(taking)
            for one in taking:
                records = journal(clients=max(1, round(clients * one.share)), seed=seed + number)
                took = slice_of(made, one, records, had[one.name])
                had[one.name] += took.events
                if number:  # the first warms the broker and the processes
                    found[one.name].append(took)
                print(json.dumps({"slice": number, **told(one.name, [took])}), flush=True)
        check(made, taking, had)
        return [*(told(name, some) for name, some in found.items()), ratios(found)]


def check(made: Bed, taking: Sequence[Contender], had: dict[str, int]) -> None:
    """What was timed was the work: every event has its decision, and the routers let all of them in."""
    for one in taking:
        log = KafkaLog(made.settings(one.prefix))
        reader = log.reader()
        decisions = [r.value for n in range(PARTITIONS) for r in reader.scan(DECISIONS.name, n)]
        log.close()
        assert len(decisions) >= had[one.name], f"{one.name}: {len(decisions)} decisions on {had[one.name]} events"
        if "router" in one.name:
            refused = sum(_DECISION.decode_trusted(value).outcome != "accepted" for value in decisions)
            assert not refused, f"{one.name}: the load must be let in whole, and {refused} were refused"


def rate(took: Took) -> float:
    """Events a second."""
    return took.events / took.seconds


def cpu(took: Took) -> float:
    """Processor time an event, of the contender alone."""
    return took.cpu_seconds / took.events


def told(name: str, some: Sequence[Took]) -> dict[str, object]:
    """One contender in figures."""
    rates = sorted(map(rate, some))
    events = sum(took.events for took in some)
    return {
        "contender": name,
        "events": events,
        "events_per_second": round(statistics.median(rates)),
        "least": round(rates[0]),
        "most": round(rates[-1]),
        "cpu_seconds_per_100k": round(sum(took.cpu_seconds for took in some) / events * 1e5, 2),
        "broker_cpu_seconds_per_100k": round(sum(took.broker_cpu_seconds for took in some) / events * 1e5, 2),
    }


def ratios(found: dict[str, list[Took]]) -> dict[str, object]:
    """By the clock: the median over the slices of one's rate through the other's. By processor: of the time an event."""
    ratio: dict[str, object] = {}
    for one, other in RATIOS:
        if one not in found or other not in found:
            continue
        pairs = list(zip(found[one], found[other], strict=True))
        ratio[f"{one}/{other}"] = {
            "by_clock": round(statistics.median(rate(a) / rate(b) for a, b in pairs), 3),
            "by_cpu": round(statistics.median(cpu(b) / cpu(a) for a, b in pairs), 3),
        }
    return {"ratios": ratio}


def main() -> None:
    """The figures that docs/benchmarks.md explains."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=2_000, help=f"clients a slice, {EVENTS_EACH} events each")
    parser.add_argument("--slices", type=int, default=5)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--contenders", nargs="*", default=[*PLAIN, "router", "two-routers", *FAUST])
    chosen = parser.parse_args()
    for line in measure(clients=chosen.clients, slices=chosen.slices, names=chosen.contenders, seed=chosen.seed):
        print(json.dumps(line))
    print(json.dumps(machine()))


if __name__ == "__main__":
    main()
