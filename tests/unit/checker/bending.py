"""Bends a good history: changes what left and what was decided in one step, consistently, and numbers the rest anew."""

from collections import Counter
from collections.abc import Callable
from dataclasses import replace

from sauma.decision import Decision, Ruling
from sauma.delivery import Basis, Delivered, Delivery, Retracted
from sauma.ids import EndpointId, FactId, delivery_id
from support.histories import recorded_world
from support.snapshots import RecordedWorld
from support.story import LINES
from support.world import SUBJECT


def story() -> RecordedWorld:
    """The whole story, one step a line."""
    world = recorded_world()
    for line in LINES:
        line.says(world)
    return world


def line(number: str) -> int:
    """The step of one line of the story."""
    return [one.number for one in LINES].index(number)


def change_delivery(
    world: RecordedWorld, step: int, recipient: EndpointId, change: Callable[[Delivery], Delivery]
) -> None:
    """Change what one recipient was sent in one step; a recipient that was sent nothing gets an empty delivery first."""
    taken = world.steps[step]
    sent = [delivery for delivery in taken.deliveries if delivery.recipient == recipient]
    moment = taken.decision.effective_at
    first = sent[0] if sent else Delivery(delivery_id(SUBJECT, recipient, 0), recipient, SUBJECT, 0, moment)
    others = tuple(delivery for delivery in taken.deliveries if delivery is not first)
    world.steps[step] = replace(taken, deliveries=(*others, change(first)))
    number_anew(world)


def number_anew(world: RecordedWorld) -> None:
    """Give every recipient's deliveries the numbers 1, 2, 3 ... and their ids, as a faulty router would, too."""
    latest: Counter[EndpointId] = Counter()
    for index, taken in enumerate(world.steps):
        numbered = []
        for delivery in taken.deliveries:
            latest[delivery.recipient] += 1
            number = latest[delivery.recipient]
            computed = delivery_id(SUBJECT, delivery.recipient, number)
            numbered.append(replace(delivery, number=number, id=computed))
        world.steps[index] = replace(taken, deliveries=tuple(numbered))


def change_decision(world: RecordedWorld, step: int, change: Callable[[Decision], Decision]) -> None:
    """Change what was decided in one step."""
    taken = world.steps[step]
    world.steps[step] = replace(taken, decision=change(taken.decision))


def without_ruling(decision: Decision, recipient: EndpointId, fact: FactId) -> Decision:
    """The decision, silent on one pair."""
    kept = tuple(r for r in decision.rulings if (r.recipient, r.fact) != (recipient, fact))
    return replace(decision, rulings=kept)


def send(world: RecordedWorld, step: int, recipient: EndpointId, fact: FactId, basis: Basis) -> None:
    """Send one more fact, as it stands after the step, decided and all: a router that errs in law only."""
    known = world.steps[step].client.facts[fact].fact
    item = next(
        (item for d in world.deliveries for item in d.puts if (item.fact, item.version) == (fact, known.version)), None
    )
    template = item or Delivered(
        fact, known.owner, known.kind, known.category, known.handling, known.version, known.status, b"", basis,
        cell=known.cell,
    )  # fmt: skip
    sent = replace(template, basis=basis)
    change_delivery(world, step, recipient, lambda d: replace(d, puts=(*d.puts, sent)))

    def decided(decision: Decision) -> Decision:
        decision = without_ruling(decision, recipient, fact)
        ruling = Ruling(
            recipient, fact, known.version, known.kind, known.category, known.owner, "released",
            basis=len(decision.bases),
        )  # fmt: skip
        return replace(decision, bases=(*decision.bases, basis), rulings=(*decision.rulings, ruling))

    change_decision(world, step, decided)


def keep_back(world: RecordedWorld, step: int, recipient: EndpointId, fact: FactId) -> None:
    """Do not send one fact, and say nothing of it."""
    change_delivery(
        world, step, recipient, lambda d: replace(d, puts=tuple(item for item in d.puts if item.fact != fact))
    )
    change_decision(world, step, lambda decision: without_ruling(decision, recipient, fact))


def forget_retraction(world: RecordedWorld, step: int, recipient: EndpointId, fact: FactId) -> None:
    """Do not take one fact back, and say nothing of it."""
    change_delivery(
        world, step, recipient, lambda d: replace(d, retracted=tuple(b for b in d.retracted if b.fact != fact))
    )
    change_decision(world, step, lambda decision: without_ruling(decision, recipient, fact))


def take_back(world: RecordedWorld, step: int, recipient: EndpointId, fact: FactId, ask: str) -> None:
    """Take one fact back that is lawfully held."""
    back = Retracted(fact, ask, "right-ended")
    change_delivery(world, step, recipient, lambda d: replace(d, retracted=(*d.retracted, back)))
    known = world.steps[step].client.facts[fact].fact
    ruling = Ruling(
        recipient, fact, known.version, known.kind, known.category, known.owner, "retracted", "right-ended", ask
    )
    change_decision(
        world,
        step,
        lambda decision: replace(
            without_ruling(decision, recipient, fact),
            rulings=(*without_ruling(decision, recipient, fact).rulings, ruling),
        ),
    )
