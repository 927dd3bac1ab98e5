"""The life cycles, walked whole on the real step: every row of every table, and every pair that no table has."""

from pathlib import Path

import pytest

from sauma.event import FactStep, Referral, Relationship
from sauma.fact import KINDS
from sauma.ids import ReferralId, conflict_fact
from sauma.lifecycle import BEFORE, NEW, REFERRAL_BY_SENDER, REFERRAL_ENDS, TABLES, diagram, document, table_of
from support.cycles import CYCLES, confirm, conflict_over, opened, propose, told
from support.world import E, K, S, World, fact, plan, put

ROWS = [(name, state, step) for name, cycle in CYCLES.items() for state, step in cycle.table]
MISSING = [
    (name, state, step)
    for name, cycle in CYCLES.items()
    for state in sorted(cycle.states)
    for step in sorted(cycle.steps)
    if (state, step) not in cycle.table
]


def test_every_table_is_walked() -> None:
    assert {name: cycle.table for name, cycle in CYCLES.items()} == TABLES


@pytest.mark.parametrize("name", CYCLES)
def test_every_state_can_be_reached(name: str) -> None:
    assert CYCLES[name].paths().keys() == CYCLES[name].states


@pytest.mark.parametrize(("name", "state", "step"), ROWS)
def test_a_step_of_the_table_leads_where_it_says(name: str, state: str, step: str) -> None:
    cycle = CYCLES[name]
    world = cycle.at(state)
    then = cycle.table[state, step]
    relationship = world.client.head.relationship
    if then == BEFORE and relationship is not None:
        then = relationship.before_ending

    taken = cycle.take(world, step)

    assert taken.decision.outcome == "accepted", taken.decision.reason
    assert cycle.state(world) == then


@pytest.mark.parametrize(("name", "state", "step"), MISSING)
def test_a_step_that_the_table_has_not_is_refused_and_changes_nothing(name: str, state: str, step: str) -> None:
    cycle = CYCLES[name]
    world = cycle.at(state)
    before = world.client

    taken = cycle.take(world, step)

    assert cycle.state(world) == state
    if step not in cycle.follow:
        assert taken.decision.outcome == "refused"
        assert taken.decision.reason in cycle.reasons
        after = taken.client
        assert (after.head.relationship, after.head.wills) == (before.head.relationship, before.head.wills)


@pytest.mark.parametrize("step", ["end-objected", "end-withdrawn"])
def test_an_end_that_does_not_come_about_leads_back_to_where_it_was_proposed(step: str) -> None:
    cycle = CYCLES["relationship"]
    world = cycle.at("active")
    cycle.take(world, "end-proposed")

    cycle.take(world, step)

    assert cycle.state(world) == "active"


@pytest.mark.parametrize("step", ["plan-approved", "all-confirmed", "died"])
def test_what_only_follows_cannot_be_said(step: str) -> None:
    for state in ("assessing", "ending"):
        world = CYCLES["relationship"].at(state)

        taken = world.say(E, Relationship(step))

        assert (taken.decision.outcome, taken.decision.reason) == ("refused", "step-not-possible")


@pytest.mark.parametrize("step", ["decline", "void"])
def test_a_conflict_can_be_settled_after_its_proposal_came_to_an_end(step: str) -> None:
    proposals, conflicts = CYCLES["proposal"], CYCLES["conflict"]
    world = proposals.at("made")
    conflict_over(world)
    proposals.take(world, step)
    ended = proposals.state(world)

    taken = conflicts.take(world, "settle")

    assert taken.decision.outcome == "accepted"
    assert conflicts.state(world) == "settled"
    assert proposals.state(world) == ended


def test_accepting_a_stale_proposal_again_does_not_make_its_conflict_anew() -> None:
    world = CYCLES["conflict"].at("open")
    known = world.client.facts[conflict_fact(fact("p"))]

    taken = CYCLES["conflict"].take(world, "stale-accept")

    assert (taken.decision.outcome, taken.decision.reason) == ("refused", "step-not-possible")
    assert taken.client.facts[conflict_fact(fact("p"))] == known


def test_a_joint_fact_that_was_void_does_not_come_into_force_by_a_proposal() -> None:
    world = CYCLES["joint fact"].at("void")
    propose(world, "change", "ok")
    confirm(world, S, "change")

    taken = confirm(world, K, "change")

    assert taken.decision.outcome == "refused"
    assert CYCLES["joint fact"].state(world) == "void"


def test_a_referral_carries_no_other_steps_than_put() -> None:
    world = opened()
    step = FactStep("propose", fact("p"), put=put("p", "proposal", 7, about=fact("x")))

    taken = world.say(K, Referral(ReferralId("r1"), "made", to_role="employment", facts=(step,)))

    assert taken.decision.outcome == "refused"
    assert fact("p") not in taken.client.facts


def test_an_unknown_step_is_refused() -> None:
    world: World = told("9c")()

    taken = world.say(S, plan(FactStep("burn", fact("B"), version=1)))

    assert (taken.decision.outcome, taken.decision.reason) == ("refused", "unknown-code")


def test_every_kind_has_a_table_and_every_end_of_a_referral_is_one() -> None:
    assert all(table_of(kind) in TABLES.values() for kind in KINDS)
    assert {state for state, _ in TABLES["referral"]}.isdisjoint(REFERRAL_ENDS)
    assert {step for _, step in TABLES["referral"]} >= REFERRAL_BY_SENDER


def test_the_diagram_has_a_line_for_every_step() -> None:
    drawn = diagram({(NEW, "put"): "in-force", ("in-force", "void"): "void"})

    assert drawn == "stateDiagram-v2\n    [*] --> in_force: put\n    in_force --> void: void"


def test_the_page_of_life_cycles_is_what_the_tables_draw() -> None:
    page = Path(__file__).parents[2] / "docs" / "lifecycles.md"

    redraw = "python -c \"from sauma.lifecycle import document; print(document(), end='')\" > docs/lifecycles.md"
    assert page.read_text(encoding="utf-8") == document(), f"draw it anew: .venv/bin/{redraw}"
