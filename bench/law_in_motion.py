"""Measures what a change of law costs other traffic: a year of 10,000 clients, with 1 May 2026 in the middle, while events flow.

`python -m bench.law_in_motion` lives through the year on the embedded log in simulated time. Around midnight of the change
time runs as it does: intake and router in threads of their own, events offered at a steady rate below what they can take.
It prints by which set every record was judged, what changed hands against a count made from the marks alone, and how long
other traffic took from being offered to its delivery being committed, with the law at rest and in motion.
"""

import argparse
import json
import random
import tempfile
import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import count
from pathlib import Path

from bench.account import account
from bench.load import ENDPOINTS, E, K, append
from bench.year import CHANGE_DAY, DAYS, MORNING_MS, Said, Year, background, midnight, year
from sauma.codec import Codec
from sauma.delivery import Delivery
from sauma.ids import EndpointId, SubjectId
from sauma.places import Places
from sauma.resources import load_laws, load_places
from sauma.rulefile import Laws
from sauma_services.intake import Intake
from sauma_services.router import Router
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.loop import Loop, LoopSettings, collect_when_idle
from sauma_services.runtime.ports import Append, Outputs, Record
from sauma_services.runtime.sqlite_log import SqliteLog
from sauma_services.runtime.topics import deliveries, deliveries_row, inbound_row, narrowing_row

_DELIVERY = Codec(Delivery)
_TO_KELA = deliveries(K)
DAY_MS = 86_400_000
SETTLING_SECONDS = 0.5
"""Left out at the beginning of a window: what was under way when the clock was set."""
OFFERED = "o"
"""The name of the fact that other traffic is about."""


class ShiftedClock:
    """The machine's clock, set to another time: it runs on from there."""

    def __init__(self, now: int) -> None:
        self._clock = SystemClock()
        self.set(now)

    def set(self, now: int) -> None:
        """It is this time now, milliseconds since 1970-01-01 UTC."""
        self._shift = now - self._clock.now()

    def now(self) -> int:
        """Milliseconds since 1970-01-01 UTC."""
        return self._clock.now() + self._shift


class Watched(Router):
    """The router, noting when what it sends to Kela is committed."""

    def __init__(self, sent: list[tuple[float, bytes]], *, laws: Laws, places: Places) -> None:
        super().__init__(laws=laws, places=places)
        self.sent = sent
        self._leaving: list[bytes] = []

    def process(self, records: Sequence[Record], *, now: int) -> Outputs:
        """As the router's."""
        outputs = super().process(records, now=now)
        self._leaving = [one.value for one in outputs.appends if one.topic == _TO_KELA]
        return outputs

    def committed(self) -> None:
        """As the router's."""
        super().committed()
        at = time.perf_counter()
        self.sent += [(at, value) for value in self._leaving]


@dataclass
class Running:
    """Log, intake and router, with what was said into them."""

    folder: Path
    clock: ShiftedClock = field(default_factory=lambda: ShiftedClock(midnight(0)))
    seqs: dict[tuple[str, EndpointId], int] = field(default_factory=dict)
    offered: dict[tuple[SubjectId, int], float] = field(default_factory=dict)
    """By client and version, the moment at which it was due to be offered."""

    def __post_init__(self) -> None:
        self.places = load_places()
        self.log = SqliteLog(self.folder / "log.sqlite3", clock=self.clock)
        self.log.create([row(e) for e in ENDPOINTS for row in (inbound_row, narrowing_row)])
        self.log.create([deliveries_row(e) for e in self.places.endpoints])
        self.publisher = self.log.publisher()
        self.sent: list[tuple[float, bytes]] = []
        self.start()

    def start(self) -> None:
        """Make both parts anew from the log, as after a restart."""
        self.router = Watched(self.sent, laws=load_laws(), places=self.places)
        parts = (Intake(ENDPOINTS), self.router)
        settings = LoopSettings(wait_seconds_max=0.005)
        self.loops = [Loop(self.log.loop(part.name, part.inputs), part, self.clock, settings) for part in parts]

    def say(self, said: Sequence[Said]) -> None:
        """All of it at once, then turn until nothing is left to do."""
        by_topic: dict[str, list[Append]] = {}
        for one in said:
            appended = append(one.subject, one.source, one.body, self.seqs)
            by_topic.setdefault(appended.topic, []).append(appended)
        for topic, appends in by_topic.items():
            self.publisher.publish(topic, appends)
        while any([loop.turn() for loop in self.loops]) or any(loop.is_behind() for loop in self.loops):  # noqa: C419 - both take their turn
            pass

    def offer(self, made: Year, *, rate: float, chance: random.Random, until: Callable[[int], bool]) -> None:
        """New versions of one background, one after the other at an even rate; late ones are not left out."""
        versions: dict[SubjectId, int] = {}
        for subject, version in self.offered:
            versions[subject] = max(version, versions.get(subject, 0))
        start = time.perf_counter()
        for number in count():
            due = start + number / rate
            if until(number):
                return
            time.sleep(max(0.0, due - time.perf_counter()))
            subject = chance.choice(made.open_on_the_day)
            version = versions[subject] = versions.get(subject, 0) + 1
            self.offered[subject, version] = due
            appended = append(subject, E, background(subject, version - 1, OFFERED), self.seqs)
            self.publisher.publish(appended.topic, [appended])

    def latencies(self) -> list[tuple[float, float]]:
        """When each offered version was due, and how many milliseconds later its delivery was committed."""
        found: list[tuple[float, float]] = []
        for at, value in self.sent:
            delivery = _DELIVERY.decode_trusted(value)
            for item in delivery.puts:
                due = self.offered.get((delivery.subject, item.version)) if item.fact[20:] == OFFERED else None
                if due is not None:
                    found.append((due, (at - due) * 1000))
        assert len(found) == len(self.offered), f"{len(self.offered)} offered, {len(found)} delivered"
        return found


