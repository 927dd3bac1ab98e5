"""Folds the steps of a plan: makers and providers, joint facts, proposals and their answers, conflicts."""

from sauma.client import Client, Confirmation, FactState, Head, Plan
from sauma.event import FactStep, PlanUpdate
from sauma.fact import MULTI_SECTOR_PLAN, PLAN_KINDS, Fact
from sauma.fold import facts, relationship
from sauma.fold.change import Change, Context, Folded, Refusal, may_speak
from sauma.ids import NOBODY, EndpointId, FactId, conflict_fact
from sauma.lifecycle import NEW, table_of
from sauma.making import replace
from sauma.sealing import digest


def declare(change: Change, context: Context, body: PlanUpdate) -> Folded:
    """Makers and providers of the plan, as the update states them."""
    head = change.client.head
    known = head.plan(body.plan) or Plan(body.plan, (), kind=body.kind or MULTI_SECTOR_PLAN)
    wrong = _wrong_with(context, head, body, known)
    if wrong:
        return Refusal(wrong)
    providers = tuple(sorted({*known.providers, *body.providers}))
    plan = Plan(body.plan, body.makers or known.makers, providers, known.kind)
    if plan == known:
        return change
    others = tuple(other for other in head.plans if other.id != plan.id)
    declared = change.head(plans=(*others, plan))
    if plan.kind != MULTI_SECTOR_PLAN or plan.providers != known.providers:
        # Somebody becomes a recipient by it, of whatever it may have: also what a consent to its role covers.
        return declared.rights()
    # Makers are parties: they bear on the rights to this plan's own facts, and on no other.
    return declared.facts(*(state for state in change.client.facts.values() if state.fact.plan == plan.id))


def _wrong_with(context: Context, head: Head, body: PlanUpdate, known: Plan) -> str:
    """The reason against this declaration, or nothing. `known` is the plan as it stands, without makers where it is new."""
    is_new = head.plan(body.plan) is None
    if is_new and not body.makers:
        return "unknown-plan"
    if known.kind not in PLAN_KINDS:
        return "unknown-code"
    if body.kind not in (None, known.kind):
        return "kind-changed"
    if not is_new and (body.makers or body.providers) and context.event.source not in known.makers:
        return "not-a-maker"
    if any(context.places.endpoint(endpoint) is None for endpoint in (*body.makers, *body.providers)):
        return "unknown-endpoint"
    return "" if all(_may_make(context, head, known, maker) for maker in body.makers) else "maker-is-no-party"


def _may_make(context: Context, head: Head, plan: Plan, maker: EndpointId) -> bool:
    """A multi-sector plan is its parties'; a plan by another act is made by whoever serves the client, relationship or not."""
    if plan.kind == MULTI_SECTOR_PLAN:
        return maker in head.parties
    endpoint = context.places.endpoint(maker)
    return endpoint is not None and may_speak(head, endpoint, context.places)


def confirm(change: Change, context: Context, step: FactStep) -> Folded:
    """A maker confirms a pending joint fact, or a proposal to change one, by the digest of its seal."""
    state = change.client.facts.get(step.fact)
    if state is None or not facts.is_maker(change.client, state.fact, context.event.source):
        return Refusal("not-a-maker" if state else "unknown-fact")
    fact = state.fact
    if step.version != fact.version or fact.sealed_as is None or step.digest != digest(fact.sealed_as):
        return Refusal("other-digest")
    if fact.kind == "proposal":
        if fact.addressed_to != "makers" or fact.status != "made":
            return Refusal("step-not-possible")
    elif (fact.status, "confirm") not in table_of(fact.kind):
        return Refusal("step-not-possible")
    confirmation = Confirmation(context.event.source, fact.version)
    if confirmation not in state.confirmed:
        change = change.facts(replace(state, confirmed=(*state.confirmed, confirmation)))
    return _settle_joint(change, context, fact.id)  # also where it said so before: the makers may be others by now


def approve(change: Change, context: Context, step: FactStep) -> Folded:
    """A maker records, with evidence, that the client approves the plan."""
    state = change.client.facts.get(step.fact)
    if state is None or state.fact.kind != "approval" or state.fact.version != step.version:
        return Refusal("unknown-approval")
    if not facts.is_maker(change.client, state.fact, context.event.source):
        return Refusal("not-a-maker")
    if not step.evidence:
        return Refusal("evidence-missing")
    if (state.fact.status, "approve") not in table_of("approval"):
        return Refusal("step-not-possible")
    return _settle_joint(change.facts(replace(state, client_approved=True)), context, state.fact.id)


def put_joint(change: Change, context: Context, step: FactStep) -> Folded:
    """A joint fact, pending until every maker has confirmed it; putting it is its author's confirmation."""
    folded = facts.put(change, context, step)
    if isinstance(folded, Refusal):
        return folded
    state = folded.client.facts[step.fact]
    confirmation = Confirmation(context.event.source, state.fact.version)
    return _settle_joint(folded.facts(replace(state, confirmed=(confirmation,))), context, step.fact)


