"""`sauma law check` on rule files that are broken on purpose: each tells its own error, with file, line, rule and what to do."""

import json
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from sauma_services.cli.commands import app

BROKEN = Path(__file__).parent / "broken"

EXPECTED = {
    "category-of-no-act": (10, "between-authorities", "unknown categories 8", "use one of: 1, 2, 3, 4, 5, 6, 7"),
    "condition-misspelt": (13, "between-authorities", "'recipient-is-a-party'", "recipient-is-party"),
    "ending-misspelt": (28, "on-consent", "when_it_ends is 'delete'", 'use "stop" or "erase"'),
    "never-released": (26, "on-consent", "names therapy-note", "take it out"),
    "no-ground-to-keep": (17, "on-consent", "no recipient", "needs recipient"),
    "not-yet-in-force": (27, "on-consent", "since 2026-08-01", "a rule set from 2026-08-01"),
    "outlived": (17, "on-consent", "until 2026-12-31", "a rule set from 2027-01-01 without it"),
    "permit-outside-care": (26, "on-consent", "a disclosure permit for employer", "name social-care and health-care only"),
    "role-misspelt": (25, "on-consent", "'providers'", "provider"),
    "same-id": (18, "between-authorities", "a second rule of this id", "an id of its own"),
    "same-order": (20, "on-consent", "same order 20 as between-authorities", "another order"),
    "two-wills": (26, "on-consent", "different wills (consent, permit)", "make two rules"),
}  # fmt: skip
"""For each file the line and the rule of its one error, part of what is wrong, and part of what to do."""


def _checked(*names: str) -> tuple[int, list[dict[str, Any]]]:
    ran = CliRunner().invoke(app, ["law", "check", *names, "--output", "json"])
    return ran.exit_code, json.loads(ran.stdout)["faults"]


def test_every_broken_file_is_expected_here() -> None:
    assert {path.stem for path in BROKEN.glob("*.toml")} == set(EXPECTED)
    assert len(EXPECTED) >= 10


@pytest.mark.parametrize("name", EXPECTED)
def test_a_broken_file_tells_its_one_error(name: str) -> None:
    file = BROKEN / f"{name}.toml"
    line, rule, what, do = EXPECTED[name]

    code, faults = _checked(str(file))

    assert code == 1
    (fault,) = faults
    assert (fault["file"], fault["line"], fault["rule"]) == (str(file), line, rule)
    assert what in fault["what"]
    assert do in fault["do"]


def test_the_errors_are_all_different() -> None:
    told = {_checked(str(BROKEN / f"{name}.toml"))[1][0]["what"] for name in EXPECTED}

    assert len(told) == len(EXPECTED)


def test_a_folder_tells_the_errors_of_every_file_in_it(tmp_path: Path) -> None:
    for name in ("same-id", "two-wills"):
        (tmp_path / f"{name}.toml").write_text((BROKEN / f"{name}.toml").read_text(encoding="utf-8"), encoding="utf-8")

    ran = CliRunner().invoke(app, ["law", "check", str(tmp_path)])

    assert ran.exit_code == 1
    assert f"{tmp_path}/same-id.toml:18: rule between-authorities: a second rule of this id; give" in ran.stdout
    assert f"{tmp_path}/two-wills.toml:26: rule on-consent: conditions about different wills" in ran.stdout
    assert ran.stdout.endswith("2 errors\n")


def test_the_rules_in_force_have_no_error() -> None:
    ran = CliRunner().invoke(app, ["law", "check"])

    assert ran.exit_code == 0
    assert ran.stdout.endswith("0 errors\n")


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    ran = CliRunner().invoke(app, ["law", "check", str(tmp_path / "gone")])

    assert ran.exit_code == 2
    assert "does not exist" in " ".join(ran.output.replace("│", "").split())
