"""Tells a difference between rule sets to programs: the same as the words say, in codes."""

from collections import Counter
from dataclasses import asdict
from typing import Any

from sauma_services.lawbook.diff import Change, Difference
from sauma_services.lawbook.periods import Period


def period(found: Period) -> dict[str, Any]:
    """One stretch of time in which two histories differ."""
    return {"since": found.since, "until": found.until or None, **difference(found.difference)}


def difference(found: Difference) -> dict[str, Any]:
    """Everything that differs between two rule sets."""
    return {
        "before": found.before.id,
        "after": found.after.id,
        "questions": found.questions,
        "changes": [_change(change) for change in found.changes],
        "rules": [
            {"rule": one.rule, "what": one.what, "fields": {name: list(pair) for name, pair in one.fields.items()}}
            for one in found.rules
        ],
    }


def _change(change: Change) -> dict[str, Any]:
    counted = Counter((place.from_roles, place.to_role) for place in change.places)
    return {
        "before": asdict(change.before),
        "after": asdict(change.after),
        "rule_before": change.rule_before or None,
        "rule_after": change.rule_after or None,
        "questions": change.questions,
        "where": [
            {"condition": atom.name, "purpose": atom.purpose or None, "holds": value}
            for atom, value in sorted(change.always.items())
            if atom.will < 0
        ],
        "asked_earlier": sorted(change.goes_before),
        "between": [
            {"from": list(from_roles), "to": to_role or None, "kinds_of_data": n}
            for (from_roles, to_role), n in sorted(counted.items())
        ],
        "data": [
            {"category": category, "kind": kind, "handling": handling}
            for category, kind, handling in sorted({(p.category, p.kind, p.handling) for p in change.places})
        ],
    }
