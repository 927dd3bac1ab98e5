"""Domain rows 10 to 23 once more, by hand: what other acts than TYM carry, and what the client's consent carries; no rule file."""

import datetime
from typing import NamedTuple

from sauma.places import Endpoint
from sauma_services.checker.naive import THREE, NaiveClient, NaiveFact, NaiveWill
from sauma_services.checker.reference_wills import Says, both, covers, itemises, speaks_for

ACTS_OF_2025 = int(datetime.datetime(2024, 12, 31, 22, tzinfo=datetime.UTC).timestamp()) * 1000
"""Midnight in Helsinki at which the acts on employment services and on the multi-sector model came into force."""
YLEISTUKI = int(datetime.datetime(2026, 4, 30, 21, tzinfo=datetime.UTC).timestamp()) * 1000
"""Midnight in Helsinki at which yleistuki replaced työmarkkinatuki and peruspäiväraha: 1 May 2026."""

KTT_12 = "KTT 189/2001 12 §"
JTPL_115, JTPL_116, JTPL_118 = "JTPL 380/2023 115 §", "JTPL 380/2023 116.4 §", "JTPL 380/2023 118 §"
JULKL_26, SHL_39, COOPERATION = "JulkL 621/1999 26 §", "SHL 1301/2014 39 §", "L 497/2003 8-10 §"
JULKL_26_ATL_6 = "JulkL 621/1999 26 §, ATL 703/2023 6 §"
ATL_76 = "ATL 703/2023 76 §"

BY_CONSENT = frozenset({JTPL_116, JTPL_118, JULKL_26, JULKL_26_ATL_6, SHL_39, COOPERATION, ATL_76})
"""The grounds of consent: what is held on nothing else is erased when the consent ends."""

CASE_NOTES = "health-note"
"""Domain row 4: what a professional wrote does not go to employment, nor to Kela under TYM; the assessment does."""

ALL = frozenset(range(1, 8))
NO_HEALTH = frozenset({1, 2, 3, 6, 7})


class Task(NamedTuple):
    """A task by an act of its own: who gives what to whom, once a professional marked it as necessary for that task."""

    paragraph: str
    givers: frozenset[str]
    takers: frozenset[str]
    categories: frozenset[int]
    purpose: str
    takes_contact: bool = False
    """Also contact data, which give the locality away (VTJ 36-37 §)."""
    starts: int = 0
    ends: int = 1 << 62


def _roles(text: str) -> frozenset[str]:
    return frozenset(text.split())


EMPLOYMENT, KELA = _roles("employment"), _roles("kela")
CARE = _roles("social-care health-care")
TO_KELA = _roles("employment social-care health-care keha provider")
STATEMENT_GIVERS = _roles("employment keha")
NO_SENSITIVE = frozenset({2, 6, 7})
LISTED = frozenset({1, 2, 6})

JTPL_115_TASK = Task(
    JTPL_115, _roles("social-care health-care kela provider"), EMPLOYMENT, ALL, "employment-service", takes_contact=True
)
KKRL_59_TASK = Task("KKRL 566/2005 59 §", _roles("health-care"), KELA, frozenset({5}), "rehabilitation")

TASKS = (
    JTPL_115_TASK,
    KKRL_59_TASK,
    Task(
        "ATL 703/2023 64 §",
        _roles("employment kela keha"),
        _roles("social-care"),
        ALL,
        "social-care",
        takes_contact=True,
    ),
    Task("TTL 1290/2002 13:1 §", TO_KELA, KELA, ALL, "labour-market-support", takes_contact=True, ends=YLEISTUKI),
    Task("YTL 48/2026 45 §", TO_KELA, KELA, ALL, "general-support", takes_contact=True, starts=YLEISTUKI),
    Task("TTL 1290/2002 11:4 §", STATEMENT_GIVERS, KELA, NO_SENSITIVE, "labour-policy-statement", ends=YLEISTUKI),
    Task(
        "YTL 48/2026 34 §, TTL 1290/2002 11 luku",
        STATEMENT_GIVERS,
        KELA,
        NO_SENSITIVE,
        "labour-policy-statement",
        starts=YLEISTUKI,
    ),
    Task("TTL 1290/2002 13:3 §", KELA, EMPLOYMENT, NO_SENSITIVE, "labour-policy-conditions"),
    Task(
        "KKRL 566/2005 63 §",
        KELA,
        _roles("provider health-care social-care employment"),
        frozenset({5, 6, 7}),
        "rehabilitation",
    ),
    Task("KTT 189/2001 27 §", KELA, _roles("employment social-care"), LISTED, "activation-list"),
    Task("YTL 48/2026 48 §", KELA, EMPLOYMENT, LISTED, "municipal-financing", starts=YLEISTUKI),
    Task("ATL 703/2023 53.5 §", CARE, CARE, ALL, "care-without-permit"),
    Task("ATL 703/2023 56 §", CARE, CARE, ALL, "care-despite-prohibition"),
)


