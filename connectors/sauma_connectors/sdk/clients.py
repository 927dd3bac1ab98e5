"""Remembers the clients of one register: who a subject is, how far it has spoken and been told, whether it is being repaired."""

from collections.abc import Sequence
from dataclasses import dataclass, fields
from typing import Any

from sauma.ids import SubjectId
from sauma_connectors.sdk.contract import Person
from sauma_connectors.sdk.store import Store

WANTED, WAITING = "wanted", "waiting"
"""Repair: an inventory is to be written; it is written and not yet answered. Either way no differences are sent."""


@dataclass(frozen=True, slots=True)
class LocalClient:
    """One client as this store knows it."""

    subject: SubjectId
    number: int = 0
    """Of the last delivery applied."""
    seq: int = 0
    """Of the last event written in this incarnation."""
    is_settled: bool = False
    """Whether this store knows all that was ever said of the client; else an inventory goes before the first difference."""
    repair: str = ""
    repair_event: str = ""
    is_unsure: bool = False
    """Acts may have been sent that this store does not remember."""
    spoke_before: bool = False
    """Something arrived that answers what this store never said: it is not this register's first store."""
    has_skipped: bool = False
    """Facts arrived before anything told whom they are about."""
    tries: int = 0
    try_at: int = 0
    """When the register is asked again after a `Retry`, in milliseconds; 0 when nothing waits."""


_COLUMNS = ", ".join(field.name for field in fields(LocalClient))
_FLAGS = frozenset({"is_settled", "is_unsure", "spoke_before", "has_skipped"})


class Clients:
    """The table of clients. Writes are made within a transaction of the caller's."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def of(self, subject: SubjectId) -> LocalClient | None:
        """The client, or None."""
        return self._one("subject = ?", subject)

    def of_person(self, person: Person) -> LocalClient | None:
        """The client whom this person is, or None where this store has not met the person."""
        return self._one("person_index = ?", self._index(person))

    def add(self, client: LocalClient) -> LocalClient:
        """Remember a client."""
        values = [getattr(client, field.name) for field in fields(LocalClient)]
        marks = ", ".join("?" for _ in values)
        self._store.run(f"INSERT INTO client ({_COLUMNS}) VALUES ({marks})", *values)  # noqa: S608 - names of our own fields
        return client

    def change(self, subject: SubjectId, **changes: object) -> None:
        """Put new values into some fields of a client."""
        names = ", ".join(f"{name} = ?" for name in changes)
        self._store.run(f"UPDATE client SET {names} WHERE subject = ?", *changes.values(), subject)  # noqa: S608 - as above

    def change_all(self, **changes: object) -> None:
        """Put new values into some fields of every client."""
        names = ", ".join(f"{name} = ?" for name in changes)
        self._store.run(f"UPDATE client SET {names}", *changes.values())  # noqa: S608 - as above

    def name(self, subject: SubjectId, person: Person) -> None:
        """Remember who a subject is. A person who was another subject (its keys were destroyed) is this one from now on."""
        index = self._index(person)
        self._store.run("UPDATE client SET person = NULL, person_index = NULL WHERE person_index = ?", index)
        sealed = self._store.key.seal(person.henkilotunnus)
        self._store.run("UPDATE client SET person = ?, person_index = ? WHERE subject = ?", sealed, index, subject)

    def person(self, subject: SubjectId) -> Person | None:
        """Who the subject is, as far as this store knows."""
        found = self._store.row("SELECT person FROM client WHERE subject = ? AND person IS NOT NULL", subject)
        return Person(self._store.key.unseal(found[0])) if found else None

    def to_repair(self) -> list[LocalClient]:
        """Clients for whom an inventory is to be written."""
        return self._all("repair = ?", WANTED)

    def unsure(self) -> list[LocalClient]:
        """Clients of whom acts may have been sent that this store does not remember."""
        return self._all("is_unsure = 1 AND repair = ''")

    def _index(self, person: Person) -> bytes:
        return self._store.key.index("person", person.henkilotunnus)

    def _one(self, where: str, value: object) -> LocalClient | None:
        found = self._all(where, value)
        return found[0] if found else None

    def _all(self, where: str, *values: object) -> list[LocalClient]:
        names = [field.name for field in fields(LocalClient)]
        found = self._store.rows(f"SELECT {_COLUMNS} FROM client WHERE {where} ORDER BY subject", *values)  # noqa: S608 - as above
        return [LocalClient(**_values(names, row)) for row in found]


def _values(names: Sequence[str], row: tuple[Any, ...]) -> dict[str, Any]:
    return {name: bool(value) if name in _FLAGS else value for name, value in zip(names, row, strict=True)}
