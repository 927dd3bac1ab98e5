"""What a decision costs does not grow with the number of rules: counted in rules asked, which no busy machine changes."""

from dataclasses import replace

import pytest

from sauma.endpoints import Endpoint
from sauma.law import Law, Rule
from sauma.resources import load_laws
from support.questions import Asked, endpoint_of
from support.rule_cases import CASES

LAW = load_laws().sets[-1]


def _with(*more: Rule) -> Law:
    return Law(LAW.id, LAW.in_force_from, LAW.starts_at, (*LAW.rules, *more))


def _asked_of(law: Law, asked: Asked) -> int:
    owner: Endpoint = endpoint_of(asked.owner)
    found = law.candidates(asked.fact, (owner.role,), endpoint_of(asked.to).role)
    return len(found.withholds) + len(found.releases)


RELEASES = [rule for rule in LAW.rules if rule.effect == "release"]
OF_OTHER_FACTS = _with(
    *(
        replace(
            rule,
            id=f"{rule.id}-{number}",
            order=rule.order + 100 * number,
            handling=frozenset({"locality"}),
            categories=frozenset({2}),
        )
        for number in range(1, 10)
        for rule in RELEASES
    )
)
"""Ten times as many rules, of which nine tenths speak of something else."""
ASKING_THE_SAME = _with(
    *(
        replace(rule, id=f"{rule.id}-{number}", order=rule.order + 100 * number)
        for number in range(1, 10)
        for rule in RELEASES
    )
)
"""Ten times as many rules, and nine tenths ask what another one asks already."""


@pytest.mark.parametrize("law", [OF_OTHER_FACTS, ASKING_THE_SAME], ids=["of other facts", "asking the same"])
def test_ten_times_as_many_rules_are_not_asked_more(law: Law) -> None:
    assert len(law.rules) > 9 * len(RELEASES)
    for rule, (asked, changes) in CASES.items():
        if rule in LAW.by_id:
            assert _asked_of(law, asked) == _asked_of(LAW, asked)
            assert asked.ruling(law) == asked.ruling(LAW)
            for change in changes.values():
                refused = replace(asked, **change)
                assert type(refused.ruling(law)) is type(refused.ruling(LAW))


def test_few_of_the_rules_are_asked_about_any_question() -> None:
    counts = [_asked_of(LAW, asked) for rule, (asked, _) in CASES.items() if rule in LAW.by_id]

    assert max(counts) <= len(RELEASES) // 4


def test_what_hangs_on_a_rule_that_is_left_out_is_named_with_the_one_that_asks_the_same() -> None:
    asked = replace(CASES["sote-permit"][0], wills=())

    assert asked.ruling(LAW).hangs_on == {"sote-permit"}  # type: ignore[union-attr] # undecided
    twins = {"sote-permit", *(f"sote-permit-{number}" for number in range(1, 10))}
    assert asked.ruling(ASKING_THE_SAME).hangs_on == twins  # type: ignore[union-attr] # undecided
