"""Measures the withdrawal barrier: how long a withdrawal takes to be visible at the recipient, and that nothing comes after it.

`python -m faults.kafka.barrier` runs a load without faults until a thousand consents are withdrawn; a fault run uses the
same watcher and the same proof.
"""

import argparse
import json
import random
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from faults.kafka.draining import seconds_until_drained
from faults.kafka.load import Load, LoadSettings, clients_for
from faults.kafka.stage import PARTITIONS, Stage, brokers, stage
from faults.kafka.tail import Tail
from sauma.codec import Codec
from sauma.decision import Decision
from sauma.delivery import Delivery
from sauma.event import Event, Will
from sauma.fact import Moment
from sauma.ids import EndpointId, EventId, SubjectId
from sauma.journal import Entry
from sauma_services.demo.cast import PROVIDER
from sauma_services.runtime.topics import DECISIONS, JOURNAL, deliveries

_ENTRY, _DECISION, _DELIVERY = Codec(Entry), Codec(Decision), Codec(Delivery)

Step = tuple[SubjectId, Moment]
"""One record of one client, by its effective time: no two of a client share one."""

_DRAINED_SECONDS_MAX = 120.0


@dataclass(frozen=True, slots=True)
class Barrier:
    """What was measured and what was proven."""

    withdrawals: int
    """Of consents on which the recipient held something: only these have anything to take back."""
    milliseconds: tuple[int, ...]
    """From intake's stamp on each to the retraction being there for readers of committed records; sorted."""
    acknowledged: int
    """Withdrawals, of any will, whose source was told that they are in effect."""
    after: tuple[str, ...]
    """What rested on a withdrawn will and left with or after its acknowledgement. There must be nothing."""

    def told(self) -> Mapping[str, object]:
        """For a report."""
        found = self.milliseconds
        return {
            "withdrawals": self.withdrawals,
            "p50_ms": _share(found, 0.5),
            "p99_ms": _share(found, 0.99),
            "max_ms": found[-1] if found else None,
            "acknowledged": self.acknowledged,
            "visible_after_acknowledgement": len(self.after),
        }


class Watcher(threading.Thread):
    """Notes when each retraction becomes visible at the provider, to whom all consents of the load speak."""

    def __init__(self, on: Stage) -> None:
        super().__init__(name="watcher", daemon=True)
        self._tail = Tail(on.kafka, deliveries(PROVIDER), 1)
        self._stopping = threading.Event()
        self.seen: dict[Step, int] = {}
        """Milliseconds since 1970-01-01 UTC."""

    def run(self) -> None:
        """Until `finish`."""
        while not self._stopping.is_set():
            self._look()

    def finish(self) -> None:
        """After everything has been routed: take what is still there, and end."""
        self._stopping.set()
        self.join()
        while self._look():
            pass
        self._tail.close()

    def _look(self) -> bool:
        messages = self._tail.look(0.2)
        now = time.time_ns() // 1_000_000
        for message in messages:
            delivery = _DELIVERY.decode_trusted(message.value() or b"")
            if delivery.retracted:
                self.seen[delivery.subject, delivery.effective_at] = now
        return bool(messages)


def measure(on: Stage, seen: Mapping[Step, int]) -> Barrier:
    """From the whole log at rest, and when retractions were seen."""
    withdrawn = dict(_withdrawn(on))
    acknowledged = 0
    after: list[str] = []
    taken_back: set[Step] = set()
    ends: dict[tuple[SubjectId, str], Moment] = {}
    for (subject, at), (will, _) in withdrawn.items():
        ends[subject, will] = min(at, ends.get((subject, will), at))
    for endpoint in on.places.endpoints:
        closed: set[tuple[SubjectId, str]] = set()
        for delivery in _delivered(on, endpoint):
            step = (delivery.subject, delivery.effective_at)
            if step in withdrawn:
                acknowledged += sum(notice.code == "will-effective" for notice in delivery.notices)
                closed.add((delivery.subject, withdrawn[step][0]))
                if endpoint == PROVIDER and delivery.retracted:
                    taken_back.add(step)
            for basis in (*(item.basis for item in delivery.puts), *(moved.basis for moved in delivery.rebased)):
                if basis.will is None:
                    continue
                rests_on = (delivery.subject, basis.will)
                # By its place in the recipient's topic, and by its moment wherever the acknowledgement went.
                is_over = rests_on in ends and delivery.effective_at >= ends[rests_on]
                if is_over or rests_on in closed:
                    after.append(f"{endpoint} number {delivery.number} of {delivery.subject}")
    times = sorted(seen[step] - withdrawn[step][1] for step in taken_back if step in seen)
    return Barrier(len(taken_back), tuple(times), acknowledged, tuple(after))


