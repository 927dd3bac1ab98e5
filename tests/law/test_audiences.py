"""What each audience can tell apart: of two cases that differ only in what is protected, whoever may not know gets the same bytes.

Why who may know what stands in docs/decisions/0009-who-may-tell-what-apart.md.
"""

import datetime
import itertools
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import pytest

from sauma.decision import Decision
from sauma.event import ClientChange, Relationship, Scope, Will
from sauma.fact import HANDLING, ROLES
from sauma.ids import EndpointId, WillId
from sauma.resources import load_laws
from sauma_services.lawbook.ask import ask
from sauma_services.lawbook.audience import AUDIENCES, NOTHING_FOR_RECIPIENT, Seen, seen_by
from sauma_services.lawbook.case import Case
from sauma_services.lawbook.decision_words import explain_decision
from sauma_services.lawbook.explain import explain
from sauma_services.lawbook.question import AskedQuestion, default_kind
from sauma_services.lawbook.words import LANGUAGES, words
from support.cycles import opened
from support.world import E, H, K, S, World, marks, put, puts

LAWS = load_laws()
DATE = datetime.date(2026, 6, 1)

See = Callable[[str, Case], Seen]
Changes = dict[str, Any]

PROHIBITIONS: tuple[Changes, ...] = (
    {"kind": "prohibition", "categories": [1, 2, 3, 4, 5, 6, 7]},
    {"kind": "prohibition", "categories": [1, 2, 3, 4, 5, 6, 7], "readable": False},
    {"kind": "prohibition", "kinds": ["capacity"], "service_tasks": ["task"]},
)
PERMIT: Changes = {"kind": "permit", "recipients": sorted(ROLES), "categories": [1, 2, 3, 4, 5, 6, 7]}
OLD_CONSENT: Changes = {
    "kind": "consent",
    "recipients": sorted(ROLES),
    "facts": ["this"],
    "read": "2026-01-01",
    "good_for_days": 1,
}
OPEN: Changes = {"state": "active"}

PROTECTED: dict[str, tuple[Changes, ...]] = {
    "a prohibition or none": ({}, *({"wills": [one]} for one in PROHIBITIONS)),
    "a prohibition or none, of a client that the recipient has": (
        {"recipient_has_client": True},
        *({"recipient_has_client": True, "wills": [one]} for one in PROHIBITIONS),
    ),
    "a prohibition beside a permit, or an ended permit": (
        {"recipient_has_client": True, "wills": [{**PERMIT, "withdrawn": True}]},
        *({"recipient_has_client": True, "wills": [PERMIT, one]} for one in PROHIBITIONS),
    ),
    "a client relationship of the recipient, known or not": (
        {},
        {"recipient_has_client": True},
        {"relationship": OPEN},
        {"relationship": {**OPEN, "parties": []}},
        {"relationship": {"state": "ended"}},
        {"relationship": {**OPEN, "confirmed": False}},
    ),
    "a consent that is not known to stand, or none": ({}, {"wills": [OLD_CONSENT]}),
    "the death of the client, or not": ({}, {"client_died": True}),
}
"""What may differ; the first of each is the case without it."""


def _asked(from_role: str, to_role: str, category: int, **rest: Any) -> AskedQuestion:
    kind = default_kind(category)
    handling = "locality" if kind == "contact" else "ordinary"
    stated = {"from": from_role, "to": to_role, "category": category, "kind": kind, "handling": handling, "date": DATE}
    return AskedQuestion.model_validate({**stated, **rest})


def _marked(to_role: str) -> tuple[Changes, ...]:
    necessary = {"necessary_for": [{"role": to_role}], "affects_employment": True}
    return {}, {"affects_employment": True}, necessary


ENDPOINTS = [(a, b) for a, b in itertools.permutations(sorted(ROLES), 2)]


def _families(protected: tuple[Changes, ...]) -> Iterator[list[Case]]:
    """Cases that differ in what is protected alone, for all roles, all categories, and with and without marks."""
    for (from_role, to_role), category in itertools.product(ENDPOINTS, range(1, 8)):
        for marked in _marked(to_role):
            yield [ask(LAWS, _asked(from_role, to_role, category, **marked, **one)) for one in protected]


