"""Makes what every recipient was given equal to what it may hold, for the facts that are up; finds who the recipients are."""

from collections.abc import Sequence
from dataclasses import dataclass

from sauma.client import Client, FactState
from sauma.fact import ACCOMPANYING, MULTI_SECTOR, MULTI_SECTOR_PLAN, ROLES, Fact, Moment
from sauma.fold.change import Change
from sauma.ids import EndpointId, FactId
from sauma.law import Law
from sauma.making import cheap_to_make
from sauma.places import Endpoint, Places
from sauma.view import (
    Compared,
    Shift,
    accompanied,
    bears_on,
    compare,
    disclosers_of,
    ground,
    grounds,
    is_being_annulled,
    judge,
)


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Under:
    """What a record is decided under: the law in force, the places, the effective time."""

    law: Law
    places: Places
    now: Moment


_KEHA = EndpointId("keha")
"""Which has the joint data set (TYM 381/2023 12.2 §)."""


def recipients(before: Client, client: Client, asked: tuple[FactId, ...], places: Places) -> tuple[Endpoint, ...]:
    """Parties, a plan's providers, whoever a will names, addressees, the joint data set from the start on, and whoever holds something.

    Also who held something `before` the record, and says by it that it does not: what accompanied that goes back, too.
    """
    head = client.head
    found = set(head.parties)
    if head.relationship is not None:
        found.add(_KEHA)
    for plan in head.plans:
        found.update(plan.providers if plan.kind == MULTI_SECTOR_PLAN else (*plan.providers, *plan.makers))
    for will in head.wills:
        found.update(_resolved(name, head.municipality, places) for name in will.will.recipients)
    is_companion_up = False
    is_error = is_being_annulled(client)
    for fact in asked:
        state = client.facts[fact]
        found.update(_holders(state, is_wrong=is_error or state.fact.status == "void"))
        was = before.facts.get(fact)
        if was is not None and was.given is not state.given:
            found.update(_holders(was, is_wrong=False))
        if named := named_by(state.fact):
            found.update([_resolved(name, head.municipality, places) for name in named])
        is_companion_up = is_companion_up or state.fact.kind in ACCOMPANYING
    if is_companion_up:
        # It goes to whoever holds anything, also where nothing else is up.
        for state in client.facts.values():
            found.update([recipient for recipient, given in state.given.items() if given.state == "sent"])
    known = places.endpoints
    return tuple([known[name] for name in sorted(found) if name in known])


def _holders(state: FactState, *, is_wrong: bool) -> list[EndpointId]:
    """Whoever holds the fact now; of one that was wrong, or given in error, also who held it once."""
    return [recipient for recipient, given in state.given.items() if is_wrong or given.state == "sent"]


def named_by(fact: Fact) -> set[str]:
    """Endpoints and roles that the fact itself names: its address, and whoever it is necessary for by another act than TYM."""
    named = {mark.role for mark in fact.marks.necessary_for if mark.purpose != MULTI_SECTOR}
    if fact.addressed_to:
        named.add(fact.addressed_to)
    return named


def _resolved(name: str, municipality: str | None, places: Places) -> EndpointId:
    """The endpoint of this name, or the one that fills the role of this name; else the name, which is no endpoint's."""
    if name in ROLES and municipality is not None:
        return places.role_at(municipality, name) or EndpointId(name)
    return EndpointId(name)


