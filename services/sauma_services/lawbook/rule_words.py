"""Tells one rule in words: whom it is about, what it asks, on which paragraphs; what it decides is the core's to say."""

from collections.abc import Iterable
from dataclasses import dataclass

from sauma.fact import ROLES, THE_THREE
from sauma.law import Rule
from sauma_services.lawbook.words import Words

ROLE_ORDER = (
    "social-care",
    "health-care",
    "employment",
    "kela",
    "keha",
    "provider",
    "employer",
    "cooperation-group",
    "pension-insurer",
    "occupational-health",
    "youth-guidance",
    "ngo",
)
"""As people look for them: the three agencies, the joint data set, service providers, then all others."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing said about a rule."""

    label: str
    value: str


@dataclass(frozen=True, slots=True)
class RuleText:
    """One rule as a lawyer reads it."""

    id: str
    lines: tuple[Line, ...]
    conditions: tuple[str, ...]
    note: str
    is_inference: bool


def rule_text(rule: Rule, words: Words) -> RuleText:
    """Everything a rule says."""
    pairs = [
        ("discloser_ground", rule.discloser),
        ("recipient_ground", rule.recipient),
        ("discloser", roles(rule.from_roles, words)),
        ("recipient", roles(rule.to_roles, words)),
        ("category", words.categories(rule.categories)),
        ("only_kinds", named("kind", rule.kinds, words)),
        ("handling", handling(rule, words)),
        *([("purpose", words.purpose(rule.purpose))] if rule.purpose else []),
        *_release_only(rule, words),
        ("first_day", str(rule.since or "")),
        ("last_day", str(rule.until or "")),
        ("place", rule.place),
    ]
    lines = tuple(Line(words.label(label), value) for label, value in pairs if value)
    return RuleText(rule.id, lines, conditions(rule, words), rule.note, is_inference(rule))


def _release_only(rule: Rule, words: Words) -> list[tuple[str, str]]:
    if rule.effect != "release":
        return []
    return [
        ("rests_on", rests_on(rule, words)),
        ("asks_when_it_ends", ending(rule, words)),
        ("order", str(rule.order)),
    ]


def ending(rule: Rule, words: Words) -> str:
    """What losing the right asks."""
    return words.label("once") if rule.once else words("ending", rule.when_it_ends)


def rests_on(rule: Rule, words: Words) -> str:
    """Statute, or which will."""
    return words.label(f"rests_on_{rule.will_kind or 'statute'}")


def conditions(rule: Rule, words: Words) -> tuple[str, ...]:
    """What has to hold, in the rule's own order."""
    return tuple(words.condition(name, rule.purpose) for name in rule.when)


def roles(names: Iterable[str], words: Words) -> str:
    """Roles in words, in one order, a whole group by its name."""
    given = frozenset(names)
    if given == ROLES:
        return words.label("anyone")
    if given >= THE_THREE:
        rest = [words("role", role) for role in ROLE_ORDER if role in given - THE_THREE]
        return ", ".join([words.label("from_all_three"), *rest])
    return ", ".join(words("role", role) for role in ROLE_ORDER if role in given)


def named(section: str, codes: Iterable[str], words: Words) -> str:
    """Codes of one section in words, sorted."""
    return ", ".join(sorted(words(section, code) for code in codes))


def handling(rule: Rule, words: Words) -> str:
    """The classes a rule speaks of; nothing where they are all, or the ordinary one alone."""
    if rule.effect == "accompany" or rule.handling == {"ordinary"}:
        return ""
    return named("handling", rule.handling, words)


def is_inference(rule: Rule) -> bool:
    """Whether the rule's note says that no act states it in so many words."""
    return "inference:" in rule.note.lower()
