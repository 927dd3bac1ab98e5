"""Clerks at work for the fault tests: the demo's story lived by several clients at once, by seed, in the agencies' folders.

In each round a client is acted on at most once. So what the agencies hold in the end follows from the acts, and not from
who was faster: a run that was killed can be held against one that was not.
"""

import random
from collections.abc import Callable, Sequence
from pathlib import Path

from sauma_services.demo.cast import agencies, client, prepare
from sauma_services.demo.story import BEFORE_THE_END, THE_END, Stage, background, kela_capacity, move, situation
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
        systems = agencies(data)
        self.stages = [Stage(systems, client(number), SystemClock().now) for number in range(clients)]
        self.rounds = schedule(seed, clients)
        """What is still to come: for each round, the acts and whose stage each is on."""
        self.have_moved: set[int] = set()

    @property
    def clients(self) -> Sequence[str]:
        """The clients' codes, in their order."""
        return [stage.hetu for stage in self.stages]

    def round(self) -> bool:
        """The next act of some clients, in their agencies' own systems; False once nothing is left to do."""
        if not self.rounds:
            return False
        for number, act in self.rounds.pop(0):
            act(self.stages[number])
            if act is move:
                self.have_moved.add(number)
        return True

    def records_change(self) -> None:
        """Beside the story, agencies change what they recorded of each client; of those who are still theirs, something new."""
        for number, stage in enumerate(self.stages):
            background(
                stage, work_history="Welder 2009-2021, driver 2026", skills="Welding, forklift licence, bus licence"
            )
            kela_capacity(
                stage,
                conclusion="Able to do light work, six hours a day",
                limits="No lifting over 5 kg",
                valid_until="2027-12-31",
            )
            if number not in self.have_moved:
                situation(stage, summary="Moved in with a sister")


def schedule(seed: int, clients: int) -> list[list[tuple[int, Act]]]:
    """For each round, whose acts fall into it."""
    chance = random.Random(seed)
    kinds = [number % len(_LEFT_OUT) for number in range(clients)]
    chance.shuffle(kinds)
    to_do = [acts(_LEFT_OUT[kind]) for kind in kinds]
    rounds: list[list[tuple[int, Act]]] = []
    while any(to_do):
        rounds.append([])
        for number, own in enumerate(to_do):
            if own and chance.random() < _ACTS_IN_A_ROUND:
                rounds[-1].append((number, own.pop(0)))
    return rounds


def acts(left_out: frozenset[str]) -> list[Act]:
    """The acts of the story without some of its lines."""
    return [act for line in (*BEFORE_THE_END, *THE_END) if line.number not in left_out for act in line.acts]
