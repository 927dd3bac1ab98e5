"""`sauma law explain`: one question in words, from options, from a file, or from the log of a machine that has run."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from typer.testing import CliRunner

from sauma.codec import Codec
from sauma.decision import Decision
from sauma.event import Relationship
from sauma.missing import MISSING
from sauma.resources import load_laws
from sauma_services.cli.commands import app
from sauma_services.lawbook.ask import ask
from sauma_services.lawbook.question import AskedQuestion
from sauma_services.lawbook.words import LANGUAGES, words
from sauma_services.runtime.open_log import open_log
from sauma_services.runtime.ports import Append
from sauma_services.runtime.settings import load
from sauma_services.runtime.topics import DECISIONS, FIXED
from support.cycles import opened
from support.rule_cases import CASES
from support.world import SUBJECT, E, S, World, marks, put, puts

LAWS = load_laws()


def _run(*arguments: str) -> tuple[int, str]:
    ran = CliRunner().invoke(app, ["law", "explain", *arguments])
    return ran.exit_code, ran.output


SENSITIVE = ["--from", "social-care", "--to", "employment", "--category", "4", "--date", "2026-06-01"]
MARKED = ["--necessary-for", "employment", "--affects-employment"]


def test_a_release_is_told_with_both_grounds_the_purpose_and_what_its_ending_asks() -> None:
    code, told = _run(*SENSITIVE, *MARKED, "--relationship", "active")

    assert code == 0
    for text in (
        "Answer: released",
        "Ground to give: TYM 381/2023 15 §",
        "Ground to receive and keep: TYM 381/2023 14.2 §, ATL 703/2023 48 §",
        "Purpose: multi-sector support of employment",
        "When the right ends: no further updates",
        "law/fi/2026-05-01.toml:",
    ):
        assert text in told


def test_a_refusal_is_told_with_the_conditions_that_hold_and_those_that_do_not() -> None:
    _, told = _run(*SENSITIVE, *MARKED, "--relationship", "ended")

    assert "Answer: not released" in told
    met, not_met = told.index("    Fulfilled:"), told.index("    Not fulfilled:")
    open_fails = words("en").condition("relationship-open", "", holds=False)
    assert met < told.index(words("en").condition("affects-employment", "")) < not_met < told.rindex(open_fails)


def test_what_is_missing_is_told_with_who_can_supply_it_and_how() -> None:
    _, told = _run("--from", "social-care", "--to", "health-care", "--category", "4", "--date", "2026-06-01",
                   "--relationship", "active")  # fmt: skip

    assert "Answer: not decided" in told
    assert words("en").part("missing", "permit", "what") in told
    assert "Who can supply it: social care, health care" in told
    assert words("en").part("missing", "permit", "by") in told


def test_of_what_goes_along_with_anything_no_rule_is_shown() -> None:
    identity = ["--from", "kela", "--to", "employment", "--category", "1", "--kind", "identity"]

    _, told = _run(*identity)
    _, sender = _run(*identity, "--audience", "sender")

    assert words("en")("reason", "nothing-to-accompany") in told
    assert words("en").label("rules_considered") not in told
    assert words("en")("reason", "no-rule") not in sender


def test_the_day_decides_under_which_rules_it_is_asked() -> None:
    asked = ["--from", "employment", "--to", "kela", "--category", "3"]
    mark = ["--necessary-for", "kela:labour-market-support"]

    _, before = _run(*asked, *mark, "--date", "2026-04-30")
    _, after = _run(*asked, *mark, "--date", "2026-05-01")

    assert "TTL 1290/2002 13:1 §" in before
    assert "Answer: released" in before
    assert "Answer: not released" in after


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_answers(language: str) -> None:
    code, told = _run(*SENSITIVE, *MARKED, "--relationship", "active", "--language", language)

    assert code == 0
    assert f"{words(language).label('outcome')}: {words(language)('outcome', 'released')}" in told


FILE: dict[str, Any] = {
    "from": "health-care",
    "to": "provider",
    "category": 5,
    "kind": "capacity",
    "date": "2026-06-01",
    "wills": [
        {"kind": "consent", "recipients": ["provider"], "facts": ["this"], "written": True, "until": "2026-07-01"}
    ],
}


def _file(folder: Path, **changes: Any) -> str:
    path = folder / "question.yaml"
    path.write_text(yaml.safe_dump({**FILE, **changes}), encoding="utf-8")
    return str(path)


def test_a_question_in_a_file_is_answered(tmp_path: Path) -> None:
    _, given = _run(_file(tmp_path))
    _, later = _run(_file(tmp_path, date="2026-07-02"))

    assert "JTPL 380/2023 116.4 §" in given
    assert "Answer: released" in given
    assert "Rests on: the client's consent" in given
    assert "the recipient is asked to erase it" in given
    assert "Answer: not released" in later


def test_the_question_that_the_documentation_shows_is_one(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "law.md").read_text(encoding="utf-8")
    (shown,) = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    (tmp_path / "question.yaml").write_text(shown, encoding="utf-8")

    code, told = _run(str(tmp_path / "question.yaml"))

    assert code == 0
    assert "JTPL 380/2023 116.4 §" in told
    assert set(yaml.safe_load(shown)) <= {field.alias or name for name, field in AskedQuestion.model_fields.items()}


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"to": "providers"}, "'providers' is no role"),
        ({"kind": "capasity"}, "'capasity' is no kind of data"),
        ({"category": 4}, "capacity is not of category 4; write 5"),
        ({"handling": "locality-ish"}, "no class of handling"),
        ({"will": []}, "will"),
        ({"date": "yesterday"}, "date"),
    ],
)
def test_a_mistake_in_a_question_is_told_and_never_answered(tmp_path: Path, changes: dict[str, Any], said: str) -> None:
    code, told = _run(_file(tmp_path, **changes))

    assert code == 2
    assert said in " ".join(told.replace("│", "").split())


def test_a_file_that_is_not_yaml_is_told_with_its_line(tmp_path: Path) -> None:
    path = tmp_path / "question.yaml"
    path.write_text("from: kela\nto: [employment\n", encoding="utf-8")

    code, told = _run(str(path))

    assert code == 2
    assert "is not YAML" in " ".join(told.replace("│", "").split())


# The answer is the engine's


@pytest.mark.parametrize("name", [name for name, (asked, _) in CASES.items() if asked.kind != "relationship"])
def test_a_question_written_by_a_person_is_the_question_that_the_engine_is_asked(name: str) -> None:
    case, _ = CASES[name]
    law = next(one for one in reversed(LAWS.sets) if name in one.by_id)
    stated: dict[str, Any] = {
        "from": case.owner,
        "to": case.to,
        "category": case.category,
        "kind": case.fact.kind,
        "handling": case.handling,
        "date": law.in_force_from,
        "status": case.status,
        "addressed_to": case.addressed_to,
        "necessary_for": [{"role": role, "purpose": purpose} for role, purpose in case.necessary],
        "affects_employment": case.affects,
        "relationship": {
            "state": case.relationship,
            "parties": [case.owner, *([case.to] if case.is_party else [])],
            "confirmed": case.is_confirmed,
        }
        if case.relationship
        else None,
        "plan": {"kind": case.plan, "makers": case.makers, "providers": case.providers} if case.plan else None,
        "wills": [
            {
                "kind": will.kind,
                "recipients": will.recipients,
                "facts": ["this"] * bool(will.scope.facts),
                "categories": will.scope.categories,
            }
            for will in case.wills
        ],
        "holds_earlier_version": bool(case.held_version),
    }
    asked = AskedQuestion.model_validate(stated)

    told = ask(LAWS, asked)

    if name == "transfer":  # its owner holds it: no question to the rules
        assert told.basis is not None
        assert told.basis.rule == "own"
    else:
        assert told.basis is not None, told.reason
        assert told.basis.rule == name
        checked = {one.rule.id: one for one in told.rules}
        assert checked[name].truth is True


def test_every_missing_input_is_explained_in_every_language() -> None:
    for code in MISSING:
        for language in LANGUAGES:
            assert words(language).part("missing", code, "what")
            assert words(language).part("missing", code, "by")


# A decision of a log


def _log(folder: Path, decisions: list[Decision]) -> None:
    (folder / "sauma.toml").write_text('[machine]\ndata = "."\n', encoding="utf-8")
    log = open_log(load(folder / "sauma.toml"))
    log.create(FIXED)
    encode = Codec(Decision).encode
    log.publisher().publish(DECISIONS.name, [Append(DECISIONS.name, d.subject.encode(), encode(d)) for d in decisions])
    log.close()


def _story() -> World:
    world = opened()
    world.say(E, Relationship("started"))
    world.say(S, Relationship("taking-part"))
    world.say(S, puts(put("situation", "social-situation", 4, marks=marks("employment", affects=True))))
    return world


def test_a_stored_decision_is_explained_ruling_by_ruling(tmp_path: Path) -> None:
    decisions = _story().decisions
    _log(tmp_path, decisions)
    last = decisions[-1]
    asked = ["--log", str(tmp_path), "--subject", SUBJECT, "--number", str(last.number)]

    code, operator = _run(*asked)
    _, to_kela = _run(*asked, "--recipient", "kela")
    _, told_kela = _run(*asked, "--audience", "recipient", "--who", "kela")

    assert code == 0
    assert operator.count("Answer: ") == len(last.rulings)
    assert to_kela.count("Answer: ") == sum(ruling.recipient == "kela" for ruling in last.rulings)
    assert words("en").condition("necessary-for-recipient", "", holds=False) in to_kela
    assert told_kela.strip() == words("en")("told", "recipient_nothing")


def test_a_decision_under_rules_that_are_not_here_is_told_by_itself(tmp_path: Path) -> None:
    decisions = _story().decisions
    _log(tmp_path, decisions)

    code, told = _run(
        "--log", str(tmp_path), "--subject", SUBJECT, "--number", str(decisions[-1].number), "--law", "2025-01-01"
    )

    assert code == 0
    assert words("en").label("law_not_here") in told
    assert "TYM 381/2023 15 §" in told


def test_a_decision_that_is_not_there_is_told(tmp_path: Path) -> None:
    _log(tmp_path, _story().decisions)

    code, told = _run("--log", str(tmp_path), "--subject", SUBJECT, "--number", "999")

    assert code == 2
    assert "no decision 999" in " ".join(told.replace("│", "").split())
