"""The checker on a start that was annulled as an error: a good history passes, and who was not told rightly is found."""

import pytest

from sauma.event import Relationship
from sauma_services.checker import Report, check
from support.histories import recorded_world
from support.history_bodies import prelude
from support.snapshots import RecordedWorld, snapshot
from support.world import D, E, K, S, fact, marks, put, puts
from unit.checker.bending import forget_retraction, take_back


@pytest.fixture
def annulled() -> RecordedWorld:
    """Social care had the background and left; then the start is annulled."""
    world = recorded_world()
    for source, body in prelude(1)[:3]:
        world.say(source, body(world))
    world.say(E, puts(put("background", "background", 3, marks=marks("social-care", "kela"))))
    world.say(S, Relationship("left"))
    world.say(E, Relationship("annul"))
    world.say(K, Relationship("annul-confirmed"))
    return world


def report_on(world: RecordedWorld) -> Report:
    return check(snapshot(world), places=world.places)


def test_an_annulled_start_that_was_told_rightly_has_no_violation(annulled: RecordedWorld) -> None:
    told = {(d.recipient, b.fact, b.ask) for d in annulled.steps[-1].deliveries for b in d.retracted}
    assert {(S, fact("background"), "error"), (D, fact("background"), "error")} <= told
    assert report_on(annulled).violations == ()


def test_one_who_was_stopped_before_and_is_not_told_is_found(annulled: RecordedWorld) -> None:
    forget_retraction(annulled, len(annulled.steps) - 1, S, fact("background"))
    assert {one.invariant for one in report_on(annulled).violations} == {"I1"}


def test_one_who_is_asked_to_stop_only_is_found(annulled: RecordedWorld) -> None:
    forget_retraction(annulled, len(annulled.steps) - 1, D, fact("background"))
    take_back(annulled, len(annulled.steps) - 1, D, fact("background"), "stop")
    assert "I2" in {one.invariant for one in report_on(annulled).violations}
