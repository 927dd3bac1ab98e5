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
