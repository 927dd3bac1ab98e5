"""Folds the steps of the client relationship: joint start, joint ending, annulment, clocks (TYM 381/2023 4, 6 and 8 §)."""

import datetime

from sauma.client import Client, FactState, Plan, RelationshipState
from sauma.event import Relationship
from sauma.fact import THE_THREE, Fact, Moment
from sauma.fold.change import Change, Context, Folded, Refusal
from sauma.fold.facts import authored, next_version
from sauma.ids import NOBODY, EndpointId, relationship_fact, relationship_id
from sauma.lifecycle import BEFORE, NEW, RELATIONSHIP
from sauma.making import replace
from sauma.places import Places, Resident

THREE_AGENCIES = frozenset({"welfare", "employment", "kela"})


def fold(change: Change, context: Context, body: Relationship) -> Folded:
    """One step of the relationship, by the table; each step's own conditions beside its effect."""
    now = change.client.head.relationship
    state = now.state if now else NEW
    then = RELATIONSHIP.get((state, body.step))
    if then is None or body.step in ("plan-approved", "all-confirmed", "died"):
        return Refusal("step-not-possible")
    if context.source.role not in THE_THREE:
        return Refusal("not-of-the-three")
    if body.step == "started":
        return _started(change, context)
    if now is None or context.event.source not in now.parties:
        return Refusal("not-a-party")
    taken = _taken(now, context, body)
    if isinstance(taken, Refusal):
        return taken
    if taken.state == now.state and then != now.state:
        taken = replace(taken, state=now.before_ending if then == BEFORE else then)
    if body.step == "left":
        change = change.head(plans=_without_maker(change.client, context.event.source))
    return _told(change, context, now, taken)


def _without_maker(client: Client, left: EndpointId) -> tuple[Plan, ...]:
    """Whoever left confirms nothing any more, and nobody waits for it."""
    return tuple(replace(plan, makers=tuple(m for m in plan.makers if m != left)) for plan in client.head.plans)


def _taken(now: RelationshipState, context: Context, body: Relationship) -> RelationshipState | Refusal:
    """The relationship after the step, its state left to the table except where a third confirmation ends it."""
    agency, source = context.source.agency, context.event.source
    match body.step:
        case "taking-part":
            return replace(now, is_confirmed=now.is_confirmed or agency != _agency(context.places, now.started_by))
        case "left":
            return replace(now, parties=tuple(p for p in now.parties if p != source))
        case "reviewed":
            return _reviewed(now, context)
        case "annul" | "annul-confirmed":
            return _annulled(now, context, body.step)
        case "joined":
            return now
        case _:
            return _ending(now, context, body)


def _reviewed(now: RelationshipState, context: Context) -> RelationshipState | Refusal:
    """The employment authority sees to the review, at least every three months (TYM 381/2023 6 §)."""
    if context.source.role != "employment":
        return Refusal("review-is-by-employment")
    return replace(now, review_due=months_later(context.now, 3))


def _annulled(now: RelationshipState, context: Context, step: str) -> RelationshipState | Refusal:
    """A start in error, said by who started it and confirmed by another agency."""
    source = context.event.source
    if step == "annul":
        return replace(now, annulled_by=source) if source == now.started_by else Refusal("not-the-starter")
    if now.annulled_by is None or _agency(context.places, now.annulled_by) == context.source.agency:
        return Refusal("annulment-needs-another-agency")
    return replace(now, ended_at=context.now)


def _ending(now: RelationshipState, context: Context, body: Relationship) -> RelationshipState | Refusal:
    """Proposed by one, confirmed by all three; until then it can be objected to or withdrawn."""
    source = context.event.source
    if body.step == "end-proposed":
        agencies = (context.source.agency,)
        return replace(now, before_ending=now.state, end_proposed_by=source, end_confirmed=agencies)
    if body.step == "end-confirmed":
        return _end_confirmed(now, context, body)
    if body.step == "end-withdrawn" and now.end_proposed_by != source:
        return Refusal("not-the-proposer")
    return replace(now, end_proposed_by=None, end_confirmed=())


def _end_confirmed(now: RelationshipState, context: Context, body: Relationship) -> RelationshipState | Refusal:
    """Each agency once; for one that is not connected another may record it, with evidence."""
    agency = context.source.agency
    if body.on_behalf_of is not None:
        if not body.evidence:
            return Refusal("evidence-missing")
        agency = _agency(context.places, body.on_behalf_of)
        if agency not in THREE_AGENCIES:
            return Refusal("not-of-the-three")
    confirmed = tuple(sorted({*now.end_confirmed, agency}))
    if THREE_AGENCIES.issubset(confirmed):
        return replace(now, end_confirmed=confirmed, state="ended", ended_at=context.now)
    return replace(now, end_confirmed=confirmed)


