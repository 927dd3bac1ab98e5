"""What was wrong is told to everyone who was ever given it, over random histories: corrections, voids and annulled starts."""

from collections import Counter

from hypothesis import given

from sauma.ids import EndpointId, FactId
from support.histories import told
from support.properties import HISTORIES, examples
from support.snapshots import RecordedWorld

Pair = tuple[EndpointId, FactId]


def told_wrong(world: RecordedWorld, step: int) -> set[Pair]:
    """Whom this step tells that a fact was wrong."""
    return {
        (delivery.recipient, back.fact)
        for delivery in world.steps[step].deliveries
        for back in delivery.retracted
        if back.ask == "error"
    }


def sent_before(world: RecordedWorld, step: int) -> set[Pair]:
    """What was delivered to whom before this step, and whose last word about it is not that it is not there (an inventory)."""
    sent = {(d.recipient, item.fact) for taken in world.steps[:step] for d in taken.deliveries for item in d.puts}
    facts = world.steps[step].client.facts
    return {(recipient, name) for recipient, name in sent if recipient in facts[name].given}


def voided_at(world: RecordedWorld, step: int) -> set[FactId]:
    before = world.steps[step - 1].client.facts if step else {}
    return {
        name
        for name, state in world.steps[step].client.facts.items()
        if state.fact.status == "void" and (name not in before or before[name].fact.status != "void")
    }


@examples(2)
@given(HISTORIES)
def test_whoever_was_ever_given_a_fact_is_told_at_once_that_it_was_wrong(data: bytes) -> None:
    world = told(data)
    for step in range(len(world.steps)):
        for name in voided_at(world, step):
            author = world.steps[step].client.facts[name].fact.author
            given_it = {pair for pair in sent_before(world, step) if pair[1] == name and pair[0] != author}
            assert given_it <= told_wrong(world, step), (step, name)


@examples()
@given(HISTORIES)
def test_nobody_is_told_twice_that_one_version_was_wrong(data: bytes) -> None:
    world = told(data)
    times: Counter[tuple[EndpointId, FactId, int]] = Counter()
    for step, taken in enumerate(world.steps):
        for recipient, name in told_wrong(world, step):
            times[recipient, name, taken.client.facts[name].fact.version] += 1
    assert not [one for one, count in times.items() if count > 1]


def annulled_at(world: RecordedWorld, step: int) -> bool:
    """Whether this step's record annulled the relationship."""
    before = world.steps[step - 1].client.head.relationship if step else None
    now = world.steps[step].client.head.relationship
    return now is not None and now.state == "annulled" and (before is None or before.state != "annulled")


@examples(2)
@given(HISTORIES)
def test_whoever_was_given_anything_for_an_annulled_relationship_is_told_at_once_that_it_was_an_error(
    data: bytes,
) -> None:
    """Also who was stopped since: what was given before that relationship began, or by another act or a will, is left out."""
    world = told(data)
    for step in range(len(world.steps)):
        if annulled_at(world, step):
            now = world.steps[step].client.head.relationship
            assert now is not None
            given_for_it = last_grounds(world, step, since=now.started_at) - lawful_still(world, step)
            assert given_for_it <= told_wrong(world, step) | told_wrong_before(world, step, since=now.started_at)


def last_grounds(world: RecordedWorld, step: int, *, since: int) -> set[Pair]:
    """Whose latest delivery of a fact before this step came after `since` and by TYM 15 or 12.2 §, and who still knows of it."""
    grounds: dict[Pair, str] = {}
    for taken in world.steps[:step]:
        if taken.decision.effective_at >= since:
            for delivery in taken.deliveries:
                items = [(item.fact, item.basis) for item in delivery.puts]
                items += [(item.fact, item.basis) for item in delivery.rebased]
                grounds |= {(delivery.recipient, name): basis.discloser for name, basis in items}
    known = sent_before(world, step)
    return {pair for pair, ground in grounds.items() if ground in TYM and pair in known}


TYM = ("TYM 381/2023 15 §", "TYM 381/2023 12.2 §")


def lawful_still(world: RecordedWorld, step: int) -> set[Pair]:
    """Who holds a fact after this step all the same: on another ground, or as its owner; or learns that it is over."""
    facts = world.steps[step].client.facts
    return {
        (recipient, name)
        for name, state in facts.items()
        for recipient, held in state.given.items()
        if held.is_live or state.fact.author == recipient or held.rule == "tym-8-ending"
    }


def told_wrong_before(world: RecordedWorld, step: int, *, since: int) -> set[Pair]:
    moments = [n for n in range(step) if world.steps[n].decision.effective_at >= since]
    return {pair for n in moments for pair in told_wrong(world, n)}


@examples()
@given(HISTORIES)
def test_what_is_taken_back_after_an_annulment_is_no_error_of_it(data: bytes) -> None:
    world = told(data)
    for step, taken in enumerate(world.steps):
        reasons = {back.reason for d in taken.deliveries for back in d.retracted if back.ask == "error"}
        assert "annulled" not in reasons or annulled_at(world, step)
