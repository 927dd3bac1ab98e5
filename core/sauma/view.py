"""Compares what a recipient may hold with what it has been given, fact by fact; the law decides, this only acts on it.

Each comparison gives exactly one ruling and, where something must leave, the new state of what was given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from sauma.client import OWN, Client, FactState, Given
from sauma.fact import ACCOMPANYING, JOINT, Fact, Moment
from sauma.ids import EndpointId, WillId
from sauma.law import Law, Released, Rule, Ruling, Undecided, Withheld, decide
from sauma.making import cheap_to_make, replace
from sauma.places import Endpoint, Places
from sauma.predicates import is_addressed_to
from sauma.question import Question

ANNULLED = "annulled"
"""The reason of taking back what was given for the sake of a relationship that was started in error."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Compared:
    """One recipient and one fact: the outcome, and what was given after it."""

    fact: Fact
    recipient: Endpoint
    outcome: str
    given: Given | None
    reason: str = ""
    ask: str = ""


_OWN = Released(OWN)


def judge(
    law: Law, client: Client, state: FactState, recipient: Endpoint, disclosers: tuple[Endpoint, ...], now: Moment
) -> Ruling:
    """What the law says of this fact and this recipient; its owner holds it by its own acts."""
    fact = state.fact
    # What is made jointly is nobody's own, unless everybody else has left.
    is_own = disclosers == (recipient,) if fact.kind in JOINT else fact.owner == recipient.id
    if is_own and fact.passed_from is None:
        return _OWN
    if client.head.has_died:
        return Withheld("client-died")
    if fact.addressed_to is not None and fact.owner != recipient.id:
        plan = client.head.plan(fact.plan)
        if not is_addressed_to(fact, recipient, plan.makers if plan else ()):
            return _or_annulled(law, client, state, recipient, Withheld("addressed-to-another"))
    given = state.given.get(recipient.id)
    ruling = decide(law, Question(client, fact, disclosers, recipient, given, now))
    if isinstance(ruling, Released) or given is None:
        return ruling
    # Whoever a move made the owner keeps the item as its own when the ground for passing it on has gone.
    return _OWN if is_own else _or_annulled(law, client, state, recipient, ruling)


def is_being_annulled(client: Client) -> bool:
    """Whether this very record annuls the relationship: what is taken back later is taken back for its own reason."""
    now = client.head.relationship
    return now is not None and now.state == ANNULLED and now.ended_at == client.head.effective_at


def _or_annulled(law: Law, client: Client, state: FactState, recipient: Endpoint, ruling: Ruling) -> Ruling:
    """The ruling; but what was given for the sake of a relationship that is being annulled was given in error.

    Also where it was stopped since, in this relationship; and where nobody can say whether another rule might carry it.
    """
    given = state.given.get(recipient.id)
    if isinstance(ruling, Released) or given is None or given.state in ("error", "past"):
        return ruling
    if given.wrote:
        return ruling  # what a maker of a joint fact wrote itself was never given to it, whoever wrote the fact on
    if not is_being_annulled(client):
        return ruling
    # A joint fact that was given to a maker, and became its own when it was the last one, was given for the relationship.
    rule = law.by_id.get(given.rule)
    is_for_it = given.rule == OWN and state.fact.is_joint if rule is None else "relationship-open" in rule.when
    return Withheld(ANNULLED) if is_for_it else ruling


def disclosers_of(client: Client, fact: Fact, places: Places) -> tuple[Endpoint, ...]:
    """Who discloses the fact: its owner, or who owned it before a move; of a joint fact, all its makers."""
    if fact.is_joint:
        plan = client.head.plan(fact.plan)
        speakers = plan.makers if plan else client.head.parties
    else:
        speakers = (fact.passed_from or fact.owner,)
    return tuple([endpoint for speaker in speakers if (endpoint := places.endpoint(speaker))])


def compare(law: Law, state: FactState, recipient: Endpoint, ruling: Ruling) -> Compared:
    """What must leave so that what was given becomes equal to what may be held."""
    fact, given = state.fact, state.given.get(recipient.id)
    if fact.status == "void":
        return _voided(fact, recipient, given)
    match ruling:
        case Released():
            return _released(law, fact, recipient, given, ruling)
        case Withheld(reason):
            if given is not None and (given.is_live or reason == ANNULLED):
                ask = "error" if reason == ANNULLED else _ending(law.by_id.get(given.rule), given)
                state_after = {"erase": "erasing", "error": "error"}.get(ask, "stopped")
                return Compared(fact, recipient, "retracted", replace(given, state=state_after), reason, ask)
            return Compared(fact, recipient, "withheld", given, reason)
        case Undecided(missing, hangs_on, otherwise):
            if given is not None and given.is_live and hangs_on and given.rule not in hangs_on:
                return compare(law, state, recipient, Withheld(otherwise))
            return Compared(fact, recipient, "undecided", given, missing)