def _told_apart(see: See, audience: str, protected: tuple[Changes, ...]) -> list[tuple[str, str, str, str]]:
    """The pairs of cases, both not released, that an audience can tell apart: in any language, by any byte."""
    found = []
    for cases in _families(protected):
        held = [case for case in cases if not case.is_released]
        if len({see(audience, case) for case in held}) > 1:
            for language in LANGUAGES:
                texts = {explain(see(audience, case), words(language)).encode() for case in held}
                if len(texts) > 1:
                    case = held[0]
                    found.append((language, case.discloser_role, case.recipient_role, case.kind))
    return found


@pytest.mark.parametrize("audience", ["recipient", "sender"])
@pytest.mark.parametrize("what", PROTECTED)
def test_whoever_may_not_know_cannot_tell_it_from_what_is_not_released(audience: str, what: str) -> None:
    assert _told_apart(seen_by, audience, PROTECTED[what]) == []


@pytest.mark.parametrize("what", PROTECTED)
def test_the_cases_do_differ_so_whoever_may_know_is_told(what: str) -> None:
    for audience in ("client", "operator"):
        assert {language for language, *_ in _told_apart(seen_by, audience, PROTECTED[what])} == set(LANGUAGES)


def test_a_recipient_is_told_the_same_of_what_is_withheld_as_of_what_there_is_not() -> None:
    nothing = {explain(NOTHING_FOR_RECIPIENT, words(language)) for language in LANGUAGES}
    assert len(nothing) == len(LANGUAGES)
    for handling in sorted(HANDLING - {"locality"}):
        case = ask(LAWS, _asked("health-care", "employment", 5, handling=handling))
        assert not case.is_released
        assert {explain(seen_by("recipient", case), words(language)) for language in LANGUAGES} == nothing


def test_a_specially_protected_class_is_not_told_to_the_recipient_nor_by_any_reason_to_the_sender() -> None:
    ordinary = ask(LAWS, _asked("health-care", "employment", 5))
    protected = ask(LAWS, _asked("health-care", "employment", 5, handling="mental-health"))

    for audience in ("recipient", "sender"):
        assert seen_by(audience, ordinary) == seen_by(audience, protected)
    assert seen_by("client", ordinary) != seen_by("client", protected)


# Leaks that are planted are found


def _leaks_reason(audience: str, case: Case) -> Seen:
    seen = seen_by(audience, case)
    return seen if case.is_released else replace(seen, reason=case.reason)


def _leaks_undecided(audience: str, case: Case) -> Seen:
    seen = seen_by(audience, case)
    return replace(seen, outcome=case.outcome)


def _leaks_by_silence(audience: str, case: Case) -> Seen:
    """Says what the discloser can do only where nothing else stands in the way."""
    seen = seen_by(audience, case)
    return replace(seen, own_hands=()) if case.reason == "no-prohibition" else seen


LEAKS: tuple[tuple[See, str, str], ...] = (
    (_leaks_reason, "sender", "a prohibition or none"),
    (_leaks_reason, "recipient", "a prohibition or none"),
    (_leaks_reason, "sender", "a client relationship of the recipient, known or not"),
    (_leaks_reason, "recipient", "the death of the client, or not"),
    (_leaks_undecided, "sender", "a consent that is not known to stand, or none"),
    (_leaks_by_silence, "sender", "a prohibition or none, of a client that the recipient has"),
)


@pytest.mark.parametrize(("see", "audience", "what"), LEAKS, ids=lambda value: getattr(value, "__name__", str(value)))
def test_a_planted_leak_is_found_in_every_language(see: See, audience: str, what: str) -> None:
    found = _told_apart(see, audience, PROTECTED[what])

    assert {language for language, *_ in found} == set(LANGUAGES)


# Whole decisions, as the router stores them


def _told(decision: Decision, world: World, audience: str, who: EndpointId) -> list[str]:
    law = next(one for one in LAWS.sets if one.id == decision.law)
    return [
        explain_decision(decision, law, world.places, words(language), audience=audience, who=who)
        for language in LANGUAGES
    ]


