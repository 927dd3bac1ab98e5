"""The rule files against the law written a second time by hand: the same grounds, question by question, before and after 1 May 2026.

200,000 questions, the same ones in every run; with SAUMA_LAW_QUESTIONS set, that many.
"""

import os
import random
from collections import Counter
from dataclasses import replace

import pytest

from sauma.endpoints import Endpoint
from sauma.fact import Moment
from sauma.ids import EndpointId, FactId
from sauma.law import Law, Released, Undecided, Withheld
from sauma.resources import load_laws
from sauma_services.checker.naive import NaiveClient, NaiveFact, NaivePlan, NaiveRelationship, NaiveWill
from sauma_services.checker.reference import Copy, Ground, allowed
from support.questions import MODEL, NOW, START, Asked, endpoint_of
from support.random_questions import REGISTERS, TOLD_ELSEWHERE, question_at_random
from support.world import SUBJECT

QUESTIONS = int(os.environ.get("SAUMA_LAW_QUESTIONS", "200000"))
SEEDS = (20260501, 20260502, 20260503, 20260504)
"""Each asks its share, so that the shares can be asked side by side."""

LAWS = load_laws()
HERE = {name: endpoint_of(name) for name in REGISTERS}


class Registers:
    """Stands in for the places: these registers and no residence."""

    def endpoint(self, endpoint_id: EndpointId) -> Endpoint | None:
        """The register of this name."""
        return HERE.get(endpoint_id)


def _naive(asked: Asked) -> tuple[NaiveClient, NaiveFact]:
    """The same client and fact as the checker knows them."""
    fact, client = asked.fact, asked.client
    told = NaiveFact(
        id=fact.id,
        owner=fact.owner,
        kind=fact.kind,
        category=fact.category,
        handling=fact.handling,
        version=fact.version,
        status=fact.status,
        author=fact.author,
        necessary={(m.role, m.recorded_at, m.purpose): m.journalled_at for m in fact.marks.necessary_for},
        affects=(NOW, asked.marked_at) if fact.marks.affects_employment else None,
        plan=fact.plan,
        addressed_to=fact.addressed_to,
        service_task=fact.service_task,
        document=fact.document,
    )
    naive = NaiveClient(SUBJECT, now=asked.now)
    naive.wills = {will.will: NaiveWill(will) for will in asked.wills}
    naive.plans = {plan.id: NaivePlan(plan.makers, set(plan.providers), plan.kind) for plan in client.head.plans}
    now = client.head.relationship
    if now is not None:
        naive.relationship = NaiveRelationship(
            FactId("x"), now.state, now.started_by, START, now.parties, is_confirmed=now.is_confirmed
        )
    return naive, told


def _disagreement(asked: Asked, law: Law) -> str:
    """How the two laws differ on one question, or nothing."""
    ruling, (naive, fact) = asked.ruling(law), _naive(asked)
    copy = Copy(is_live=True, version=asked.held_version) if asked.held_version else None
    may = allowed(naive, fact, HERE[asked.to], copy, Registers())  # type: ignore[arg-type] # all it asks of the places
    match ruling:
        case Released(rule, will):
            ground = Ground(law.by_id[rule].discloser, will)
            rests_on_will_in_vain = will is not None and any(other.will is None for other in may.now)
            return f"{rule} releases" if ground not in may.now or rests_on_will_in_vain else ""
        case Undecided(missing, hangs_on):
            grounds = {ground.paragraph for ground in may.maybe}
            same = {law.by_id[rule].discloser for rule in hangs_on} == grounds
            return "" if not may.now and same else f"undecided: {missing}"
        case Withheld(reason):
            return f"withheld: {reason}" if may.now or may.maybe else ""


@pytest.mark.parametrize("seed", SEEDS)
def test_the_rule_files_and_the_second_law_give_the_same_answer_to_every_question(seed: int) -> None:
    r, seen = random.Random(seed), Counter[str]()
    different: list[tuple[str, Asked]] = []
    for _ in range(QUESTIONS // len(SEEDS)):
        asked = question_at_random(r)
        law = LAWS.at(Moment(asked.now))
        if found := _disagreement(asked, law):
            different.append((found, asked))
        seen[str(getattr(asked.ruling(law), "rule", type(asked.ruling(law)).__name__))] += 1

    assert different[:3] == []
    often = QUESTIONS >= 200_000
    reached = {rule.id for law in LAWS.sets for rule in law.rules if rule.effect == "release"} - TOLD_ELSEWHERE
    assert len(reached - seen.keys()) <= (0 if often else len(reached) // 4)


def test_a_difference_would_show() -> None:
    asked = Asked("kela", "employment", 6, necessary=(("employment", MODEL),))
    law = LAWS.sets[-1]
    bent = Law(law.id, law.in_force_from, law.starts_at, tuple(rule for rule in law.rules if rule.id != "tym-15-need"))
    wider = tuple(replace(rule, when=()) if rule.id == "tym-15-need" else rule for rule in law.rules)

    assert _disagreement(asked, law) == ""
    assert _disagreement(asked, bent) != ""
    wide = Law(law.id, law.in_force_from, law.starts_at, wider)
    assert _disagreement(replace(asked, relationship="ended"), wide) != ""
