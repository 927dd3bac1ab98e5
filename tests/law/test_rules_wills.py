"""Wills: scope to the document, readings that grow old, who speaks for whom; what a withdrawal and a prohibition stop."""

from dataclasses import replace

import pytest

from sauma.event import Scope, Will
from sauma.fact import Moment
from sauma.ids import FactId, WillId
from sauma.law import Released, Ruling, Undecided, Withheld
from sauma.resources import load_laws
from support.questions import MODEL, NOW, Asked, consent, permit
from support.story import LINES
from support.world import E, H, K, P, S, World, fact, leaves, marks, put, puts, stays

LAW = load_laws().sets[-1]
CARE = Asked("social-care", "health-care", 4)
PERMIT = permit("health-care")


def _with(asked: Asked, *wills: Will) -> Ruling:
    named = tuple(replace(will, will=WillId(f"w{number}")) for number, will in enumerate(wills))
    return replace(asked, wills=named).ruling(LAW)


def _missing(ruling: Ruling) -> str:
    assert isinstance(ruling, Undecided), ruling
    return ruling.missing


# Between social and health care


def test_it_takes_a_permit_and_no_prohibition() -> None:
    assert _missing(_with(CARE)) == "permit"
    assert _with(CARE, PERMIT) == Released("sote-permit", WillId("w0"))
    assert _with(CARE, PERMIT, consent(kind="prohibition")) == Withheld("no-prohibition")


def test_it_is_so_inside_one_area_and_between_areas_and_back() -> None:
    for owner, to in (
        ("health-care", "social-care"),
        ("social-care@a", "social-care@b"),
        ("health-care@a", "social-care@b"),
    ):
        asked = Asked(owner, to, 5)
        assert _missing(_with(asked)) == "permit"
        assert _with(asked, permit(to)) == Released("sote-permit", WillId("w0"))


@pytest.mark.parametrize(
    ("scope", "stops"),
    [
        (Scope(registers=("social-care",)), True),  # type: ignore[arg-type] # an endpoint
        (Scope(registers=("health-care",)), False),  # type: ignore[arg-type] # an endpoint
        (Scope(service_tasks=("adults",)), True),
        (Scope(service_tasks=("families",)), False),
        (Scope(documents=("document-7",)), True),
        (Scope(documents=("document-8",)), False),
        (Scope(registers=("health-care",), documents=("document-7",)), False),  # type: ignore[arg-type] # an endpoint
        (Scope(facts=(FactId("f"),)), True),
        (Scope(facts=(FactId("g"),)), False),
        (Scope(kinds=("social-situation",)), True),
        (Scope(categories=(5,)), False),
    ],
)
def test_a_prohibition_stops_what_it_names_and_no_more(scope: Scope, *, stops: bool) -> None:
    asked = replace(CARE, service_task="adults", document="document-7")

    ruling = _with(asked, PERMIT, consent(kind="prohibition", scope=scope))

    assert ruling == (Withheld("no-prohibition") if stops else Released("sote-permit", WillId("w0")))


def test_a_prohibition_of_a_document_holds_what_lies_nobody_knows_where() -> None:
    by_document = consent(kind="prohibition", scope=Scope(documents=("document-7",)))
    by_task = consent(kind="prohibition", scope=Scope(service_tasks=("adults",)))

    assert _missing(_with(CARE, PERMIT, by_document)) == "document-of-fact"
    assert _missing(_with(CARE, PERMIT, by_task)) == "service-task-of-fact"
    assert isinstance(_with(replace(CARE, document=""), PERMIT, by_document), Released)


def test_a_prohibition_read_long_ago_still_holds_and_a_permit_does_not() -> None:
    old = {"read_at": Moment(0), "age_ms_max": 1}

    assert _with(CARE, PERMIT, consent(kind="prohibition", **old)) == Withheld("no-prohibition")
    assert _missing(_with(CARE, permit("health-care", **old))) == "permit-read-again"


def test_a_prohibition_that_could_not_be_read_holds_what_a_permit_would_release_and_nothing_by_statute() -> None:
    unread = consent(kind="prohibition", is_readable=False, scope=Scope())

    assert _missing(_with(CARE, PERMIT, unread)) == "prohibition-unreadable"
    assert _missing(_with(CARE, unread)) == "prohibition-unreadable"
    vital = replace(CARE, necessary=(("health-care", "care-despite-prohibition"),))
    assert _with(vital, unread) == Released("sote-despite-prohibition")


@pytest.mark.parametrize(
    ("purpose", "rule"),
    [("care-without-permit", "sote-without-permit"), ("care-despite-prohibition", "sote-despite-prohibition")],
)
def test_the_exceptions_of_the_act_hold_against_a_prohibition(purpose: str, rule: str) -> None:
    asked = replace(CARE, necessary=(("health-care", purpose),))

    assert _with(asked, PERMIT, consent(kind="prohibition")) == Released(rule)
    assert _with(replace(asked, to="kela", is_party=True, is_confirmed=False), PERMIT) == Withheld(
        "taking-part-confirmed"
    )


# Consent


HEALTH = Asked("health-care", "provider", 5, relationship="", is_party=False)
NAMES_KIND = consent("provider", scope=Scope(kinds=("capacity",)))


def test_health_data_must_be_itemised_and_in_writing() -> None:
    assert _with(HEALTH, NAMES_KIND) == Released("provider-health", WillId("w0"))
    assert _with(HEALTH, consent("provider")) == Withheld("will-itemises-fact")
    assert _with(HEALTH, replace(NAMES_KIND, evidence=None)) == Withheld("will-is-written")


