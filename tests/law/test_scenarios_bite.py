"""Every change to the rules makes at least one scenario fail: a rule or a condition gone, roles swapped, a date a day off."""

import datetime
from collections.abc import Iterable

import pytest

from sauma.law import Law, Rule
from sauma.predicates import CONDITIONS
from sauma.resources import names, read_text
from sauma.rulefile import Laws, RuleFileError, read_laws
from sauma_services.scenarios import run_on
from support.mutants import Mutant, a_day_off, of_rule, with_condition_true
from support.scenario_records import LAWS, Record, records

EQUIVALENT = {
    ("tym-15-proposal", "without addressed-to-recipient"): "a proposal is always addressed, to the owner or the makers",
    ("tym-3-status", "without addressed-to-recipient"): "a receiver's word is always addressed, to the sender",
}
"""Changes that change no decision, by rule and change, each with its reason: `sauma.view.judge` holds whatever has an
address back from everybody else before any rule is asked, so the condition only says in the file what holds anyway."""

RULES = [(law, rule) for law in LAWS.sets for rule in law.rules if rule.effect != "no-ground"]


def _of(touched: Iterable[Rule], law: str) -> list[Record]:
    """The scenarios in which these rules are asked at all, those first in which one of them decides."""
    names = {(law, rule.id) for rule in touched}
    concerned = [r for r in records() if any(key.law == law and key.is_of(t) for key in r.keys for t in touched)]
    return sorted(concerned, key=lambda r: (not names & r.decided, not names & r.refused, len(r.keys)))


def _is_noticed(laws: Laws, concerned: Iterable[Record]) -> bool:
    return any(run_on(record.written, laws, record.date) for record in concerned)


def _unnoticed(mutants: Iterable[Mutant]) -> list[str]:
    return [str(m) for m in mutants if not _is_noticed(m.laws, _of(m.touched, m.law))]


@pytest.mark.parametrize(("law", "rule"), RULES, ids=lambda one: getattr(one, "in_force_from", None) or one.id)
def test_no_rule_changes_without_a_scenario_that_fails(law: Law, rule: Rule) -> None:
    told = [m for m in of_rule(LAWS, law, rule) if (rule.id, m.change) not in EQUIVALENT]

    assert _unnoticed(told) == []


def test_what_is_said_to_change_no_decision_is_noticed_by_no_scenario() -> None:
    told = [m for law, rule in RULES for m in of_rule(LAWS, law, rule) if (rule.id, m.change) in EQUIVALENT]

    assert {(m.rule, m.change) for m in told} == EQUIVALENT.keys()
    assert _unnoticed(told) == [str(m) for m in told]


def test_without_its_scenarios_a_rule_could_be_deleted_unnoticed() -> None:
    law = LAWS.sets[-1]
    deleted = next(of_rule(LAWS, law, law.by_id["kanta-statement"]))
    concerned = _of(deleted.touched, deleted.law)
    telling = [r for r in concerned if (deleted.law, deleted.rule) in r.decided | r.refused]

    assert _is_noticed(deleted.laws, telling)
    assert not _is_noticed(deleted.laws, [r for r in concerned if r not in telling])


@pytest.mark.parametrize("name", sorted(CONDITIONS))
def test_no_condition_becomes_true_everywhere_without_a_scenario_that_fails(name: str) -> None:
    laws, touched = with_condition_true(LAWS, name)

    assert any(_is_noticed(laws, _of(touched, law.in_force_from)) for law in LAWS.sets)


@pytest.mark.parametrize("law", LAWS.sets, ids=lambda law: law.in_force_from)
@pytest.mark.parametrize("days", [-1, 1])
def test_no_rule_set_comes_into_force_a_day_off_without_a_scenario_that_fails(law: Law, days: int) -> None:
    assert _is_noticed(a_day_off(LAWS, law, days), records())


# The dates of a single rule say when its paragraph came into force and ended. No decision asks them: the date of the set
# decides, and the loader holds a rule's own dates to it. So a date that would make a rule begin late in its set or end
# within it is refused, and no scenario could tell the other direction from what is there.

FILES = {name: read_text("law", "fi", name) for name in names("law", "fi") if name.endswith(".toml")}


@pytest.mark.parametrize(("key", "days"), [("since", 1), ("until", -1)])
def test_a_rule_that_would_begin_late_in_its_set_or_end_within_it_is_refused(key: str, days: int) -> None:
    tried = 0
    for name, text in FILES.items():
        for number, line in enumerate(text.splitlines()):
            found, _, date = line.partition(" = ")
            ends = name.removesuffix(".toml") if key == "since" else date
            if found != key or date != ends:
                continue
            moved = datetime.date.fromisoformat(date) + days * datetime.timedelta(days=1)
            lines = text.splitlines()
            lines[number] = f"{key} = {moved}"
            with pytest.raises(RuleFileError) as raised:
                read_laws({**FILES, name: "\n".join(lines)})
            assert f"{name}:" in str(raised.value)
            tried += 1

    assert tried >= 3
