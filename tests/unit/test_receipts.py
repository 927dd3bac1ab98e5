"""What an endpoint says it holds, or does not: its own writing stays its own, and nothing is left that accompanied nothing."""

from sauma.event import Held, Receipt, Scope, Will
from sauma.ids import WillId
from support.snapshots import RecordedWorld, violations
from support.world import E, K, P, fact, leaves, put, puts, referral


def referred() -> RecordedWorld:
    """A client whom Kela has referred."""
    world = RecordedWorld()
    world.say(K, referral())
    return world


def test_an_author_that_misses_its_own_fact_and_names_it_in_the_same_record_holds_it_as_its_own() -> None:
    world = referred()
    before = world.client.facts[fact("referral")].given[K]
    missing = world.event(K, Receipt("inventory"))
    naming = world.event(K, Receipt("inventory", (Held(fact("referral"), 1), Held(fact("identity"), 1))))

    world.journal(naming)  # waits for the other, and takes effect with it
    told = world.journal(missing)

    assert world.client.facts[fact("referral")].given[K] == before
    assert not any(delivery.puts or delivery.rebased or delivery.retracted for delivery in told.deliveries)
    assert violations(world) == []


def test_an_author_that_misses_its_own_fact_is_given_it_back() -> None:
    world = referred()

    told = world.say(K, Receipt("inventory"))

    assert {item.fact for delivery in told.deliveries for item in delivery.puts} == {fact("referral"), fact("identity")}
    assert violations(world) == []


def test_what_accompanied_a_fact_goes_back_when_the_recipient_refuses_that_fact() -> None:
    world = referred()
    world.say(E, puts(put("background", "background", 3)))
    scope = Scope(facts=(fact("background"),))
    consent = Will(WillId("consent"), "given", "consent", (P,), scope, given_by="client", evidence="archive-1")
    given = {item.fact for d in world.say(E, consent).deliveries if d.recipient == P for item in d.puts}
    assert given == {fact("background"), fact("identity")}

    refused = world.say(P, Receipt("refused", (Held(fact("background"), 1),)))

    assert leaves(refused)["P"] == {"-identity erase"}
    assert violations(world) == []
