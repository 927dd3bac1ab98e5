"""Says which rules can hold between two roles at all: what the roles alone settle, nothing about any client."""

from sauma.endpoints import agency_of
from sauma.law import Rule

OF_PURPOSE = frozenset({"necessary-for-purpose"})
"""The conditions that ask about the purpose of the rule they stand in: of another rule they are another question."""


def settled_by_roles(condition: str, from_roles: frozenset[str], to_role: str) -> bool | None:
    """The answer to a condition where the roles alone give it; None where it hangs on more."""
    if condition == "other-agency":
        return any(agency_of(role) != agency_of(to_role) for role in from_roles)
    return None


def can_hold_between(rule: Rule, from_role: str, to_role: str) -> bool:
    """Whether the rule names both roles and asks nothing that the two of them rule out."""
    if from_role not in rule.from_roles or to_role not in rule.to_roles:
        return False
    return all(settled_by_roles(name, frozenset({from_role}), to_role) is not False for name in rule.when)
