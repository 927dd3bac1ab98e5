"""An inventory says what an endpoint really holds; what it says of its own writing makes nobody else's release of it."""

from sauma.event import FactStep, Held, Receipt, Referral
from sauma.ids import ReferralId
from support.snapshots import RecordedWorld, violations
from support.world import K, fact, put


def test_an_author_that_missed_its_own_fact_and_then_names_it_holds_it_as_its_own() -> None:
    world = RecordedWorld()
    steps = (
        FactStep("put", fact("identity"), put=put("identity", "identity", 1)),
        FactStep("put", fact("referral"), put=put("referral", "referral", 6)),
    )
    world.say(K, Referral(ReferralId("r1"), "made", to_role="employment", municipality="837", facts=steps))
    before = world.client.facts[fact("referral")].given[K]

    world.say(K, Receipt("inventory"))
    assert K not in world.client.facts[fact("referral")].given
    told = world.say(K, Receipt("inventory", (Held(fact("referral"), 1), Held(fact("identity"), 1))))

    assert world.client.facts[fact("referral")].given[K] == before
    assert not any(delivery.puts or delivery.rebased or delivery.retracted for delivery in told.deliveries)
    assert violations(world) == []
