"""What the steps of plans and of single facts mean for a client: versions, answers, joint facts."""

from sauma.event import Event, FactPut, FactStep, PlanUpdate
from sauma.ids import FactId, conflict_fact
from sauma_services.checker.naive import JOINT, NaiveClient, NaiveFact, NaivePlan
from sauma_services.checker.versions import put, step_version


def take_plan(client: NaiveClient, event: Event, body: PlanUpdate) -> bool:
    """Declare makers and providers, then take the steps; whether the plan's approval came into force."""
    plan = client.plans.setdefault(body.plan, NaivePlan())
    plan.makers = body.makers or plan.makers
    plan.kind = body.kind or plan.kind
    plan.providers |= set(body.providers)
    return take_steps(client, event, body.steps)


def take_steps(client: NaiveClient, event: Event, steps: tuple[FactStep, ...]) -> bool:
    """Take the steps in order; whether the plan's approval came into force."""
    approved = [_take_step(client, event, step) for step in steps]
    return any(approved)


def _take_step(client: NaiveClient, event: Event, step: FactStep) -> bool:
    fact = client.facts.get(step.fact)
    if step.step == "put" and step.put is not None:
        return _settled(client, put(client, event, step.put))
    if step.step == "propose" and step.put is not None:
        return _settled(client, _proposed(client, event, step.put))
    if fact is None:
        return False
    match step.step:
        case "close" | "void":
            step_version(client, fact, author=event.source, status="closed" if step.step == "close" else "void")
            fact.passed_from = None
        case "mark" if step.marks is not None:
            fact.mark(step.marks, client.now)
        case "mark":
            fact.necessary, fact.affects = {}, None
        case "confirm":
            fact.confirmed.add(event.source)
            return _settled(client, fact)
        case "approve":
            fact.client_approved = True
            return _settled(client, fact)
        case "accept" | "decline" | "settle" if step.answers is not None:
            _answered(client, event, step, fact)
        case _:
            pass
    return False


def _proposed(client: NaiveClient, event: Event, stated: FactPut) -> NaiveFact:
    """Category, handling and marks are the item's; it is addressed to the item's owner, or to the makers."""
    item = client.facts[stated.about or FactId("")]
    fact = put(client, event, stated, status="made")
    fact.necessary, fact.affects, fact.plan = dict(item.necessary), item.affects, item.plan
    is_joint = item.kind in JOINT
    fact.addressed_to = "makers" if is_joint else item.owner
    fact.confirmed = {event.source} if is_joint else set()
    return fact


def _answered(client: NaiveClient, event: Event, step: FactStep, item: NaiveFact) -> None:
    answered = client.facts[step.answers or FactId("")]
    if step.step == "accept" and answered.about_version != item.version:
        _conflict(client, answered, item)
        return
    if step.put is not None and step.step != "decline":
        put(client, event, step.put)
    status = {"accept": "accepted", "decline": "declined", "settle": "settled"}[step.step]
    step_version(client, answered, author=event.source, status=status)
    if step.step == "settle":
        for fact in client.facts.values():
            if fact.kind == "proposal" and fact.status == "made" and conflict_fact(fact.id) == answered.id:
                step_version(client, fact, author=event.source, status="settled")


def _conflict(client: NaiveClient, proposal: NaiveFact, item: NaiveFact) -> None:
    """The proposed version is kept beside the item's, as a fact of the router's making."""
    fact_id = conflict_fact(proposal.id)
    conflict = NaiveFact(
        fact_id, proposal.owner, "conflict", proposal.category, proposal.handling, 1, "open", "",
        dict(proposal.necessary), proposal.affects, proposal.plan, proposal.referral,
        service_task=proposal.service_task, document=proposal.document,
    )  # fmt: skip
    conflict.about, conflict.about_version, conflict.addressed_to = proposal.about, proposal.about_version, item.owner
    conflict.digest, conflict.cell = proposal.digest, proposal.cell
    client.facts[fact_id] = conflict


def _settled(client: NaiveClient, fact: NaiveFact) -> bool:
    """Bring a joint fact, or a change to one, into force once all makers have confirmed it; whether it was the approval."""
    plan = client.plans.get(fact.plan or "")
    if plan is None or not fact.confirmed or not fact.confirmed >= set(plan.makers):
        return False
    if fact.kind == "proposal" and fact.addressed_to == "makers":
        item = client.facts[fact.about or FactId("")]
        item.digest, item.cell = fact.digest, fact.cell
        step_version(client, item, author="", status="in-force")
        step_version(client, fact, author=client.speaker, status="accepted")
        return False
    if fact.kind not in JOINT or (fact.kind == "approval" and not fact.client_approved):
        return False
    step_version(client, fact, author="", status="in-force")
    return fact.kind == "approval" and plan.kind == "07"
