"""No client grows so large that what is written about it fits no record: its partition would stand still."""

from sauma.codec import Codec
from sauma.decision import Decision
from sauma.event import ClientChange, Relationship
from sauma.fold import FACTS_MAX
from sauma.ids import FactId
from support.world import E, K, S, World, marks, put, puts, referral

RECORD_BYTES_MAX = 4 * 1024 * 1024
STEPS = 400


def _full() -> World:
    """A client of as many facts as one may have, all of them shared."""
    world = World()
    world.say(K, referral())
    stated = [
        # An id as long as connectors make them.
        put(f"{number:064}", "background", 3, marks=marks("social-care", "health-care", "kela"))
        for number in range(FACTS_MAX - len(world.client.facts))
    ]
    for start in range(0, len(stated), STEPS):
        assert world.say(E, puts(*stated[start : start + STEPS])).decision.outcome == "accepted"
    assert len(world.client.facts) == FACTS_MAX
    return world


def test_one_fact_more_is_refused_with_its_reason_and_the_rest_goes_on() -> None:
    world = _full()

    refused = world.say(E, puts(put("more", "background", 3)))
    assert (refused.decision.outcome, refused.decision.reason) == ("refused", "too-many-facts")
    assert FactId("fact-more") not in world.client.facts

    again = put(f"{0:064}", "background", 3, base=1)
    assert world.say(E, puts(again)).decision.outcome == "accepted"
    assert world.client.facts[again.id].fact.version == 2


def test_what_is_decided_of_a_full_client_fits_a_record() -> None:
    world = _full()

    taken = [
        world.say(E, Relationship("started")),
        world.say(S, Relationship("taking-part")),
        world.say(E, ClientChange("moved", municipality="297")),
        world.say(K, ClientChange("died")),
    ]

    assert [one.decision.outcome for one in taken] == ["accepted"] * len(taken)
    assert max(len(one.decision.rulings) for one in taken) > 3 * FACTS_MAX
    assert max(len(Codec(Decision).encode(one.decision)) for one in taken) < RECORD_BYTES_MAX / 2