def _withdrawn(on: Stage) -> Iterator[tuple[Step, tuple[str, Moment]]]:
    """Each withdrawal that took effect: which will, and when intake stamped it."""
    reader = on.log.reader()
    said: dict[EventId, tuple[str, Moment]] = {}
    for partition in range(PARTITIONS):
        for record in reader.scan(JOURNAL.name, partition):
            entry = _ENTRY.decode_trusted(record.value)
            what = entry.what
            if isinstance(what, Event) and isinstance(what.body, Will) and what.body.step == "withdrawn":
                said.setdefault(what.id, (what.body.will, entry.stamp))
    for partition in range(PARTITIONS):
        for record in reader.scan(DECISIONS.name, partition):
            decision = _DECISION.decode_trusted(record.value)
            if decision.cause in said and decision.outcome in ("accepted", "early"):
                yield (decision.subject, decision.effective_at), said[EventId(decision.cause)]


def _delivered(on: Stage, endpoint: EndpointId) -> Iterator[Delivery]:
    for record in on.log.reader().scan(deliveries(endpoint), 0):
        yield _DELIVERY.decode_trusted(record.value)


def _share(found: tuple[int, ...], share: float) -> int | None:
    return found[min(len(found) - 1, int(share * len(found)))] if found else None


def under_load(on: Stage, *, seed: int, rate: float, withdrawals_min: int) -> Barrier:
    """Two routers and a load without faults, until there are so many withdrawals."""
    # On average over the kinds of lives about one event in seventeen withdraws a consent on which something was held.
    events = withdrawals_min * 17
    load = Load(on.kafka, LoadSettings(seed, rate, clients_for(events)), partitions=PARTITIONS, events_max=events * 6)
    watcher = Watcher(on)
    for part, name in (("intake", "i1"), ("router", "r1"), ("router", "r2")):
        on.crew.start(part, name)
    watcher.start()
    load.start()
    # Half as many again: a move or an end takes back too, and that is no withdrawal.
    while load.is_alive() and len(watcher.seen) < withdrawals_min * 1.5:
        time.sleep(0.2)
    load.stopping.set()
    load.join()
    if load.failure is not None:
        raise load.failure
    drained = seconds_until_drained(on, load.journal, seconds_max=_DRAINED_SECONDS_MAX)
    assert drained is not None, "the line did not come to rest"
    watcher.finish()
    load.close()
    return measure(on, watcher.seen)


def main() -> int:
    """Print the figures; 1 where something became visible after its will's end, or too little was seen."""
    parser = argparse.ArgumentParser(prog="python -m faults.kafka.barrier", description=__doc__)
    parser.add_argument("--withdrawals", type=int, default=1_000)
    parser.add_argument("--rate", type=float, default=400.0, help="events a second that the agencies say")
    parser.add_argument("--seed", type=int, default=None)
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10**6)
    with tempfile.TemporaryDirectory(prefix="sauma-barrier-") as name, brokers() as on, stage(on, Path(name)) as set_up:
        found = under_load(set_up, seed=seed, rate=chosen.rate, withdrawals_min=chosen.withdrawals)
    sys.stdout.write(json.dumps({"seed": seed, "rate": chosen.rate, **found.told()}) + "\n")
    return 1 if found.after or len(found.milliseconds) < chosen.withdrawals else 0


if __name__ == "__main__":
    raise SystemExit(main())
