"""Remembers what the agency has been told, as keyed hashes, so that the same trouble is not told on every poll."""

from collections.abc import Iterable

from sauma_connectors.sdk.store import Store


class ToldOnce:
    """The table of what was told. Writes are made within a transaction of the caller's."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def key(self, *parts: str | bytes) -> bytes:
        """What stands for one telling."""
        return self._store.key.index("told", *parts)

    def is_told(self, key: bytes) -> bool:
        """Whether the agency knows already."""
        return self._store.row("SELECT 1 FROM told WHERE what = ?", key) is not None

    def add(self, key: bytes, *, is_of_poll: bool) -> None:
        """The agency knows. What is of a poll is forgotten once a poll no longer meets it."""
        self._store.run("INSERT OR IGNORE INTO told VALUES (?, ?)", key, is_of_poll)

    def forget_others(self, still_met: Iterable[bytes]) -> None:
        """Forget what polls told and this one did not meet: should it come back, it is told again."""
        met = set(still_met)
        for (what,) in self._store.rows("SELECT what FROM told WHERE is_of_poll = 1"):
            if what not in met:
                self._store.run("DELETE FROM told WHERE what = ?", what)
