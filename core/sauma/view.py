"""Compares what a recipient may hold with what it has been given, fact by fact; the law decides, this only acts on it.

Each comparison gives exactly one ruling and, where something must leave, the new state of what was given.
"""

from dataclasses import dataclass, replace

from sauma.client import OWN, Client, FactState, Given
from sauma.fact import Fact, Moment
from sauma.law import Law, Released, Rule, Ruling, Undecided, Withheld, decide
from sauma.places import Endpoint, Places
from sauma.predicates import is_addressed_to


@dataclass(frozen=True, slots=True)
class Compared:
    """One recipient and one fact: the outcome, and what was given after it."""

    fact: Fact
    recipient: Endpoint
    outcome: str
    given: Given | None
    reason: str = ""
    ask: str = ""


def judge(law: Law, client: Client, state: FactState, recipient: Endpoint, places: Places, now: Moment) -> Ruling:
    """What the law says of this fact and this recipient; its owner holds it by its own acts."""
    fact = state.fact
    if fact.owner == recipient.id and not fact.is_joint and fact.passed_from is None:
        return Released(OWN)
    if client.head.has_died:
        return Withheld("client-died")
    if fact.addressed_to is not None and fact.owner != recipient.id:
        plan = client.head.plan(fact.plan)
        if not is_addressed_to(fact, recipient, plan.makers if plan else ()):
            return Withheld("addressed-to-another")
    disclosers = _disclosers(client, fact, places)
    given = state.given.get(recipient.id)
    ruling = decide(law, client=client, fact=fact, disclosers=disclosers, recipient=recipient, given=given, now=now)
    # Whoever a move made the owner keeps the item as its own when the ground for passing it on has gone.
    keeps = fact.owner == recipient.id and not fact.is_joint and not isinstance(ruling, Released) and given
    return Released(OWN) if keeps else ruling


def _disclosers(client: Client, fact: Fact, places: Places) -> tuple[Endpoint, ...]:
    if fact.is_joint:
        plan = client.head.plan(fact.plan)
        speakers = plan.makers if plan else client.head.parties
    else:
        speakers = (fact.passed_from or fact.owner,)
    return tuple(endpoint for speaker in speakers if (endpoint := places.endpoint(speaker)))


def compare(law: Law, state: FactState, recipient: Endpoint, ruling: Ruling) -> Compared:
    """What must leave so that what was given becomes equal to what may be held."""
    fact, given = state.fact, state.given.get(recipient.id)
    if fact.status == "void":
        return _voided(fact, recipient, given)
    match ruling:
        case Released():
            return _released(law, fact, recipient, given, ruling)
        case Withheld(reason):
            if given is not None and given.is_live:
                ask = _ending(law.by_id.get(given.rule), given)
                state_after = "erasing" if ask == "erase" else "stopped"
                return Compared(fact, recipient, "retracted", replace(given, state=state_after), reason, ask)
            return Compared(fact, recipient, "withheld", given, reason)
        case Undecided(missing, hangs_on, otherwise):
            if given is not None and given.is_live and hangs_on and given.rule not in hangs_on:
                return compare(law, state, recipient, Withheld(otherwise))
            return Compared(fact, recipient, "undecided", given, missing)


def _released(law: Law, fact: Fact, recipient: Endpoint, given: Given | None, ruling: Released) -> Compared:
    rule = law.by_id.get(ruling.rule)
    on_statute = rule is None or rule.will_kind is None
    rested = on_statute or (given is not None and given.rested_on_statute)
    state = "stopped" if rule is not None and rule.once else "sent"
    after = Given(fact.version, ruling.rule, ruling.will, state, rested)
    if given is None or given.version != fact.version or not (given.is_live or given.state == "refused"):
        return Compared(fact, recipient, "released", after)
    if given.state == "refused" or (given.rule == ruling.rule and given.will == ruling.will):
        return Compared(fact, recipient, "unchanged", given)
    # A maker's own version of a joint fact takes the law's basis in silence: it was never given to it.
    silent = ruling.rule == OWN or (given.rule == OWN and fact.author == recipient.id)
    return Compared(fact, recipient, "unchanged" if silent else "rebased", after)


def _voided(fact: Fact, recipient: Endpoint, given: Given | None) -> Compared:
    if given is None or given.state == "error" or fact.author == recipient.id:
        return Compared(fact, recipient, "withheld", given, "void")
    return Compared(fact, recipient, "retracted", replace(given, state="error"), "void", "error")


def _ending(rule: Rule | None, given: Given) -> str:
    """What losing the right asks: `erase` only if every basis the fact was ever held on was a will."""
    return "erase" if rule is not None and rule.when_it_ends == "erase" and not given.rested_on_statute else "stop"


def accompanied(law: Law, client: Client, fact: Fact, recipient: Endpoint) -> Ruling:
    """An accompanying fact goes wherever any other fact of another's goes, and cites that fact's rule or its own."""
    if client.head.has_died:
        return Withheld("client-died")
    if fact.owner == recipient.id:
        return Released(OWN)
    companions = [
        (fact.category not in rule.categories, rule.order, rule.id, given.will or "")
        for state in client.facts.values()
        if (given := state.given.get(recipient.id)) is not None
        and given.is_live
        and not state.fact.accompanies
        and (rule := law.by_id.get(given.rule)) is not None
    ]
    if not companions:
        return Withheld("nothing-to-accompany")
    own = law.accompanying(fact.kind)
    if own is not None and own.discloser:
        return Released(own.id)
    _, _, rule_id, will = min(companions)
    return Released(rule_id, will or None)  # type: ignore[arg-type] # the given's own will id
