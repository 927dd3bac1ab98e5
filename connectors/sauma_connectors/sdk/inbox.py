"""Keeps deliveries from the moment they were read until the register has applied them, and what the register then holds."""

from collections.abc import Sequence
from dataclasses import dataclass

from sauma.codec import Codec
from sauma.delivery import Applied, Delivery
from sauma.fact import Moment
from sauma.ids import DeliveryId, EndpointId, FactId, SubjectId
from sauma_connectors.sdk.channel import Arriving
from sauma_connectors.sdk.store import Store

_DELIVERY = Codec(Delivery)


@dataclass(frozen=True, slots=True)
class HeldFact:
    """A fact of another's that the register holds and is kept up to date with."""

    fact: FactId
    version: int
    kind: str
    about_version: int = 0
    """For a proposal or conflict: the version of the item that it is about."""


class Inbox:
    """The tables of what arrives. Writes are made within a transaction of the caller's."""

    def __init__(self, store: Store, endpoint: EndpointId) -> None:
        self._store = store
        self._endpoint = endpoint

    def positions(self) -> dict[int, int]:
        """Per partition the position of the last delivery read."""
        return {int(p): int(at) for p, at in self._store.rows("SELECT log_partition, position FROM position")}

    def count(self) -> int:
        """How many deliveries wait."""
        found = self._store.row("SELECT count(*) FROM inbox")
        return int(found[0]) if found else 0

    def moved(self, arrived: Sequence[Arriving]) -> None:
        """Reading goes on after these."""
        for one in arrived:
            self._store.run("INSERT OR REPLACE INTO position VALUES (?, ?)", one.partition, one.position)

    def add(self, delivery: Delivery, data: bytes) -> None:
        """Keep a delivery until it is applied; the same one again is the same one."""
        self._store.run(
            "INSERT OR IGNORE INTO inbox VALUES (?, ?, ?, ?)", delivery.subject, delivery.number, delivery.id, data
        )

    def due(self, now_ms: int) -> list[SubjectId]:
        """The clients for whom something waits that may be tried now."""
        found = self._store.rows(
            "SELECT DISTINCT inbox.subject FROM inbox LEFT JOIN client ON client.subject = inbox.subject "
            "WHERE coalesce(client.try_at, 0) <= ?",
            now_ms,
        )
        return [SubjectId(row[0]) for row in found]

    def backlog(self, subject: SubjectId) -> list[Delivery]:
        """All that waits of one client, in the order of its numbers."""
        found = self._store.rows("SELECT data FROM inbox WHERE subject = ? ORDER BY number, id", subject)
        return [_DELIVERY.decode_trusted(row[0]) for row in found]

    def done(self, delivery: Delivery) -> None:
        """The delivery waits no longer."""
        self._store.run(
            "DELETE FROM inbox WHERE subject = ? AND number = ? AND id = ?",
            *(delivery.subject, delivery.number, delivery.id),
        )

    def to_confirm(self, delivery: Delivery, now_ms: int) -> None:
        """The log is still to be told that this was applied."""
        self._store.run(
            "INSERT OR IGNORE INTO confirmation VALUES (?, ?, ?, ?)",
            *(delivery.id, delivery.subject, delivery.number, now_ms),
        )

    def unconfirmed(self) -> list[Applied]:
        """What the log is still to be told."""
        found = self._store.rows("SELECT delivery, subject, number, applied_at FROM confirmation ORDER BY rowid")
        return [
            Applied(self._endpoint, SubjectId(subject), DeliveryId(delivery), number, Moment(applied_at))
            for delivery, subject, number, applied_at in found
        ]

    def confirmed(self, applied: Sequence[Applied]) -> None:
        """The log has been told."""
        for one in applied:
            self._store.run("DELETE FROM confirmation WHERE delivery = ?", one.delivery)

    def held(self, subject: SubjectId) -> list[HeldFact]:
        """What the register holds of others' facts about one client."""
        found = self._store.rows(
            "SELECT fact, version, kind, about_version FROM held WHERE subject = ? ORDER BY fact", subject
        )
        return [HeldFact(*row) for row in found]

    def held_fact(self, subject: SubjectId, fact: FactId) -> HeldFact | None:
        """One of them, or None."""
        found = self._store.row(
            "SELECT fact, version, kind, about_version FROM held WHERE subject = ? AND fact = ?", subject, fact
        )
        return HeldFact(*found) if found else None

    def hold(self, subject: SubjectId, held: HeldFact) -> None:
        """The register holds this from now on."""
        self._store.run(
            "INSERT OR REPLACE INTO held VALUES (?, ?, ?, ?, ?)",
            *(subject, held.fact, held.version, held.kind, held.about_version),
        )

    def let_go(self, subject: SubjectId, fact: FactId) -> None:
        """The register holds this no longer, or is no longer kept up to date with it."""
        self._store.run("DELETE FROM held WHERE subject = ? AND fact = ?", subject, fact)
