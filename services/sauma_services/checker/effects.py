"""What an event that took effect means for a client; whether it took effect, the decision log and the notices have said.

Nothing is refused here: a statement that should have been refused shows as a violation elsewhere.
"""

from dataclasses import replace

from sauma.event import ClientChange, Correction, Event, Facts, PlanUpdate, Referral, Relationship, Will
from sauma.ids import (
    EndpointId,
    ReferralId,
    SubjectId,
    non_disclosure_fact,
    referral_status_fact,
    relationship_fact,
    relationship_id,
)
from sauma.places import Places, Resident
from sauma_services.checker.naive import NaiveClient, NaiveFact, NaiveRelationship, NaiveWill, three_months_later
from sauma_services.checker.plan_effects import take_plan, take_steps
from sauma_services.checker.versions import put, step_version

AGENCIES = {"social-care": "welfare", "health-care": "welfare", "employment": "employment", "kela": "kela"}
AREA_ROLES = ("social-care", "health-care", "employment")


def take(client: NaiveClient, event: Event, places: Places) -> None:
    """Let the event take effect. Receipts have none here: they are about what was given, see `ledger`."""
    body, client.speaker = event.body, event.source
    match body:
        case Referral():
            _referral(client, event, body, places)
        case PlanUpdate():
            if take_plan(client, event, body):
                _plan_approved(client, places)
        case Facts():
            if take_steps(client, event, body.steps):
                _plan_approved(client, places)
        case Relationship():
            _relationship(client, event, body, places)
        case Will():
            _will(client, body)
        case ClientChange():
            _change(client, event, body, places)
        case Correction():
            _correction(client, event, body)
        case _:
            pass


def _correction(client: NaiveClient, event: Event, body: Correction) -> None:
    fact = client.facts[body.fact]
    if fact.status != "void":
        step_version(client, fact, author=event.source, status="void")


def _referral(client: NaiveClient, event: Event, body: Referral, places: Places) -> None:
    if body.step == "made":
        client.is_opened = True
        if client.municipality is None and body.municipality is not None:
            client.municipality = body.municipality
            _placed(client, places)
        role = body.to_role or ""
        address = (places.role_at(client.municipality, role) if client.municipality else None) or role
        for step in body.facts:
            if step.put is not None and step.put.kind == "referral":
                stated = replace(step.put, referral=body.referral, addressed_to=address)
                put(client, event, stated, status="made")
            elif step.put is not None:
                put(client, event, step.put)
        return
    referral = next(f for f in client.facts.values() if f.kind == "referral" and f.referral == body.referral)
    if body.step == "cancelled":
        step_version(client, referral, author=event.source, status="cancelled")
        return
    status_id = referral_status_fact(ReferralId(body.referral))
    status = client.facts.get(status_id)
    if status is not None:
        step_version(client, status, author=event.source, status=body.step)
        return
    made = NaiveFact(status_id, event.source, "referral-status", 2, "ordinary", 1, body.step, event.source)
    made.referral, made.addressed_to = body.referral, referral.owner
    client.facts[status_id] = made
    client.authored.append((made.author, made.id, made.version))


def _relationship(  # noqa: C901 - one branch a step
    client: NaiveClient, event: Event, body: Relationship, places: Places
) -> None:
    if body.step == "started":
        _started(client, event, places)
        return
    now = client.relationship
    if now is None:
        return
    before = _told_of(now, places)
    agency = _agency(event.source, places)
    match body.step:
        case "taking-part":
            now.is_confirmed = now.is_confirmed or agency != _agency(now.started_by, places)
        case "left":
            now.parties = tuple(party for party in now.parties if party != event.source)
            for plan in client.plans.values():
                plan.makers = tuple(maker for maker in plan.makers if maker != event.source)
        case "reviewed":
            now.review_due = three_months_later(client.now)
        case "end-proposed":
            now.before_ending, now.state, now.end_confirmed = now.state, "ending", {agency}
        case "end-confirmed":
            now.end_confirmed.add(_agency(body.on_behalf_of, places) if body.on_behalf_of else agency)
            if now.end_confirmed >= {"welfare", "employment", "kela"}:
                now.state, now.ended_at = "ended", client.now
        case "end-objected" | "end-withdrawn":
            now.state, now.end_confirmed = now.before_ending, set()
        case "annul-confirmed":
            now.state, now.ended_at = "annulled", client.now
        case _:
            pass
    _tell(client, before, places)


