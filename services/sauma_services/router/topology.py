"""Takes the journal, client by client, through the core's step; writes deliveries, decisions and state together.

The effect's key is the delivery's id, computed from the client's own count: a record taken twice gives the same bytes.
"""

import heapq
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial

from sauma.client import Client
from sauma.codec import Codec
from sauma.decision import Decision
from sauma.delivery import Delivery
from sauma.fact import Moment
from sauma.ids import SubjectId, event_hash
from sauma.journal import Entry, Epoch, Reconsider, WakeUp
from sauma.places import Places
from sauma.rulefile import Laws
from sauma.splice import read_entry
from sauma.step import step
from sauma_services.router.clients import Clients, changed_parts
from sauma_services.router.epochs import ANNOUNCED_KEY, EPOCH_KEY, Reign
from sauma_services.router.motion import SLICE_KEY, Motion
from sauma_services.runtime import logging as log
from sauma_services.runtime.ports import Append, Outputs, Record, StatePart
from sauma_services.runtime.topics import DECISIONS, JOURNAL, deliveries

_ENTRY, _DELIVERY, _DECISION = Codec(Entry), Codec(Delivery), Codec(Decision)

_OF_PARTITION = frozenset({EPOCH_KEY, ANNOUNCED_KEY, SLICE_KEY})
"""The keys of state parts that are the partition's own and no client's."""

CLIENTS_LIVE_MAX = 100_000
"""Clients kept as records in memory; see `Clients`."""


@dataclass(slots=True)
class _Pending:
    """What one call of `process` computed, until it is committed or discarded."""

    clients: dict[SubjectId, Client] = field(default_factory=dict)
    parts: dict[SubjectId, dict[bytes, StatePart]] = field(default_factory=dict)
    own: dict[int, dict[bytes, StatePart]] = field(default_factory=dict)
    """By partition, the parts that are the partition's own and no client's."""
    partition_of: dict[SubjectId, int] = field(default_factory=dict)
    alarms: list[tuple[str, str]] = field(default_factory=list)
    due: list[tuple[int, SubjectId, int]] = field(default_factory=list)


