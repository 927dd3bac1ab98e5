"""The table that a lawyer reads: recipients by category, the paragraph in each cell, every rule below it in words."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from sauma.fact import CATEGORIES
from sauma.law import Law, Rule
from sauma_services.lawbook.reach import can_hold_between
from sauma_services.lawbook.rule_words import (
    ROLE_ORDER,
    RuleText,
    handling,
    is_inference,
    named,
    roles,
    rule_text,
)
from sauma_services.lawbook.words import Words

FORMATS = ("markdown", "html")


@dataclass(frozen=True, slots=True)
class Ground:
    """One ground in one cell: the paragraph, where more is said of it, and what narrows it."""

    rule: str
    """The rule that more is said of below; empty where several give it."""
    paragraph: str
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """One role, or several of which the same holds: the grounds category by category."""

    name: str
    anchor: str
    """Where more is said of the role; empty where the row says it all."""
    cells: tuple[tuple[Ground, ...], ...]


@dataclass(frozen=True, slots=True)
class Recipient:
    """One recipient: what releases to it, discloser by discloser."""

    anchor: str
    name: str
    disclosers: tuple[Row, ...]


@dataclass(frozen=True, slots=True)
class Page:
    """The whole table of one rule set, in one language."""

    language: str
    law: str
    in_force_from: str
    categories: Mapping[int, str]
    overview: tuple[Row, ...]
    recipients: tuple[Recipient, ...]
    forbids: tuple[RuleText, ...]
    goes_along: tuple[RuleText, ...]
    releases: tuple[RuleText, ...]
    no_ground: tuple[RuleText, ...]


def page(law: Law, words: Words) -> Page:
    """The table of a rule set."""
    by_effect = {
        effect: tuple(rule_text(rule, words) for rule in _in_order(law) if rule.effect == effect)
        for effect in ("withhold", "accompany", "release", "no-ground")
    }
    return Page(
        language=words.language,
        law=law.id,
        in_force_from=law.in_force_from,
        categories={category: words("category", category) for category in CATEGORIES},
        overview=tuple(_overview(law, role, words) for role in ROLE_ORDER),
        recipients=tuple(_recipient(law, role, words) for role in ROLE_ORDER),
        forbids=by_effect["withhold"],
        goes_along=by_effect["accompany"],
        releases=by_effect["release"],
        no_ground=by_effect["no-ground"],
    )


def _in_order(law: Law) -> list[Rule]:
    return sorted(law.rules, key=lambda rule: (rule.order, rule.id))


def _releasing(law: Law, from_role: str, to_role: str) -> list[Rule]:
    return [rule for rule in _in_order(law) if rule.effect == "release" and can_hold_between(rule, from_role, to_role)]


def _overview(law: Law, role: str, words: Words) -> Row:
    """Whoever discloses: each paragraph once, with the will it needs; the rules are in the recipient's own table."""
    rules = {rule.id: rule for from_role in ROLE_ORDER for rule in _releasing(law, from_role, role)}
    cells: list[tuple[Ground, ...]] = []
    for category in CATEGORIES:
        inside = [rule for rule in sorted(rules.values(), key=lambda r: (r.order, r.id)) if category in rule.categories]
        found = {(rule.discloser, rule.will_kind): Ground("", rule.discloser, _will(rule, words)) for rule in inside}
        cells.append(tuple(found.values()))
    return Row(words("role", role), f"to-{role}", tuple(cells))


def _recipient(law: Law, role: str, words: Words) -> Recipient:
    """One row for all disclosers of which the same holds; none for those that disclose nothing."""
    alike: dict[tuple[str, ...], list[str]] = {}
    for from_role in ROLE_ORDER:
        rules = tuple(rule.id for rule in _releasing(law, from_role, role))
        if rules:
            alike.setdefault(rules, []).append(from_role)
    rows = (
        Row(roles(who, words), "", _cells([law.by_id[name] for name in names], words)) for names, who in alike.items()
    )
    return Recipient(f"to-{role}", words("role", role), tuple(rows))


def _cells(rules: list[Rule], words: Words) -> tuple[tuple[Ground, ...], ...]:
    return tuple(
        tuple(_ground(rule, words) for rule in rules if category in rule.categories) for category in CATEGORIES
    )


def _ground(rule: Rule, words: Words) -> Ground:
    """What a cell says of a rule: its ground, and the kinds, classes and will that narrow it."""
    remarks = []
    if rule.kinds:
        remarks.append(f"{words.label('only_kinds')}: {named('kind', rule.kinds, words)}")
    if classes := handling(rule, words):
        remarks.append(f"{words.label('handling')}: {classes}")
    remarks += _will(rule, words)
    if is_inference(rule):
        remarks.append(words.label("also_inference"))
    return Ground(rule.id, rule.discloser, tuple(remarks))


def _will(rule: Rule, words: Words) -> tuple[str, ...]:
    return (words.label(f"by_{rule.will_kind}"),) if rule.will_kind else ()


def render(law: Law, words: Words, output: str) -> str:
    """The table as one self-contained page, in one of `FORMATS`."""
    suffix = {"markdown": "md", "html": "html"}[output]
    template = _templates().get_template(f"law_table.{suffix}.jinja")
    return template.render(page=page(law, words), w=words)


@cache
def _templates() -> Environment:
    environment = Environment(
        loader=PackageLoader("sauma_services.lawbook"),
        autoescape=select_autoescape(enabled_extensions=("html.jinja",)),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    return environment


def _cell(text: str) -> str:
    """Text for one cell of a Markdown table: nothing in it may end the cell, or be taken for markup."""
    for mark in "\\|*_<>`[]":
        text = text.replace(mark, f"\\{mark}")
    return " ".join(text.split())
