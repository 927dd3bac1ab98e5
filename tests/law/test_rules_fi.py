"""Each Finnish rule releases what its paragraph carries, and each of its conditions refuses something.

Questions and answers are written by hand from the acts. `health-care@b` is another register of the role.
"""

import datetime
from dataclasses import replace

import pytest

from sauma.fact import NEVER, SPECIALLY_PROTECTED
from sauma.law import Law, Released, Rule, Undecided, Withheld
from sauma.resources import load_laws
from support.questions import Asked, consent, permit
from support.rule_cases import CASES, FOR_EMPLOYMENT, by_will, task

LAWS = load_laws()
OLD, NEW = LAWS.sets
APRIL = int(datetime.datetime(2026, 4, 30, 20, 59, tzinfo=datetime.UTC).timestamp()) * 1000

UNKNOWN_ONLY = {"client-relationship-known"}
"""Conditions that are never false: whoever they speak of may yet tell."""

EACH = [(law.in_force_from, rule.id) for law in LAWS.sets for rule in law.rules if rule.effect == "release"]
each_rule = pytest.mark.parametrize(("date", "rule"), EACH, ids=str)


def _law(date: str) -> Law:
    return next(law for law in LAWS.sets if law.in_force_from == date)


def _alone(rule: Rule, law: Law) -> Law:
    return Law(law.id, law.in_force_from, law.starts_at, (rule,))


@each_rule
def test_a_rule_releases_what_its_paragraph_carries(date: str, rule: str) -> None:
    law, (asked, _) = _law(date), CASES[rule]

    ruling = asked.ruling(law)

    assert isinstance(ruling, Released), ruling
    assert ruling.rule == rule
    assert (ruling.will == "w") is bool(law.by_id[rule].will_kind)


@each_rule
def test_each_condition_of_a_rule_refuses_and_is_named_as_the_reason(date: str, rule: str) -> None:
    law, (asked, changes) = _law(date), CASES[rule]
    alone = law.by_id[rule]

    assert set(alone.when) - UNKNOWN_ONLY == set(changes)
    for condition, change in changes.items():
        refused = replace(asked, **change)
        assert refused.ruling(_alone(alone, law)) == Withheld(condition)
        without = replace(alone, when=tuple(name for name in alone.when if name != condition))
        assert refused.ruling(_alone(without, law)) != Withheld(condition)


@each_rule
def test_no_other_rule_releases_instead(date: str, rule: str) -> None:
    law, (asked, changes) = _law(date), CASES[rule]
    instead = {
        condition: ruling
        for condition, change in changes.items()
        if isinstance(ruling := replace(asked, **change).ruling(law), Released)
    }

    assert instead == {}


def test_every_rule_has_a_case_and_no_case_is_left_over() -> None:
    assert {rule for _, rule in EACH} == CASES.keys()


# What never leaves


@pytest.mark.parametrize("law", LAWS.sets, ids=lambda law: law.in_force_from)
@pytest.mark.parametrize("handling", sorted(NEVER | SPECIALLY_PROTECTED))
def test_no_question_of_any_rule_is_answered_with_a_class_that_never_leaves(law: Law, handling: str) -> None:
    for rule, (asked, _) in CASES.items():
        ruling = replace(asked, handling=handling).ruling(law)
        assert isinstance(ruling, Withheld), rule
        assert ruling.reason in ("specially-protected", "never-free-text", "never-classes")


@pytest.mark.parametrize("law", LAWS.sets, ids=lambda law: law.in_force_from)
def test_locality_leaves_only_as_contact_data_and_to_an_authority_whose_task_needs_it(law: Law) -> None:
    left = {
        rule
        for rule, (asked, _) in CASES.items()
        if isinstance(replace(asked, handling="locality").ruling(law), Released)
    }

    assert left <= {"tym-15-locality", "jtpl-115-contact", "atl-64-contact", "ytl-45-contact", "ttl-13-contact"}


# Default deny, row by row


