"""One rule as data: whom it speaks of, under which conditions, on which grounds; it decides nothing."""

from dataclasses import dataclass, field
from datetime import date

from sauma.delivery import Basis
from sauma.fact import Fact
from sauma.predicates import WILL_KIND, Condition, condition


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule of a rule set. What its names stand for is looked up once, here: a rule is asked thousands of times a second."""

    id: str
    effect: str
    """release, withhold, accompany; or no-ground, which decides nothing: it says why nothing releases here."""
    order: int
    categories: frozenset[int]
    kinds: frozenset[str]
    """Empty: every kind of these categories."""
    handling: frozenset[str]
    from_roles: frozenset[str]
    to_roles: frozenset[str]
    when: tuple[str, ...]
    discloser: str
    recipient: str
    purpose: str
    when_it_ends: str
    """stop or erase."""
    once: bool = False
    """The release is the last one: the recipient is told, and no longer kept up to date."""
    since: date | None = None
    """The day the paragraph came into force, where it is known; None where it is not."""
    until: date | None = None
    """The last day it is in force, where that is known."""
    note: str = ""
    place: str = ""
    """File and line, for errors and explanations."""
    will_kind: str | None = field(init=False)
    """The kind of will that the rule rests on, or None for a rule of statute."""
    basis: Basis = field(init=False)
    """The basis of a release by this rule, without the will that it may rest on."""
    conditions: tuple[Condition, ...] = field(init=False, compare=False, repr=False)
    """What `when` names."""

    def __post_init__(self) -> None:
        found = {
            "will_kind": next((WILL_KIND[name] for name in self.when if name in WILL_KIND), None),
            "basis": Basis(self.id, self.discloser, self.recipient, self.purpose),
            "conditions": tuple(condition(name, purpose=self.purpose, speakers=self.from_roles) for name in self.when),
        }
        for name, value in found.items():
            object.__setattr__(self, name, value)

    def speaks_of(self, fact: Fact) -> bool:
        """Whether the rule is about such facts at all."""
        return (
            fact.category in self.categories
            and fact.handling in self.handling
            and (not self.kinds or fact.kind in self.kinds)
        )
