"""Says for one recipient and one fact which rules were asked and where each of them stopped; it decides nothing."""

from sauma.client import Client, WillState
from sauma.fact import Moment
from sauma.ids import EndpointId, FactId
from sauma.law import Law, Rule
from sauma.question import Question, Unknown
from sauma.view import disclosers_of
from sauma_services.scenarios.outcomes import name_of
from sauma_services.scenarios.registers import places


def explanation(law: Law, client: Client, recipient: EndpointId, name: str, now: Moment) -> tuple[str, ...]:
    """A line for each rule that speaks of the fact between these roles; for the client as it now stands."""
    fact_id = next((known for known in client.facts if name_of(client, known) == name), None)
    to = places().endpoint(recipient)
    if fact_id is None or to is None:
        return (f"no {'fact' if fact_id is None else 'register'} of this name is known when this is said",)
    state = client.facts[FactId(fact_id)]
    fact, disclosers = state.fact, disclosers_of(client, state.fact, places())
    roles = {discloser.role for discloser in disclosers}
    rules = [
        rule
        for rule in sorted(law.rules, key=lambda rule: (rule.order, rule.id))
        if rule.speaks_of(fact) and to.role in rule.to_roles and not rule.from_roles.isdisjoint(roles)
    ]
    question = Question(client, fact, disclosers, to, state.given.get(recipient), now)
    asked = [_line(rule, question) for rule in rules if rule.effect in ("withhold", "release")]
    silent = [f"{rule.id} (no ground): {rule.note}" for rule in rules if rule.effect == "no-ground"]
    head = f"rules in force from {law.in_force_from}; {fact.kind} of category {fact.category}, {fact.handling}"
    return (head, *(asked or ["no rule speaks of it between these roles"]), *silent)


def _line(rule: Rule, question: Question) -> str:
    paragraph = f"{rule.id} ({rule.discloser})"
    if not rule.when:
        return f"{paragraph}: {'forbids' if rule.effect == 'withhold' else 'holds'}"
    wills = [will for will in question.client.head.wills if will.will.kind == rule.will_kind]
    if rule.will_kind is None or not wills:
        return f"{paragraph}: {_stops(rule, question, None)}"
    return f"{paragraph}: " + "; ".join(f"by {will.will.will}: {_stops(rule, question, will)}" for will in wills)


def _stops(rule: Rule, question: Question, will: WillState | None) -> str:
    failing = []
    for condition in rule.conditions:
        answer = condition.asks(question, will)
        if isinstance(answer, Unknown):
            failing.append(f"{condition.name} not known ({answer.missing})")
        elif not condition.says(answer):
            failing.append(f"not {condition.name}")
    return ", ".join(failing) or "holds"
