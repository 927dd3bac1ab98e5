"""A relationship that was started in error: what was given for its sake is asked back as an error."""

from sauma.event import ClientChange, Facts, FactStep, Held, Receipt, Relationship
from sauma.ids import PlanId
from support.world import E, H, K, S, World, fact, leaves, marks, plan, put, puts, referral


def _started() -> World:
    world = World()
    world.say(K, referral())
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


def test_whoever_wrote_it_itself_is_not_told_that_it_was_an_error_also_after_a_move() -> None:
    world = _started()
    assert "S" in leaves(world.steps[-1])
    world.say(E, Relationship("annul"))
    world.say(K, ClientChange("moved", municipality="297"))
    left = leaves(world.say(K, Relationship("annul-confirmed")))
    assert "-relationship error" in left["S"]
    assert "-relationship error" not in left.get("E", set())


def test_what_was_sent_back_to_its_writer_after_it_had_been_stopped_was_given_to_it() -> None:
    world = _started()
    review = put("review", "review", 7, plan=PlanId("plan"))
    world.say(K, plan(FactStep("put", fact("review"), put=review), makers=(S, H, K)))
    assert fact("review") not in world.held(K)
    sent = leaves(world.say(S, Relationship("taking-part")))
    assert "review TYM 381/2023 15 §" in sent["K"]
    world.say(E, Relationship("annul"))
    left = leaves(world.say(K, Relationship("annul-confirmed")))
    assert "-review error" in left["K"]


def test_whoever_was_taken_out_of_a_plan_before_the_annulment_is_told_of_its_proposals_too() -> None:
    world = _started()
    world.say(S, Relationship("taking-part"))
    review = put("review", "review", 7, plan=PlanId("plan"))
    world.say(K, plan(FactStep("put", fact("review"), put=review), makers=(E, S, K)))
    proposal = put("proposal", "proposal", 7, plan=PlanId("plan"), about=fact("review"), about_version=1)
    said = leaves(world.say(S, plan(FactStep("propose", fact("proposal"), put=proposal))))
    assert "proposal TYM 381/2023 15 §" in said["E"]
    assert "-proposal stop" in leaves(world.say(K, plan(makers=(S, K))))["E"]
    world.say(E, Relationship("annul"))
    left = leaves(world.say(K, Relationship("annul-confirmed")))
    assert "-proposal error" in left["E"]


def test_a_late_word_on_what_was_given_in_an_earlier_relationship_does_not_make_it_an_error_of_the_later_one() -> None:
    world = _started()
    for source, step in ((E, "end-proposed"), (S, "end-confirmed"), (K, "end-confirmed")):
        world.say(source, Relationship(step))
    world.say(E, Facts((FactStep("mark", fact("background"), version=1, marks=marks("kela")),)))
    world.say(E, Relationship("started"))
    erased = world.say(S, Receipt("erased", (Held(fact("background"), 1),)))
    assert erased.decision.outcome == "accepted"
    world.say(E, Relationship("annul"))
    left = leaves(world.say(K, Relationship("annul-confirmed")))
    assert "-background error" not in left.get("S", set())


def test_a_joint_fact_that_became_its_last_makers_own_was_given_for_the_relationship_all_the_same() -> None:
    world = _started()
    world.say(S, Relationship("taking-part"))
    world.say(E, plan(makers=(E, S, K)))
    goal = put("goal", "goal", 7, plan=PlanId("plan"))
    given = world.say(K, plan(FactStep("put", fact("goal"), put=goal)))
    assert "goal TYM 381/2023 15 §" in leaves(given)["S"]
    world.say(S, plan(makers=(S,)))
    assert world.client.facts[fact("goal")].given[S].rule == "own"

    world.say(E, Relationship("annul"))
    moved = world.say(K, ClientChange("moved", municipality="297"))
    assert "-goal stop" in leaves(moved)["S"]
    left = leaves(world.say(K, Relationship("annul-confirmed")))

    assert "-goal error" in left["S"]
