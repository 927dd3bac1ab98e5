"""The law once more, written by hand from the acts as domain.md section 3 and model.md section 3 tell them; no rule file.

Slow and obvious on purpose: for one recipient and one fact, the set of grounds that allow it now, and the grounds
that may, once something not known yet is told. An empty answer means: no.
"""

from dataclasses import dataclass
from typing import NamedTuple

from sauma.ids import EndpointId
from sauma.places import Endpoint, Places
from sauma_services.checker.naive import FOR_THE_MODEL, JOINT, THREE, NaiveClient, NaiveFact
from sauma_services.checker.reference_other_acts import (
    ACTS_OF_2025,
    BY_CONSENT,
    CASE_NOTES,
    JTPL_116,
    by_consent,
    by_other_acts,
    party_of_plan,
)
from sauma_services.checker.reference_wills import Says, both, covers, forbidden, speaks_for

TYM_3 = "TYM 381/2023 3 §"
TYM_8 = "TYM 381/2023 8 §"
TYM_12 = "TYM 381/2023 12.2 §"
TYM_14 = "TYM 381/2023 14.1 §"
TYM_15 = "TYM 381/2023 15 §"
JTPL_17 = "JTPL 380/2023 17 §"
ATL_38 = "ATL 703/2023 38 §"
ATL_53 = "ATL 703/2023 53-55 §"

ERASED_AT_THE_END = BY_CONSENT
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
    # What is made jointly is nobody's own, unless everybody else has left.
    owns = _speakers(client, fact) == (to.id,) if fact.kind in JOINT else fact.owner == to.id
    if owns and fact.passed_from is None:
        return _OWN_ONLY
    if client.has_died or client.now < ACTS_OF_2025:
        return NOTHING
    found: set[Ground] = set()
    maybe: set[Ground] = set()
    if fact.addressed_to is None or fact.owner == to.id or _is_addressee(client, fact, to):
        known = (places.endpoint(EndpointId(name)) for name in _speakers(client, fact))
        everyone = [endpoint for endpoint in known if endpoint is not None]
        speakers = [endpoint for endpoint in everyone if endpoint.role in THREE]
        found = _by_statute(client, fact, to, speakers, copy)
        if _is_of_the_model(client, fact) is None:
            maybe |= {ground for ground in found if ground.paragraph in (TYM_12, TYM_15)}
            found -= maybe
        found |= {Ground(paragraph) for paragraph in by_other_acts(client, fact, to, everyone)}
        for paragraph, will, says in by_consent(client, fact, to, everyone):
            (found if says else maybe).add(Ground(paragraph, will))
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
        return {Ground(JTPL_116)} if party_of_plan(client, fact, to) else set()
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
    between_agencies = any(_agency(s) != _agency(to) for s in speakers)
    if is_party and between_agencies and _tym_15(client, fact, to):
        found.add(Ground(TYM_15))
    if fact.handling != "ordinary":
        return found
    # Social and health care are one agency: between them a referral is no referral of TYM 3 §, and needs a permit (row 7).
    if between_agencies and fact.kind == "referral" and _is_addressee(client, fact, to):
        goes_on = client.referral_state(fact) not in REFERRAL_OVER
        if goes_on and (client.relationship is None or client.is_annulled or is_party):
            found.add(Ground(TYM_3))
    if (
        between_agencies
        and fact.kind == "referral-status"
        and _is_addressee(client, fact, to)
        and (client.is_annulled or not client.is_over)
    ):
        found.add(Ground(TYM_3))
    if fact.category == 7 and fact.owner == to.id and fact.kind not in JOINT and client.is_open:
        found.add(Ground(JTPL_17))
    return found


def _tym_15(client: NaiveClient, fact: NaiveFact, to: Endpoint) -> bool:
    """TYM 11.2 and 15 §: the categories, each with its own test. Nothing specially protected, nothing of the never-classes."""
    is_maker = fact.kind in JOINT and _is_maker(client, fact, to)
    is_necessary = is_maker or fact.is_necessary_for(to.role, FOR_THE_MODEL)
    if fact.handling == "locality":
        return fact.category == 1 and is_necessary
    if fact.handling != "ordinary" or fact.kind == CASE_NOTES:
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
            of_the_model = _is_of_the_model(client, fact) is not False
            return client.is_confirmed and of_the_model and (is_necessary or is_asked)
        case _:
            return False


def _is_of_the_model(client: NaiveClient, fact: NaiveFact) -> Says:
    """TYM 11.2 § 7 k means the multi-sector plan and no other; None of a plan that nobody has declared."""
    if fact.category != 7 or fact.plan is None:
        return True
    plan = client.plans.get(fact.plan)
    return plan.kind == "07" if plan else None


def _ending(client: NaiveClient, fact: NaiveFact, copy: Copy | None) -> set[Ground]:
    """Whoever was told of the relationship is told, once, that it is over (TYM 8 §)."""
    holds_earlier = copy is not None and copy.is_live and copy.version < fact.version
    return {Ground(TYM_8)} if fact.kind == "relationship" and client.is_over and holds_earlier else set()


def _joint_data_set(client: NaiveClient, fact: NaiveFact) -> set[Ground]:
    """TYM 12.2 §: into the joint data set, only after the start (domain row 2)."""
    if fact.handling != "ordinary" or fact.kind == CASE_NOTES or not client.is_open:
        return set()
    in_force = fact.kind not in JOINT or fact.kind == "relationship" or fact.status == "in-force"
    goes = {
        1: True,
        2: True,
        3: True,
        4: client.is_confirmed and fact.is_marked_since(client.started_at, None),
        5: client.is_confirmed and fact.is_marked_since(client.started_at, None),
        6: client.is_confirmed and fact.affects is not None,
        7: client.is_confirmed and in_force and _is_of_the_model(client, fact) is not False,
    }[fact.category]
    return {Ground(TYM_12)} if goes else set()


def _care(client: NaiveClient, fact: NaiveFact, to: Endpoint, found: set[Ground], maybe: set[Ground]) -> None:
    """ATL 53-55 §, domain row 7: between the care registers only by the client's permit, and never against a prohibition."""
    stops = forbidden(client, fact, to)
    if fact.handling != "ordinary" or stops is True:
        return
    permits = [will for will in client.wills.values() if will.said.kind == "permit"]
    if not permits:
        maybe.add(Ground(ATL_53))
    allows: Says = None if stops is None else True
    # The client relationship is verified first (ATL 9 §): a party, or a register that has put something about the client.
    is_client_there = to.id in client.parties or any(other.owner == to.id for other in client.facts.values())
    for will in permits:
        says = both(speaks_for(client, will, fact, to), covers(will, fact), allows, is_client_there or None)
        if says is not False:
            (found if says else maybe).add(Ground(ATL_53, will.said.will))


def _agency(endpoint: Endpoint) -> str:
    return "welfare" if endpoint.role in CARE else endpoint.role