def _released(law: Law, fact: Fact, recipient: Endpoint, given: Given | None, ruling: Released) -> Compared:
    rule = law.by_id.get(ruling.rule)
    is_known = given is not None and given.version == fact.version and (given.is_live or given.state == "refused")
    same = given if is_known else None
    if same is not None and (same.state == "refused" or (same.rule == ruling.rule and same.will == ruling.will)):
        return Compared(fact, recipient, "unchanged", same)
    on_statute = rule is None or rule.will_kind is None
    rested = on_statute or (given is not None and given.rested_on_statute)
    state = "stopped" if rule is not None and rule.once else "sent"
    after = _held(fact.version, ruling.rule, ruling.will, state, rested, same is not None and same.wrote)
    if same is None:
        return Compared(fact, recipient, "released", after)
    # A maker's own version of a joint fact takes the law's basis in silence: it was never given to it.
    silent = ruling.rule == OWN or (same.rule == OWN and same.wrote)
    return Compared(fact, recipient, "unchanged" if silent else "rebased", after)


_held = lru_cache(maxsize=1_024)(Given)
"""Most of what is given is given alike: one record then serves thousands of clients, and the memory of each is smaller."""


def _voided(fact: Fact, recipient: Endpoint, given: Given | None) -> Compared:
    # By the version, not by the state: a recipient that answers "erased" was told, and is not told again for ever.
    if given is None or given.version == fact.version or fact.author == recipient.id:
        return Compared(fact, recipient, "withheld", given, "void")
    return Compared(fact, recipient, "retracted", replace(given, version=fact.version, state="error"), "void", "error")


def _ending(rule: Rule | None, given: Given) -> str:
    """What losing the right asks: `erase` only if every basis the fact was ever held on was a will."""
    return "erase" if rule is not None and rule.when_it_ends == "erase" and not given.rested_on_statute else "stop"


Ground = tuple[str, WillId | None]
"""The rule that a release rests on, and the will where it rests on one."""


Shift = tuple[Ground | None, Ground | None]
"""What a fact rested on at a recipient before a record, and what it rests on after it."""


def ground(given: Given | None) -> Ground | None:
    """What the fact rests on at this recipient; None where it is not held now."""
    return (given.rule, given.will) if given is not None and given.state == "sent" else None


def grounds(client: Client) -> Mapping[EndpointId, set[Ground]]:
    """For each recipient, what those facts rest on that it holds now and that accompany no other."""
    found: dict[EndpointId, set[Ground]] = {}
    for state in client.facts.values():
        if state.fact.kind not in ACCOMPANYING:
            for recipient, given in state.given.items():
                if given.state == "sent":  # `is_live`, without a call: every fact is gone through in many steps
                    found.setdefault(recipient, set()).add((given.rule, given.will))
    return found


def accompanied(law: Law, client: Client, fact: Fact, recipient: Endpoint, held_on: Iterable[Ground]) -> Ruling:
    """An accompanying fact goes wherever any other fact of another's goes, and cites that fact's rule or its own.

    Of several, statute goes before will, and a rule that names the fact's own category before one that does not.
    """
    if fact.owner == recipient.id:
        return Released(OWN)
    if client.head.has_died:
        return Withheld("client-died")
    companions = [(rank, held) for held in held_on if (rank := _rank(law, fact, held)) is not None]
    if not companions:
        return _or_annulled(law, client, client.facts[fact.id], recipient, Withheld("nothing-to-accompany"))
    own = law.accompanying.get(fact.kind)
    if own is None:
        return Withheld("no-rule")
    if own.discloser:
        return Released(own.id)
    _, (rule_id, will) = min(companions)
    return Released(rule_id, will)


_Rank = tuple[bool, bool, int, str, str]


def _rank(law: Law, fact: Fact, held: Ground) -> _Rank | None:
    """Where a ground stands among those that an accompanying fact may cite: lower first; None for one it may not."""
    rule_id, will = held
    rule = law.by_id.get(rule_id)
    return (
        None
        if rule is None
        else (will is not None, fact.category not in rule.categories, rule.order, rule_id, will or "")
    )


def bears_on(law: Law, state: FactState, recipient: Endpoint, shift: Shift) -> bool:
    """Whether what an accompanying fact rests on at this recipient may be another, once some other fact's ground has changed."""
    lost, gained = shift
    if state.fact.owner == recipient.id:
        return False
    rests_on = ground(state.given.get(recipient.id))
    if rests_on is None:
        return gained is not None
    own = law.accompanying.get(state.fact.kind)
    if own is not None and own.discloser:
        return lost is not None
    best, rank = _rank(law, state.fact, rests_on), _rank(law, state.fact, gained) if gained else None
    return lost == rests_on or best is None or (rank is not None and rank < best)