def reconcile(before: Client, change: Change, asked: tuple[FactId, ...], under: Under) -> tuple[Client, list[Compared]]:
    """Ask the law about every fact that is up, then about what accompanies wherever the answers changed something.

    `before` is the client as it stood before the record.
    """
    client = change.client
    if not asked:
        return client, []
    law, now = under.law, under.now
    judged = recipients(before, client, asked, under.places)
    found: list[Compared] = []
    changed: list[FactState] = []
    for fact in asked:
        state = client.facts[fact]
        if state.fact.kind not in ACCOMPANYING:
            disclosers = disclosers_of(client, state.fact, under.places)
            answers = [compare(law, state, r, judge(law, client, state, r, disclosers, now)) for r in judged]
            changed += _given(state, answers)
            found += answers
            found += _nowhere(client, state.fact, disclosers, law)
    client = client.with_facts(*changed)
    accompanying = [client.facts[fact] for fact in client.head.companions]
    if not accompanying:
        return client, found
    if any(state.fact.id in asked for state in accompanying):
        answers = _companions(client, accompanying, judged, law)
    else:
        shifts = _shifts(before, found)
        settled: list[Endpoint] = []
        unsettled: list[Endpoint] = []
        for r in judged:
            if r.id in shifts:
                bears = any(bears_on(law, state, r, shift) for shift in shifts[r.id] for state in accompanying)
                (unsettled if bears else settled).append(r)
        answers = _as_they_are(accompanying, settled) + _companions(client, accompanying, unsettled, law)
    by_fact = ((state, [a for a in answers if a.fact is state.fact]) for state in accompanying)
    return client.with_facts(*(new for state, own in by_fact for new in _given(state, own))), found + answers


def _shifts(before: Client, found: list[Compared]) -> dict[EndpointId, list[Shift]]:
    """For each recipient that something was ever given, the grounds that it lost and gained by this record."""
    shifts: dict[EndpointId, list[Shift]] = {}
    for c in found:
        state = before.facts.get(c.fact.id)
        was = state.given.get(c.recipient.id) if state is not None else None
        if was is not None or c.given is not None:
            of_recipient = shifts.setdefault(c.recipient.id, [])
            lost, gained = ground(was), ground(c.given)
            if lost != gained:
                of_recipient.append((lost, gained))
    return shifts


def _companions(
    client: Client, accompanying: list[FactState], concerned: Sequence[Endpoint], law: Law
) -> list[Compared]:
    if not concerned:
        return []
    held_on = grounds(client)
    answers = [
        compare(law, state, r, accompanied(law, client, state.fact, r, held_on.get(r.id, ())))
        for state in accompanying
        for r in concerned
    ]
    return [a for a in answers if a.outcome != "withheld" or a.reason != "nothing-to-accompany"]


def _as_they_are(accompanying: list[FactState], settled: Sequence[Endpoint]) -> list[Compared]:
    return [
        Compared(state.fact, r, "unchanged", given)
        for state in accompanying
        for r in settled
        if (given := state.given.get(r.id)) is not None and given.is_live
    ]


RESIDENCE_DECIDES = frozenset({"social-care", "health-care", "employment"})
"""The roles that another endpoint fills in each municipality."""


def _nowhere(client: Client, fact: Fact, disclosers: tuple[Endpoint, ...], law: Law) -> list[Compared]:
    """Roles that the fact names, of which nobody can say who fills them until it is told where the client lives."""
    if client.head.municipality is not None or fact.status == "void" or client.head.has_died:
        return []
    named = named_by(fact)
    if client.head.is_in_relationship and fact.addressed_to is None:
        named |= {mark.role for mark in fact.marks.necessities(MULTI_SECTOR)}
    found: list[Compared] = []
    for role in sorted(named & RESIDENCE_DECIDES):
        rules = law.candidates(fact, tuple([d.role for d in disclosers]), role)
        if rules.releases and not rules.withholds:
            nobody = Endpoint(id=EndpointId(role), role=role, organiser="", name_fi="")
            found.append(Compared(fact, nobody, "undecided", None, "municipality"))
    return found


def _given(state: FactState, answers: list[Compared]) -> list[FactState]:
    """The fact's state after these answers, where it is another."""
    changed = {
        a.recipient.id: a.given
        for a in answers
        if a.given is not None and state.given.get(a.recipient.id) is not a.given
    }
    if not changed:
        return []
    return [FactState(state.fact, {**state.given, **changed}, state.confirmed, state.client_approved)]
