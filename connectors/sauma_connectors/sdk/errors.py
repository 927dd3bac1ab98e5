"""Names what happens next when something outside fails; a bug is none of these and crashes the process."""


class Failure(Exception):
    """Something outside failed. `reason` is a code or a plain sentence; never the content of a record."""

    def __init__(self, reason: str, *, endpoint: str | None = None, record: str | None = None) -> None:
        """`endpoint` and `record` are ids. Together with the reason they are all that may reach a log."""
        super().__init__(reason)
        self.reason = reason
        self.endpoint = endpoint
        self.record = record

    def __str__(self) -> str:
        about = [f"{name} {value}" for name, value in (("endpoint", self.endpoint), ("record", self.record)) if value]
        return f"{self.reason} ({', '.join(about)})" if about else self.reason


class TryAgain(Failure):
    """Trying again may succeed. What was attempted may nevertheless have taken effect: the outcome is unknown."""


class GiveUp(Failure):
    """Trying again gives the same answer. This one thing is refused and the rest goes on."""


class NeedsOperator(Failure):
    """Nothing goes on until a person acts: a full disk, a damaged file, a wrong setting. The process stops, loudly."""
