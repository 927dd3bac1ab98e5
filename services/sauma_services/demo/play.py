"""Plays the story: clerks act in their agencies' systems, the machine comes to rest, and what followed is told."""

import json
import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path

from rich.console import Console

from sauma.ids import FactId
from sauma.resources import load_laws
from sauma_services.checker import check
from sauma_services.checker.taken import snapshot
from sauma_services.demo.cast import agencies, client, prepare, use_kafka
from sauma_services.demo.local_kafka import LocalKafka, are_jars_here
from sauma_services.demo.log_since import Watch
from sauma_services.demo.story import BEFORE_THE_END, THE_END, Line, Stage
from sauma_services.demo.sync import Sync, compare, holdings
from sauma_services.demo.telling import Stayed, tell_line, tell_plan
from sauma_services.demo.trickle import trickle
from sauma_services.machine import Machine
from sauma_services.replay import verify
from sauma_services.runtime.settings import load


def tell(data: Path, *, once: bool, as_json: bool, on_kafka: bool = False, bootstrap: str | None = None) -> int:
    """Tell the story; without `once`, stay up with a trickle of further clients until Ctrl-C. The exit status.

    `bootstrap` is a Kafka to tell it on; without one, `on_kafka` starts one here, and stops it at the end. The journal
    is taken again before that, since afterwards nobody can.
    """
    console = Console(quiet=as_json, highlight=False, soft_wrap=not Console().is_terminal)
    configuration = prepare(data)
    if not on_kafka:
        return _told(configuration, console, once=once, as_json=as_json, stays=True)
    with nullcontext(bootstrap) if bootstrap else _local_kafka(data / "kafka", console) as address:
        # Somebody else's cluster may hold an earlier telling.
        use_kafka(configuration, address, f"demo-{os.getpid()}-{time.time_ns()}.")
        return _told(configuration, console, once=once, as_json=as_json, stays=bool(bootstrap))


def _told(configuration: Path, console: Console, *, once: bool, as_json: bool, stays: bool) -> int:
    """`stays`: whether the log is still there when the demo has ended."""
    started = time.monotonic()
    data = configuration.parent
    machine = Machine(load(configuration))
    try:
        play = Play(machine, data, console)
        play.lines(BEFORE_THE_END)
        sync = play.plan()
        play.lines(THE_END)
        found = play.summary(sync, time.monotonic() - started)
        if as_json:
            print(json.dumps(found))  # noqa: T201 - the answer of the command
        else:
            _conclude(console, found)
            if stays:
                console.print(f"Take it again: .venv/bin/sauma replay verify --log {data}")
            else:
                console.print(f"Taken again: {found['differences']} differences. This Kafka ends with the demo.")
                console.print(
                    "To take the journal again yourself, tell it on a Kafka that stays: --bootstrap HOST:PORT"
                )
        if not once:
            _stay_up(console, play)
        return 0 if found["plans_in_sync"] and not found["violations"] and not found["differences"] else 1
    finally:
        machine.close()


class Play:
    """One performance."""

    def __init__(self, machine: Machine, data: Path, console: Console) -> None:
        self.machine = machine
        self.console = console
        self.stage = Stage(agencies(data), client(0), machine.clock.now)
        self.watch = Watch(machine)
        self.kinds: dict[FactId, str] = {}
        self.stayed: set[Stayed] = set()

    def lines(self, lines: tuple[Line, ...]) -> None:
        """Act the lines out, and tell of each what followed."""
        for line in lines:
            for act in line.acts:
                act(self.stage)
                self.machine.settle()
            news = self.watch.news()
            self.kinds.update((put.fact, put.kind) for delivery in news.deliveries for put in delivery.puts)
            tell_line(self.console, line, news, self.kinds, self.stayed)

    def plan(self) -> Sync:
        """Compare the plan as all registers hold it, and show it."""
        held = holdings(self.machine, self.stage.hetu)
        sync = compare(held)
        tell_plan(self.console, held, sync)
        return sync

    def summary(self, sync: Sync, seconds: float) -> dict[str, object]:
        """What the story came to: violations by the invariant checker, over the whole log; differences when taken again."""
        counts = self.watch.counts
        again = verify(
            self.machine.reader,
            known=[load_laws()],
            places=self.machine.places,
            partitions=self.machine.partitions,
        )
        report = check(
            snapshot(
                self.machine.reader,
                places=self.machine.places,
                sources=self.machine.runners,
                partitions=self.machine.partitions,
            ),
            places=self.machine.places,
        )
        names = (
            "events",
            "deliveries",
            "released",
            "withheld",
            "undecided",
            "rebased",
            "retracted",
            "conflicts",
            "refused",
        )
        return {
            **{name: counts[name] for name in names},
            "shared_items": sync.shared_items,
            "plans_in_sync": sync.is_in_sync,
            "violations": len(report.violations),
            "differences": len(again.differences),
            "seconds": round(seconds, 2),
        }


@contextmanager
def _local_kafka(folder: Path, console: Console) -> Iterator[str]:
    if not are_jars_here():
        console.print("Fetching Kafka's jars, once ...")
    console.print("Starting Apache Kafka on this machine ...")
    started = LocalKafka(folder)
    try:
        yield started.bootstrap
    finally:
        started.stop()


def _conclude(console: Console, found: dict[str, object]) -> None:
    console.print()
    console.print(", ".join(f"{value} {name.replace('_', ' ')}" for name, value in found.items()))


def _stay_up(console: Console, play: Play) -> None:
    console.print("\nFurther clients come in, one every few seconds. Ctrl-C ends it.")
    with _until_interrupted() as is_over:
        for number in trickle(play.stage.agencies, play.machine, is_over):
            news = play.watch.news()
            console.print(f"client {number}: {len(news.decisions)} decisions, {len(news.deliveries)} deliveries")


@contextmanager
def _until_interrupted() -> Iterator[Callable[[float], bool]]:
    stop = threading.Event()
    try:
        yield stop.wait
    except KeyboardInterrupt:
        stop.set()
