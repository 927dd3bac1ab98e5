"""Decides what of a plan's declaration is said again once its row has changed, and remembers what was last said; sends nothing.

Makers are said again only where the row's own makers changed. Others may have declared other makers since: a row in which
only a provider is new must not bring back the makers of the day on which it was written.
"""

from dataclasses import dataclass, replace

from sauma.ids import EventId
from sauma_connectors.sdk.contract import PlanDeclared
from sauma_connectors.sdk.store import Store


@dataclass(frozen=True, slots=True)
class Changed:
    """The row is another than when it was last remembered."""

    says: PlanDeclared | None
    """What is to be said, without makers where those of the row are as they were; None where that is nothing."""


class Plans:
    """The table of plans declared by rows that are kept current. Writes are made within a transaction of the caller's."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def changed(self, row: str, says: PlanDeclared) -> Changed | None:
        """What the row says besides what it said last, or None. Of a row that is not remembered, as in an older store, nothing is said."""
        found = self._store.row("SELECT makers, providers, is_refused FROM plan WHERE row_index = ?", self._index(row))
        makers, providers = self._hashes(says)
        if found is None:
            return Changed(None)
        if (found[0], found[1]) == (makers, providers):
            return None
        is_whole = bool(found[2]) or found[0] != makers
        again = says if is_whole else replace(says, makers=())
        # Without either it would say nothing: a plan keeps its providers, and is not left without makers.
        return Changed(again if again.makers or again.providers else None)

    def remember(self, row: str, says: PlanDeclared, makers_said_in: EventId | None = None) -> None:
        """The row says this now. `makers_said_in`: the event that says its makers too; without one, those before stand."""
        index, hashes = self._index(row), self._hashes(says)
        if makers_said_in is not None:
            self._store.run("INSERT OR REPLACE INTO plan VALUES (?, ?, ?, ?, 0)", index, *hashes, makers_said_in)
            return
        self._store.run("INSERT OR IGNORE INTO plan VALUES (?, ?, ?, '', 0)", index, *hashes)
        self._store.run("UPDATE plan SET makers = ?, providers = ? WHERE row_index = ?", *hashes, index)

    def refused(self, act: bytes, event: EventId) -> None:
        """The router did not take the event; had it said the makers, the next change says them again. `act`: the row's index."""
        self._store.run("UPDATE plan SET is_refused = 1 WHERE row_index = ? AND event = ?", act, event)

    def _hashes(self, says: PlanDeclared) -> tuple[bytes, bytes]:
        key = self._store.key
        return key.index("makers", *sorted(says.makers)), key.index("providers", *sorted(says.providers))

    def _index(self, row: str) -> bytes:
        return self._store.key.index("row", row)