def propose(change: Change, context: Context, step: FactStep) -> Folded:
    """A party proposes a change to another's item, or to a joint fact: category, handling and marks are the item's."""
    stated = step.put
    item = change.client.facts.get(stated.about) if stated and stated.about else None
    if stated is None or item is None or stated.kind != "proposal" or stated.id != step.fact:
        return Refusal("unknown-item")
    held = item.given.get(context.event.source)
    if item.fact.owner == context.event.source and not item.fact.is_joint:
        return Refusal("own-item")
    if held is None or not held.is_live:
        return Refusal("item-not-held")
    if step.fact in change.client.facts:
        return Refusal("step-not-possible")
    if (stated.category, stated.handling) != (item.fact.category, item.fact.handling):
        return Refusal("category-not-of-item")
    made = facts.stated_fact(context, stated, None, status=table_of("proposal")[NEW, "propose"])
    fact = replace(
        made,
        marks=item.fact.marks,
        plan=item.fact.plan,
        addressed_to="makers" if item.fact.is_joint else item.fact.owner,
    )
    state = facts.authored(fact, None)
    if item.fact.is_joint:
        state = replace(state, confirmed=(Confirmation(context.event.source, fact.version),))
        return _settle_joint(change.facts(state), context, fact.id)  # the only maker needs nobody's confirmation
    return change.facts(state)


def accept(change: Change, context: Context, step: FactStep) -> Folded:
    """The owner accepts a proposal by its own update; on a stale base that makes a conflict, never a silent overwrite."""
    proposal = _answered(change.client, step, "proposal", "accept")
    if proposal is None:
        return Refusal("unknown-proposal")
    item = change.client.facts.get(step.fact)
    if item is not None and item.fact.is_joint:
        return Refusal("needs-all-makers")
    if item is None or item.fact.owner != context.event.source:
        return Refusal("not-the-owner")
    if conflict_fact(proposal.fact.id) in change.client.facts:
        return Refusal("step-not-possible")  # a conflict already: only settling it answers the proposal
    if proposal.fact.about_version != item.fact.version:
        return change.facts(_conflict(proposal.fact, item.fact))
    updated = facts.put(change, context, replace(step, step="put"))
    if isinstance(updated, Refusal):
        return updated
    return updated.facts(_answer(proposal, context, "accept"))


def decline(change: Change, context: Context, step: FactStep) -> Folded:
    """The owner declines a proposal."""
    proposal = _answered(change.client, step, "proposal", "decline")
    item = change.client.facts.get(step.fact)
    if proposal is None or item is None:
        return Refusal("unknown-proposal")
    if item.fact.owner != context.event.source:
        return Refusal("not-the-owner")
    return change.facts(_answer(proposal, context, "decline"))


def settle(change: Change, context: Context, step: FactStep) -> Folded:
    """The owner settles a conflict by its own update; the proposal that led to it is answered with it."""
    conflict = _answered(change.client, step, "conflict", "settle")
    if conflict is None:
        return Refusal("unknown-conflict")
    updated = facts.put(change, context, replace(step, step="put"))
    if isinstance(updated, Refusal):
        return updated
    proposals = [
        _answer(state, context, "settle")
        for state in change.client.facts.values()
        if state.fact.kind == "proposal"
        and conflict_fact(state.fact.id) == conflict.fact.id
        and (state.fact.status, "settle") in table_of("proposal")  # it may have been declined or voided meanwhile
    ]
    return updated.facts(_answer(conflict, context, "settle"), *proposals)


def _answered(client: Client, step: FactStep, kind: str, by: str) -> FactState | None:
    """The open proposal or conflict that the step answers, about the item that the step names."""
    state = client.facts.get(step.answers) if step.answers else None
    if state is None or state.fact.kind != kind or state.fact.about != step.fact:
        return None
    return state if (state.fact.status, by) in table_of(kind) else None


def _answer(state: FactState, context: Context, step: str) -> FactState:
    status = table_of(state.fact.kind)[state.fact.status, step]
    return facts.next_version(state, author=context.event.source, status=status)


def _conflict(proposal: Fact, item: Fact) -> FactState:
    """Both versions kept: the item as it stands, and the proposed one in the conflict's cell, as it was sealed."""
    fact = replace(
        proposal,
        id=conflict_fact(proposal.id),
        kind="conflict",
        version=1,
        status=table_of("conflict")[NEW, "stale-accept"],
        author=NOBODY,
        addressed_to=item.owner,
    )
    return FactState(fact)


def _settle_joint(change: Change, context: Context, fact: FactId) -> Folded:
    """Bring a joint fact into force once every maker, and for an approval the client, has confirmed it."""
    state = change.client.facts[fact]
    plan = change.client.head.plan(state.fact.plan)
    confirmed = {c.maker for c in state.confirmed if c.version == state.fact.version}
    if plan is None or not confirmed.issuperset(plan.makers):
        return change
    if state.fact.kind == "proposal":
        return _joint_change(change, context, state)
    if state.fact.kind == "approval" and not state.client_approved:
        return change
    change = change.facts(facts.next_version(state, author=NOBODY, status="in-force"))
    is_approved = state.fact.kind == "approval" and plan.kind == MULTI_SECTOR_PLAN
    return relationship.plan_approved(change, context) if is_approved else change


def _joint_change(change: Change, context: Context, proposal: FactState) -> Folded:
    """Every maker confirmed a change to a joint fact: its next version is the router's, with the proposed cell."""
    item = change.client.facts.get(proposal.fact.about) if proposal.fact.about else None
    if item is None:
        return Refusal("unknown-item")
    if item.fact.version != proposal.fact.about_version:
        return Refusal("stale-base")
    if (item.fact.status, "all-confirmed") not in table_of(item.fact.kind):
        return Refusal("step-not-possible")
    changed = facts.next_version(
        item, author=NOBODY, status="in-force", cell=proposal.fact.cell, sealed_as=proposal.fact.sealed_as
    )
    return change.facts(changed, _answer(proposal, context, "accept"))
