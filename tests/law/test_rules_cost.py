"""What a decision costs does not grow with the number of rules: counted in what is asked, which no busy machine changes."""

import random
from dataclasses import replace
from functools import partial

import pytest

from sauma.asking import gone_through
from sauma.law import Law, Rule
from sauma.precedence import found
from sauma.resources import load_laws
from support.questions import Asked, endpoint_of
from support.rule_cases import CASES

LAW = load_laws().sets[-1]


def _with(*more: Rule) -> Law:
    return Law(LAW.id, LAW.in_force_from, LAW.starts_at, (*LAW.rules, *more))


def _asked_of(law: Law, asked: Asked) -> int:
    """How much is asked about the client until the ruling is known."""
    wills = tuple(will.kind for will in asked.wills)
    rules = law.candidates(asked.fact, (endpoint_of(asked.owner).role,), endpoint_of(asked.to).role)
    return rules.rulings(wills).asked(asked.question)


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


ASKING_OTHERWISE = _with(
    *(
        replace(
            rule,
            id=f"{rule.id}-{number}",
            order=rule.order + 100 * number,
            purpose=f"{rule.purpose}-{number}",
            when=(*rule.when[:number], "relationship-over", *rule.when[number:]),
            from_roles=rule.from_roles | {"ngo"} if number % 2 else rule.from_roles,
        )
        for number in range(1, 10)
        for rule in RELEASES
    )
)
"""Ten times as many rules about the same facts, with purposes, sources and conditions of their own; none adds a release."""

MORE = {"of other facts": OF_OTHER_FACTS, "asking the same": ASKING_THE_SAME, "asking otherwise": ASKING_OTHERWISE}


@pytest.mark.parametrize("law", MORE.values(), ids=MORE.keys())
def test_with_ten_times_as_many_rules_hardly_more_is_asked(law: Law) -> None:
    assert len(law.rules) > 9 * len(RELEASES)
    before = after = 0
    for rule, (asked, changes) in CASES.items():
        if rule in LAW.by_id:
            for one in (asked, *(replace(asked, **change) for change in changes.values())):
                before, after = before + _asked_of(LAW, one), after + _asked_of(law, one)
                if law is not ASKING_OTHERWISE or one.relationship != "ended":
                    assert type(one.ruling(law)) is type(one.ruling(LAW))
            assert asked.ruling(law) == asked.ruling(LAW)

    assert after <= 1.5 * before


def test_what_is_remembered_is_what_going_through_the_rules_gives() -> None:
    chance = random.Random(1)
    cases = [
        one for asked, changes in CASES.values() for one in (asked, *(replace(asked, **c) for c in changes.values()))
    ]
    for one in chance.sample(cases, len(cases)) * 2:
        owner, to = endpoint_of(one.owner), endpoint_of(one.to)
        rules = ASKING_OTHERWISE.candidates(one.fact, (owner.role,), to.role)
        wills = tuple(will.kind for will in one.wills)

        plainly = gone_through(partial(found, rules.withholds, rules.releases, wills), one.question)

        assert rules.rulings(wills).result(one.question) == plainly


def test_what_hangs_on_a_rule_that_is_left_out_is_named_with_the_one_that_asks_the_same() -> None:
    asked = replace(CASES["sote-permit"][0], wills=())

    assert asked.ruling(LAW).hangs_on == {"sote-permit"}  # type: ignore[union-attr] # undecided
    twins = {"sote-permit", *(f"sote-permit-{number}" for number in range(1, 10))}
    assert asked.ruling(ASKING_THE_SAME).hangs_on == twins  # type: ignore[union-attr] # undecided
