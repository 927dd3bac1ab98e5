"""What is not known holds the fact, is named, somebody can supply it, and the fact leaves in the step in which it arrives."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from sauma.event import Body, ClientChange, Facts, FactStep, PlanUpdate, Relationship, Scope, Will
from sauma.fact import Marks, Moment, Necessity
from sauma.ids import EndpointId, PlanId, WillId
from sauma.missing import MISSING, OWNER, RECIPIENT
from support.cycles import opened
from support.story import LINES
from support.world import E2, H2, S2, E, H, K, P, S, World, fact, leaves, marks, put, puts, stays

EVERYTHING = Scope(categories=(1, 2, 3, 4, 5, 6, 7))
ATL53, TYM15, YTL45 = "ATL 703/2023 53-55 §", "TYM 381/2023 15 §", "YTL 48/2026 45 §"


def _told(last: str) -> World:
    world = World()
    for line in LINES:
        line.says(world)
        if line.number == last:
            return world
    raise AssertionError(last)


def _permit(name: str = "p", step: str = "given", **rest: object) -> Will:
    said = Will(WillId(name), step, "permit", ("social-care",), EVERYTHING, read_at=Moment(0))
    return replace(said, **rest)  # type: ignore[arg-type] # fields of Will


def _prohibition(step: str = "given", **rest: object) -> Will:
    said = Will(WillId("k"), step, "prohibition", scope=EVERYTHING, read_at=Moment(0))
    return replace(said, **rest)  # type: ignore[arg-type] # fields of Will


def _consent(step: str = "given", **rest: object) -> Will:
    said = Will(WillId("c"), step, "consent", (P,), Scope(kinds=("capacity",)), evidence="a", read_at=Moment(0))
    return replace(said, **rest)  # type: ignore[arg-type] # fields of Will


def _capacity(world: World, base: int = 0, **rest: object) -> Facts:
    return puts(put("c", "capacity", 5, base, marks=marks("employment", affects=True, at=world.now), **rest))


@dataclass(frozen=True)
class Waits:
    """A fact that waits at a recipient, and what arrives."""

    missing: str
    last: str
    """Up to which line of the story the world is told."""
    before: tuple[tuple[EndpointId, Body], ...]
    arrives: tuple[EndpointId, Body | None]
    """From whom; no body: the fact's next version, which says where it lies."""
    leaves: tuple[str, str]


CAPACITY_TO_S = ("S", f"c {ATL53}")
DOCUMENT = _prohibition(scope=Scope(documents=("document-7",)))
TASK = _prohibition(scope=Scope(service_tasks=("task-7",)))
AGED: dict[str, Any] = {"age_ms_max": 1}

WAITING = [
    Waits("permit", "8", (), (E, _permit()), CAPACITY_TO_S),
    Waits("permit-read-again", "8", ((E, _permit(**AGED)),), (E, _permit(step="read-again")), CAPACITY_TO_S),
    Waits("permit-unreadable", "8", ((E, _permit(is_readable=False)),), (E, _permit(step="read-again")), CAPACITY_TO_S),
    Waits(
        "prohibition-unreadable",
        "8",
        ((E, _permit()), (E, _prohibition(is_readable=False))),
        (E, _prohibition("read-again", scope=Scope(registers=(S,)))),
        CAPACITY_TO_S,
    ),
    Waits("document-of-fact", "8", ((E, _permit()), (E, DOCUMENT)), (H, None), CAPACITY_TO_S),
    Waits("service-task-of-fact", "8", ((E, _permit()), (E, TASK)), (H, None), CAPACITY_TO_S),
    Waits(
        "consent-read-again",
        "8",
        ((E, _consent(**AGED)),),
        (E, _consent("read-again")),
        ("P", "c JTPL 380/2023 116.4 §"),
    ),
    Waits(
        "consent-unreadable",
        "8",
        ((E, _consent(is_readable=False)),),
        (E, _consent("read-again")),
        ("P", "c JTPL 380/2023 116.4 §"),
    ),
]


