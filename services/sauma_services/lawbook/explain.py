"""Puts into words what an audience sees of a ruling; it knows nothing of the ruling but what the audience may see."""

from collections.abc import Iterable

from sauma.missing import MISSING
from sauma_services.lawbook.audience import Ground, Seen
from sauma_services.lawbook.case import Checked, RuleChecked, reason_section
from sauma_services.lawbook.words import Words


def explain(seen: Seen, words: Words) -> str:
    """The explanation, as lines of text."""
    return "\n".join(_lines(seen, words))


def _lines(seen: Seen, words: Words) -> Iterable[str]:
    if seen.kind:
        yield f"{words.label('discloser')}: {_role(seen.discloser, words)}"
        yield f"{words.label('recipient')}: {_role(seen.recipient, words)}"
        category = f"{words.label('category')} {seen.category}: {words('category', seen.category)}"
        yield f"{words.label('kind')}: {words('kind', seen.kind)} ({category})"
        yield f"{words.label('outcome')}: {words('outcome', seen.outcome)}"
    if seen.ground is not None:
        yield from _ground(seen.ground, words)
    if seen.reason:
        yield f"{words.label('because')}: {reason(seen.reason, seen.forbidden_by, words)}"
        yield from _supply(seen.reason, words)
    if seen.ask:
        yield f"{words.label('asks_when_it_ends')}: {words('ending', seen.ask)}"
    if seen.told:
        yield words("told", seen.told)
    if seen.no_rule:
        yield words("reason", "no-rule")
    if seen.own_hands:
        yield f"{words.label('what_you_can_do')}:"
        yield from (f"  - {_hand(code, purpose, words)}" for code, purpose in seen.own_hands)
    if seen.rules:
        yield f"{words.label('rules_considered')}:"
        for rule in seen.rules:
            yield from _rule(rule, words, with_id=seen.traces is not None)
    yield from _traces(seen, words)


def _role(role: str, words: Words) -> str:
    return words("role", role) if words.knows("role", role) else role


def _ground(ground: Ground, words: Words) -> Iterable[str]:
    yield f"{words.label('discloser_ground')}: {ground.discloser}"
    yield f"{words.label('recipient_ground')}: {ground.recipient}"
    yield f"{words.label('purpose')}: {words.purpose(ground.purpose)}"
    if ground.rests_on:
        yield f"{words.label('rests_on')}: {words.label(f'rests_on_{ground.rests_on}')}"
    if ground.when_it_ends:
        text = words.label("once") if ground.when_it_ends == "once" else words("ending", ground.when_it_ends)
        yield f"{words.label('asks_when_it_ends')}: {text}"


def reason(code: str, forbidden_by: str, words: Words) -> str:
    """Why data stay, in words."""
    if words.knows("withhold", code):
        return f"{words('withhold', code)}, {forbidden_by}" if forbidden_by else words("withhold", code)
    section = reason_section(code)
    if section == "condition":
        return words.condition(code, "", holds=False)
    if section == "missing":
        return f"{words.label('missing')}: {words.part('missing', code, 'what')}"
    if words.knows("reason", code):
        return words("reason", code)
    return f"{words.label('forbidden_by')} {forbidden_by or code}"


def _supply(code: str, words: Words) -> Iterable[str]:
    """Who can supply what is missing, and how."""
    missing = MISSING.get(code)
    if missing is not None:
        yield f"{words.label('supplied_by')}: {', '.join(_role(role, words) for role in missing.who)}"
        yield f"{words.label('supplied_how')}: {words.part('missing', code, 'by')}"


def _hand(code: str, purpose: str, words: Words) -> str:
    return words("own_hands", code).format(purpose=words.purpose(purpose))


def _rule(checked: RuleChecked, words: Words, *, with_id: bool) -> Iterable[str]:
    rule = checked.rule
    says = words.label("forbids_short") if rule.effect == "withhold" else words.label("releases_short")
    name = f" ({rule.id}, {rule.place})" if with_id else ""
    yield f"  {rule.discloser or rule.id}, {says}{name}"
    for heading, wanted in (("conditions_met", True), ("conditions_not_met", False), ("conditions_unknown", None)):
        found = [one for one in checked.conditions if one.holds is wanted]
        if found:
            yield f"    {words.label(heading)}:"
            yield from (f"      - {_condition(one, words)}" for one in found)


def _condition(one: Checked, words: Words) -> str:
    text = words.condition(one.name, one.purpose, holds=one.holds is not False)
    return f"{text} ({words.part('missing', one.missing, 'what')})" if one.missing else text


def _traces(seen: Seen, words: Words) -> Iterable[str]:
    traces = seen.traces
    if traces is None:
        return
    pairs = (
        (words.label("discloser"), traces.discloser),
        (words.label("recipient"), traces.recipient),
        ("id", f"{traces.fact} v{traces.version}" if traces.fact else ""),
        (words.label("rule"), traces.rule),
        (words.label("place"), traces.place),
        (words.label("reason"), traces.reason),
    )
    yield f"[{'; '.join(f'{label}: {value}' for label, value in pairs if value)}]"
