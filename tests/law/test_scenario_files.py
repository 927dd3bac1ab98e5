"""A scenario file that cannot be used says so with file, line and what to do; one that is not met says who got what, and why."""

import json
import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sauma_services.cli.commands import app
from sauma_services.scenarios import ScenarioError, read_scenarios, run
from support.scenario_records import LAWS

GOOD = """\
about: one scenario
scenarios:
  - scenario: A service need goes where it is necessary
    row: 1
    law: TYM 15 §
    date: 2026-06-01
    client: {relationship: taking-part}
    when: {by: employment, does: put, fact: service-need, necessary: [kela], affects: true}
    then:
      kela, keha:
        service-need: {gets: TYM 15 §}
"""
"""Wrong in one thing: the joint data set gets it by TYM 12.2 §."""
RIGHT = GOOD.replace("kela, keha:\n", "kela: {service-need: {gets: TYM 15 §}}\n      keha:\n").replace(
    "        service-need: {gets: TYM 15 §}", "        service-need: {gets: TYM 12.2 §}"
)


def _faults(text: str) -> list[str]:
    with pytest.raises(ScenarioError) as raised:
        read_scenarios({"a.yaml": text}, purposes={"employment-service"})
    return [str(fault) for fault in raised.value.faults]


@pytest.mark.parametrize(
    ("wrong", "instead", "line", "what", "do"),
    [
        ("row: 1", "rwo: 1", 4, "unknown key 'rwo'", "known here: client, date"),
        ("row: 1", "row: 26", 4, "less than or equal to 25", "write"),
        ("fact: service-need", "fact: service-need, fcat: x", 8, "unknown key 'fcat'", "known here: "),
        ("necessary: [kela]", "necessary: [klea]", 8, "'klea' is no role", "write one of: cooperation-group"),
        ("by: employment", "by: emplyoment", 8, "'emplyoment' is no register", "write a role"),
        ("affects: true", "kind: service-ned", 8, "'service-ned' is no kind of fact", "write one of: approval"),
        ("affects: true", "handling: normal", 8, "'normal' is no handling class", "write one of: child-welfare"),
        ("affects: true", "affects: perhaps", 8, "affects: ", "write it as"),
        (
            "affects: true",
            "for-task: {kela: benefits}",
            8,
            "'benefits' is the purpose of no rule",
            "employment-service",
        ),
        ("affects: true", "category: 9", 8, "9 is no category", "write one of: 1, 2"),
        ("fact: service-need", "fact: need", 8, "no kind", "write kind:"),
        ("fact: service-need", "fact: x, kind: measurement", 8, "several categories", "write category:"),
        ("does: put", "does: puts", 8, "a statement does 'puts'", "write does: one of accept"),
        ("does: put, ", "", 8, "a statement without does", "write does: one of accept"),
        ("by: employment, ", "", 8, "no by", "add by:"),
        ("kela, keha:", "kela, kehaa:", 10, "'kehaa' is no register", "write a role"),
        ("kela, keha:", "kela, kela:", 9, "'kela' stands twice", "keep one of them"),
        ("{gets: TYM 15 §}", "{got: TYM 15 §}", 11, "unknown key 'got'", "known here: because"),
        ("{gets: TYM 15 §}", "{gets: a, keeps: b}", 11, "not one outcome", "write exactly one"),
        ("{gets: TYM 15 §}", "{withheld: a, will: b}", 11, "what belongs together", "will belong to gets"),
        ("relationship: taking-part", "relationship: started", 7, "relationship: ", "write it as"),
        ("relationship: taking-part", "municipality: '999'", 7, "'999' is no municipality", "three digits"),
        ("date: 2026-06-01", "date: in June", 6, "date", "write it as"),
        ("    law: TYM 15 §\n", "", 3, "no law", "add law:"),
        ("about: one scenario", "abuot: one scenario", 1, "unknown key 'abuot'", "known: about"),
        ("scenarios:", "scenario:", 1, "no list of scenarios", "begin with about:"),
        ("[kela]", "[kela", 8, "not YAML", "mend the syntax"),
        ("    row: 1\n", "    row: 1\n    row: 2\n", 5, "'row' stands twice", "keep one of them"),
    ],
)
def test_what_is_wrong_is_said_with_file_and_line_and_what_to_do(
    wrong: str, instead: str, line: int, what: str, do: str
) -> None:
    assert wrong in GOOD

    told = _faults(GOOD.replace(wrong, instead, 1))

    assert len(told) == 1, told
    assert re.match(rf"a\.yaml:{line}: ", told[0]), told
    assert what in told[0]
    assert do in told[0].split("; ", 1)[1]


def test_two_scenarios_of_one_name_are_refused() -> None:
    twice = GOOD + GOOD.split("scenarios:\n")[1]

    (told,) = _faults(twice)

    assert "a second scenario of this name, after a.yaml:3" in told


@pytest.mark.parametrize(
    ("client", "will", "what"),
    [
        ("{age: 30}", "to: [guardian]", "only a minor forbids a guardian"),
        ("{age: 30}", "given-by: guardian", "a guardian's will of somebody who has none"),
    ],
)
def test_a_guardian_is_a_minors_or_of_whom_it_is_said(client: str, will: str, what: str) -> None:
    text = GOOD.replace("{relationship: taking-part}", client)
    given = f"    given:\n      - {{by: social-care, does: prohibit, categories: [4], {will}}}\n"

    (told,) = _faults(text.replace("    when:", given + "    when:"))

    assert what in told


