"""An item that a move passed to another area is that area's own once it has said something about it."""

from sauma.event import ClientChange, Facts, FactStep, Relationship
from sauma.ids import PlanId
from support.world import E2, E, K, S, World, fact, leaves, marks, plan, put, puts, referral


def test_whoever_closed_what_it_was_passed_holds_it_as_its_own_and_nothing_accompanies_it() -> None:
    world = World()
    item = put("item", "plan-item", 7, plan=PlanId("plan"), marks=marks("social-care", "kela"))
    world.say(K, referral())
    world.say(E, puts(put("background", "background", 3, marks=marks("social-care"))))
    world.say(E, Relationship("started"))
    world.say(S, Relationship("taking-part"))
    world.say(E, plan(FactStep("put", fact("item"), put=item), makers=(E, S, K)))
    assert "item JTPL 380/2023 17 §" in leaves(world.say(K, ClientChange("moved", municipality="297")))["E'"]

    version = world.client.facts[fact("item")].fact.version
    assert world.say(E2, Facts((FactStep("close", fact("item"), version=version),))).decision.outcome == "accepted"

    closed = world.client.facts[fact("item")]
    assert (closed.fact.owner, closed.fact.passed_from, closed.given[E2].rule) == (E2, None, "own")
    left = leaves(world.say(E2, Relationship("left")))
    assert {"-identity stop", "-relationship stop"} <= left["E'"]
    assert "-item stop" not in left["E'"]
