"""Further clients for a demo that stays up: each begins like the story, and stops where chance has it."""

import random
from collections.abc import Callable, Iterator

from sauma_services.demo.cast import Agencies, client
from sauma_services.demo.story import BEFORE_THE_END, Stage
from sauma_services.machine import Machine

_LINES_OF_A_BEGINNING = 9
"""Up to the plan: what a client of the multi-sector model comes to in its first weeks."""


def trickle(agencies: Agencies, machine: Machine, is_over: Callable[[float], bool]) -> Iterator[int]:
    """A client every few seconds, until `is_over(seconds)` says so; yields the client's number once all has settled."""
    chance = random.Random(1)  # noqa: S311 - a demo that can be seen again
    number = 0
    while not is_over(chance.uniform(1.0, 3.0)):
        number += 1
        stage = Stage(agencies, client(number), machine.clock.now)
        for line in BEFORE_THE_END[: chance.randint(2, _LINES_OF_A_BEGINNING)]:
            for act in line.acts:
                act(stage)
                machine.settle()
        yield number