@pytest.mark.parametrize("law", LAWS.sets, ids=lambda law: law.in_force_from)
@pytest.mark.parametrize(
    "asked",
    [
        pytest.param(
            Asked("kela", "employment", 7, plan="04", relationship="", makers=("kela", "employment")), id="plan 04"
        ),
        pytest.param(by_will("occupational-health", "employment", 5), id="occupational health discloses"),
        pytest.param(task("employment-service", "occupational-health", "employment", 5), id="also when necessary"),
        pytest.param(by_will("employer", "employment", 3), id="an employer discloses"),
        pytest.param(task("social-care", "provider", "social-care", 6), id="a provider to social care"),
        pytest.param(by_will("social-care", "provider", 4), id="social situation to a provider"),
        pytest.param(by_will("employment", "employer", 6), id="service need to an employer"),
        pytest.param(by_will("social-care", "employment", 4), id="consent between authorities"),
        pytest.param(task("pension", "kela", "pension-insurer", 5), id="statute towards a pension insurer"),
        pytest.param(task("employment-service", "keha", "employment", 3), id="KEHA sends on"),
        pytest.param(
            Asked("employment", "keha", 1, handling="locality", **FOR_EMPLOYMENT), id="locality to the joint data set"
        ),
    ],
)
def test_where_the_acts_give_no_ground_nothing_leaves(law: Law, asked: Asked) -> None:
    assert isinstance(asked.ruling(law), Withheld)


def test_what_gives_no_ground_is_said_in_the_file() -> None:
    for law in LAWS.sets:
        assert all(rule.note for rule in law.rules if rule.effect == "no-ground")
        assert {rule.id for rule in law.rules} >= {
            "no-ground-integration-plan",
            "no-ground-occupational-health-discloser",
        }


# A permit is for social and health care; TYM and the permit do not meet


@pytest.mark.parametrize("to", ["employment", "kela", "keha", "provider", "pension-insurer"])
def test_a_permit_is_no_ground_towards_anyone_outside_social_and_health_care(to: str) -> None:
    asked = Asked("health-care", to, 5, relationship="", is_party=False, wills=(permit(to),))

    assert isinstance(asked.ruling(NEW), Withheld)


@pytest.mark.parametrize("rule", [rule for rule in CASES if rule.startswith("tym-")])
def test_a_prohibition_of_everything_stops_nothing_that_tym_carries(rule: str) -> None:
    asked, _ = CASES[rule]

    assert replace(asked, wills=(consent(kind="prohibition"),)).ruling(NEW) == Released(rule)


# 1 May 2026


@pytest.mark.parametrize(
    ("asked", "before", "after"),
    [
        (CASES["ttl-13-labour-market-support"][0], Released("ttl-13-labour-market-support"), Withheld),
        (CASES["ytl-45-general-support"][0], Withheld, Released("ytl-45-general-support")),
        (CASES["ytl-34-statement"][0], Released("ttl-11-statement"), Released("ytl-34-statement")),
        (CASES["ytl-48-list"][0], Withheld, Released("ytl-48-list")),
    ],
)
def test_the_law_changes_at_midnight_in_helsinki(asked: Asked, before: object, after: object) -> None:
    for moment, expected in ((APRIL, before), (APRIL + 60_000, after)):
        ruling = replace(asked, now=moment).ruling(LAWS.at(moment))  # type: ignore[arg-type] # a moment
        assert isinstance(ruling, expected) if isinstance(expected, type) else ruling == expected


def test_what_differs_between_the_two_sets_is_only_what_yleistuki_changed() -> None:
    old, new = ({rule.id: replace(rule, place="") for rule in law.rules} for law in LAWS.sets)

    assert old.keys() - new.keys() == {
        "ttl-13-labour-market-support", "ttl-13-contact", "ttl-11-statement", "no-ground-municipal-financing"
    }  # fmt: skip
    assert new.keys() - old.keys() == {"ytl-45-general-support", "ytl-45-contact", "ytl-34-statement", "ytl-48-list"}
    changed = {name for name in old.keys() & new.keys() if old[name] != new[name]}
    assert changed == {"no-ground-provider-discloses"}


# A fact of the plan that nobody has declared


def test_the_kind_of_a_plan_that_nobody_declared_is_not_known() -> None:
    asked, _ = CASES["tym-15-plan"]

    ruling = replace(asked, plan="?").ruling(NEW)

    assert isinstance(ruling, Undecided)
    assert ruling.missing == "plan-kind"
    assert ruling.hangs_on == {"tym-15-plan"}
