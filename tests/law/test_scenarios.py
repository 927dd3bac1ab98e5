"""The scenarios beside the rules: all come out as their writers expect, and together they try every rule both ways."""

from sauma_services.scenarios import run
from support.scenario_records import LAWS, never_decides, never_refuses, records, scenarios

FIGURES_ONLY = 25
"""The row about the shared situational picture: aggregates, and no fact about any client, so nothing to tell a story of."""


def test_every_scenario_comes_out_as_its_writer_expects() -> None:
    assert [str(mismatch) for written in scenarios() for mismatch in run(written, LAWS)] == []


def test_there_are_scenarios_enough_and_of_every_row() -> None:
    rows = {row for written in scenarios() for row in written.scenario.row}

    assert len(scenarios()) >= 150
    assert set(range(1, 26)) - rows == {FIGURES_ONLY}


def test_every_rule_of_every_rule_set_decides_somewhere() -> None:
    assert never_decides(records()) == set()


def test_every_rule_of_every_rule_set_is_somewhere_asked_in_vain() -> None:
    assert never_refuses(records()) == set()


def test_a_rule_whose_scenarios_are_taken_away_is_missed() -> None:
    for law in LAWS.sets:
        for rule in law.rules:
            key = (law.in_force_from, rule.id)
            without = [record for record in records() if key not in record.decided]
            assert (key in never_decides(without)) is (rule.effect != "no-ground")
            unasked = [record for record in records() if key not in record.refused]
            assert (key in never_refuses(unasked)) is (rule.effect != "withhold" or bool(rule.when))


def test_the_scenario_of_one_rule_alone_cannot_be_spared() -> None:
    deciding = [r for r in records() if ("2026-05-01", "kanta-statement") in r.decided]

    assert len({record.written.scenario.scenario for record in deciding}) == 1
    assert ("2026-05-01", "kanta-statement") in never_decides(r for r in records() if r not in deciding)
