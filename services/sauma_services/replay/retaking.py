"""Takes one partition's journal again from empty, each record under the rules of the epoch that it stands in; compares nothing.

The rules come from those that are given, or from the journal itself, where each epoch record carries its own. Where they
can be had from nowhere, what follows cannot be taken: what was given under them is not known.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from sauma.client import Client, new_client
from sauma.codec import Codec, Undecodable
from sauma.ids import SubjectId, event_hash
from sauma.journal import Entry, Epoch
from sauma.places import Places
from sauma.rulefile import Laws
from sauma.splice import event_in_entry
from sauma.step import Step, step
from sauma_services.router.epochs import EPOCH_KEY, carried_laws
from sauma_services.runtime.ports import Reader, Record
from sauma_services.runtime.topics import JOURNAL

_ENTRY = Codec(Entry)


@dataclass(frozen=True, slots=True)
class Rulebook:
    """Where the rules of an epoch are found."""

    known: Mapping[str, Laws]
    """By version: those of this release, and of others that whoever asks trusts."""
    instead: Laws | None = None
    """What every record is judged by, whatever its epoch says."""

    @classmethod
    def of(cls, *known: Laws, instead: Laws | None = None) -> "Rulebook":
        """With these rule sets known; the first one decides where a journal names none."""
        return cls({laws.version: laws for laws in known}, instead)

    def laws_of(self, epoch: Epoch | None) -> tuple[Laws | None, str]:
        """The rules, and where they are from: given, known, journal or missing."""
        if self.instead is not None:
            return self.instead, "given"
        if epoch is None:
            return next(iter(self.known.values()), None), "known"
        if epoch.law in self.known:
            return self.known[epoch.law], "known"
        carried = carried_laws(epoch)
        return carried, "journal" if carried is not None else "missing"


@dataclass(frozen=True, slots=True)
class Stretch:
    """Records in a row that one epoch decides."""

    partition: int
    position: int
    """Of the epoch's record; 0 for what stands before the first one, which decides that too."""
    law: str
    """The version of the rule sets that the epoch pins."""
    rules: str
    """Where the rules are from: given, known, journal; missing: these records were not taken."""
    records: int = 0


@dataclass(frozen=True, slots=True)
class Taken:
    """One record, taken again."""

    record: Record
    entry: Entry
    before: Client
    step: Step
    laws: Laws


@dataclass(frozen=True, slots=True)
class Untaken:
    """One record that cannot be taken."""

    record: Record
    why: str
    """undecodable; not-taken, where the core breaks on what it says; no-rules."""


class Retaking:
    """One partition's journal, taken again from empty. Goes through it once."""

    def __init__(self, reader: Reader, partition: int, *, rulebook: Rulebook, places: Places) -> None:
        self._reader = reader
        self._partition = partition
        self._rulebook = rulebook
        self._places = places
        self._clients: dict[SubjectId, Client] = {}
        self.stretches: list[Stretch] = []
        """What was gone through so far."""
        self.epoch: tuple[int, Epoch] | None = None
        """The latest epoch, and where its record stands."""

    def records(self) -> Iterator[Taken | Untaken]:
        """Every record but those of epochs, in order."""
        laws, rules = self._rulebook.laws_of(first := self._first_epoch())
        self.stretches.append(Stretch(self._partition, 0, first.law if first else "", rules))
        is_lost = False
        for record in self._reader.scan(JOURNAL.name, self._partition):
            self.stretches[-1] = replace(self.stretches[-1], records=self.stretches[-1].records + 1)
            try:
                entry = _ENTRY.decode(record.value)
                subject = SubjectId(record.key.decode())
            except (Undecodable, UnicodeDecodeError):
                yield Untaken(record, "undecodable")
                continue
            if isinstance(entry.what, Epoch):
                if entry.what.partition == self._partition:
                    self.epoch = record.position, entry.what
                    laws, rules = self._rulebook.laws_of(entry.what)
                    rules = "missing" if is_lost else rules
                    self.stretches.append(Stretch(self._partition, record.position, entry.what.law, rules))
                continue
            is_lost = is_lost or laws is None
            yield Untaken(record, "no-rules") if is_lost or laws is None else self._taken(record, subject, entry, laws)

    def _first_epoch(self) -> Epoch | None:
        for record in self._reader.scan(JOURNAL.name, self._partition):
            if record.key == EPOCH_KEY:
                try:
                    what = _ENTRY.decode(record.value).what
                except Undecodable:
                    continue
                if isinstance(what, Epoch) and what.partition == self._partition:
                    return what
        return None

    def _taken(self, record: Record, subject: SubjectId, entry: Entry, laws: Laws) -> Taken | Untaken:
        before = self._clients.get(subject) or new_client(subject)
        event = event_in_entry(record.value)
        try:
            taken = step(
                before,
                entry,
                event_digest=event_hash(event) if event else b"",
                laws=laws,
                places=self._places,
            )
        except Exception:  # noqa: BLE001 - a record that was altered since may break what the router never met
            return Untaken(record, "not-taken")
        self._clients[subject] = taken.client
        return Taken(record, entry, before, taken, laws)


def stretches_of(retakings: Sequence[Retaking]) -> tuple[Stretch, ...]:
    """All that was gone through, without stretches in which nothing stands."""
    return tuple(one for retaking in retakings for one in retaking.stretches if one.records)
