"""Asks the law one question that a person has put, and shows condition by condition how it came to its answer.

The answer is the core's; the conditions are evaluated beside it only to be shown.
"""

from sauma.client import WillState
from sauma.delivery import Basis
from sauma.law import Law, Released, Rule, Undecided, Withheld
from sauma.question import Question, Unknown
from sauma.rulefile import Laws
from sauma.view import accompanied, judge
from sauma_services.lawbook.case import Case, Checked, RuleChecked, speaking
from sauma_services.lawbook.question import AskedQuestion, client_of, endpoint_of, moment_of, state_of
from sauma_services.lawbook.reach import OF_PURPOSE


def ask(laws: Laws, asked: AskedQuestion) -> Case:
    """The ruling on the question under the rule set of its day, with every rule that speaks of it."""
    now = moment_of(asked.date)
    law, client, state = laws.at(now), client_of(asked), state_of(asked)
    discloser, recipient = endpoint_of(asked.from_), endpoint_of(asked.to)
    if state.fact.accompanies:
        ruling = accompanied(law, client, state.fact, recipient, ())
    else:
        ruling = judge(law, client, state, recipient, (discloser,), now)
    question = Question(client, state.fact, (discloser,), recipient, state.given.get(recipient.id), now)
    outcome, reason, basis = _told(law, ruling)
    rules = speaking(
        law,
        kind=asked.kind,
        category=asked.category,
        from_role=discloser.role,
        to_role=recipient.role,
        fact=state.fact,
    )
    return Case(
        discloser_role=discloser.role,
        recipient_role=recipient.role,
        kind=asked.kind,
        category=asked.category,
        outcome=outcome,
        reason=reason,
        basis=basis,
        law=law,
        rules=tuple(checked(rule, question) for rule in rules),
        discloser=discloser.id,
        recipient=recipient.id,
    )


def _told(law: Law, ruling: Released | Withheld | Undecided) -> tuple[str, str, Basis | None]:
    match ruling:
        case Released(rule, will):
            found = law.by_id.get(rule)
            own = Basis(rule, "TYM 381/2023 14.1 §", "TYM 381/2023 14.1 §", "own-register")
            rests = found.basis if found else own
            return "released", "", Basis(rests.rule, rests.discloser, rests.recipient, rests.purpose, will)
        case Withheld(reason):
            return "withheld", reason, None
        case Undecided(missing):
            return "undecided", missing, None


def checked(rule: Rule, question: Question) -> RuleChecked:
    """One rule, condition by condition; of several wills that it could rest on, by the one that gets furthest."""
    wills = [will for will in question.client.head.wills if will.will.kind == rule.will_kind]
    return max((_conditions(rule, question, will) for will in (*wills, None)), key=_how_far)


def _how_far(rule: RuleChecked) -> tuple[bool, bool, int]:
    truth = rule.truth
    return truth is True, truth is None, sum(one.holds is True for one in rule.conditions)


def _conditions(rule: Rule, question: Question, will: WillState | None) -> RuleChecked:
    found = []
    for condition in rule.conditions:
        answer = condition.asks(question, will)
        purpose = rule.purpose if condition.name in OF_PURPOSE else ""
        if isinstance(answer, Unknown):
            found.append(Checked(condition.name, purpose, None, answer.missing))
        else:
            found.append(Checked(condition.name, purpose, condition.says(answer)))
    return RuleChecked(rule, tuple(found))
