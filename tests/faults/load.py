"""Clerks at work for the fault tests: the demo's story lived by several clients at once, by seed, in the agencies' folders.

In each round a client is acted on at most once. So what the agencies hold in the end follows from the acts, and not from
who was faster: a run that was killed can be held against one that was not.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from sauma_services.demo.cast import PROVIDER, agencies, client, prepare
from sauma_services.demo.story import BEFORE_THE_END, THE_END, Stage
from sauma_services.runtime.clock import SystemClock

Act = Callable[[Stage], None]

_LEFT_OUT: Sequence[frozenset[str]] = (
    frozenset(),
    frozenset({"7", "11", "12", "13", "14", "22", "23", "24"}),
    frozenset({"7", "15", "16a", "17", "24"}),
    frozenset({"11", "12", "13", "14", "15", "16a", "17", "19", "20", "22", "23", "24"}),
)
"""Lines that a kind of client does not live through: all of it; consent and a move; a conflict and a move; a plan only."""

_ACTS_IN_A_ROUND = 0.8
"""How likely a client is acted on in a round: the clients drift apart, and different things happen together."""

_SMALL_TURNS = """
[batch]
records_max = 3
wait_seconds_max = 0.005
"""
"""Many small commits, so that a kill falls between two of them; and an idle turn that does not make a test wait."""


class Load:
    """Several clients' acts over one data folder. The same seed gives the same acts in the same rounds."""

    def __init__(self, data: Path, seed: int, *, clients: int = 3) -> None:
        self.configuration = prepare(data)
        with self.configuration.open("a", encoding="utf-8") as file:
            file.write(_SMALL_TURNS)
        self._chance = random.Random(seed)
        systems = agencies(data)
        self.stages = [Stage(systems, client(number), SystemClock().now) for number in range(clients)]
        kinds = [number % len(_LEFT_OUT) for number in range(clients)]
        self._chance.shuffle(kinds)
        self._to_do = [acts(_LEFT_OUT[kind]) for kind in kinds]

    @property
    def clients(self) -> Sequence[str]:
        """The clients' codes, in their order."""
        return [stage.hetu for stage in self.stages]

    def round(self) -> bool:
        """The next act of some clients, in their agencies' own systems; False once nothing is left to do."""
        if not any(self._to_do):
            return False
        for stage, to_do in zip(self.stages, self._to_do, strict=True):
            if to_do and self._chance.random() < _ACTS_IN_A_ROUND:
                to_do.pop(0)(stage)
        return True


def acts(left_out: frozenset[str]) -> list[Act]:
    """The acts of the story without some of its lines."""
    return [
        _consent if line.number == "15" else act
        for line in (*BEFORE_THE_END, *THE_END)
        if line.number not in left_out
        for act in line.acts
    ]


def _consent(s: Stage) -> None:
    """As in the story, under a key of the client's own."""
    employment = s.agencies.employment
    capacity = next(c for c in employment.received(s.hetu, "capacity") if c.owner == "health-08")
    identity = employment.received(s.hetu, "identity")[-1]
    employment.consent(
        s.hetu,
        f"consent-{s.hetu[:6]}",
        recipients=(PROVIDER,),
        facts=(capacity.fact, identity.fact),
        rows=(s.rows["A"],),
        evidence="archive-77",
        at=s.now,
    )
