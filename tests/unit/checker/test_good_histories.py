"""What the router really does passes the checker: the story, and random histories; and the checker has looked at it."""

import ast
import random
from pathlib import Path

import pytest

import sauma_services.checker
from sauma_services.checker import Report, check
from support.histories import told
from support.snapshots import RecordedWorld, holdings, snapshot
from unit.checker.bending import story


def report_on(world: RecordedWorld) -> Report:
    return check(snapshot(world), holdings(world), places=world.places)


def test_the_story_has_no_violation() -> None:
    report = report_on(story())

    assert report.violations == ()


def test_the_report_says_how_much_was_looked_at() -> None:
    report = report_on(story())

    assert report.counts["records"] == report.counts["decisions"] == report.counts["inbound"] == 35
    assert report.counts["puts"] > 100
    assert report.counts["holdings"] > 50
    assert report.counts["state parts"] > 15


@pytest.mark.parametrize("seed", range(60))
def test_a_random_history_has_no_violation(seed: int) -> None:
    world = told(random.Random(seed).randbytes(160))

    report = report_on(world)

    assert report.violations == ()
    assert report.counts["records"] == len(world.entries)


DECIDING = {"law", "predicates", "view", "reconcile", "step", "fold", "rulefile", "admission", "outgoing", "lifecycle"}


def test_the_checker_shares_no_deciding_code_with_the_core() -> None:
    folder = Path(sauma_services.checker.__file__).parent

    imported = {
        module
        for file in folder.glob("*.py")
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8")))
        for module in _modules(node)
    }

    assert "sauma.delivery" in imported
    assert not {module for module in imported if module.startswith("sauma.") and module.split(".")[1] in DECIDING}


def _modules(node: ast.AST) -> list[str]:
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module:
        return [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
    return []
