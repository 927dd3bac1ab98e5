"""The law once more, written by hand from the acts as domain.md section 3 and model.md section 3 tell them; no rule file.

Slow and obvious on purpose: for one recipient and one fact, the set of grounds that allow it now, and the grounds
that may, once something not known yet is told. An empty answer means: no.
"""

from dataclasses import dataclass
from typing import NamedTuple

from sauma.ids import EndpointId
from sauma.places import Endpoint, Places
from sauma_services.checker.naive import JOINT, THREE, NaiveClient, NaiveFact, NaiveWill

TYM_3 = "TYM 381/2023 3 §"
TYM_8 = "TYM 381/2023 8 §"
TYM_12 = "TYM 381/2023 12.2 §"
TYM_14 = "TYM 381/2023 14.1 §"
TYM_15 = "TYM 381/2023 15 §"
JTPL_17 = "JTPL 380/2023 17 §"
JTPL_116 = "JTPL 380/2023 116.4 §"
ATL_38 = "ATL 703/2023 38 §"
ATL_53 = "ATL 703/2023 53-55 §"
JULKL_26 = "JulkL 621/1999 26 §"

ERASED_AT_THE_END = frozenset({JTPL_116, JULKL_26})
"""The grounds on which, resting on a will, the end of the right asks to erase."""

CARE = frozenset({"social-care", "health-care"})
REFERRAL_OVER = frozenset({"declined", "cancelled", "completed"})


class Ground(NamedTuple):
    """The paragraph of the right to disclose, and the will where it rests on one."""

    paragraph: str
    will: str | None = None


@dataclass(frozen=True, slots=True)
class Allowed:
    """The grounds on which a recipient may hold a fact now, and those that may yet turn out to hold."""

    now: frozenset[Ground] = frozenset()
    maybe: frozenset[Ground] = frozenset()


NOTHING = Allowed()
OWN = Ground(TYM_14)
"""What an agency recorded itself is in its own register by its own acts."""
_OWN_ONLY = Allowed(frozenset({OWN}))


class Copy(NamedTuple):
    """What the law asks about a recipient's copy: whether it is kept up to date, and in which version."""

    is_live: bool
    version: int


def allowed(client: NaiveClient, fact: NaiveFact, to: Endpoint, copy: Copy | None, places: Places) -> Allowed:
    """On which grounds this recipient may hold this fact now. Not for identity and non-disclosure: see `accompanying`."""
    if fact.status == "void":
        return NOTHING
    owns = fact.owner == to.id and fact.kind not in JOINT
    if owns and fact.passed_from is None:
        return _OWN_ONLY
    if client.has_died:
        return NOTHING
    found: set[Ground] = set()
    maybe: set[Ground] = set()
    if fact.addressed_to is None or fact.owner == to.id or _is_addressee(client, fact, to):
        known = (places.endpoint(EndpointId(name)) for name in _speakers(client, fact))
        speakers = [endpoint for endpoint in known if endpoint is not None and endpoint.role in THREE]
        found = _by_statute(client, fact, to, speakers, copy)
        if to.role == "provider" and speakers:
            found |= _by_consent(client, fact, to)
        if to.role in CARE and any(s.role in CARE for s in speakers):
            _care(client, fact, to, found, maybe)
    if owns and not found and copy is not None:
        found.add(OWN)  # a move made it the owner: what it was passed stays its own
    return Allowed(frozenset(found), frozenset(maybe)) if found or maybe else NOTHING


def _by_statute(
    client: NaiveClient, fact: NaiveFact, to: Endpoint, speakers: list[Endpoint], copy: Copy | None
) -> set[Ground]:
    if not speakers:
        return set()
    if to.role == "provider":
        return _party_of_plan(client, fact, to)
    if to.role == "keha":
        return _joint_data_set(client, fact) | _ending(client, fact, copy)
    return _among_the_three(client, fact, to, speakers) | _ending(client, fact, copy) if to.role in THREE else set()


def _speakers(client: NaiveClient, fact: NaiveFact) -> tuple[str, ...]:
    """Whoever discloses: the owner, the one a move took it from, or for a joint fact all who made it."""
    if fact.kind not in JOINT:
        return (fact.passed_from or fact.owner,)
    plan = client.plans.get(fact.plan or "")
    return plan.makers if plan else client.parties


def _is_addressee(client: NaiveClient, fact: NaiveFact, to: Endpoint) -> bool:
    if fact.addressed_to == "makers":
        return _is_maker(client, fact, to)
    return fact.addressed_to in (to.id, to.role)


def _is_maker(client: NaiveClient, fact: NaiveFact, to: Endpoint) -> bool:
    plan = client.plans.get(fact.plan or "")
    return plan is not None and to.id in plan.makers


def _among_the_three(client: NaiveClient, fact: NaiveFact, to: Endpoint, speakers: list[Endpoint]) -> set[Ground]:
    """Domain rows 1, 3, 9 and 24: by statute, the necessary only, while the relationship lasts, whatever the client wills."""
    found: set[Ground] = set()
    is_party = client.is_open and to.id in client.parties
    if is_party and any(_agency(s) != _agency(to) for s in speakers) and _tym_15(client, fact, to):
        found.add(Ground(TYM_15))
    if fact.handling != "ordinary":
        return found
    if fact.kind == "referral" and _is_addressee(client, fact, to):
        goes_on = client.referral_state(fact) not in REFERRAL_OVER
        if goes_on and (client.relationship is None or is_party):
            found.add(Ground(TYM_3))
    if fact.kind == "referral-status" and _is_addressee(client, fact, to) and not client.is_over:
        found.add(Ground(TYM_3))
    if fact.category == 7 and fact.owner == to.id and fact.kind not in JOINT and client.is_open:
        found.add(Ground(JTPL_17))
    return found


