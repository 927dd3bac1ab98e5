"""Bugs to be planted in the processes of a fault run, each of which the checker must find; none of them is in the product."""

import os
import signal
from collections.abc import Callable, Iterable, Mapping, Sequence
from itertools import count
from pathlib import Path
from typing import Any

import sauma.view
from sauma.law import Law, Released
from sauma.question import Question
from sauma_services.router import Router
from sauma_services.runtime.kafka_transactions import Transactions, Write
from sauma_services.runtime.ports import StatePart

_DIES_AT = 4
"""Which commit is cut in two: not the first, after which there is nothing to lose."""


def positions_before_outputs(folder: Path) -> None:
    """Positions are committed first and outputs after them; once in a run a router dies between the two."""
    commit = Transactions.commit
    numbers = count(1)
    was_there = folder / "died-between"

    def twice(self: Transactions, writes: Iterable[Write], positions: Sequence[Any], member: object) -> None:
        outputs = list(writes)
        commit(self, [], positions, member)
        if "router" in self._name and len(outputs) > 1 and next(numbers) >= _DIES_AT and not was_there.exists():
            was_there.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        commit(self, outputs, positions, member)

    Transactions.commit = twice  # type: ignore[method-assign] # that is the bug


def no_rotation(_: Path) -> None:
    """A connection that broke during a commit is mended by the library, and the same producer goes on."""

    def unheard(self: Transactions, said: str) -> None:
        del self, said

    Transactions._note_trouble = unheard  # type: ignore[method-assign] # that is the bug


def state_dropped_on_revoke(_: Path) -> None:
    """Whoever takes a partition over begins with nothing, as if what the last one knew had gone with it."""
    restore = Router.restore

    def forgetful(self: Router, partition: int, parts: Iterable[StatePart]) -> None:
        for _ in parts:
            pass
        restore(self, partition, ())

    Router.restore = forgetful  # type: ignore[method-assign] # that is the bug


def view_cached(_: Path) -> None:
    """What was once allowed of a fact's version is not asked again, also after the will it rested on was withdrawn."""
    decide = vars(sauma.view)["decide"]
    allowed: dict[tuple[str, str, int, str], Released] = {}

    def remembering(law: Law, question: Question) -> Any:
        fact = question.fact
        key = (question.client.head.subject, fact.id, fact.version, question.recipient.id)
        if key not in allowed:
            ruling = decide(law, question)
            if not isinstance(ruling, Released):
                return ruling
            allowed[key] = ruling
        return allowed[key]

    vars(sauma.view)["decide"] = remembering


PLANTS: Mapping[str, Callable[[Path], None]] = {
    "positions-before-outputs": positions_before_outputs,
    "no-rotation": no_rotation,
    "state-dropped-on-revoke": state_dropped_on_revoke,
    "view-cached": view_cached,
}
