"""Says of a log in which a year stands what the change of law did: by which set each record was judged, what changed hands.

It reads decisions' law and time and what was delivered, and holds them against the calendar; it knows no rule.
"""

from collections import Counter, defaultdict
from dataclasses import dataclass, field

from bench.load import E, K
from bench.year import CHANGE_DAY, Pair, midnight
from sauma.codec import Codec
from sauma.decision import Decision
from sauma.delivery import Delivery
from sauma_services.runtime.ports import Reader
from sauma_services.runtime.topics import DECISIONS, deliveries

_DECISION, _DELIVERY = Codec(Decision), Codec(Delivery)


@dataclass
class Account:
    """What was found."""

    by_law: Counter[str] = field(default_factory=Counter)
    """Records by the date of the rule set that judged them."""
    wrong: int = 0
    """Records judged by another set than the one in force at their effective time."""
    refused: int = 0
    before: dict[Pair, list[str]] = field(default_factory=lambda: defaultdict(list))
    that_day: dict[Pair, list[str]] = field(default_factory=lambda: defaultdict(list))
    """What happened to each need at Kela and at employment, before the change and on its day: put, rebased <rule>, stop."""

    @property
    def taken(self) -> set[Pair]:
        """What was taken back that day and not given again."""
        return {pair for pair, told in self.that_day.items() if told == ["stop"]}

    @property
    def given(self) -> set[Pair]:
        """What was given that day and had not been held before."""
        return {pair for pair, told in self.that_day.items() if told == ["put"] and pair not in self.before}


def account(reader: Reader) -> Account:
    """Of the whole log."""
    found = Account()
    change, evening = midnight(CHANGE_DAY), midnight(CHANGE_DAY + 1)
    for record in reader.scan(DECISIONS.name, 0):
        decision = _DECISION.decode_trusted(record.value)
        found.by_law[decision.law.partition("+")[0]] += 1
        is_right = decision.law.startswith("2026-05-01+" if decision.effective_at >= change else "2025-01-01+")
        found.wrong += not is_right
        found.refused += decision.outcome != "accepted"
    for recipient in (E, K):
        for record in reader.scan(deliveries(recipient), 0):
            delivery = _DELIVERY.decode_trusted(record.value)
            when = delivery.effective_at
            into = found.before if when < change else found.that_day if when < evening else None
            if into is not None:
                _note(into, delivery)
    return found


def _note(into: dict[Pair, list[str]], delivery: Delivery) -> None:
    told = [(item.fact, "put") for item in delivery.puts]
    told += [(moved.fact, f"rebased {moved.basis.rule}") for moved in delivery.rebased]
    told += [(back.fact, back.ask) for back in delivery.retracted]
    for fact, what in told:
        if fact[20:].startswith("n"):  # the needs that are marked for other acts' tasks
            into[delivery.subject, fact, delivery.recipient].append(what)