@pytest.mark.parametrize("case", WAITING, ids=lambda case: case.missing)
def test_what_is_missing_holds_the_fact_is_named_and_releases_it(case: Waits) -> None:
    world = _told(case.last)
    for source, body in case.before:
        assert world.say(source, body).decision.outcome == "accepted"
    recipient, left = case.leaves

    held = world.say(H, _capacity(world))

    assert stays(held)[recipient, "c"] == f"? {case.missing}"
    assert left not in leaves(held).get(recipient, set())
    supplier, said = case.arrives
    arrived = world.say(supplier, said or _capacity(world, 1, document="", service_task=""))
    assert arrived.decision.outcome == "accepted"
    assert left in leaves(arrived)[recipient]


def test_a_register_of_which_nobody_knows_that_it_has_the_client_waits_until_it_says_something() -> None:
    world = opened()
    world.say(E, Will(WillId("p"), "given", "permit", (S,), EVERYTHING, read_at=Moment(0)))
    held = world.say(H, _capacity(world))
    assert stays(held)["S", "c"] == "? client-relationship"

    arrived = world.say(S, puts(put("situation", "social-situation", 4)))

    assert leaves(arrived) == {"S": {f"c {ATL53}"}}


def test_where_the_client_lives_is_missing_for_a_role_that_nobody_fills() -> None:
    world = World()
    world.say(E, Relationship("started"))
    world.say(K, Relationship("taking-part"))
    need = put("need", "service-need", 6, marks=marks("social-care", "kela", affects=True, at=world.now))
    held = world.say(E, puts(need))
    assert leaves(held) == {"K": {f"need {TYM15}"}, "D": {"need TYM 381/2023 12.2 §"}}
    assert stays(held)["social-care", "need"] == "? municipality"

    arrived = world.say(E, ClientChange("moved", municipality="837"))

    assert {f"relationship {TYM15}", f"need {TYM15}"} <= leaves(arrived)["S"]
    assert world.client.head.parties == (E, H, K, S)


def test_a_referral_to_a_role_waits_for_the_place_and_finds_it() -> None:
    world = opened()
    world.client = world.client.with_head(municipality=None)
    marked = Marks((Necessity("social-care", Moment(world.now), "social-care"),))
    held = world.say(E, puts(put("need", "service-need", 6, marks=marked)))
    assert stays(held)["social-care", "need"] == "? municipality"

    arrived = world.say(E, ClientChange("moved", municipality="837"))

    assert leaves(arrived) == {"S": {"need ATL 703/2023 64 §"}}


def test_the_kind_of_a_plan_is_missing_until_it_is_declared() -> None:
    world = _told("5")
    item = put("i", "plan-item", 7, plan="later", marks=marks("kela"))
    held = world.say(E, Facts((FactStep("put", item.id, put=item),)))
    assert stays(held)["K", "i"] == "? plan-kind"

    arrived = world.say(E, PlanUpdate(PlanId("later"), makers=(E, S)))

    assert f"i {TYM15}" in leaves(arrived)["K"]


def test_what_is_known_to_fail_is_withheld_and_not_undecided() -> None:
    world = _told("8")
    world.say(E, _permit(**AGED))
    world.say(E, _prohibition())

    assert stays(world.say(H, _capacity(world)))["S", "c"] != "? permit-read-again"


def test_every_code_says_what_is_missing_and_who_can_supply_it() -> None:
    roles = {"employment", "social-care", "health-care", "kela", OWNER, RECIPIENT}
    for missing in MISSING.values():
        assert missing.what
        assert missing.by
        assert missing.who
        assert set(missing.who) <= roles


def test_every_code_that_the_core_can_give_is_in_the_table() -> None:
    tested = {case.missing for case in WAITING} | {"municipality", "plan-kind", "client-relationship"}

    assert tested == MISSING.keys()
    core = Path(__file__).parents[2] / "core" / "sauma"
    written = (
        (core / "wills.py").read_text() + (core / "predicates.py").read_text() + (core / "reconcile.py").read_text()
    )
    for code in MISSING.keys() - {
        f"{kind}-{end}" for kind in ("permit", "consent", "prohibition") for end in ("read-again", "unreadable")
    }:
        assert f'"{code}"' in written