def _started(change: Change, context: Context) -> Change:
    """The assessment starts: parties by residence, the clock of three months, everything asked anew."""
    head = change.client.head
    began = RelationshipState(
        id=relationship_id(head.subject, head.records),
        state="assessing",
        started_by=context.event.source,
        started_at=context.now,
        parties=parties_at(context.places, head.municipality, context.event.source),
        plan_due=months_later(context.now, 3),
    )
    if head.relationship is not None:
        change = change.facts(*_past(change.client))
    fact = _fact(began, author=context.event.source, version=1)
    return change.head(relationship=began, is_opened=True).facts(authored(fact, None)).rights()


def _past(client: Client) -> list[FactState]:
    """What ended in an earlier relationship was given for that one: should this one be annulled, it was no error."""
    ended = {"stopped", "kept", "erased", "error"}
    return [
        replace(
            state,
            given={e: replace(one, state="past") if one.state in ended else one for e, one in state.given.items()},
        )
        for state in client.facts.values()
        if any(one.state in ended for one in state.given.values())
    ]


def parties_at(places: Places, municipality: str | None, source: EndpointId) -> tuple[EndpointId, ...]:
    """The registers of the three agencies where the client lives, and the one that started; it alone where that is unknown."""
    resident = places.resident(municipality) if municipality else None
    if not isinstance(resident, Resident):
        return tuple(sorted({source, EndpointId("kela")}))
    return tuple(sorted({source, resident.social, resident.health, resident.employment, resident.kela}))


def placed(change: Change, context: Context) -> Change:
    """Where the client lives has just become known: the registers that serve there become parties of an open relationship."""
    now, municipality = change.client.head.relationship, change.client.head.municipality
    resident = context.places.resident(municipality) if municipality else None
    if now is None or not now.is_open or not isinstance(resident, Resident):
        return change
    known = {*now.parties, resident.social, resident.health, resident.employment}
    return _told(change, context, now, replace(now, parties=tuple(sorted(known))))


def plan_approved(change: Change, context: Context) -> Change:
    """The approval came into force: the plan is active, and the clock of its review starts."""
    now = change.client.head.relationship
    then = RELATIONSHIP.get((now.state, "plan-approved")) if now else None
    if now is None or then is None:
        return change
    active = replace(now, state=then, plan_due=None, review_due=months_later(context.now, 3))
    return _told(change, context, now, active)


def died(change: Change) -> Change:
    """Routing stops at once (GDPR recital 27, ATL 703/2023 4 §: secrecy goes on)."""
    now = change.client.head.relationship
    change = change.head(has_died=True).rights()
    if now is None or (now.state, "died") not in RELATIONSHIP:
        return change
    stopped = replace(now, state=RELATIONSHIP[now.state, "died"], plan_due=None, review_due=None)
    return change.head(relationship=stopped)


def _told(change: Change, context: Context, before: RelationshipState, after: RelationshipState) -> Change:
    """Put the relationship in, and where what the parties may see of it changed, make the fact's next version."""
    if after.ended_at is not None:
        after = replace(after, plan_due=None, review_due=None)
    change = change.head(relationship=after).rights()
    state = change.client.facts.get(relationship_fact(after.id))
    if state is None or _clear(context.places, after) == _clear(context.places, before):
        return change
    changed = next_version(state, author=NOBODY, status=after.state, clear=_clear(context.places, after))
    return change.facts(changed)


def _fact(relationship: RelationshipState, *, author: EndpointId, version: int) -> Fact:
    return Fact(
        id=relationship_fact(relationship.id),
        owner=relationship.started_by,
        kind="relationship",
        category=2,
        handling="ordinary",
        version=version,
        status=relationship.state,
        author=author,
        clear={"state": relationship.state, **_clocks(relationship)},
    )


def _clear(places: Places, relationship: RelationshipState) -> dict[str, str]:
    """What the parties are told: the state, who takes part as roles, the clocks."""
    roles = {endpoint.role for p in relationship.parties if (endpoint := places.endpoint(p))}
    return {
        "state": relationship.state,
        "parties": " ".join(sorted(roles)),
        "taking_part": "confirmed" if relationship.is_confirmed else "",
        **_clocks(relationship),
    }


def _clocks(relationship: RelationshipState) -> dict[str, str]:
    moments = {
        "started_at": relationship.started_at,
        "plan_due": relationship.plan_due,
        "review_due": relationship.review_due,
        "ended_at": relationship.ended_at,
    }
    return {name: str(moment) for name, moment in moments.items() if moment is not None}


def _agency(places: Places, endpoint: EndpointId) -> str:
    found = places.endpoint(endpoint)
    return found.agency if found else ""


def months_later(moment: Moment, months: int) -> Moment:
    """The same day so many calendar months later, or the month's last day where there is no such day; UTC."""
    start = datetime.datetime.fromtimestamp(moment / 1000, tz=datetime.UTC)
    year, month = divmod(start.year * 12 + start.month - 1 + months, 12)
    for day in (start.day, 30, 29, 28):
        try:
            later = start.replace(year=year, month=month + 1, day=day)
        except ValueError:
            continue
        return Moment(int(later.timestamp()) * 1000 + moment % 1000)
    raise AssertionError("every month has 28 days")
