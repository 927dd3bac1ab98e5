"""Decides what a standing row's change asks for; pure, knows neither store nor log."""

from dataclasses import dataclass

from sauma_connectors.sdk.rows import CLOSED, CLOSED_BEFORE, EXPECTED, PASSED, REFUSED, VOID, RowMemory


@dataclass(frozen=True, slots=True)
class Steps:
    """Take these steps; none where nothing changed."""

    steps: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class HoldBack:
    """The router says that the row's fact was closed, and the row stands unchanged: a person has to say which is right."""


@dataclass(frozen=True, slots=True)
class Remember:
    """Nothing to say, but the row is in this state from now on."""

    state: str


Difference = Steps | HoldBack | Remember

_NOTHING = Steps()


def difference(known: RowMemory | None, *, content: bytes, marks: bytes, is_closed: bool) -> Difference:
    """What to say of a row that stands with this content and these marks (keyed hashes)."""
    whole = Steps(("put", "close") if is_closed else ("put",))
    if known is None:
        return whole
    is_same = known.content == content
    if known.state in (VOID, PASSED, EXPECTED):
        return _NOTHING
    if known.state == REFUSED:
        return _NOTHING if is_same and known.marks == marks else whole
    if known.state == CLOSED:
        return _NOTHING if is_closed else Steps(("put",))
    if known.state == CLOSED_BEFORE:
        if is_closed:
            return Remember(CLOSED)
        return HoldBack() if is_same else Steps(("put",))
    if is_closed:
        return Steps(("close",)) if is_same else whole
    if not is_same:
        return Steps(("put",))
    return _NOTHING if known.marks == marks else Steps(("mark",))