def percentiles(latencies: Sequence[float]) -> dict[str, float]:
    """The middle and the tail, in milliseconds."""
    ordered = sorted(latencies)
    found = {f"p{p}": round(ordered[min(len(ordered) - 1, len(ordered) * p // 100)], 2) for p in (50, 99)}
    return {"events": len(ordered), **found}


def measured(running: Running, made: Year, *, rate: float, seconds: float) -> dict[str, object]:
    """Around midnight: what other traffic takes before it, and while clients are judged anew.

    The clock is set to and fro over midnight, so that windows in which the law is in motion alternate with windows in which
    it is not: whatever else the machine does falls on both alike.
    """
    chance, stop = random.Random(2), threading.Event()
    before, after = midnight(CHANGE_DAY) - DAY_MS // 2, midnight(CHANGE_DAY)
    running.clock.set(before)
    threads = [threading.Thread(target=loop.run, args=(stop,)) for loop in running.loops]
    for thread in threads:
        thread.start()
    a_window = int(rate * seconds)
    running.offer(made, rate=rate, chance=chance, until=lambda n: n >= 2 * a_window)  # warm: not counted
    windows: list[tuple[bool, float, float]] = []
    is_moving, is_done = False, False
    while not is_done:
        running.clock.set(after if is_moving else before)
        begun = time.perf_counter()
        running.offer(made, rate=rate, chance=chance, until=lambda n: n >= a_window)
        windows.append((is_moving, begun + SETTLING_SECONDS, time.perf_counter()))
        is_done = is_moving and running.router.behind == 0
        after = running.clock.now() if is_moving else after
        is_moving = not is_moving
    while any(loop.is_behind() for loop in running.loops):
        time.sleep(0.1)
    stop.set()
    for thread in threads:
        thread.join()
    running.start()
    found = running.latencies()
    took = {
        kind: [ms for due, ms in found if any(moving == kind and begun <= due < end for moving, begun, end in windows)]
        for kind in (False, True)
    }
    without, moving = percentiles(took[False]), percentiles(took[True])
    return {
        "offered_each_second": rate,
        "windows": len(windows),
        "law_at_rest": without,
        "law_in_motion": moving,
        "in_motion_to_at_rest": {name: round(moving[name] / without[name], 2) for name in ("p50", "p99")},
    }


def once(clients: int, *, rate: float, seconds: float) -> dict[str, object]:
    """The whole year."""
    collect_when_idle()
    made = year(clients)
    with tempfile.TemporaryDirectory(prefix="sauma-bench-") as name:
        running = Running(Path(name))
        for day in range(CHANGE_DAY):
            running.clock.set(midnight(day) + MORNING_MS)
            running.say(made.days.get(day, ()))
        traffic = measured(running, made, rate=rate, seconds=seconds)
        for day in range(CHANGE_DAY, DAYS):
            running.clock.set(max(midnight(day) + MORNING_MS, running.clock.now()))
            running.say(made.days.get(day, ()))
        found = account(running.log.reader())
        behind = running.router.behind
        running.log.close()
    given = found.given - made.put_on_the_day
    renewed = [found.that_day[pair] for pair in made.renewed_on_the_day]
    return {
        "clients": clients,
        "records": found.by_law.total(),
        "judged_by": dict(found.by_law),
        "judged_by_the_wrong_set": found.wrong,
        "not_accepted": found.refused,
        "clients_left_behind": behind,
        "released_to_withheld": _held_against(len(found.taken), found.taken == made.released_to_withheld),
        "withheld_to_released": _held_against(len(given), given == made.withheld_to_released),
        "renewed_that_day": _held_against(len(renewed), all(told in _RENEWED for told in renewed)),
        "other_traffic_ms": traffic,
    }


_RENEWED = (["rebased ytl-45-general-support"], ["stop", "put"])


def _held_against(found: int, is_same: bool) -> dict[str, object]:
    return {"found": found, "equals_the_count_from_the_marks": is_same}


def main() -> None:
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=10_000)
    parser.add_argument("--rate", type=float, default=50.0, help="events a second around midnight")
    parser.add_argument(
        "--seconds", type=float, default=5.0, help="of each window, in turn with the law at rest and in motion"
    )
    chosen = parser.parse_args()
    print(json.dumps(once(chosen.clients, rate=chosen.rate, seconds=chosen.seconds), indent=1))


if __name__ == "__main__":
    main()
