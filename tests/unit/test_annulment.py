"""A relationship that was started in error: what was given for its sake is asked back as an error."""

from sauma.event import Facts, FactStep, Referral, Relationship
from sauma.ids import ReferralId
from support.world import E, K, S, World, fact, leaves, marks, put, puts


def _started() -> World:
    world = World()
    steps = (
        FactStep("put", fact("identity"), put=put("identity", "identity", 1)),
        FactStep("put", fact("referral"), put=put("referral", "referral", 6)),
    )
    world.say(K, Referral(ReferralId("r1"), "made", to_role="employment", municipality="837", facts=steps))
    world.say(E, puts(put("background", "background", 3, marks=marks("social-care"))))
    world.say(E, Relationship("started"))
    return world


def test_an_annulled_start_takes_back_as_an_error_what_was_given_for_it() -> None:
    world = _started()
    world.say(E, Relationship("annul"))
    left = leaves(world.say(S, Relationship("annul-confirmed")))
    assert "-background error" in left["S"]
    assert "-background error" in left["D"]
    assert not any(line.startswith("-background stop") for lines in left.values() for line in lines)


def test_one_agency_alone_annuls_nothing() -> None:
    world = _started()
    world.say(E, Relationship("annul"))
    refused = world.say(E, Relationship("annul-confirmed"))
    assert (refused.decision.outcome, refused.decision.reason) == ("refused", "annulment-needs-another-agency")
    assert fact("background") in world.held(S)


def test_a_referral_comes_by_its_own_steps_only() -> None:
    world = _started()
    stated = put("second", "referral", 6, addressed_to="employment")
    refused = world.say(K, Facts((FactStep("put", fact("second"), put=stated),)))
    assert (refused.decision.outcome, refused.decision.reason) == ("refused", "kind-not-putable")


def test_an_agency_that_left_before_the_annulment_is_told_too() -> None:
    world = _started()
    world.say(S, Relationship("left"))
    assert fact("background") not in world.held(S)
    world.say(E, Relationship("annul"))
    left = leaves(world.say(K, Relationship("annul-confirmed")))
    assert "-background error" in left["S"]


def test_what_was_given_in_an_earlier_relationship_is_no_error_of_the_later_one() -> None:
    world = _started()
    for source, step in ((E, "end-proposed"), (S, "end-confirmed"), (K, "end-confirmed")):
        world.say(source, Relationship(step))
    world.say(E, Facts((FactStep("mark", fact("background"), version=1, marks=marks("kela")),)))
    world.say(E, Relationship("started"))
    world.say(E, Relationship("annul"))
    left = leaves(world.say(K, Relationship("annul-confirmed")))
    assert "-background error" in left["K"]
    assert "-background error" not in left.get("S", set())


def test_identity_that_went_along_is_an_error_too() -> None:
    world = _started()
    world.say(E, Relationship("annul"))
    left = leaves(world.say(S, Relationship("annul-confirmed")))
    assert "-identity error" in left["D"]
