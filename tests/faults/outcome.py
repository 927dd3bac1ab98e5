"""What a run came to, in a form in which two runs can be compared, and everything that must hold of any run."""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sauma.codec import Codec
from sauma.content import as_text
from sauma.decision import Decision
from sauma.event import Body, Event, Facts, PlanUpdate, Referral
from sauma.ids import EndpointId, FactId, SubjectId
from sauma.journal import Entry
from sauma.resources import load_laws
from sauma_connectors.sdk.contract import Person
from sauma_services.checker import check
from sauma_services.checker.snapshot import Holding
from sauma_services.checker.taken import snapshot
from sauma_services.machine import Machine
from sauma_services.replay import verify
from sauma_services.runtime.topics import DECISIONS, JOURNAL

_TAKEN = ("accepted", "early")
_ENTRY, _DECISION = Codec(Entry), Codec(Decision)
_FACT_ID = re.compile(r"\b[0-9a-f]{32}\b")
_VERSION = re.compile(r"(?<=@)[0-9]+")

Held = tuple[str, int, str, tuple[tuple[str, str], ...]]
"""One holding: kind of content, version, status, text; ids are masked, since every run draws its own keys."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What the agencies hold of each client by its place in the load, and what was accepted from whom."""

    held: Mapping[int, Mapping[str, Sequence[Held]]]
    accepted: Counter[tuple[int, str, str]]
    """By client, source and what was said."""

    @property
    def held_facts(self) -> int:
        """How much there is to compare."""
        return sum(len(facts) for registers in self.held.values() for facts in registers.values())

    @property
    def texts(self) -> Mapping[int, Mapping[str, Sequence[Held]]]:
        """As `held`, but for what a repair may change: the version, in which the same content may have been said again,
        and facts without content, by which a register is told again what came of its own referrals."""
        return {
            client: {
                name: sorted(
                    (kind, 0, status, tuple((field, _VERSION.sub("", text)) for field, text in words))
                    for kind, _, status, words in facts
                    if words
                )
                for name, facts in registers.items()
            }
            for client, registers in self.held.items()
        }


def outcome(machine: Machine, clients: Sequence[str]) -> Outcome:
    """What the run over this machine's data came to; it is at rest."""
    held: dict[int, dict[str, Sequence[Held]]] = {}
    for number, hetu in enumerate(clients):
        held[number] = {
            endpoint: sorted(
                (
                    type(one.content).__name__,
                    one.version,
                    one.status,
                    tuple((name, _FACT_ID.sub("#", text)) for name, text in sorted(as_text(one.content).items()))
                    if one.content is not None
                    else (),
                )
                for one in connector.sink.holdings(Person(hetu))
            )
            for endpoint, connector in machine.connectors.items()
        }
    return Outcome(held, _accepted(machine, clients))


def assert_sound(machine: Machine, clients: Sequence[str], *, was_restored: bool = False) -> None:
    """No invariant violated, agencies' stores included; taken again the same; each statement taken once and in order.

    `was_restored`: an outbox was, from an older copy, and may have said something else under a seq that it had used.
    """
    stores: dict[EndpointId, dict[SubjectId, dict[FactId, Holding]]] = {}
    for endpoint, connector in machine.connectors.items():
        stores[endpoint] = {
            subject: {
                one.fact: Holding(
                    one.version, as_text(one.content) if one.content is not None else {}, one.status == "void"
                )
                for one in connector.sink.holdings(Person(hetu))
            }
            for hetu in clients
            if (subject := machine.keyring.known_subject(hetu)) is not None
        }
    taken = snapshot(machine.reader, places=machine.places, sources=machine.runners)
    report = check(taken, stores, places=machine.places)
    assert not report.violations, report.violations[:5]
    assert report.counts["inbound"] > 0
    assert report.counts["holdings"] > 0
    found = verify(machine.reader, laws=load_laws(), places=machine.places)
    assert not found.differences, found.differences[:5]
    assert found.not_done == 0
    assert found.compared > 0
    _assert_each_said_once(machine, was_restored=was_restored)
    for endpoint, runner in machine.runners.items():
        counts = runner.counts()
        left_over = (counts.unsent, counts.inbox, counts.waiting_clients, counts.repairing_clients)
        assert left_over == (0, 0, 0, 0), endpoint


def _assert_each_said_once(machine: Machine, *, was_restored: bool) -> None:
    """Each outbox's events of a client reached the journal without a gap, with one set of bytes, and were folded once."""
    said: dict[tuple[str, str, str], dict[int, set[str]]] = defaultdict(lambda: defaultdict(set))
    for event in _events(machine):
        said[event.source, event.incarnation, event.subject][event.seq].add(repr(event))
    for who, events in said.items():
        assert sorted(events) == list(range(1, len(events) + 1)), f"a gap: {who}"
        if not was_restored:
            assert all(len(forms) == 1 for forms in events.values()), f"one seq, two events: {who}"
    ids = {event.id for event in _events(machine)}
    folded = Counter(one.cause for one in _decisions(machine) if one.outcome in _TAKEN and one.cause in ids)
    assert folded
    assert not {cause: count for cause, count in folded.items() if count > 1}


def _accepted(machine: Machine, clients: Sequence[str]) -> Counter[tuple[int, str, str]]:
    numbers = {machine.keyring.known_subject(hetu): number for number, hetu in enumerate(clients)}
    taken = {decision.cause for decision in _decisions(machine) if decision.outcome in _TAKEN}
    events = {event.id: event for event in _events(machine) if event.id in taken}
    return Counter((numbers[event.subject], event.source, said_in(event.body)) for event in events.values())


def _events(machine: Machine) -> Iterator[Event]:
    for record in machine.reader.scan(JOURNAL.name, 0):
        what = _ENTRY.decode(record.value).what
        if isinstance(what, Event):
            yield what


def _decisions(machine: Machine) -> Sequence[Decision]:
    return [_DECISION.decode(record.value) for record in machine.reader.scan(DECISIONS.name, 0)]


def said_in(body: Body) -> str:
    """What an event says, in words that do not differ between runs."""
    name = type(body).__name__
    match body:
        case Facts() | PlanUpdate():
            steps = [
                f"{one.step} {one.put.kind} {one.put.base}" if one.put else f"{one.step} {one.version}"
                for one in body.steps
            ]
            return f"{name} {', '.join(steps)}"
        case Referral():
            return f"{name} {body.step} with {len(body.facts)} facts"
        case _:
            return " ".join(
                [
                    name,
                    *(str(getattr(body, part)) for part in ("step", "kind", "change", "reason") if hasattr(body, part)),
                ]
            )