def test_what_a_consent_itemises_is_narrowed_by_whatever_else_it_names() -> None:
    of_social_care = replace(NAMES_KIND, scope=Scope(kinds=("capacity",), registers=("social-care",)))  # type: ignore[arg-type] # an endpoint

    assert _with(HEALTH, of_social_care) == Withheld("will-itemises-fact")


def test_a_consent_that_was_read_long_ago_or_could_not_be_read_is_not_known() -> None:
    assert _missing(_with(HEALTH, replace(NAMES_KIND, read_at=Moment(0), age_ms_max=1))) == "consent-read-again"
    assert _missing(_with(HEALTH, replace(NAMES_KIND, is_readable=False))) == "consent-unreadable"


# Minors, guardians, proxies


SOCIAL = Asked("social-care", "ngo", 4, relationship="", is_party=False)
FROM_GUARDIAN = consent("guardian", kind="prohibition", scope=Scope(categories=(4,)))


@pytest.mark.parametrize("capacity", ["client", "guardian", "proxy"])
def test_a_will_counts_by_whomever_it_was_given(capacity: str) -> None:
    said = consent("ngo", scope=Scope(kinds=("social-situation",)), given_by=capacity)

    assert _with(SOCIAL, said) == Released("consent-others-sensitive", WillId("w0"))


def test_a_guardian_speaks_for_nothing_that_the_minor_keeps_from_the_guardian() -> None:
    said = consent("ngo", scope=Scope(kinds=("social-situation", "background")), given_by="guardian")

    assert _with(SOCIAL, said, FROM_GUARDIAN) == Withheld("will-in-force")
    assert isinstance(_with(SOCIAL, replace(said, given_by="client"), FROM_GUARDIAN), Released)
    assert isinstance(_with(replace(SOCIAL, owner="employment", category=3), said, FROM_GUARDIAN), Released)


def test_what_the_minor_keeps_from_the_guardian_stops_nothing_between_agencies() -> None:
    assert isinstance(_with(CARE, PERMIT, FROM_GUARDIAN), Released)
    among = Asked("social-care", "employment", 4, necessary=(("employment", MODEL),))
    assert _with(among, FROM_GUARDIAN) == Released("tym-15-sensitive")


# On the real step: withdrawal, prohibition, reading again


def _told(last: str) -> World:
    world = World()
    for line in LINES:
        line.says(world)
        if line.number == last:
            return world
    raise AssertionError(last)


def _permit(**rest: object) -> Will:
    said = Will(WillId("p"), "given", "permit", ("health-care", "social-care"), Scope(categories=(4, 5)), read_at=NOW)
    return replace(said, **rest)  # type: ignore[arg-type] # fields of Will


ATL53 = "ATL 703/2023 53-55 §"


def test_a_prohibition_stops_what_a_permit_carried_and_nothing_of_tym() -> None:
    world = _told("8")
    assert leaves(world.say(E, _permit())) == {"H": {f"situation {ATL53}"}, "S": {f"h-capacity {ATL53}"}}

    taken = world.say(S, Will(WillId("k"), "given", "prohibition", scope=Scope(categories=(1, 2, 3, 4, 5, 6, 7))))

    assert leaves(taken) == {"H": {"-situation stop"}, "S": {"-h-capacity stop"}}


def test_a_withdrawal_stops_only_what_rested_on_that_will() -> None:
    world = _told("15")
    world.say(E, _permit())

    taken = world.say(P, Will(WillId("w1"), "withdrawn", "consent"))

    assert leaves(taken) == {
        "P": {"-h-capacity erase", "-A erase", "-identity erase", "!will-effective withdrawn"},
    }


def test_a_will_is_read_again_and_the_new_reading_is_what_counts() -> None:
    world = _told("8")
    world.say(E, _permit())

    narrower = world.say(E, _permit(step="read-again", scope=Scope(categories=(5,))))

    assert leaves(narrower) == {"H": {"-situation stop"}}


@pytest.mark.parametrize(
    ("said", "reason"),
    [
        (_permit(step="read-again", kind="consent", recipients=("provider",)), "kind-changed"),
        (_permit(step="read-again", read_at=None, evidence="a"), "step-not-possible"),
        (_permit(step="read-again", will=WillId("unknown")), "step-not-possible"),
        (_permit(step="read-again", scope=Scope()), "will-names-nothing"),
    ],
)
def test_not_everything_is_a_reading_of_the_same_will(said: Will, reason: str) -> None:
    world = _told("8")
    world.say(E, _permit())

    assert world.say(E, said).decision.reason == reason


def test_what_was_given_to_an_agency_stays_as_it_was_given() -> None:
    world = _told("15")
    again = Will(WillId("w1"), "read-again", "consent", (P,), Scope(kinds=("capacity",)), read_at=NOW)

    assert world.say(E, again).decision.reason == "step-not-possible"


def test_what_cannot_be_read_names_nothing_and_is_recorded_all_the_same() -> None:
    world = _told("8")
    world.say(E, _permit())

    taken = world.say(S, Will(WillId("k"), "given", "prohibition", scope=Scope(), is_readable=False))

    assert taken.decision.outcome == "accepted"
    assert leaves(taken) == {}  # undecided leaves what was given; nothing new goes
    capacity = puts(put("h-2", "capacity", 5, marks=marks("employment", affects=True, at=world.now)))
    assert stays(world.say(H, capacity))["S", "h-2"] == "? prohibition-unreadable"
    assert world.client.facts[fact("situation")].given[H].is_live
    assert K in world.client.head.parties