def _world(*before: Callable[[World], object]) -> World:
    """A client in an open, confirmed relationship, and what happened before the record that is explained."""
    world = opened()
    world.say(E, Relationship("started"))
    world.say(S, Relationship("taking-part"))
    for happens in before:
        happens(world)
    return world


def _prohibits(world: World) -> object:
    return world.say(
        H, Will(WillId("no"), "given", "prohibition", recipients=(), scope=Scope(categories=(1, 2, 3, 4, 5, 6, 7)))
    )


def _keeps_address_secret(world: World) -> object:
    return world.say(S, ClientChange("non-disclosure"))


def _has_client(world: World) -> object:
    return world.say(H, puts(put("mine", "service-need", 6)))


def _social_situation(world: World) -> Decision:
    stated = put("situation", "social-situation", 4, marks=marks("employment", affects=True))
    return world.say(S, puts(stated)).decision


@pytest.mark.parametrize("happens", [_prohibits, _keeps_address_secret, _has_client])
@pytest.mark.parametrize(
    ("audience", "who"), [("sender", S), ("recipient", H), ("recipient", E), ("recipient", K), ("sender", K)]
)
def test_a_decision_is_told_alike_whatever_is_protected(
    happens: Callable[[World], object], audience: str, who: EndpointId
) -> None:
    with_it, without = _world(happens), _world()

    first, second = _social_situation(with_it), _social_situation(without)

    assert _told(first, with_it, audience, who) == _told(second, without, audience, who)


def test_a_prohibition_shows_to_the_client_in_the_decision() -> None:
    with_it, without = _world(_prohibits), _world()

    first, second = _social_situation(with_it), _social_situation(without)

    assert _told(first, with_it, "client", S) != _told(second, without, "client", S)


@pytest.mark.parametrize("happens", [_prohibits, _has_client])
def test_a_record_of_another_tells_a_register_that_gets_nothing_from_it_nothing(
    happens: Callable[[World], object],
) -> None:
    world = _world(_social_situation)
    happens(world)
    decision = world.decisions[-1]

    nothing = [explain(NOTHING_FOR_RECIPIENT, words(language)) for language in LANGUAGES]
    rest = [explain(Seen("sender", told="sender_rest"), words(language)) for language in LANGUAGES]

    assert _told(decision, world, "recipient", K) == nothing
    assert _told(decision, world, "sender", S) == rest


def test_why_a_source_may_not_speak_of_a_client_is_told_as_one() -> None:
    known, unknown = _world(), World()
    stranger = EndpointId("employment-kuopio")
    stated = puts(put("background", "background", 3))

    first, second = known.say(stranger, stated).decision, unknown.say(stranger, stated).decision

    assert (first.reason, second.reason) == ("not-a-party", "client-not-opened")
    assert _told(first, known, "sender", stranger) == _told(second, unknown, "sender", stranger)


def test_what_is_taken_back_is_told_to_its_recipient_by_what_is_asked_and_not_by_why() -> None:
    said: dict[str, set[Seen]] = {}
    for reason in ("no-prohibition", "permit-in-force", "client-died", "relationship-open"):
        case = Case(
            "social-care",
            "health-care",
            "social-situation",
            4,
            "retracted",
            reason=reason,
            ask="stop",
            law=LAWS.sets[-1],
        )
        for audience in AUDIENCES:
            said.setdefault(audience, set()).add(seen_by(audience, case))

    assert {audience: len(seen) for audience, seen in said.items()} == {
        "client": 4,
        "recipient": 1,
        "sender": 1,
        "operator": 4,
    }


def test_no_audience_but_the_operator_sees_an_endpoint_or_an_id() -> None:
    world = _world()
    decision = _social_situation(world)

    for audience, who in (("client", S), ("sender", S), ("recipient", E)):
        for text in _told(decision, world, audience, who):
            assert not any(name in text for name in (S, H, E, "fact-situation", "tym-15-sensitive"))
    assert all(S in text and "fact-situation" in text for text in _told(decision, world, "operator", S))