def _tym_15(client: NaiveClient, fact: NaiveFact, to: Endpoint) -> bool:
    """TYM 11.2 and 15 §: the categories, each with its own test. Nothing specially protected, nothing of the never-classes."""
    is_maker = fact.kind in JOINT and _is_maker(client, fact, to)
    is_necessary = is_maker or any(role == to.role for role, _, _ in fact.necessary)
    if fact.handling == "locality":
        return fact.category == 1 and is_necessary
    if fact.handling != "ordinary":
        return False
    match fact.category:
        case 1 | 2:
            return True
        case 3:
            return is_necessary
        case 4 | 5:
            since_start = fact.is_marked_since(client.started_at, {to.role})
            return client.is_confirmed and is_necessary and since_start
        case 6:
            return client.is_confirmed and fact.affects is not None and is_necessary
        case 7:
            is_asked = fact.kind in ("proposal", "conflict") and _is_addressee(client, fact, to)
            return client.is_confirmed and (is_necessary or is_asked)
        case _:
            return False


def _ending(client: NaiveClient, fact: NaiveFact, copy: Copy | None) -> set[Ground]:
    """Whoever was told of the relationship is told, once, that it is over (TYM 8 §)."""
    holds_earlier = copy is not None and copy.is_live and copy.version < fact.version
    return {Ground(TYM_8)} if fact.kind == "relationship" and client.is_over and holds_earlier else set()


def _joint_data_set(client: NaiveClient, fact: NaiveFact) -> set[Ground]:
    """TYM 12.2 §: into the joint data set, only after the start (domain row 2)."""
    if fact.handling != "ordinary" or not client.is_open:
        return set()
    in_force = fact.kind not in JOINT or fact.kind == "relationship" or fact.status == "in-force"
    goes = {
        1: True,
        2: True,
        3: True,
        4: client.is_confirmed and fact.is_marked_since(client.started_at, None),
        5: client.is_confirmed and fact.is_marked_since(client.started_at, None),
        6: client.is_confirmed and fact.affects is not None,
        7: client.is_confirmed and in_force,
    }[fact.category]
    return {Ground(TYM_12)} if goes else set()


def _party_of_plan(client: NaiveClient, fact: NaiveFact, to: Endpoint) -> set[Ground]:
    """Domain row 18: a service provider that is a party of the plan; no health data."""
    plan = client.plans.get(fact.plan or "")
    is_party = plan is not None and to.id in plan.providers and client.is_open
    is_necessary = any(role == "provider" for role, _, _ in fact.necessary)
    goes = fact.handling == "ordinary" and fact.category in (1, 7) and is_party and is_necessary
    return {Ground(JTPL_116)} if goes else set()


def _by_consent(client: NaiveClient, fact: NaiveFact, to: Endpoint) -> set[Ground]:
    """Domain rows 18 and 19: what the client's consent names one by one; health data have a paragraph of their own."""
    found: set[Ground] = set()
    if fact.handling != "ordinary" or fact.category not in (1, 5, 7):
        return found
    for will in client.wills.values():
        itemises = fact.id in will.said.scope.facts or fact.kind in will.said.scope.kinds
        if will.said.kind == "consent" and itemises and _names(will, to) and will.is_in_force(client.now):
            found.add(Ground(JTPL_116 if fact.category == 5 else JULKL_26, will.said.will))
    return found


def _care(client: NaiveClient, fact: NaiveFact, to: Endpoint, found: set[Ground], maybe: set[Ground]) -> None:
    """ATL 53-55 §, domain row 7: between the care registers only by the client's permit, and never against a prohibition."""
    if fact.handling != "ordinary":
        return
    wills = client.wills.values()
    for will in wills:
        everyone_or_this = not will.said.recipients or _names(will, to)
        if (
            will.said.kind == "prohibition"
            and everyone_or_this
            and will.is_in_force(client.now)
            and _covers(will, fact)
        ):
            return
    permits = [will for will in wills if will.said.kind == "permit"]
    if not permits:
        maybe.add(Ground(ATL_53))
    for will in permits:
        if _names(will, to) and _covers(will, fact) and will.is_in_force(client.now):
            read_at, age_ms_max = will.said.read_at, will.said.age_ms_max
            is_old = read_at is not None and age_ms_max is not None and client.now - read_at > age_ms_max
            (maybe if is_old else found).add(Ground(ATL_53, will.said.will))


def _names(will: NaiveWill, to: Endpoint) -> bool:
    return to.id in will.said.recipients or to.role in will.said.recipients


def _covers(will: NaiveWill, fact: NaiveFact) -> bool:
    scope = will.said.scope
    if not (scope.facts or scope.kinds or scope.categories or scope.registers):
        return False
    return (
        (not scope.facts or fact.id in scope.facts)
        and (not scope.kinds or fact.kind in scope.kinds)
        and (not scope.categories or fact.category in scope.categories)
        and (not scope.registers or fact.owner in scope.registers)
    )


def _agency(endpoint: Endpoint) -> str:
    return "welfare" if endpoint.role in CARE else endpoint.role
