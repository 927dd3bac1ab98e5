"""Replays a whole journal from empty and holds every delivery and decision that is stored against what comes out again."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from sauma.codec import Codec, Undecodable
from sauma.decision import Decision
from sauma.delivery import Delivery
from sauma.ids import EndpointId
from sauma.places import Places
from sauma.rulefile import Laws
from sauma_services.replay.retaking import Retaking, Rulebook, Stretch, Taken, stretches_of
from sauma_services.router import Router
from sauma_services.router.clients import records_taken
from sauma_services.router.epochs import CORE_RELEASE
from sauma_services.runtime.ports import Reader, Record
from sauma_services.runtime.topics import DECISIONS, JOURNAL, deliveries

_DELIVERY, _DECISION = Codec(Delivery), Codec(Decision)


@dataclass(frozen=True, slots=True)
class Difference:
    """One stored record that is not what the journal gives, or is not there, or should not be."""

    topic: str
    position: int
    """Where it stands; -1 where it is missing."""
    subject: str
    number: int
    """The delivery's or decision's number for this client; 0 where it cannot be read."""
    what: str
    """other-bytes, other-key, out-of-order, missing, extra or undecodable; of the journal: undecodable, not-taken where the
    core breaks on what a record says, and other-core, other-law or other-places for what the latest epoch pins."""


@dataclass(frozen=True, slots=True)
class Verified:
    """What a verification found."""

    records: int
    """Journal records gone through."""
    compared: int
    """Stored deliveries and decisions compared."""
    differences: tuple[Difference, ...]
    stretches: tuple[Stretch, ...] = ()
    """By which rules which records were judged."""
    not_done: int = 0
    """Records at the end of the journal that the router has not taken yet; they are no differences."""

    @property
    def unverified(self) -> tuple[Stretch, ...]:
        """What could not be taken again, since the rules it was judged by are not at hand."""
        return tuple(one for one in self.stretches if one.rules == "missing")


_Name = tuple[str, str, int]
"""Topic, subject and number: what names one delivery or decision."""


@dataclass(slots=True)
class _Stored:
    position: int
    key: bytes
    data: bytes
    is_met: bool = False


def verify(
    reader: Reader, *, laws: Laws | None = None, known: Sequence[Laws] = (), places: Places, partitions: int = 1
) -> Verified:
    """Take the journal again under these places. Reads only.

    Each record is judged by the rules of its epoch, looked for among `known` and then in the epoch's own record; with
    `laws`, every record by those instead. `known` are also those that the latest epoch is held against.

    Refusals that intake told without knowing of which client (deliveries of number 0) are not the router's; of these only
    the form is looked at. What stands in topics of endpoints that the places do not have is not looked at.

    The router may go on meanwhile. Its state is read first, then decisions, deliveries and the journal: a record that the
    state counts has its decision by then, a decision its deliveries, and both their record. Read in another order, what
    is written in between would look as if it were missing or too much.
    """
    counted = records_taken(reader.state(Router.name))
    stored: dict[_Name, _Stored] = {}
    differences: list[Difference] = []
    topics = [DECISIONS.name, *(deliveries(endpoint) for endpoint in places.endpoints)]
    for topic in topics:
        for partition in range(partitions):
            differences += _collected(topic, reader.scan(topic, partition), stored)
    rulebook = Rulebook.of(*known, instead=laws)
    retakings = [Retaking(reader, partition, rulebook=rulebook, places=places) for partition in range(partitions)]
    unverified: set[str] = set()
    not_done = 0
    for retaking in retakings:
        tail = _Tail()
        for one in retaking.records():
            if isinstance(one, Taken):
                found = [d for name, data in _made(one) for d in _compared(stored, name, one.record.key, data)]
                differences += tail.settled(found, is_done=_is_done(one.step.decision, counted, stored))
            elif one.why == "no-rules":
                unverified.add(one.record.key.decode(errors="replace"))
            else:
                key = one.record.key.decode(errors="replace")
                differences.append(Difference(JOURNAL.name, one.record.position, key, 0, one.why))
        not_done += tail.records
        differences += _pinned(retaking, rulebook, places)
    extra = [
        Difference(topic, one.position, subject, number, "extra")
        for (topic, subject, number), one in stored.items()
        if not one.is_met and subject not in unverified
    ]
    stretches = stretches_of(retakings)
    return Verified(sum(one.records for one in stretches), len(stored), (*differences, *extra), stretches, not_done)


@dataclass(slots=True)
class _Tail:
    """The latest records of a partition that nothing shows to be done, and what they lack.

    The router takes a partition in its order. So what comes before a record that is done was done, too, and what it
    lacks was lost.
    """

    records: int = 0
    _lacking: list[Difference] = field(default_factory=list)

    def settled(self, found: Iterable[Difference], *, is_done: bool) -> list[Difference]:
        """What is now known to be a difference, with the next record and what was found about it."""
        if is_done:
            settled = [*self._lacking, *found]
            self.records, self._lacking = 0, []
            return settled
        self.records += 1
        settled = []
        for one in found:
            (self._lacking if one.what == "missing" else settled).append(one)
        return settled


def _is_done(decision: Decision, counted: Mapping[str, int], stored: Mapping[_Name, _Stored]) -> bool:
    """Whether the router has taken the record: its state counts it, or its decision is there.

    The decision alone would not do: whoever takes away the last one would make its record look as if it were yet to come.
    """
    name = (DECISIONS.name, decision.subject, decision.number)
    return decision.number <= counted.get(decision.subject, 0) or name in stored


def _collected(topic: str, records: Iterable[Record], stored: dict[_Name, _Stored]) -> Iterator[Difference]:
    """Fill in what is stored; tell what cannot be the router's whatever the journal says."""
    latest: dict[str, int] = {}
    for record in records:
        try:
            named = _DECISION.decode(record.value) if topic == DECISIONS.name else _DELIVERY.decode(record.value)
        except Undecodable:
            yield Difference(topic, record.position, record.key.decode(errors="replace"), 0, "undecodable")
            continue
        subject, number = named.subject, named.number
        if isinstance(named, Delivery) and number == 0 and _is_told_by_intake(named):
            continue
        if number < 1 or (topic, subject, number) in stored:
            yield Difference(topic, record.position, subject, number, "extra")
            continue
        stored[topic, subject, number] = _Stored(record.position, record.key, record.value)
        if number < latest.get(subject, 0):
            yield Difference(topic, record.position, subject, number, "out-of-order")
        latest[subject] = max(number, latest.get(subject, 0))


