"""After a record: does everybody hold what it may, in its current version, on a ground that stands, and nothing else?"""

from collections.abc import Iterator

from sauma.fact import ROLES
from sauma.ids import EndpointId
from sauma.places import Endpoint, Places
from sauma_services.checker.ledger import Held, Ledger
from sauma_services.checker.naive import ACCOMPANYING, FOR_THE_MODEL, JOINT, NaiveClient, NaiveFact
from sauma_services.checker.reference import (
    ATL_38,
    JTPL_17,
    NOTHING,
    OWN,
    TYM_8,
    TYM_12,
    TYM_15,
    Allowed,
    Ground,
    allowed,
)

Fault = tuple[str, str]


def unkept(client: NaiveClient, ledger: Ledger, places: Places) -> Iterator[Fault]:
    """Invariant and explanation of everything that should have left by now, and has not."""
    anywhere = _recipients(client, places)
    for fact in client.facts.values():
        copies = ledger.facts.get(fact.id, {})
        if fact.status == "void":
            yield from _void(fact, copies)
            continue
        for name, copy in copies.items():
            # What the recipient would not take it does not hold: of that it need not be told.
            is_stopped = not copy.is_live and copy.state not in ("error", "refused")
            if is_stopped and was_for_annulled(client, copy):
                yield "I1", f"{name} {fact.id}: was given for a relationship started in error, and it was not told"
        if fact.kind in ACCOMPANYING:
            copies_of_any = (name for facts in ledger.facts.values() for name, held in facts.items() if held.is_live)
            yield from _unaccompanied(
                client, fact, anywhere | {EndpointId(name) for name in copies_of_any}, ledger, places
            )
            continue
        here = anywhere | {EndpointId(name) for name, held in copies.items() if held.is_live}
        address = _resolved(fact.addressed_to, client, places) if fact.addressed_to else None
        marked = {_resolved(role, client, places) for role, _, purpose in fact.necessary if purpose != FOR_THE_MODEL}
        for name in sorted(here | {one for one in (address, *marked) if one}):
            to = places.endpoint(name)
            if to is None:
                continue
            held = copies.get(name)
            may = allowed(client, fact, to, held.copy if held else None, places)
            yield from _compare(client, fact, to, held, may)


def was_for_annulled(client: NaiveClient, held: Held) -> bool:
    """Whether this record annuls a relationship as started in error, and the copy was given for its sake (TYM 15, 12.2 §)."""
    now = client.relationship
    is_annulled = now is not None and now.state == "annulled" and now.ended_at == client.now
    is_for_it = held.ground is not None and held.ground.paragraph in (TYM_15, TYM_12, JTPL_17)
    return is_annulled and is_for_it and now is not None and held.since >= now.started_at


def _unaccompanied(
    client: NaiveClient, fact: NaiveFact, here: set[EndpointId], ledger: Ledger, places: Places
) -> Iterator[Fault]:
    """Identity or non-disclosure, at everybody who holds anything at all."""
    for name in sorted(here):
        to = places.endpoint(name)
        if to is not None:
            held = ledger.facts.get(fact.id, {}).get(name)
            yield from _compare(client, fact, to, held, accompanying(client, fact, to, ledger, places))


def _recipients(client: NaiveClient, places: Places) -> set[EndpointId]:
    """Parties, whoever a will names, the joint data set from the start on, and the plan's providers."""
    found = {EndpointId(party) for party in client.parties}
    if client.relationship is not None:
        found.add(EndpointId("keha"))
    for will in client.wills.values():
        found |= {name for said in will.said.recipients if (name := _resolved(said, client, places))}
    for plan in client.plans.values():
        found |= {EndpointId(provider) for provider in plan.providers}
        if plan.kind != "07":
            found |= {EndpointId(maker) for maker in plan.makers}
    return found


def _resolved(name: str, client: NaiveClient, places: Places) -> EndpointId | None:
    if name not in ROLES or places.endpoint(EndpointId(name)) is not None:
        return EndpointId(name)
    return places.role_at(client.municipality, name) if client.municipality else None


def accompanying(client: NaiveClient, fact: NaiveFact, to: Endpoint, ledger: Ledger, places: Places) -> Allowed:
    """Identity and the flag of non-disclosure go to whoever holds anything of another's, on the same grounds."""
    if client.has_died and fact.owner != to.id:
        return NOTHING
    if fact.owner == to.id:
        return Allowed(frozenset({OWN}))
    if fact.handling != "ordinary":
        return NOTHING
    grounds: set[Ground] = set()
    for name, held in ledger.live(to.id):
        other = client.facts[name]
        if other.kind in ACCOMPANYING or held.ground is None:
            continue
        owns = other.owner == to.id and other.kind not in JOINT
        if other.kind in JOINT and OWN in allowed(client, other, to, held.copy, places).now:
            continue  # its last maker's own by now, whatever it was held on before
        if held.ground != OWN and not owns:
            grounds.add(held.ground)
        elif held.ground != OWN or not owns:  # passed to it by a move, or its own record of what is not its own alone
            grounds |= allowed(client, other, to, held.copy, places).now - {OWN}
    if grounds and fact.kind == "non-disclosure":
        return Allowed(frozenset({Ground(ATL_38)}))
    return Allowed(frozenset(grounds))


def _void(fact: NaiveFact, copies: dict[str, Held]) -> Iterator[Fault]:
    for name, held in copies.items():
        if not held.told_void and name != fact.author:
            yield "I1", f"{name} {fact.id}: was wrong, and it was not told"


def _compare(client: NaiveClient, fact: NaiveFact, to: Endpoint, held: Held | None, may: Allowed) -> Iterator[Fault]:
    pair = f"{to.id} {fact.id}"
    if held is None or not held.is_live:
        # The word that a relationship is over is the last one on that ground, whatever else would carry it.
        is_last_word = held is not None and held.state == "stopped" and held.ground == Ground(TYM_8)
        was_refused = held is not None and held.state == "refused"
        is_settled = held is not None and held.version == fact.version and (is_last_word or was_refused)
        if may.now and not is_settled:
            yield "lawful-lost", f"{pair}: may hold v{fact.version} and was not sent it"
        return
    if may.now and held.version != fact.version:
        yield "I10", f"{pair}: holds v{held.version}, the current version is {fact.version}"
    ground = held.ground
    if not may.now and not may.maybe:
        yield _ended(client, ground), f"{pair}: nothing carries it any more, and it was not taken back"
    elif ground is None:
        yield "I1", f"{pair}: held on no ground"
    elif ground != OWN and OWN not in may.now:
        if ground not in may.now and not (not may.now and ground in may.maybe):
            yield _ended(client, ground), f"{pair}: rests on {ground.paragraph}, which does not carry it any more"
        elif ground.will is not None and any(other.will is None for other in may.now):
            yield "I4", f"{pair}: rests on a will though statute carries it"


def _ended(client: NaiveClient, ground: Ground | None) -> str:
    will = client.wills.get(ground.will) if ground is not None and ground.will else None
    return "I2" if will is not None and not will.is_in_force(client.now) else "I1"
