"""One whole run: load and faults together, calm between, then healing, draining and judging; and the report of it all."""

import time
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from faults.kafka.barrier import Watcher, measure
from faults.kafka.draining import open_transactions, seconds_until_drained
from faults.kafka.faults import KINDS, Faults
from faults.kafka.judging import judge
from faults.kafka.load import Load, LoadSettings, clients_for
from faults.kafka.stage import PARTITIONS, Stage, brokers, stage

DRAINED_SECONDS_MAX = 120.0
"""After the last fault the backlog has to be gone by then."""

WINDOW_SECONDS = 120.0
"""In every whole one of these each kind of fault has to happen; a run that is shorter is one."""

_CALM_SHARE = 0.2

_FENCED = ("another", "elsewhere", "FENCED", "does not come back")
"""What a member says that ends because somebody else has its place, or because the library hangs: the reasons for which it
may end by itself, to be started again."""


@dataclass(frozen=True, slots=True)
class RunSettings:
    """What a run is to be."""

    seed: int
    minutes: float
    rate: float
    """Events a second that the agencies say."""
    events_min: int
    """Fewer, and the run has not shown what it is for."""
    cycle_seconds: float = 60.0
    """In each of these every kind of fault comes, and then a calm."""


Report = Mapping[str, object]


def run(folder: Path, settings: RunSettings, tell: "Teller") -> Report:
    """The report; `failures` in it is empty where all is well."""
    began = time.monotonic()
    with brokers() as three, stage(three, folder) as on:
        tell(f"three brokers are up after {time.monotonic() - began:.0f} s")
        load = Load(
            on.kafka,
            LoadSettings(settings.seed, settings.rate, clients_for(settings.rate * settings.minutes * 60)),
            partitions=PARTITIONS,
            events_max=int(settings.rate * settings.minutes * 60 * 2),
        )
        faults = Faults(on, load, settings.seed)
        watcher = Watcher(on)
        watcher.start()
        faults.staff()
        load.start()
        try:
            _suffer(faults, load, settings, tell)
            faulted_seconds = faults.seconds
            faults.heal()
            healed_at = time.monotonic()
        finally:
            load.stopping.set()
            load.join()
        tell("healed; draining")
        drained = seconds_until_drained(on, load.journal, seconds_max=DRAINED_SECONDS_MAX)
        since_healed = time.monotonic() - healed_at
        hanging = open_transactions(on)
        watcher.finish()
        barrier = measure(on, watcher.seen)
        rotations, rebalances, reasons = _said(on)
        told, load_failure = load.told, load.failure
        load.close()
        on.crew.end()  # judging needs the processors
        tell(f"drained after {since_healed:.0f} s; judging {told.events} events of {told.clients} clients")
        judged = judge(on.kafka, on.settings, clients=told.clients, partitions=PARTITIONS)
    kinds = Counter(kind for kind, _, _ in faults.happened)
    windows = max(1, int(faulted_seconds // WINDOW_SECONDS))
    failures = [
        *([f"the load failed: {type(load_failure).__name__}"] if load_failure else []),
        *([f"only {told.events} events"] if told.events < settings.events_min else []),
        *([f"the backlog was not gone after {DRAINED_SECONDS_MAX:.0f} s"] if drained is None else []),
        *([f"open transactions: {hanging[:3]}"] if hanging else []),
        *(_too_seldom(faults, windows)),
        *(f"did not end when asked to: {who}" for who in on.crew.stuck),
        *([] if rotations else ["no producer was rotated"]),
        *([] if rebalances else ["no rebalance"]),
        *([] if told.poison else ["no poison"]),
        *([f"visible after a will's end: {barrier.after[:3]}"] if barrier.after else []),
        *([] if barrier.milliseconds else ["no withdrawal was seen"]),
        *([] if judged.is_clean else [f"judged: {dict(judged.found)}"]),
        *(f"somebody said: {reason}" for reason in reasons),
    ]
    return {
        "seed": settings.seed,
        "minutes": round(faulted_seconds / 60, 1),
        "events": told.events,
        "events_per_second": round(told.events / faulted_seconds),
        "clients": told.clients,
        "lives": dict(told.kinds),
        **{kind: kinds[kind] for kind in KINDS},
        "rebalances": rebalances,
        "poison": told.poison,
        "producer_rotations": rotations,
        "per_two_minutes": {
            kind: round(kinds[kind] / max(faulted_seconds / WINDOW_SECONDS, 1e-9), 1) for kind in KINDS
        },
        "commit_faults_by_kind": dict(Counter(what for kind, _, what in faults.happened if kind == "commit_faults")),
        "failpoints": dict(
            Counter(what.partition(":")[0] for kind, _, what in faults.happened if kind == "failpoint_kills")
        ),
        "ended_by_themselves": dict(on.crew.ended),
        "publishing_failed": told.publishing_failed,
        **judged.found,
        "seconds_until_backlog_gone": round(since_healed, 1) if drained is not None else None,
        "open_transactions": len(hanging),
        "barrier": barrier.told(),
        "checked": dict(judged.counts),
        "taken_again_and_compared": judged.verified,
        "judging_seconds": judged.seconds,
        "first_found": list(judged.first),
        "failures": failures,
    }


class Teller:
    """Says how it goes, with the time since the beginning."""

    def __init__(self, write: Callable[[str], object]) -> None:
        self._write, self._began = write, time.monotonic()

    def __call__(self, words: str) -> None:
        self._write(f"{time.monotonic() - self._began:6.0f} s  {words}\n")


def _suffer(faults: Faults, load: Load, settings: RunSettings, tell: Teller) -> None:
    """Cycles of faults and calm, as many as fit."""
    cycles = max(1, round(settings.minutes * 60 / settings.cycle_seconds))
    seconds = settings.minutes * 60 / cycles
    for number in range(cycles):
        faults.busy(seconds * (1 - _CALM_SHARE))
        faults.calm(seconds * _CALM_SHARE)
        kinds = Counter(kind for kind, _, _ in faults.happened)
        tell(
            f"cycle {number + 1} of {cycles}: {load.told.events} events said, {load.seen} journalled; "
            + ", ".join(f"{kind} {kinds[kind]}" for kind in KINDS)
        )


def _too_seldom(faults: Faults, windows: int) -> list[str]:
    """Kinds of faults that did not happen in some window of the run; the last one takes what is left of it."""
    found: list[str] = []
    for kind in KINDS:
        there = {min(windows - 1, int(at // WINDOW_SECONDS)) for one, at, _ in faults.happened if one == kind}
        found += [f"no {kind} in window {number + 1} of {windows}" for number in sorted(set(range(windows)) - there)]
    return found


def _said(on: Stage) -> tuple[int, int, list[str]]:
    """How many producers were rotated, how often a member was given partitions anew, and what nobody should have said."""
    rotations = rebalances = 0
    reasons: Counter[str] = Counter()
    before: dict[str, object] = {}
    for line in on.crew.said():
        who, event = str(line["from"]), line["event"]
        if event == "producer-rotated":
            rotations += 1
        elif event == "partition-restored" and before.get(who) != "partition-restored":
            rebalances += 1
        elif event == "not-a-log-line":
            reasons[f"{who}: {line['text']}"] += 1
        elif event == "loop-failed" and not any(word in str(line["reason"]) for word in _FENCED):
            reasons[f"{who}: {line['reason']}"] += 1
        before[who] = event
    return rotations, rebalances, [f"{reason} ({count} times)" for reason, count in reasons.most_common(10)]