def _started(client: NaiveClient, event: Event, places: Places) -> None:
    resident = places.resident(client.municipality) if client.municipality else None
    parties = {event.source, EndpointId("kela")}
    if isinstance(resident, Resident):
        parties = {event.source, resident.social, resident.health, resident.employment, resident.kela}
    fact_id = relationship_fact(relationship_id(SubjectId(client.subject), client.records))
    due = three_months_later(client.now)
    client.relationship = NaiveRelationship(
        fact_id, "assessing", event.source, client.now, tuple(sorted(parties)), plan_due=due
    )
    client.is_opened = True
    fact = NaiveFact(fact_id, event.source, "relationship", 2, "ordinary", 1, "assessing", event.source)
    client.facts[fact_id] = fact
    client.authored.append((fact.author, fact.id, fact.version))


def _told_of(now: NaiveRelationship, places: Places) -> tuple[object, ...]:
    """What the parties see of a relationship: its state, who takes part as roles, its clocks."""
    roles = {endpoint.role for party in now.parties if (endpoint := places.endpoint(EndpointId(party)))}
    return now.state, sorted(roles), now.is_confirmed, now.plan_due, now.review_due, now.ended_at


def _tell(client: NaiveClient, before: tuple[object, ...], places: Places) -> None:
    now = client.relationship
    if now is None:
        return
    if now.ended_at is not None:
        now.plan_due = now.review_due = None
    if _told_of(now, places) != before:
        step_version(client, client.facts[now.fact], author="", status=now.state)


def _plan_approved(client: NaiveClient, places: Places) -> None:
    now = client.relationship
    if now is not None and now.state in ("assessing", "active"):
        before = _told_of(now, places)
        now.state, now.plan_due, now.review_due = "active", None, three_months_later(client.now)
        _tell(client, before, places)


def _will(client: NaiveClient, body: Will) -> None:
    if body.step == "withdrawn":
        client.wills.setdefault(body.will, NaiveWill(body)).is_withdrawn = True
    else:
        client.wills[body.will] = NaiveWill(body)


def _change(client: NaiveClient, event: Event, body: ClientChange, places: Places) -> None:
    match body.change:
        case "moved":
            was_known, client.municipality = client.municipality is not None, body.municipality
            _moved(client, places)
            if not was_known:
                _placed(client, places)
        case "died":
            client.has_died = True
            if client.relationship is not None:
                client.relationship.state = "stopped"
        case "non-disclosure":
            client.non_disclosure = True
            _flag(client, event, status="open")
        case _:
            client.non_disclosure = False
            _flag(client, event, status="closed")


def _flag(client: NaiveClient, event: Event, *, status: str) -> None:
    fact_id = non_disclosure_fact(SubjectId(client.subject), event.source)
    known = client.facts.get(fact_id)
    if known is not None:
        step_version(client, known, author=event.source, status=status)
        return
    fact = NaiveFact(fact_id, event.source, "non-disclosure", 2, "ordinary", 1, status, event.source)
    client.facts[fact_id] = fact
    client.authored.append((fact.author, fact.id, fact.version))


def _moved(client: NaiveClient, places: Places) -> None:
    """New endpoints take the place of the old ones of their role; the old ones' plan items pass to them.

    Of plans by another act than TYM also where no relationship is open.
    """
    now = client.relationship
    if client.municipality is None:
        return
    others = {name for name, plan in client.plans.items() if plan.kind != "07"}
    leaving = {maker for name in others for maker in client.plans[name].makers}
    if now is not None and client.is_open:
        leaving |= set(now.parties)
    passes: dict[str, str] = {}
    for name in leaving:
        endpoint = places.endpoint(EndpointId(name))
        if endpoint is not None and endpoint.role in AREA_ROLES:
            passes[name] = places.role_at(client.municipality, endpoint.role) or name
    if now is not None and client.is_open:
        now.parties = tuple(sorted(passes.get(party, party) for party in now.parties))
    for name, plan in client.plans.items():
        if client.is_open or name in others:
            plan.makers = tuple(passes.get(maker, maker) for maker in plan.makers)
    for fact in client.facts.values():
        new = passes.get(fact.owner, fact.owner)
        passing = client.is_open or fact.plan in others
        if passing and fact.kind == "plan-item" and fact.status != "void" and new != fact.owner:
            fact.passed_from, fact.owner = fact.owner, new
            step_version(client, fact, author="", status=fact.status)


def _placed(client: NaiveClient, places: Places) -> None:
    """It is known at last where the client lives: the registers there join an open relationship."""
    now = client.relationship
    if now is None or not client.is_open or client.municipality is None:
        return
    before = _told_of(now, places)
    here = {name for role in AREA_ROLES if (name := places.role_at(client.municipality, role))}
    now.parties = tuple(sorted({*now.parties, *here}))
    _tell(client, before, places)


def _agency(endpoint_id: str, places: Places) -> str:
    endpoint = places.endpoint(EndpointId(endpoint_id))
    return AGENCIES.get(endpoint.role, endpoint.role) if endpoint else ""
