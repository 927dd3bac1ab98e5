"""Moments as texts in ISO 8601, as agencies' files have them; knows no column and no clock."""

from datetime import UTC, datetime, timedelta

from sauma.fact import Moment

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def calendar_of(moment: Moment) -> datetime:
    """The moment in UTC. Raises OverflowError outside the years 1 to 9999."""
    return _EPOCH + timedelta(milliseconds=moment)


def text_of(moment: Moment | None) -> str:
    """The moment in UTC with milliseconds; empty for None. Raises OverflowError outside the years 1 to 9999."""
    if moment is None:
        return ""
    return calendar_of(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def moment_of(text: str) -> Moment:
    """The moment of a text with a time zone; what is finer than a millisecond is cut off. Raises ValueError."""
    moment = datetime.fromisoformat(text)
    if moment.tzinfo is None:
        raise ValueError("a moment needs a time zone")
    return Moment((moment - _EPOCH) // timedelta(milliseconds=1))
