"""What each scenario makes of the rules: which of them decide, which are asked and refuse, what is asked at all."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cache

from sauma.client import Client
from sauma.ids import EndpointId
from sauma.law import Law, Rule
from sauma.reconcile import recipients
from sauma.resources import load_laws
from sauma.step import Step
from sauma.view import disclosers_of
from sauma_services.cli.law_test import scenario_files
from sauma_services.scenarios import Written, read_scenarios, run_on
from sauma_services.scenarios.registers import places
from sauma_services.scenarios.statements import Statement

LAWS = load_laws()
ACCOMPANYING = ("identity", "non-disclosure")

RuleOf = tuple[str, str]
"""The date of a rule set, and a rule of it."""


@dataclass(frozen=True, slots=True)
class Key:
    """What a rule looks at before any of its conditions is asked."""

    law: str
    category: int
    kind: str
    handling: str
    from_roles: frozenset[str]
    to_role: str

    def is_of(self, rule: Rule) -> bool:
        """Whether the rule speaks of such a fact between such roles."""
        if rule.effect == "accompany":
            return self.kind in rule.kinds
        return (
            self.category in rule.categories
            and self.handling in rule.handling
            and (not rule.kinds or self.kind in rule.kinds)
            and self.to_role in rule.to_roles
            and not rule.from_roles.isdisjoint(self.from_roles)
        )


@dataclass
class Record:
    """What one scenario on one of its dates makes of the rules."""

    written: Written
    date: int
    decided: set[RuleOf] = field(default_factory=set)
    """A release cites it, or a refusal by a rule that forbids."""
    refused: set[RuleOf] = field(default_factory=set)
    """It was asked, and did not hold, and nothing else released."""
    keys: set[Key] = field(default_factory=set)
    """Everything that may have been asked."""

    def watch(self, _before: Client, _said: Statement, taken: Step) -> None:
        """Take down what one step made of the rules."""
        law = LAWS.at(taken.decision.effective_at)
        client, decision = taken.client, taken.decision
        asked = recipients(client, client, tuple(client.facts), places())
        for state in client.facts.values():
            speakers = frozenset(d.role for d in disclosers_of(client, state.fact, places()))
            self.keys |= {
                Key(law.in_force_from, state.fact.category, state.fact.kind, state.fact.handling, speakers, to.role)
                for to in asked
            }
        for ruling in decision.rulings:
            if ruling.basis >= 0:
                rule = decision.bases[ruling.basis].rule
                self.decided.add((law.in_force_from, rule))
                if ruling.kind in law.accompanying:
                    self.decided.add((law.in_force_from, law.accompanying[ruling.kind].id))
            elif ruling.outcome in ("withheld", "undecided"):
                self._stays(law, client, ruling.fact, ruling.recipient, ruling.reason)
        if decision.outcome == "refused":
            self._is_not_heard(law, decision.source)

    def _stays(self, law: Law, client: Client, fact_id: str, recipient: str, reason: str) -> None:
        if reason in law.by_id:
            self.decided.add((law.in_force_from, reason))
            return
        fact, to = client.facts[fact_id].fact, places().endpoint(EndpointId(recipient))  # type: ignore[index] # a fact's id
        if to is None:
            return
        speakers = frozenset(d.role for d in disclosers_of(client, fact, places()))
        key = Key(law.in_force_from, fact.category, fact.kind, fact.handling, speakers, to.role)
        self.refused |= {(law.in_force_from, rule.id) for rule in law.rules if key.is_of(rule)}
        for state in client.facts.values():
            # Whoever gets nothing else gets neither the identity nor the order for non-disclosure.
            kind = state.fact.kind
            if kind in law.accompanying and recipient not in state.given:
                self.refused.add((law.in_force_from, law.accompanying[kind].id))

    def _is_not_heard(self, law: Law, source: str) -> None:
        """Who may not speak at all discloses nothing: what a rule without any ground says of it holds."""
        endpoint = places().endpoint(EndpointId(source))
        if endpoint is not None:
            self.refused |= {
                (law.in_force_from, rule.id)
                for rule in law.rules
                if rule.effect == "no-ground" and endpoint.role in rule.from_roles
            }


@cache
def scenarios() -> tuple[Written, ...]:
    """The scenarios that lie beside the rules."""
    return read_scenarios(scenario_files(None), purposes={rule.purpose for law in LAWS.sets for rule in law.rules})


@cache
def records() -> tuple[Record, ...]:
    """What every scenario on every one of its dates makes of the rules in force."""
    found = []
    for written in scenarios():
        for date in range(len(written.scenario.date)):
            record = Record(written, date)
            assert run_on(written, LAWS, date, record.watch) == []
            found.append(record)
    return tuple(found)


def never_decides(of: Iterable[Record]) -> set[RuleOf]:
    """The rules that decide nothing in any of these: no release cites them, no refusal is theirs."""
    deciding = {(law.in_force_from, rule.id) for law in LAWS.sets for rule in law.rules if rule.effect != "no-ground"}
    return deciding - {rule for record in of for rule in record.decided}


def never_refuses(of: Iterable[Record]) -> set[RuleOf]:
    """The rules that are never asked in vain. A rule that forbids whatever it speaks of has nothing that could fail."""
    failing = {
        (law.in_force_from, rule.id)
        for law in LAWS.sets
        for rule in law.rules
        if rule.effect != "withhold" or rule.when
    }
    return failing - {rule for record in of for rule in record.refused}