def test_a_scenario_that_is_not_met_says_where_who_what_and_why() -> None:
    (written,) = read_scenarios({"a.yaml": GOOD}, purposes=())

    (mismatch,) = run(written, LAWS)

    assert (mismatch.file, mismatch.line) == ("a.yaml", 11)
    assert (mismatch.recipient, mismatch.fact) == ("keha", "service-need")
    assert (mismatch.expected, mismatch.got) == ("gets TYM 15 §", "gets TYM 381/2023 12.2 §")
    assert any(line.startswith("tym-12-need") and line.endswith("holds") for line in mismatch.why)


@pytest.mark.parametrize(
    ("wrong", "instead", "recipient", "expected", "got"),
    [
        # Whoever is not named gets nothing, and what is named has to come.
        ("keha:\n", "health-care:\n", "keha", "nothing", "gets TYM 381/2023 12.2 §"),
        ("necessary: [kela]", "necessary: [employment]", "kela", "gets TYM 15 §", "withheld necessary-for-recipient"),
        ("gets: TYM 15 §", "gets: JTPL 115 §", "kela", "gets JTPL 115 §", "gets TYM 381/2023 15 §"),
        (
            "gets: TYM 15 §",
            "gets: TYM 15 §, to-keep-by: ATL 48 §",
            "kela",
            "gets TYM 15 §, to-keep-by ATL 48 §",
            "gets",
        ),
        ("gets: TYM 15 §", "withheld: no-rule", "kela", "withheld no-rule", "gets TYM 381/2023 15 §"),
        ("gets: TYM 15 §", "keeps: TYM 15 §", "kela", "keeps TYM 15 §", "gets TYM 381/2023 15 §"),
        ("gets: TYM 15 §", "missing: permit", "kela", "missing permit", "gets TYM 381/2023 15 §"),
        ("gets: TYM 15 §", "taken-back: stop", "kela", "taken-back stop", "gets TYM 381/2023 15 §"),
        (
            "affects: true}",
            "affects: true}\n    told: {kela: [clock-due plan-due]}",
            "kela",
            "clock-due plan-due",
            "nothing",
        ),
        (
            "affects: true}",
            "affects: true}\n    refused: client-died",
            "the statement",
            "refused client-died",
            "accepted",
        ),
        ("by: employment", "by: health-care@297", "the statement", "accepted", "refused not-a-party"),
    ],
)
def test_every_part_of_an_outcome_is_held(wrong: str, instead: str, recipient: str, expected: str, got: str) -> None:
    (right,) = read_scenarios({"a.yaml": RIGHT}, purposes=())
    assert run(right, LAWS) == []
    (written,) = read_scenarios({"a.yaml": RIGHT.replace(wrong, instead, 1)}, purposes=())

    told = run(written, LAWS)

    assert any(one.recipient == recipient and expected in one.expected and one.got.startswith(got) for one in told), (
        told
    )


def test_a_statement_about_a_fact_that_is_not_there_fails() -> None:
    text = RIGHT.replace("does: put, fact: service-need, necessary: [kela], affects: true", "does: accept, proposal: x")
    (written,) = read_scenarios({"a.yaml": text}, purposes=())

    (mismatch,) = run(written, LAWS)

    assert "there is a x" in mismatch.expected


# The command


def _sauma(*arguments: str) -> tuple[int, list[str]]:
    done = CliRunner().invoke(app, ["law", "test", *arguments])
    return done.exit_code, (done.output or "").splitlines()


def test_the_command_counts_the_scenarios_beside_the_rules_and_none_fails() -> None:
    status, lines = _sauma("--output", "json")

    last = json.loads(lines[-1])
    assert status == 0
    assert last == {"scenarios": last["scenarios"], "failed": 0}
    assert last["scenarios"] >= 150


def test_the_command_tells_what_fails_in_words_and_as_json(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD, encoding="utf-8")

    status, lines = _sauma(str(tmp_path))
    assert status == 1
    assert lines[0].endswith("a.yaml:11: A service need goes where it is necessary (2026-06-01 12:00)")
    assert lines[1] == "  keha, service-need: expected gets TYM 15 §; got gets TYM 381/2023 12.2 §"
    assert lines[-1] == "1 scenarios, 1 failed"

    status, lines = _sauma(str(tmp_path), "--output", "json")
    assert status == 1
    assert json.loads(lines[0])["recipient"] == "keha"
    assert json.loads(lines[-1]) == {"scenarios": 1, "failed": 1}


def test_the_command_ends_with_2_where_a_file_cannot_be_read(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(GOOD.replace("row", "rwo"), encoding="utf-8")

    status, lines = _sauma(str(tmp_path))

    assert status == 2
    assert "unknown key 'rwo'" in lines[0]


def test_the_command_takes_other_rules(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").write_text(RIGHT, encoding="utf-8")
    (tmp_path / "2025-01-01.toml").write_text("in_force_from = 2025-01-01\n", encoding="utf-8")

    status, lines = _sauma(str(tmp_path), "--law", str(tmp_path))

    assert status == 1
    assert "expected gets TYM 15 §; got withheld no-rule" in " ".join(lines)
