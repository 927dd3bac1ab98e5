"""One step of the router: fold the record, ask the law, and make what was given equal to what may be held.

Pure: (client, record, laws, places) in; client, deliveries and decision out. The same in, the same out, for ever.
"""

from dataclasses import dataclass

from sauma.admission import TELL_AFTER_MS, Early, Parks, Repeat, Turn, admit, skip
from sauma.client import Client
from sauma.decision import Decision
from sauma.delivery import Delivery, Notice
from sauma.event import Event, Will
from sauma.fact import Moment
from sauma.fold import fold
from sauma.fold.change import Change, Context, Refusal
from sauma.journal import Entry, Reconsider, Refused, WakeUp
from sauma.making import cheap_to_make, replace
from sauma.outgoing import decision, deliveries
from sauma.places import Places
from sauma.reconcile import Under, reconcile
from sauma.rulefile import Laws


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Step:
    """What one record does."""

    client: Client
    deliveries: tuple[Delivery, ...]
    decision: Decision


@cheap_to_make
@dataclass(frozen=True, slots=True)
class _Folded:
    change: Change
    outcome: str
    reason: str = ""


def step(client: Client, entry: Entry, *, event_digest: bytes, laws: Laws, places: Places) -> Step:
    """The client after the record, with everything that leaves and why. `event_digest`: `event_hash` of an event's bytes."""
    before, head = client, client.head
    # Strictly rising: two records of one client never share a moment, so "before" and "after" are never in doubt.
    now = Moment(max(head.effective_at + 1, entry.stamp))
    law = laws.at(now)
    client = client.with_head(records=head.records + 1, effective_at=now)
    folded = _fold(client, entry, event_digest, now, places)
    change = _time_passed(folded.change, head.wake_at, head.effective_at, now)
    if _has_new_speaker(client, change):
        change = change.rights()
    if law.id != head.law and change.client.head.is_opened:
        change = change.head(law=law.id).rights()
    asked = tuple(change.client.facts) if change.bears_on_rights else tuple(sorted(change.touched))
    under = Under(law, places, now)
    client, compared = reconcile(before, change, asked, under)
    numbers, leaving = deliveries(client, compared, change.tellings, under)
    client = client.with_head(numbers=numbers, wake_at=_wake_at(client, now))
    decided = decision(client, entry, outcome=folded.outcome, reason=folded.reason, compared=compared, under=under)
    return Step(client, leaving, decided)


def _has_new_speaker(before: Client, change: Change) -> bool:
    """Whether a register has put its first fact: that it has the client may be what others' facts waited for."""
    new = [fact for fact in change.touched if fact not in before.facts]
    if not new:
        return False
    newcomers = {change.client.facts[fact].fact.owner for fact in new}.difference(before.head.parties)
    return bool(newcomers) and not newcomers <= {state.fact.owner for state in before.facts.values()}


def _fold(client: Client, entry: Entry, event_digest: bytes, now: Moment, places: Places) -> _Folded:
    what = entry.what
    change = Change(client)
    if isinstance(what, Refused):
        turn = skip(client, what.source, what.incarnation, what.seq, now)
        told = change if isinstance(turn, Repeat) else _turns(turn, now, places).change
        notice = Notice("refused", what.reason, seq=what.seq)
        return _Folded(told.tell(what.source, notice), "refused", what.reason)
    if not isinstance(what, Event):
        is_done = isinstance(what, WakeUp) or (isinstance(what, Reconsider) and what.law == client.head.law)
        return _Folded(change if is_done else change.rights(), "accepted")
    admission = admit(client, what, event_digest, now)
    match admission:
        case Refusal(reason):
            return _Folded(_tell_refused(change, what, reason), "refused", reason)
        case Repeat():
            return _Folded(change, "repeat")
        case Parks(parked):
            return _Folded(Change(parked), "parked")
        case Early(done, waiting):
            folded = _event(Change(done), what, now, places)
            # Refused now is not refused for good: a correction may come before the fact that it corrects.
            return (
                replace(folded, outcome="early") if folded.outcome == "accepted" else _Folded(Change(waiting), "parked")
            )
        case Turn():
            return _turns(admission, now, places)


def _turns(turn: Turn, now: Moment, places: Places) -> _Folded:
    """The event whose turn it is, then those that waited for it; the outcome is the first one's."""
    first: _Folded | None = None
    change = Change(turn.client)
    for event in turn.events:
        folded = _event(change, event, now, places)
        change, first = folded.change, first or folded
    return _Folded(change, first.outcome, first.reason) if first else _Folded(change, "accepted")


def _event(change: Change, event: Event, now: Moment, places: Places) -> _Folded:
    source = places.endpoint(event.source)
    if source is None:
        return _Folded(change, "refused", "unknown-endpoint")
    folded = fold(change, Context(event, source, now, places))
    if isinstance(folded, Refusal):
        return _Folded(_tell_refused(change, event, folded.reason), "refused", folded.reason)
    return _Folded(folded, "accepted")


def _tell_refused(change: Change, event: Event, reason: str) -> Change:
    return change.tell(event.source, Notice("refused", reason, event.id, event.seq))


def _time_passed(change: Change, wake_at: Moment | None, since: Moment, now: Moment) -> Change:
    """Whatever comes first after a limit sees it as passed, wake-up or not."""
    if wake_at is None or now < wake_at:
        return change
    relationship = change.client.head.relationship
    if relationship is not None and relationship.is_open:
        for clock, due in (("plan-due", relationship.plan_due), ("review-due", relationship.review_due)):
            if due is not None and since < due <= now:
                for party in relationship.parties:
                    change = change.tell(party, Notice("clock-due", clock, str(due)))
    sources = dict(change.client.sources)
    for source, mark in sorted(sources.items()):
        if mark.waiting_since is not None and not mark.waiting_told and now >= mark.waiting_since + TELL_AFTER_MS:
            change = change.tell(source, Notice("waiting", "gap", seq=mark.seq + 1))
            sources[source] = replace(mark, waiting_told=True)
    return replace(change, client=replace(change.client, sources=sources)).rights()


def _wake_at(client: Client, now: Moment) -> Moment | None:
    """The earliest moment, later than now, at which anything about the client changes by time."""
    head = client.head
    moments: list[int | None] = [head.non_disclosure_until]
    if head.relationship is not None and head.relationship.is_open:
        moments += [head.relationship.plan_due, head.relationship.review_due]
    for will in head.wills:
        moments += _will_moments(will.will) if will.withdrawn_at is None else []
    for mark in client.sources.values():
        if mark.waiting_since is not None and not mark.waiting_told:
            moments.append(mark.waiting_since + TELL_AFTER_MS)
    return min((Moment(moment) for moment in moments if moment is not None and moment > now), default=None)


def _will_moments(will: Will) -> list[int | None]:
    aged = will.read_at + will.age_ms_max + 1 if will.read_at is not None and will.age_ms_max is not None else None
    return [will.valid_from, will.valid_until, aged]
