"""Lays two histories of the law side by side in time, and compares what is in force in each stretch of it."""

from dataclasses import dataclass

from sauma.law import Law
from sauma.rulefile import BEFORE_ANY, Laws
from sauma_services.lawbook.diff import Difference, difference


@dataclass(frozen=True, slots=True)
class Period:
    """One stretch of time in which the two histories differ."""

    since: str
    """ISO date."""
    until: str
    """The first day after it; empty: without end."""
    difference: Difference


def periods(before: Laws, after: Laws) -> tuple[Period, ...]:
    """The stretches of time in which any question, or the text of any rule, differs. A rule set moved by a day shows as that day."""
    dates = sorted({law.in_force_from for laws in (before, after) for law in laws.sets})
    found: list[Period] = []
    for start, end in zip(dates, [*dates[1:], ""], strict=True):
        compared = difference(_in_force(before, start), _in_force(after, start))
        if compared.changes or compared.rules:
            found.append(Period(start, end, compared))
    return tuple(found)


def _in_force(laws: Laws, date: str) -> Law:
    return next((law for law in reversed(laws.sets) if law.in_force_from <= date), BEFORE_ANY)
