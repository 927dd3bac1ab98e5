"""Which events took effect at a record: each source's in its own order, by what the decisions and the notices say."""

from dataclasses import dataclass, field

from sauma.codec import Codec
from sauma.decision import Decision
from sauma.event import Event
from sauma.journal import Entry, Refused

_EVENT = Codec(Event)


@dataclass(slots=True)
class _Source:
    """How far one source has spoken."""

    incarnation: str
    last: int = 0
    past: set[str] = field(default_factory=set)
    seen: dict[int, bytes] = field(default_factory=dict)
    waiting: dict[int, Event | None] = field(default_factory=dict)
    """By seq; None: its place is taken, and nothing is left to do."""


@dataclass(slots=True)
class Order:
    """All sources of one client."""

    sources: dict[str, _Source] = field(default_factory=dict)
    faults: list[tuple[str, str]] = field(default_factory=list)
    """Invariant and explanation, of this record."""

    def taking_effect(self, entry: Entry, decision: Decision, refused: set[str]) -> list[Event]:
        """The events that this record lets take effect, in order. `refused`: events that its notices call refused."""
        what = entry.what
        if isinstance(what, Event):
            return self._event(what, decision.outcome, refused)
        if isinstance(what, Refused):
            return self._skipped(what, refused)
        return []

    def _event(self, event: Event, outcome: str, refused: set[str]) -> list[Event]:
        source = self.sources.setdefault(event.source, _Source(event.incarnation))
        if event.incarnation != source.incarnation:
            if event.incarnation in source.past:
                self._expect(outcome, event, "refused")
                return []
            source = self._renewed(event.source, event.incarnation)
        data, known = _EVENT.encode(event), source.seen.get(event.seq)
        if known is not None or event.seq <= source.last:
            is_same = known == data
            # A repeat that is too old to be told from a forgery is refused: that is allowed, an effect never is.
            if outcome != "refused" and not (outcome == "repeat" and is_same):
                self.faults.append(("I16", f"{event.source} seq {event.seq} again, and its outcome is {outcome}"))
            return []
        if event.seq == source.last + 1:
            self._expect(outcome, event, "accepted", "refused")
            source.last, source.seen[event.seq] = event.seq, data
            return [*([event] if outcome == "accepted" else []), *self._following(source, refused)]
        self._expect(outcome, event, "early", "parked", "refused")
        if outcome == "refused":
            return []
        source.seen[event.seq] = data
        source.waiting[event.seq] = event if outcome == "parked" else None
        return [event] if outcome == "early" else []

    def _skipped(self, what: Refused, refused: set[str]) -> list[Event]:
        """Intake refused it: its place is taken."""
        source = self.sources.setdefault(what.source, _Source(what.incarnation))
        if what.incarnation != source.incarnation:
            if what.incarnation in source.past:
                return []
            source = self._renewed(what.source, what.incarnation)
        if what.seq <= source.last or what.seq in source.waiting:
            return []
        source.seen[what.seq] = b""
        if what.seq > source.last + 1:
            source.waiting[what.seq] = None
            return []
        source.last = what.seq
        return self._following(source, refused)

    def _following(self, source: _Source, refused: set[str]) -> list[Event]:
        found: list[Event] = []
        while source.last + 1 in source.waiting:
            source.last += 1
            event = source.waiting.pop(source.last)
            if event is not None and event.id not in refused:
                found.append(event)
        return found

    def _renewed(self, name: str, incarnation: str) -> _Source:
        old = self.sources[name]
        self.sources[name] = _Source(incarnation, past=old.past | {old.incarnation})
        return self.sources[name]

    def _expect(self, outcome: str, event: Event, *possible: str) -> None:
        if outcome not in possible:
            what = f"{event.source} seq {event.seq} is {outcome}; by its place it can only be {' or '.join(possible)}"
            self.faults.append(("I6", what))