# Plans by another act than TYM


def _activation(world: World) -> World:
    item = put("a", "plan-item", 7, plan="03")
    taken = world.say(
        E, PlanUpdate(PlanId("03"), makers=(E, S), kind="03", steps=(FactStep("put", item.id, put=item),))
    )
    assert taken.decision.outcome == "accepted"
    return world


def test_an_activation_plan_goes_between_its_makers_without_any_relationship() -> None:
    world = _activation(opened())

    assert world.held(S)[fact("a")] == (1, "open", b"a v1")
    assert fact("a") not in world.held(K)


def test_an_activation_plan_passes_to_the_new_area_and_the_old_one_is_stopped() -> None:
    world = _activation(opened())

    moved = leaves(world.say(E, ClientChange("moved", municipality="297")))

    assert moved == {"E'": {"a KTT 189/2001 12 §"}, "S'": {"a KTT 189/2001 12 §"}, "E": {"-a stop"}, "S": {"-a stop"}}
    assert world.client.facts[fact("a")].fact.owner == E2


def test_an_activation_plan_is_no_multi_sector_plan() -> None:
    world = _told("5")
    item = put("a", "plan-item", 7, plan="03", marks=marks("kela", "health-care"))
    steps = (FactStep("put", item.id, put=item),)

    taken = world.say(E, PlanUpdate(PlanId("03"), makers=(E, S), kind="03", steps=steps))

    assert leaves(taken) == {"S": {"a KTT 189/2001 12 §"}}
    assert stays(taken)["K", "a"] == "plan-is-multi-sector"
    assert stays(taken)["D", "a"] == "plan-is-multi-sector"


@pytest.mark.parametrize(
    ("update", "reason"),
    [
        (PlanUpdate(PlanId("x"), makers=(E, S), kind="99"), "unknown-code"),
        (PlanUpdate(PlanId("03"), makers=(E,), kind="07"), "kind-changed"),
        (PlanUpdate(PlanId("x"), makers=(E, S2), kind="03"), "maker-is-no-party"),
        (PlanUpdate(PlanId("x"), makers=(E, H2), kind="04"), "maker-is-no-party"),
        (PlanUpdate(PlanId("x"), makers=(E, S)), "maker-is-no-party"),
    ],
)
def test_a_plan_is_made_by_who_serves_the_client_and_keeps_its_kind(update: PlanUpdate, reason: str) -> None:
    assert _activation(opened()).say(E, update).decision.reason == reason


# Another act's task, on the real step


def test_a_fact_marked_for_another_acts_task_finds_its_recipient_without_any_relationship() -> None:
    world = opened()
    marked = Marks((Necessity("kela", Moment(world.now), "general-support"),))

    taken = world.say(S, puts(put("situation", "social-situation", 4, marks=marked)))

    assert leaves(taken) == {"K": {f"situation {YTL45}"}}


def test_it_stops_when_the_mark_is_taken_back() -> None:
    world = opened()
    marked = Marks((Necessity("kela", Moment(world.now), "general-support"),))
    world.say(S, puts(put("situation", "social-situation", 4, marks=marked)))

    taken = world.say(S, Facts((FactStep("mark", fact("situation"), version=1, marks=Marks()),)))

    assert leaves(taken) == {"K": {"-situation stop"}}


def test_an_identity_that_comes_late_goes_to_whoever_holds_anything() -> None:
    world = opened()

    assert leaves(world.say(K, puts(put("who", "identity", 1)))) == {"E": {"who TYM 381/2023 3 §"}}


def test_who_becomes_a_plans_provider_is_given_what_a_consent_to_its_role_covers() -> None:
    world = _told("14")
    world.say(E, Will(WillId("c"), "given", "consent", ("provider",), Scope(kinds=("capacity",)), evidence="a"))

    taken = world.say(E, PlanUpdate(PlanId("plan"), providers=(P,)))

    assert "h-capacity JTPL 380/2023 116.4 §" in leaves(taken)["P"]
