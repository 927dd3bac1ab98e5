"""One ruling on one fact and one recipient, with all that is known of how it came about; whom that may be told is not decided here."""

from dataclasses import dataclass

from sauma.decision import Decision, Ruling
from sauma.delivery import Basis
from sauma.fact import KINDS, Fact
from sauma.law import Law, Rule
from sauma.missing import MISSING
from sauma.places import Places
from sauma.predicates import CONDITIONS


@dataclass(frozen=True, slots=True)
class Checked:
    """One condition of one rule, as it was found."""

    name: str
    purpose: str
    holds: bool | None
    """None: not known."""
    missing: str = ""
    """What is not known, by its code."""


@dataclass(frozen=True, slots=True)
class RuleChecked:
    """One rule that speaks of the question, condition by condition."""

    rule: Rule
    conditions: tuple[Checked, ...]

    @property
    def truth(self) -> bool | None:
        """Whether the rule holds; None where that hangs on something unknown."""
        found = [one.holds for one in self.conditions]
        return False if False in found else None if None in found else True


@dataclass(frozen=True, slots=True)
class Case:
    """One ruling and everything about it."""

    discloser_role: str
    recipient_role: str
    kind: str
    category: int
    outcome: str
    """One of `sauma.decision.OUTCOMES`."""
    reason: str = ""
    """Withheld, retracted: why. Undecided: what is missing."""
    ask: str = ""
    basis: Basis | None = None
    law: Law | None = None
    """The rule set that decided; None where it is not at hand."""
    rules: tuple[RuleChecked, ...] = ()
    """Every rule that speaks of it, where the question is known in full; a stored decision keeps only its outcome."""
    discloser: str = ""
    recipient: str = ""
    fact: str = ""
    version: int = 0

    @property
    def rule(self) -> Rule | None:
        """The rule that the release rests on."""
        return self.law.by_id.get(self.basis.rule) if self.law and self.basis else None

    @property
    def is_released(self) -> bool:
        """Whether the recipient may hold the fact."""
        return self.outcome in ("released", "rebased", "unchanged")


def case_of(ruling: Ruling, decision: Decision, law: Law | None, places: Places) -> Case:
    """A ruling of a stored decision."""
    return Case(
        discloser_role=_role(ruling.discloser, places),
        recipient_role=_role(ruling.recipient, places),
        kind=ruling.kind,
        category=ruling.category,
        outcome=ruling.outcome,
        reason=ruling.reason,
        ask=ruling.ask,
        basis=decision.bases[ruling.basis] if ruling.basis >= 0 else None,
        law=law,
        discloser=ruling.discloser,
        recipient=ruling.recipient,
        fact=ruling.fact,
        version=ruling.version,
    )


def _role(name: str, places: Places) -> str:
    """The role of an endpoint; a name that is a role already, where nobody could say which endpoint fills it."""
    endpoint = places.endpoint(name)  # type: ignore[arg-type] # an endpoint's id or a role
    return endpoint.role if endpoint else name


def reason_section(reason: str) -> str:
    """In which section of the words a reason has its text: a condition, something missing, or another reason."""
    if reason in CONDITIONS:
        return "condition"
    return "missing" if reason in MISSING else "reason"


def speaking(
    law: Law, *, kind: str, category: int, from_role: str, to_role: str, fact: Fact | None = None
) -> list[Rule]:
    """The rules about data of this kind between these roles; of a fact, only those of its class of handling.

    None of what goes wherever anything goes: of that no rule is asked.
    """
    if KINDS[kind].accompanies:
        return []
    return [
        rule
        for rule in sorted(law.rules, key=lambda rule: (rule.effect != "withhold", rule.order, rule.id))
        if rule.effect in ("withhold", "release")
        and category in rule.categories
        and (not rule.kinds or kind in rule.kinds)
        and (fact is None or fact.handling in rule.handling)
        and from_role in rule.from_roles
        and to_role in rule.to_roles
    ]
