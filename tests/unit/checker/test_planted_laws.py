"""A rule that lost a condition, or was left out, shows in the story alone: the checker's law is its own, not the rule file."""

import re
from dataclasses import replace

import pytest

from sauma.resources import read_text
from sauma.rulefile import Laws, read_laws
from sauma_services.checker import check
from support.histories import recorded_world
from support.snapshots import RecordedWorld, snapshot
from support.story import LINES

RULES = read_text("law", "fi", "2026-05-01.toml").split("[[rule]]")
"""What stands before the first rule, then each rule's text."""


def law_without(rule: str, condition: str | None) -> Laws:
    """The rule set, one rule without one of its conditions; None: without the rule."""
    (index,) = [number for number, text in enumerate(RULES) if f'id = "{rule}"' in text]
    bent = []
    if condition is not None:
        text = re.sub(f'"{condition}"(, )?', "", RULES[index])
        assert text != RULES[index]
        bent = [text.replace(", ]", "]")]
    return read_laws({"bent.toml": "[[rule]]".join([*RULES[:index], *bent, *RULES[index + 1 :]])})


def told_under(laws: Laws) -> RecordedWorld:
    world = replace(recorded_world(), laws=laws)
    for line in LINES:
        line.says(world)
    return world


@pytest.mark.parametrize(
    ("rule", "condition"),
    [
        ("tym-15-base", "relationship-open"),
        ("tym-15-base", "recipient-is-party"),
        ("tym-15-background", "relationship-open"),
        ("tym-15-background", "recipient-is-party"),
        ("tym-15-background", "necessary-for-recipient"),
        ("tym-15-plan", "relationship-open"),
        ("tym-15-plan", "recipient-is-party"),
        ("tym-15-plan", "necessary-for-recipient"),
        ("tym-15-need", "relationship-open"),
        ("tym-15-need", "taking-part-confirmed"),
        ("tym-15-need", "necessary-for-recipient"),
        ("tym-15-sensitive", "relationship-open"),
        ("tym-15-sensitive", "recipient-is-party"),
        ("tym-15-sensitive", "marked-after-start"),
        ("tym-15-proposal", "recipient-is-party"),
        ("tym-15-locality", "relationship-open"),
        ("tym-15-locality", "recipient-is-party"),
        ("tym-15-locality", "necessary-for-recipient"),
        ("tym-8-ending", "relationship-over"),
        ("tym-8-ending", "holds-earlier-version"),
        ("tym-3-referral", "referred-to-recipient"),
        ("tym-3-status", "relationship-not-over"),
        ("transfer", "recipient-is-owner"),
        ("transfer", "relationship-open"),
        ("tym-12-base", "relationship-open"),
        ("tym-12-plan", "relationship-open"),
        ("tym-12-plan", "fact-in-force"),
        ("tym-12-need", "relationship-open"),
        ("tym-12-need", "taking-part-confirmed"),
        ("tym-12-sensitive", "relationship-open"),
        ("tym-12-sensitive", "marked-after-start"),
        ("sote-permit", "permit-in-force"),
        ("provider-statute", "provider-is-party-of-plan"),
        ("provider-statute", "necessary-for-recipient"),
        ("provider-health", "will-in-force"),
        ("provider-health", "will-itemises-fact"),
        ("provider-will", "will-in-force"),
        ("provider-will", "will-itemises-fact"),
        ("tym-15-base", None),
        ("tym-15-background", None),
        ("tym-15-plan", None),
        ("tym-15-need", None),
        ("tym-15-sensitive", None),
        ("tym-15-proposal", None),
        ("tym-15-locality", None),
        ("tym-8-ending", None),
        ("tym-3-referral", None),
        ("tym-3-status", None),
        ("transfer", None),
        ("tym-12-base", None),
        ("tym-12-plan", None),
        ("tym-12-need", None),
        ("tym-12-sensitive", None),
        ("provider-statute", None),
        ("provider-health", None),
        ("provider-will", None),
    ],
)
def test_a_law_that_lost_something_is_found(rule: str, condition: str | None) -> None:
    world = told_under(law_without(rule, condition))

    report = check(snapshot(world), places=world.places)

    assert report.violations