class Router:
    """The topology of the router."""

    name = "router"
    inputs: Sequence[str] = (JOURNAL.name,)

    def __init__(self, *, laws: Laws, places: Places, clients_live_max: int = CLIENTS_LIVE_MAX) -> None:
        self._laws = laws
        self._places = places
        self._clients_live_max = clients_live_max
        self._partitions: dict[int, Clients] = {}
        self._reigns: dict[int, Reign] = {}
        self._motions: dict[int, Motion] = {}
        self._due: list[tuple[int, SubjectId, int]] = []
        self._pending = _Pending()

    def restore(self, partition: int, parts: Iterable[StatePart]) -> None:
        """Take up the clients of a partition, and what is due for them."""
        own: list[StatePart] = []
        of_partition: dict[bytes, bytes] = {}
        for part in parts:
            if part.key in _OF_PARTITION and part.value is not None:
                of_partition[part.key] = part.value
            else:
                own.append(part)
        clients = self._partitions[partition] = Clients(own, count_max=self._clients_live_max)
        self._reigns[partition] = Reign.restored(partition, self._laws, self._places, of_partition)
        self._motions[partition] = motion = Motion.restored(of_partition.get(SLICE_KEY))
        for client in clients.standings():
            motion.judged("", client)
            if client.wake_at is not None:
                heapq.heappush(self._due, (client.wake_at, client.subject, partition))

    def forget(self, partition: int) -> None:
        """Drop a partition's clients and what was due for them."""
        self._partitions.pop(partition, None)
        self._reigns.pop(partition, None)
        self._motions.pop(partition, None)
        self._due = [due for due in self._due if due[2] != partition]
        heapq.heapify(self._due)

    def next_due(self) -> int | None:
        """The earliest wake-up or slice; at once while a partition still has to be told what decides from now on."""
        if any(reign.is_to_be_announced for reign in self._reigns.values()):
            return 0
        moments = [motion.next_due(self._reigns[partition].laws) for partition, motion in self._motions.items()]
        moments.append(self._due[0][0] if self._due else None)
        return min((moment for moment in moments if moment is not None), default=None)

    def process(self, records: Sequence[Record], *, now: int) -> Outputs:
        """One step a record, in order; then what is due, into the journal: epochs, wake-ups, slices of a law in motion."""
        self._pending = _Pending()
        appends: list[Append] = []
        for record in records:
            self._take(record, appends)
        appends += self._announced(Moment(now))
        appends += self._wake_ups(Moment(now))
        appends += self._slices(Moment(now), len(records))
        state = {partition: list(parts.values()) for partition, parts in self._pending.own.items()}
        for subject, parts in self._pending.parts.items():
            state.setdefault(self._pending.partition_of[subject], []).extend(parts.values())
        return Outputs(appends, state)

    def committed(self) -> None:
        """What was computed is now what is."""
        pending, self._pending = self._pending, _Pending()
        for subject, client in pending.clients.items():
            self._partitions[pending.partition_of[subject]].keep(client, pending.parts[subject].values())
        for due in pending.due:
            heapq.heappush(self._due, due)
        for endpoint, reason in pending.alarms:
            log.tell(log.Event.SOURCE_ALARM, part=self.name, endpoint=endpoint, reason=reason)
        for partition, motion in self._motions.items():
            laws = self._reigns[partition].laws
            if motion.has_news(laws):
                event = log.Event.LAW_IN_MOTION if motion.is_told else log.Event.LAW_AT_REST
                law, behind = laws.at(Moment(motion.now)).id, motion.behind(laws)
                log.tell(event, part=self.name, partition=partition, law=law, count=behind)

    @property
    def behind(self) -> int:
        """How many clients of the assigned partitions are yet to be judged by the rule set now in force."""
        return sum(motion.behind(self._reigns[partition].laws) for partition, motion in self._motions.items())

    def discard(self) -> None:
        """Drop what was computed; forgetting and restoring of every partition follow."""
        self._pending = _Pending()

    def _take(self, record: Record, appends: list[Append]) -> None:
        entry, event = read_entry(record.value)
        reign, motion = self._reigns[record.partition], self._motions[record.partition]
        if isinstance(entry.what, Epoch):
            self._keep(record.partition, reign.take(entry.what))
            return
        subject = SubjectId(record.key.decode())
        before = self._pending.clients.get(subject) or self._partitions[record.partition].get(subject)
        taken = step(
            before,
            entry,
            event_digest=event_hash(event) if event else b"",
            laws=reign.laws,
            places=self._places,
        )
        appends += [
            Append(deliveries(delivery.recipient), record.key, _DELIVERY.encode(delivery))
            for delivery in taken.deliveries
        ]
        appends.append(Append(DECISIONS.name, record.key, _DECISION.encode(taken.decision)))
        parts = self._pending.parts.setdefault(subject, {})
        for part in changed_parts(before, taken.client):
            parts[part.key] = part
        self._pending.clients[subject] = taken.client
        self._pending.partition_of[subject] = record.partition
        motion.judged(before.head.law, taken.client.head)
        if isinstance(entry.what, Reconsider):
            self._keep(record.partition, motion.taken(subject))
        wake_at = taken.client.head.wake_at
        if wake_at is not None and wake_at != before.head.wake_at:
            self._pending.due.append((wake_at, subject, record.partition))
        if taken.decision.reason == "same-seq-other-bytes":
            self._pending.alarms.append((taken.decision.source, taken.decision.reason))

    def _keep(self, partition: int, parts: Iterable[StatePart]) -> None:
        """Parts of the partition's own state, to be written with what this turn computes."""
        kept = self._pending.own.setdefault(partition, {})
        for part in parts:
            kept[part.key] = part

    def _announced(self, now: Moment) -> list[Append]:
        """An epoch record for each partition whose latest one pins something else than what this process would decide by."""
        appends: list[Append] = []
        for partition, reign in self._reigns.items():
            if reign.is_to_be_announced:
                self._keep(partition, reign.announce())
                appends.append(
                    Append(JOURNAL.name, EPOCH_KEY, _ENTRY.encode(Entry(now, reign.epoch)), partition=partition)
                )
        return appends

    def _slices(self, now: Moment, beside: int) -> list[Append]:
        """Reconsider records for some of those who were last judged by a rule set that is no longer in force."""
        appends: list[Append] = []
        for partition, motion in self._motions.items():
            reign = self._reigns[partition]
            if reign.announced is None:  # else the laws are about to change
                loses = partial(self._loses, self._partitions[partition], reign.laws)
                records, parts = motion.slice(reign.laws, now, loses, beside=beside)
                self._keep(partition, parts)
                appends += [
                    Append(JOURNAL.name, one.subject.encode(), _ENTRY.encode(Entry(now, one))) for one in records
                ]
        return appends

    def _loses(self, clients: Clients, laws: Laws, subject: SubjectId, now: Moment) -> bool:
        """Whether judging the client anew now would take something back from somebody."""
        client = self._pending.clients.get(subject) or clients.get(subject)
        entry = Entry(now, Reconsider(subject, laws.at(now).id))
        taken = step(client, entry, event_digest=b"", laws=laws, places=self._places)
        return any(delivery.retracted for delivery in taken.deliveries)

    def _wake_ups(self, now: Moment) -> list[Append]:
        """A wake-up for each client whose moment has come; one whose moment has changed since is passed over."""
        appends: list[Append] = []
        woken: set[SubjectId] = set()  # a moment that was left and came back stands among the due twice
        while self._due and self._due[0][0] <= now:
            moment, subject, partition = heapq.heappop(self._due)
            clients = self._partitions.get(partition)
            client = self._pending.clients.get(subject) or (clients.get(subject) if clients else None)
            if client is not None and client.head.wake_at == moment and subject not in woken:
                woken.add(subject)
                wake_up = Entry(now, WakeUp(subject, Moment(moment)))
                appends.append(Append(JOURNAL.name, subject.encode(), _ENTRY.encode(wake_up)))
        return appends
