"""Every code that an explanation may have to speak of has a text, in each language; and no language has a text too many."""

import ast
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path
from string import Formatter

import pytest

import sauma.fold
from sauma import admission
from sauma.decision import OUTCOMES
from sauma.fact import CATEGORIES, HANDLING, KINDS, ROLES
from sauma.missing import MISSING
from sauma.places import ALAND
from sauma.predicates import CONDITIONS, condition
from sauma.resources import load_laws, names, read_text
from sauma_services.intake.checks import ADVICE
from sauma_services.lawbook import audience
from sauma_services.lawbook import words as words_module
from sauma_services.lawbook.reach import OF_PURPOSE
from sauma_services.lawbook.words import LANGUAGES, Words, words

Texts = Mapping[str, object]

RULES = [rule for law in load_laws().sets for rule in law.rules]

NEVER_A_REASON = frozenset({"void", "own"})
"""Reasons that the law does not know: of what was corrected, and of a register's own records."""


def _refusals() -> set[str]:
    """Every code that the fold or the admission may refuse with, read from their source: what is returned as text, or refused."""
    folder = Path(sauma.fold.__file__).parent
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in folder.glob("*.py")]
    trees.append(ast.parse(Path(admission.__file__).read_text(encoding="utf-8")))
    return {code for tree in trees for code in _codes(tree)} | {ALAND, "unknown-endpoint"}


def _codes(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "Refusal":
            yield from _texts_in(*node.args)
        if isinstance(node, ast.FunctionDef) and isinstance(node.returns, ast.Name) and node.returns.id == "str":
            for inner in ast.walk(node):
                if isinstance(inner, ast.Return) and inner.value is not None:
                    yield from _texts_in(inner.value)


def _texts_in(*nodes: ast.expr) -> Iterator[str]:
    """The texts that an expression may come to: not those that it only compares with, or looks for."""
    for node in nodes:
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value:
            yield node.value
        elif isinstance(node, ast.IfExp):
            yield from _texts_in(node.body, node.orelse)
        elif isinstance(node, ast.BoolOp):
            yield from _texts_in(*node.values)


def _needed() -> dict[str, set[str]]:
    return {
        "role": set(ROLES) | {role for missing in MISSING.values() for role in missing.who},
        "category": {str(category) for category in CATEGORIES},
        "kind": set(KINDS),
        "handling": set(HANDLING),
        "purpose": {rule.purpose for rule in RULES if rule.purpose} | {"own-register"},
        "outcome": set(OUTCOMES),
        "record": {"accepted", "refused", "parked", "repeat", "early"},
        "ending": {rule.when_it_ends for rule in RULES} | {"error"},
        "condition": set(CONDITIONS),
        "missing": set(MISSING),
        "reason": {"no-rule", "client-died", "addressed-to-another", "annulled", "nothing-to-accompany"} | NEVER_A_REASON,
        "withhold": {rule.id for rule in RULES if rule.effect == "withhold"},
        "own_hands": set(audience.OWN_HANDS.values()) | {"class"},
        "refusal": _refusals(),
        "advice": set(ADVICE),
    }  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_code_has_a_text(language: str) -> None:
    texts = words(language).texts

    lacking = {section: sorted(codes - texts[section].keys()) for section, codes in _needed().items()}

    assert {section: codes for section, codes in lacking.items() if codes} == {}


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_text_is_of_a_code_that_there_is_not(language: str) -> None:
    texts = words(language).texts

    idle = {section: sorted(texts[section].keys() - codes) for section, codes in _needed().items()}

    assert {section: codes for section, codes in idle.items() if codes} == {}


def test_a_code_without_a_text_would_show() -> None:
    assert {"not-a-party", "client-not-opened", "stale-base", "salt-length", "same-seq-other-bytes"} <= _refusals()
    bare = Words("xx", {section: {} for section in _needed()})

    assert not bare.knows("refusal", "not-a-party")


def test_the_languages_have_the_same_texts() -> None:
    shapes = {language: dict(_flat(words(language).texts)) for language in LANGUAGES}

    assert all(shape.keys() == shapes["en"].keys() for shape in shapes.values())
    for key, text in shapes["en"].items():
        assert all(_fields(shape[key]) == _fields(text) for shape in shapes.values()), key
        assert all(shape[key].strip() for shape in shapes.values()), key


def test_no_text_is_left_untranslated() -> None:
    english, same = dict(_flat(words("en").texts)), []
    alike = {"social situation"}  # the same words in Swedish
    for language in ("fi", "sv"):
        same += [
            key
            for key, text in _flat(words(language).texts)
            if text == english[key] and " " in text and text not in alike
        ]

    assert same == []


def _flat(texts: Texts, above: str = "") -> Iterator[tuple[str, str]]:
    for key, value in texts.items():
        if isinstance(value, Mapping):
            yield from _flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", str(value)


def _fields(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


def test_the_files_say_their_language() -> None:
    folder = Path(words_module.__file__).parent / "words"

    said = {path.stem: tomllib.loads(path.read_text(encoding="utf-8"))["language"] for path in folder.glob("*.toml")}

    assert said == {"fi": "suomi", "sv": "svenska", "en": "English"}


def test_conditions_that_ask_about_the_purpose_are_known_as_such() -> None:
    def differs_by_purpose(name: str) -> bool:
        first, second = (condition(name, purpose=purpose, speakers=frozenset()) for purpose in ("a", "b"))
        return first.says is not second.says and name != "other-agency"

    assert {name for name in CONDITIONS if differs_by_purpose(name)} == OF_PURPOSE


def test_every_rule_of_the_country_can_be_read() -> None:
    assert names("law", "fi")
    assert all(read_text("law", "fi", name) for name in names("law", "fi") if name.endswith(".toml"))
