"""Folds what happens to the client: a move, a death, an order for non-disclosure; and corrections by owners."""

from sauma.client import Client, FactState, Plan
from sauma.event import ClientChange, Correction
from sauma.fact import MULTI_SECTOR_PLAN, THE_THREE, Fact
from sauma.fold import relationship
from sauma.fold.change import Change, Context, Folded, Refusal
from sauma.fold.facts import authored, next_version
from sauma.ids import NOBODY, EndpointId, non_disclosure_fact
from sauma.making import replace
from sauma.places import NotRoutable, Resident


def fold(change: Change, context: Context, body: ClientChange) -> Folded:
    """One change of the client."""
    if context.source.role not in THE_THREE:
        return Refusal("not-of-the-three")
    match body.change:
        case "moved":
            return _moved(change, context, body)
        case "died":
            return relationship.died(change)
        case "non-disclosure":
            return _non_disclosure(change, context, body)
        case "non-disclosure-lifted":
            return _lifted(change, context)
        case _:
            return Refusal("unknown-code")


def correct(change: Change, context: Context, body: Correction) -> Folded:
    """The owner says that a fact was wrong: void, and an error to everyone who was ever given it."""
    state = change.client.facts.get(body.fact)
    if state is None:
        return Refusal("unknown-fact")
    if state.fact.owner != context.event.source:
        return Refusal("not-the-owner")
    if state.fact.status == "void":
        return change
    if state.fact.kind in ("relationship", "conflict"):
        return Refusal("step-not-possible")  # joint, and the router's: a start in error is annulled, a conflict settled
    corrected = change.facts(next_version(state, author=context.event.source, status="void"))
    return corrected.rights()  # a referral stands again where the receiver's word on it was wrong


def _moved(change: Change, context: Context, body: ClientChange) -> Folded:
    """New endpoints become parties; the old area's plan items pass by role to the new one, pending its confirmation."""
    resident = context.places.resident(body.municipality or "")
    if isinstance(resident, NotRoutable):
        return Refusal(resident.reason)
    if not isinstance(resident, Resident):
        return Refusal("unknown-municipality")
    head = change.client.head
    change = change.head(municipality=body.municipality).rights()
    # A plan by another act than TYM passes by residence, also where there is no relationship.
    passing = {plan.id for plan in head.plans if head.is_in_relationship or plan.kind != MULTI_SECTOR_PLAN}
    makers = (maker for plan in head.plans if plan.kind != MULTI_SECTOR_PLAN for maker in plan.makers)
    successors = _successors(context, (*(head.parties if head.is_in_relationship else ()), *makers), resident)
    if successors:
        plans = tuple(_handed_over(plan, successors) if plan.id in passing else plan for plan in head.plans)
        change = change.head(plans=plans)
        if head.relationship is not None and head.is_in_relationship:
            parties = tuple(sorted(successors.get(party, party) for party in head.parties))
            change = change.head(relationship=replace(head.relationship, parties=parties))
        passed = [
            _passed(state, successors)
            for state in _passing(change.client, successors)
            if head.is_in_relationship or state.fact.plan in passing
        ]
        change = change.facts(*passed)
    return relationship.placed(change, context) if head.municipality is None else change


def _handed_over(plan: Plan, successors: dict[EndpointId, EndpointId]) -> Plan:
    return replace(plan, makers=tuple(successors.get(maker, maker) for maker in plan.makers))


def _successors(context: Context, parties: tuple[EndpointId, ...], resident: Resident) -> dict[EndpointId, EndpointId]:
    """The party of each role that the move replaces, and by which endpoint."""
    by_role = {"social-care": resident.social, "health-care": resident.health, "employment": resident.employment}
    found: dict[EndpointId, EndpointId] = {}
    for party in parties:
        endpoint = context.places.endpoint(party)
        new = by_role.get(endpoint.role) if endpoint else None
        if new and new != party:
            found[party] = new
    return found


def _passing(client: Client, successors: dict[EndpointId, EndpointId]) -> list[FactState]:
    return [
        state
        for state in client.facts.values()
        if state.fact.kind == "plan-item" and state.fact.owner in successors and state.fact.status != "void"
    ]


def _passed(state: FactState, successors: dict[EndpointId, EndpointId]) -> FactState:
    old = state.fact.owner
    return next_version(state, author=NOBODY, status=state.fact.status, owner=successors[old], passed_from=old)


def _non_disclosure(change: Change, context: Context, body: ClientChange) -> Change:
    """The flag travels to whoever holds anything; locality does not (VTJ 661/2009 36-37 §, ATL 703/2023 38 §)."""
    source = context.event.source
    fact_id = non_disclosure_fact(change.client.head.subject, source)
    clear = {"in_force": "yes", **({"until": str(body.until)} if body.until else {})}
    change = change.head(non_disclosure=True, non_disclosure_until=body.until)
    known = change.client.facts.get(fact_id)
    if known is not None:
        return change.facts(next_version(known, author=source, status="open", clear=clear)).rights()
    fact = Fact(
        id=fact_id,
        owner=source,
        kind="non-disclosure",
        category=2,
        handling="ordinary",
        version=1,
        status="open",
        author=source,
        clear=clear,
    )
    return change.facts(authored(fact, None)).rights()


def _lifted(change: Change, context: Context) -> Folded:
    known = change.client.facts.get(non_disclosure_fact(change.client.head.subject, context.event.source))
    if known is None:
        return Refusal("not-the-owner")
    change = change.head(non_disclosure=False, non_disclosure_until=None).rights()
    lifted = next_version(known, author=context.event.source, status="closed", clear={"in_force": "no"})
    return change.facts(lifted)
