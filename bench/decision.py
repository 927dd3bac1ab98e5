"""Measures one decision of the law, beside a dictionary look-up, and with ten times as many rules.

`python -m bench.decision` prints microseconds a decision, the best of several rounds, and the ratios. The questions are those
of the law's own tests: for every rule one that it releases and those that it refuses. They are prepared; deciding is timed.
"""

import json
import time
from collections.abc import Callable
from dataclasses import replace

from sauma.law import Law, Rule, decide
from sauma.question import Question
from sauma.resources import load_laws
from support.rule_cases import CASES

ROUNDS = 30
REPEATS = 40


def best(run: Callable[[], object]) -> float:
    """Seconds of the quickest round: whatever else the machine does only ever adds."""
    found = float("inf")
    for _ in range(ROUNDS):
        start = time.perf_counter()
        for _ in range(REPEATS):
            run()
        found = min(found, (time.perf_counter() - start) / REPEATS)
    return found


def questions(law: Law) -> list[Question]:
    """What is asked of each rule that the law has: once so that it holds, and so that each condition fails."""
    found: list[Question] = []
    for rule, (asked, changes) in CASES.items():
        if rule in law.by_id:
            found += [one.question for one in (asked, *(replace(asked, **change) for change in changes.values()))]
    return found


def decided(law: Law, asked: list[Question]) -> None:
    """Decide every question."""
    for q in asked:
        decide(law, q)


def more(law: Law, **changes: Callable[[Rule, int], object]) -> Law:
    """The law with nine further rules for each release rule, changed so."""
    added = [
        replace(
            rule,
            id=f"{rule.id}-{n}",
            order=rule.order + 100 * n,
            **{name: change(rule, n) for name, change in changes.items()},  # type: ignore[arg-type] # fields of Rule
        )
        for n in range(1, 10)
        for rule in law.rules
        if rule.effect == "release"
    ]
    return Law(law.id, law.in_force_from, law.starts_at, (*law.rules, *added))


def main() -> None:
    """Print the figures."""
    law = load_laws().sets[-1]
    asked = questions(law)
    table = {(q.fact.category, q.fact.kind, q.recipient.role): n for n, q in enumerate(asked)}
    keys = [(q.fact.category, q.fact.kind, q.recipient.role) for q in asked]
    one = best(lambda: decided(law, asked)) / len(asked)
    look_up = best(lambda: [table[key] for key in keys]) / len(keys)
    tens = {
        "other_facts": more(
            law, categories=lambda _, __: frozenset({2}), handling=lambda _, __: frozenset({"locality"})
        ),
        "same_facts": more(law, purpose=lambda rule, n: f"{rule.purpose}-{n}"),
        "same_facts_other_conditions": more(
            law,
            purpose=lambda rule, n: f"{rule.purpose}-{n}",
            when=lambda rule, n: (*rule.when[:n], "relationship-over", *rule.when[n:]),
        ),
    }
    print(
        json.dumps(
            {
                "questions": len(asked),
                "rules": len(law.rules),
                "decision_us": round(one * 1e6, 2),
                "dictionary_look_up_us": round(look_up * 1e6, 3),
                "ratio_to_look_up": round(one / look_up, 1),
            }
        )
    )
    for name, bigger in tens.items():
        cost = best(lambda bigger=bigger: decided(bigger, asked)) / len(asked)  # type: ignore[misc] # bound here
        figures = {"ten_times_the_rules": name, "rules": len(bigger.rules), "ratio": round(cost / one, 2)}
        print(json.dumps({**figures, "decision_us": round(cost * 1e6, 2)}))


if __name__ == "__main__":
    main()
