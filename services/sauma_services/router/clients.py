"""Keeps the clients of the assigned partitions: their parts as bytes, and those in use as records; writes back what changed."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from sauma.client import Client, FactState, Head, Parked, SourceMark, new_client
from sauma.codec import Codec, Registry
from sauma.fact import Moment
from sauma.ids import FactId, SubjectId
from sauma.making import cheap_to_make
from sauma.unread import unread
from sauma_services.runtime.ports import StatePart

HEAD, SOURCE, FACT, PARKED = "head", "source", "fact", "parked"

_HEAD, _SOURCE, _FACT, _PARKED = Codec(Head), Codec(SourceMark), Codec(FactState), Codec(Parked)
_unread_fact = unread(FactState, _FACT.decode_trusted)


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Standing:
    """The first fields of a head: what a restore needs of every client, read without the rest of it."""

    subject: SubjectId
    records: int
    effective_at: Moment
    is_opened: bool
    municipality: str | None
    law: str
    wake_at: Moment | None


_STANDING = Codec(Standing, Registry(is_in_the_clear=True))


def part_key(subject: str, kind: str, name: str = "") -> bytes:
    """The key of one part of one client."""
    return f"{subject}/{kind}/{name}".encode()


def read_client(subject: SubjectId, parts: Mapping[bytes, bytes]) -> Client:
    """The client in these parts; a new one where there are none."""
    head = new_client(subject).head
    sources, facts, parked = {}, {}, {}
    for key, value in sorted(parts.items()):
        _, kind, name = key.decode().split("/", 2)
        if kind == HEAD:
            head = _HEAD.decode_trusted(value)
        elif kind == SOURCE:
            mark = _SOURCE.decode_trusted(value)
            sources[mark.source] = mark
        elif kind == FACT:
            facts[FactId(name)] = _unread_fact(value)
        else:
            parked[name] = _PARKED.decode_trusted(value)
    return Client(head, sources, facts, parked)


def changed_parts(before: Client, after: Client) -> Iterator[StatePart]:
    """The parts that a step made anew or took away: a part that a step did not touch is the same object."""
    subject = after.head.subject
    if after.head is not before.head:
        yield StatePart(part_key(subject, HEAD), _HEAD.encode(after.head))
    yield from _changed(subject, SOURCE, before.sources, after.sources, _SOURCE)
    yield from _changed(subject, FACT, before.facts, after.facts, _FACT)
    yield from _changed(subject, PARKED, before.parked, after.parked, _PARKED)


def _changed(
    subject: str, kind: str, before: Mapping[Any, Any], after: Mapping[Any, Any], codec: Codec[Any]
) -> Iterator[StatePart]:
    if before is after:
        return
    for name, value in after.items():
        if before.get(name) is not value:
            yield StatePart(part_key(subject, kind, name), codec.encode(value))
    for name in before.keys() - after.keys():
        yield StatePart(part_key(subject, kind, name), None)


def records_taken(parts: Iterable[StatePart]) -> dict[str, int]:
    """How many journal records of each client the router has taken, by the state that it commits together with them.

    For whoever reads a log that may have been altered: a head that cannot be read says nothing.
    """
    taken: dict[str, int] = {}
    for part in parts:
        subject, _, rest = part.key.partition(b"/")
        if rest == f"{HEAD}/".encode() and part.value is not None:
            with suppress(Exception):  # a trusting reader raises whatever the bytes lead it to
                taken[subject.decode()] = _STANDING.decode_start(part.value).records
    return taken


class Clients:
    """The clients of one partition.

    Every part is kept as bytes; the clients touched last are also kept as records. `count_max` bounds those: fewer, and
    more clients are decoded anew at each event; more, and memory grows (the benchmark prints how much a client takes).
    """

    def __init__(self, parts: Iterable[StatePart], *, count_max: int) -> None:
        self._parts: dict[str, dict[bytes, bytes]] = {}
        self._live: dict[str, Client] = {}
        self._count_max = count_max
        for part in parts:
            if part.value is not None:
                self._parts.setdefault(part.key[:32].decode(), {})[part.key] = part.value

    def get(self, subject: SubjectId) -> Client:
        """The client as committed."""
        client = self._live.get(subject)
        return client if client is not None else read_client(subject, self._parts.get(subject, {}))

    def keep(self, client: Client, parts: Iterable[StatePart]) -> None:
        """This client is committed, with these parts of it, and likely to be asked for again."""
        subject = client.head.subject
        own = self._parts.get(subject)
        if own is None:
            own = self._parts[subject] = {}
        for part in parts:
            if part.value is None:
                own.pop(part.key, None)
            else:
                own[part.key] = part.value
        self._live.pop(subject, None)
        self._live[subject] = client
        if len(self._live) > self._count_max:
            del self._live[next(iter(self._live))]

    def standings(self) -> Iterator[Standing]:
        """Where every client stands: to find again what is due."""
        for subject, parts in self._parts.items():
            head = parts.get(part_key(subject, HEAD))
            if head is not None:
                yield _STANDING.decode_start(head)