def _is_told_by_intake(delivery: Delivery) -> bool:
    holds = delivery.puts or delivery.rebased or delivery.retracted
    return not delivery.subject and not holds and all(notice.code == "refused" for notice in delivery.notices)


def _made(taken: Taken) -> Iterator[tuple[_Name, bytes]]:
    """Everything that the record gives: its name and its bytes."""
    for one in taken.step.deliveries:
        yield (deliveries(EndpointId(one.recipient)), one.subject, one.number), _DELIVERY.encode(one)
    decision = taken.step.decision
    yield (DECISIONS.name, decision.subject, decision.number), _DECISION.encode(decision)


def _pinned(retaking: Retaking, rulebook: Rulebook, places: Places) -> Iterator[Difference]:
    """What decided last and is not what decides here, which is said since comparing with something else proves less.

    Only of the latest epoch: an earlier one was pinned before later rule sets were added, and its bytes speak for it.
    """
    if retaking.epoch is None:
        return
    position, epoch = retaking.epoch
    here = [rulebook.instead.version] if rulebook.instead is not None else list(rulebook.known)
    for what, is_same in (
        ("other-core", epoch.core == CORE_RELEASE),
        ("other-law", epoch.law in here),
        ("other-places", epoch.places == places.version),
    ):
        if not is_same:
            yield Difference(JOURNAL.name, position, "", 0, what)


def _compared(stored: Mapping[_Name, _Stored], name: _Name, key: bytes, data: bytes) -> Iterator[Difference]:
    found = stored.get(name)
    if found is None:
        yield Difference(name[0], -1, name[1], name[2], "missing")
        return
    found.is_met = True
    if found.data != data:
        yield Difference(name[0], found.position, name[1], name[2], "other-bytes")
    if found.key != key:
        yield Difference(name[0], found.position, name[1], name[2], "other-key")
