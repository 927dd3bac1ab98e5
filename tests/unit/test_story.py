"""The story on the pure core: every line, every recipient, every paragraph; recipients not named get nothing."""

import pytest

from sauma.decision import Decision
from support.story import LINES, NAMES, Line
from support.world import World, leaves, stays

Told = tuple[Line, dict[str, set[str]], dict[tuple[str, str], str], Decision]


def _told() -> dict[str, Told]:
    world = World()
    told: dict[str, Told] = {}
    for line in LINES:
        taken = line.says(world)
        told[line.number] = (line, leaves(taken, NAMES), stays(taken, NAMES), taken.decision)
    return told


TOLD = _told()


@pytest.mark.parametrize("number", [line.number for line in LINES])
def test_what_leaves_and_on_which_paragraph(number: str) -> None:
    line, left, _, decision = TOLD[number]
    assert decision.outcome == "accepted", decision.reason
    assert left == dict(line.leaves)


@pytest.mark.parametrize("number", [line.number for line in LINES if line.stays])
def test_what_stays_and_why(number: str) -> None:
    line, _, stayed, _ = TOLD[number]
    assert {pair: stayed.get(pair) for pair in line.stays} == dict(line.stays)
