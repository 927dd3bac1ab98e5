"""`sauma law table`: every rule is in it with its paragraph and its conditions in words, and the page in docs/ is today's."""

from dataclasses import replace
from html import unescape
from html.parser import HTMLParser
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sauma.fact import CATEGORIES
from sauma.law import Law, Rule
from sauma.resources import load_laws
from sauma_services.cli.commands import app
from sauma_services.lawbook.reach import can_hold_between
from sauma_services.lawbook.rule_words import ROLE_ORDER
from sauma_services.lawbook.table import page, render
from sauma_services.lawbook.words import LANGUAGES, words

NEW = load_laws().sets[-1]
DOCUMENT = Path(__file__).parents[2] / "docs" / "law-table.md"


class _Page(HTMLParser):
    """Reads a page strictly: what is opened is closed, and in order."""

    EMPTY = frozenset({"meta", "br"})

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.text: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in self.EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)

    def all(self, tag: str) -> list[dict[str, str | None]]:
        """The attributes of every such tag."""
        return [attributes for name, attributes in self.tags if name == tag]


def _read(text: str) -> _Page:
    read = _Page(text)
    assert read.open == []
    return read


def test_the_page_in_docs_is_current() -> None:
    said = "write it anew: sauma law table > docs/law-table.md"

    assert DOCUMENT.read_text(encoding="utf-8") == render(NEW, words("en"), "markdown"), said


def test_every_rule_of_release_is_in_a_cell_of_every_recipient_it_can_hold_for() -> None:
    table = page(NEW, words("en"))
    shown = {
        (recipient.anchor.removeprefix("to-"), category, ground.rule)
        for recipient in table.recipients
        for row in recipient.disclosers
        for category, cell in zip(CATEGORIES, row.cells, strict=True)
        for ground in cell
    }

    assert shown == {
        (to_role, category, rule.id)
        for rule in NEW.rules
        if rule.effect == "release"
        for to_role in ROLE_ORDER
        if any(can_hold_between(rule, from_role, to_role) for from_role in ROLE_ORDER)
        for category in rule.categories
    }
    assert {rule for *_, rule in shown} == {rule.id for rule in NEW.rules if rule.effect == "release"}


def test_the_overview_names_each_paragraph_and_whose_will_it_needs() -> None:
    table = page(NEW, words("en"))
    cells = {row.anchor: row.cells for row in table.overview}

    kela, provider = cells["to-kela"], cells["to-provider"]

    assert [(ground.paragraph, ground.remarks) for ground in kela[3 - 1]] == [
        ("TYM 381/2023 15 §", ()),
        ("YTL 48/2026 45 §", ()),
    ]
    assert ("JTPL 380/2023 116.4 §", ("by consent",)) in [(g.paragraph, g.remarks) for g in provider[5 - 1]]
    assert provider[4 - 1] == ()


def test_no_paragraph_of_the_joint_model_is_shown_between_the_two_care_registers() -> None:
    table = page(NEW, words("en"))
    health = next(recipient for recipient in table.recipients if recipient.anchor == "to-health-care")

    of_care = next(row for row in health.disclosers if "social care" in row.name)

    assert not [g for cell in of_care.cells for g in cell if g.rule.startswith("tym-15")]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("law", load_laws().sets, ids=lambda law: law.in_force_from)
def test_the_page_is_sound_html_of_its_own_alone(language: str, law: Law) -> None:
    read = _read(render(law, words(language), "html"))

    assert read.all("html") == [{"lang": language}]
    assert all(attributes.get("scope") in ("row", "col") for attributes in read.all("th"))
    assert read.all("script") == read.all("link") == read.all("img") == []
    ids = [attributes["id"] for _, attributes in read.tags if "id" in attributes]
    assert len(ids) == len(set(ids))
    assert {str(attributes["href"]).removeprefix("#") for attributes in read.all("a")} <= set(ids)
    assert "style-src 'unsafe-inline'" in str(read.all("meta"))
    tables, captions = read.all("table"), read.all("caption")
    assert len(tables) == len(captions) > len(law.rules)


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_conditions_and_the_note_of_a_rule_are_read_in_full(language: str) -> None:
    said = words(language)
    rule = NEW.by_id["jtpl-115-sensitive"]
    text = "".join(_read(render(NEW, said, "html")).text)

    assert all(said.condition(name, rule.purpose) in text for name in rule.when)
    assert rule.note in text
    assert said.label("rule_inference") in text
    assert said.condition("necessary-for-purpose", "employment-service") in text


@pytest.mark.parametrize("output", ["markdown", "html"])
def test_every_note_that_says_inference_is_marked(output: str) -> None:
    text = unescape(render(NEW, words("en"), output))
    inferred = [rule for rule in NEW.rules if "inference:" in rule.note.lower()]

    assert len(inferred) > 20
    assert text.count(words("en").label("rule_inference")) == len(inferred)


def _hostile() -> Law:
    """A rule whose texts would break a page that took them for markup."""
    rule: Rule = replace(
        NEW.by_id["tym-15-base"], note='</td><script>alert("1")</script> | a\nb', discloser="a | [b](c) `d`"
    )
    return Law(NEW.id, NEW.in_force_from, NEW.starts_at, (rule,))


def test_the_texts_of_a_rule_are_texts_and_never_markup() -> None:
    read = _read(render(_hostile(), words("en"), "html"))
    lines = render(_hostile(), words("en"), "markdown").splitlines()

    assert read.all("script") == []
    assert '</td><script>alert("1")</script>' in "".join(read.text)
    (note,) = (line for line in lines if line.startswith("| Note"))
    assert note == '| Note | \\</td\\>\\<script\\>alert("1")\\</script\\> \\| a b |'
    assert any("a \\| \\[b\\](c) \\`d\\`" in line for line in lines)


def test_the_command_shows_the_rules_of_a_day_in_a_language() -> None:
    ran = CliRunner().invoke(app, ["law", "table", "--law", "2025-06-01", "--language", "fi", "--format", "html"])
    unknown = CliRunner().invoke(app, ["law", "table", "--language", "de"])

    assert ran.exit_code == 0
    assert "TTL 1290/2002 13:1 §" in ran.stdout
    assert "YTL 48/2026 45 §" not in ran.stdout
    assert '<html lang="fi">' in ran.stdout
    assert unknown.exit_code == 2
