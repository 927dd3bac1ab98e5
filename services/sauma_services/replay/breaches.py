"""Finds what went out without a ground: takes the journal again and asks of every fact that was delivered what the law gave.

It trusts no stored decision. A recipient had a ground for a version of a fact at a record if, with the journal taken
again up to that record, it holds that version there; by the rules of the record's epoch, or by others that should have
been in force. Ids, kinds and grounds only: what a cell holds is never looked at, only what it was sealed as.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

from sauma.client import Client
from sauma.delivery import Delivered
from sauma.event import Event, Receipt
from sauma.fact import Moment
from sauma.ids import EndpointId, FactId, SubjectId
from sauma.law import Law, Undecided, Withheld
from sauma.places import Places
from sauma.rulefile import Laws
from sauma.sealing import digest
from sauma.step import Step
from sauma.view import disclosers_of, judge
from sauma_services.replay.outgone import Out, Outgone, Since, mark_of, read
from sauma_services.replay.retaking import Retaking, Rulebook, Stretch, Taken, stretches_of
from sauma_services.runtime.ports import Reader

_digest = lru_cache(maxsize=1024)(digest)


@dataclass(frozen=True, slots=True)
class Breach:
    """One version of one fact that one recipient was delivered without a ground."""

    subject: SubjectId
    recipient: EndpointId
    fact: FactId
    version: int
    kind: str
    category: int
    when: Moment
    rule: str
    """The rule that the delivery cites."""
    discloser: str
    """The ground to give that the delivery cites."""
    law: str
    """The rule set that gave no ground."""
    why: str
    """The reason of withholding, or `undecided: <what is missing>`; or one of: other-content (not what was put under this id),
    not-the-version, unknown-fact, unknown-client, not-a-recipient."""
    topic: str
    position: int
    since: tuple[Since, ...] = ()


@dataclass(frozen=True, slots=True)
class Breaches:
    """What was found, by client, recipient and time."""

    found: tuple[Breach, ...]
    delivered: int
    """Facts looked at that were delivered."""
    undecodable: tuple[tuple[str, int], ...]
    """Topic and position of stored deliveries that cannot be read: of these nothing is known."""
    stretches: tuple[Stretch, ...]
    """By which rules which records were judged; what went out under rules that are missing was not looked at."""

    @property
    def unjudged(self) -> tuple[Stretch, ...]:
        """Stretches for which the rules are not at hand."""
        return tuple(one for one in self.stretches if one.rules == "missing")


def breaches(
    reader: Reader,
    *,
    known: Sequence[Laws],
    instead: Laws | None = None,
    places: Places,
    partitions: int = 1,
    start: int = 0,
    stop: int | None = None,
) -> Breaches:
    """What was delivered from `start` to before `stop` without a ground. Reads only.

    `instead`: judge every record by these, as if they had been in force; else each by its epoch's own rules, looked for
    among `known` and then in the journal. What stands in topics of endpoints that the places do not have is not looked at.
    """
    stored = read(reader, places, partitions)
    found: list[Breach] = []
    rulebook = Rulebook.of(*known, instead=instead)
    retakings = [Retaking(reader, partition, rulebook=rulebook, places=places) for partition in range(partitions)]
    unjudged: set[SubjectId] = set()
    for retaking in retakings:
        latest: dict[SubjectId, Taken] = {}
        for one in retaking.records():
            if isinstance(one, Taken):
                subject = one.step.client.head.subject
                found += _judged(stored.out.get(subject, []), latest.get(subject), one, places)
                latest[subject] = one
                _note_receipt(stored, one)
            elif one.why == "no-rules":
                unjudged.add(SubjectId(one.record.key.decode(errors="replace")))
        for subject, last in latest.items():
            if subject not in unjudged:
                found += _judged(stored.out.get(subject, []), last, None, places)
    for subject, left in stored.out.items():
        if subject not in unjudged:
            found += [_breach(out, "", "unknown-client") for out in left]
    chosen = (one for one in found if start <= one.when and (stop is None or one.when < stop))
    ordered = sorted(chosen, key=lambda b: (b.subject, b.recipient, b.when, b.fact, b.position))
    return Breaches(
        tuple(_with_since(one, stored) for one in ordered),
        stored.count,
        tuple(stored.undecodable),
        stretches_of(retakings),
    )


def _judged(left: list[Out], before: Taken | None, taken: Taken | None, places: Places) -> Iterator[Breach]:
    """Judge what went out up to this record: with it, or between it and the one before; `taken` None: after the last one."""
    now = taken.step.decision.effective_at if taken is not None else None
    while left and (now is None or left[-1].when <= now):
        out = left.pop()
        at = taken if taken is not None and out.when == now else before
        why = "unknown-client" if at is None else _why_not(out, at, at.laws.at(at.step.decision.effective_at), places)
        if why:
            yield _breach(out, at.step.decision.law if at is not None else "", why)


def _why_not(out: Out, at: Taken, law: Law, places: Places) -> str:
    """Why there was no ground for this recipient to be delivered this; empty where there was."""
    client, item = at.step.client, out.item
    state = client.facts.get(item.fact)
    if state is None:
        return "unknown-fact"
    fact = state.fact
    given = state.given.get(out.recipient)
    if not _is_given_now(at.step, out) and (given is None or not given.is_live or given.version != item.version):
        return _reason(client, item, out.recipient, law, places, at) or (
            "not-the-version" if item.version != fact.version else "not-a-recipient"
        )
    sealed = _digest(fact.sealed_as) if fact.sealed_as is not None else b""
    stated = (fact.kind, fact.category, fact.handling, mark_of(fact.cell), sealed)
    is_same = stated == (item.kind, item.category, item.handling, item.cell, item.digest)
    return "" if is_same or item.version != fact.version else "other-content"


def _is_given_now(step: Step, out: Out) -> bool:
    """Whether this very record gives it: also what is given once and then no longer kept up to date."""
    return any(
        delivery.recipient == out.recipient
        and any((item.fact, item.version) == (out.item.fact, out.item.version) for item in delivery.puts)
        for delivery in step.deliveries
    )


def _reason(client: Client, item: Delivered, recipient: EndpointId, law: Law, places: Places, at: Taken) -> str:
    state, endpoint = client.facts[item.fact], places.endpoints[recipient]
    if state.fact.accompanies:
        return "nothing-to-accompany"
    if state.fact.status == "void":
        return "void"
    disclosers = disclosers_of(client, state.fact, places)
    ruling = judge(law, client, state, endpoint, disclosers, at.step.decision.effective_at)
    if isinstance(ruling, Undecided):
        return f"undecided: {ruling.missing}"
    return ruling.reason if isinstance(ruling, Withheld) else ""


def _breach(out: Out, law: str, why: str) -> Breach:
    item = out.item
    return Breach(
        subject=out.subject,
        recipient=out.recipient,
        fact=item.fact,
        version=item.version,
        kind=item.kind,
        category=item.category,
        when=out.when,
        rule=item.basis.rule,
        discloser=item.basis.discloser,
        law=law,
        why=why,
        topic=out.topic,
        position=out.position,
    )


def _note_receipt(stored: Outgone, taken: Taken) -> None:
    """A recipient's own word about what it was given; also where the journal, taken again, never gave it."""
    what = taken.entry.what
    if isinstance(what, Event) and isinstance(what.body, Receipt) and what.body.kind != "inventory":
        paragraph = f" {what.body.paragraph}" if what.body.paragraph else ""
        since = Since(taken.step.decision.effective_at, f"receipt: {what.body.kind}{paragraph}")
        for held in what.body.facts:
            stored.since[what.subject, what.source, held.fact].append(since)


def _with_since(breach: Breach, stored: Outgone) -> Breach:
    later: Iterable[Since] = stored.since.get((breach.subject, breach.recipient, breach.fact), ())
    return replace(breach, since=tuple(sorted((s for s in later if s.when > breach.when), key=lambda s: s.when)))