def by_other_acts(client: NaiveClient, fact: NaiveFact, to: Endpoint, speakers: list[Endpoint]) -> set[str]:
    """Paragraphs of other acts than TYM by which the recipient may hold the fact now."""
    found = {task.paragraph for task in TASKS if _carries(task, client, fact, to, speakers)}
    return found | {KTT_12} if _is_activation_plan(client, fact, to, speakers) else found


def _is_activation_plan(client: NaiveClient, fact: NaiveFact, to: Endpoint, speakers: list[Endpoint]) -> bool:
    """Domain row 10: the activation plan goes between its makers, employment and social care."""
    plan, makers = client.plans.get(fact.plan or ""), _roles("employment social-care")
    if plan is None or plan.kind != "03" or fact.category != 7 or fact.handling != "ordinary":
        return False
    return to.id in plan.makers and to.role in makers and any(speaker.role in makers for speaker in speakers)


def _carries(task: Task, client: NaiveClient, fact: NaiveFact, to: Endpoint, speakers: list[Endpoint]) -> bool:
    if to.role not in task.takers or not any(speaker.role in task.givers for speaker in speakers):
        return False
    if not task.starts <= client.now < task.ends or not fact.is_necessary_for(to.role, task.purpose):
        return False
    if fact.handling == "locality":
        return task.takes_contact and fact.kind == "contact" and fact.category == 1
    if fact.handling != "ordinary" or fact.category not in task.categories:
        return False
    if task is JTPL_115_TASK and fact.category in (4, 5):
        return fact.affects is not None and fact.kind != CASE_NOTES
    if task is KKRL_59_TASK:
        return fact.addressed_to in (to.id, to.role)
    return True


def by_consent(
    client: NaiveClient, fact: NaiveFact, to: Endpoint, speakers: list[Endpoint]
) -> list[tuple[str, str, Says]]:
    """Paragraph, will and answer, for every consent that carries the fact to this recipient or may turn out to."""
    found: list[tuple[str, str, Says]] = []
    ours = [speaker for speaker in speakers if speaker.role in THREE]
    if fact.handling != "ordinary" or not ours:
        return found
    for will in client.wills.values():
        if will.said.kind == "consent":
            stands = speaks_for(client, will, fact, to)
            for paragraph, says in _consented(fact, to, ours, will):
                answer = both(stands, says)
                if answer is not False:
                    found.append((paragraph, will.said.will, answer))
    return found


def _consented(fact: NaiveFact, to: Endpoint, ours: list[Endpoint], will: NaiveWill) -> list[tuple[str, Says]]:
    written = bool(will.said.evidence)
    if to.role == "provider":
        if fact.category == 5:
            return [(JTPL_116, both(itemises(will, fact), written))]
        return [(JULKL_26, itemises(will, fact))] if fact.category in NO_HEALTH else []
    if to.role == "employer":
        if fact.category == 5 and fact.is_necessary_for("employer", "job-placement"):
            return [(JTPL_118, both(itemises(will, fact), written))]
        is_application = fact.category in (1, 3) and any(speaker.role == "employment" for speaker in ours)
        return [(JTPL_118, both(covers(will, fact), written))] if is_application else []
    if to.role == "cooperation-group":
        return [(COOPERATION, both((itemises if fact.category == 5 else covers)(will, fact), written))]
    if to.role in ("youth-guidance", "ngo", "pension-insurer", "occupational-health"):
        if fact.category in (4, 5):
            return [(JULKL_26_ATL_6, both(itemises(will, fact), written))]
        return [(JULKL_26, both(covers(will, fact), written))]
    found: list[tuple[str, Says]] = []
    others = any(_agency(speaker) != _agency(to) for speaker in ours)
    if to.role in THREE and fact.category == 7 and others:
        found.append((SHL_39, covers(will, fact)))
    if to.role == "kela" and fact.category == 5 and any(speaker.role == "health-care" for speaker in ours):
        found.append((ATL_76, itemises(will, fact)))
    return found


def party_of_plan(client: NaiveClient, fact: NaiveFact, to: Endpoint) -> bool:
    """Domain row 18 (JTPL 116.4 §): a service provider that is a party of the plan; no health data."""
    plan = client.plans.get(fact.plan or "")
    if plan is None or to.id not in plan.providers or not client.is_open or fact.handling != "ordinary":
        return False
    return fact.category in NO_HEALTH and fact.is_necessary_for("provider", "multi-sector-support")


def _agency(endpoint: Endpoint) -> str:
    return "welfare" if endpoint.role in ("social-care", "health-care") else endpoint.role
