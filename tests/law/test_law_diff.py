"""`sauma law diff`: every question whose answer changes is found, none is sampled, and a rule set against itself gives nothing."""

import datetime
import itertools
import json
import random
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sauma.fact import Moment
from sauma.law import Law, Released, Rule, Undecided, decide
from sauma.predicates import CONDITIONS, WILL_KIND, condition
from sauma.question import Question, Unknown
from sauma.resources import load_laws, read_text
from sauma.rulefile import Laws, read_law
from sauma_services.cli.commands import app
from sauma_services.lawbook.answers import NOTHING, Answer, Entries, Place, entries, regions
from sauma_services.lawbook.diff import Change, difference
from sauma_services.lawbook.diff_words import lines
from sauma_services.lawbook.periods import periods
from sauma_services.lawbook.reach import OF_PURPOSE
from sauma_services.lawbook.situations import Atom, is_possible, nogoods
from sauma_services.lawbook.words import LANGUAGES, words
from support.questions import Asked, endpoint_of
from support.random_questions import question_at_random

ALL = load_laws()
OLD, NEW = LAWS = ALL.sets


def _with(law: Law, *rules: Rule, without: str = "") -> Law:
    """The rule set with these rules in place of those of the same id, and without one."""
    by_id = {**law.by_id, **{rule.id: rule for rule in rules}}
    kept = tuple(rule for name, rule in by_id.items() if name != without)
    return Law(law.id, law.in_force_from, law.starts_at, kept)


# What the comparison takes for the law is the law


def _question(asked: Asked) -> Question:
    discloser, recipient = endpoint_of(asked.owner), endpoint_of(asked.to)
    return Question(asked.client, asked.fact, (discloser,), recipient, None, Moment(asked.now))


def _truth(question: Question, atom: Atom, rule_wills: tuple[int, ...] = ()) -> bool | None:
    """The real answer to a condition; None where it is unknown."""
    asked = condition(atom.name, purpose=atom.purpose, speakers=frozenset({question.disclosers[0].role}))
    will = question.client.head.wills[rule_wills[0]] if rule_wills else None
    answer = asked.asks(question, will)
    return None if isinstance(answer, Unknown) else asked.says(answer)


def _answer(rules: Entries, question: Question, law: Law, *, unknown: bool) -> Answer:
    """The first rule of the list that holds on the real conditions, each unknown one taken as said."""
    for entry in rules:
        kind = law.by_id[entry.rule].will_kind
        numbers = [(n,) for n, will in enumerate(question.client.head.wills) if will.will.kind == kind] if kind else []
        for wills in (*numbers, ()):
            found = [_truth(question, atom, wills if atom.will >= 0 else ()) for atom in entry.asks]
            if all(unknown if one is None else one for one in found):
                return entry.answer
    return NOTHING


def test_the_lists_that_are_compared_answer_real_questions_as_the_engine_does() -> None:
    r, seen = random.Random(7), Counter[str]()
    for _ in range(5000):
        asked = replace(question_at_random(r), held_version=0)
        question = _question(asked)
        law = ALL.at(question.now)
        role, fact = question.disclosers[0].role, question.fact
        place = Place(fact.category, fact.kind, fact.handling, (role,), question.recipient.role)
        rules = entries(law, place)
        ruling = decide(law, replace(question, given=None))
        least, most = (_answer(rules, question, law, unknown=value) for value in (False, True))
        match ruling:
            case Released(rule):
                assert law.by_id[rule].discloser == least.discloser, asked
                assert least.outcome == "released"
            case Undecided():
                # What is unknown would change the answer, so both answers are among those that are compared.
                assert least.outcome == "withheld", asked
                assert most.outcome == "released", asked
            case _:
                assert least.outcome == most.outcome == "withheld", asked
        seen[type(ruling).__name__] += 1
    assert min(seen.values()) > 100
    assert len(seen) == 3


def test_answers_that_are_taken_for_impossible_never_come() -> None:
    r = random.Random(11)
    plain = [name for name in CONDITIONS if name not in OF_PURPOSE and name not in WILL_KIND]
    ruled_out = nogoods(frozenset(Atom(name) for name in plain))
    for _ in range(5000):
        asked = question_at_random(r)
        question = _question(replace(asked, relationship=r.choice((asked.relationship, "annulled", "stopped"))))
        situation = {Atom(name): _truth(question, Atom(name)) for name in plain}
        known = {atom: value for atom, value in situation.items() if value is not None}
        assert is_possible(known, ruled_out)


def test_an_impossible_answer_would_show() -> None:
    together = {Atom("relationship-open"): True, Atom("relationship-over"): True}

    assert not is_possible(together, nogoods(frozenset(together)))


# Nothing is missed and nothing is made up: against a slow count over every situation


def _situations(atoms: list[Atom]) -> Iterator[Mapping[Atom, bool]]:
    ruled_out = nogoods(frozenset(atoms))
    for values in itertools.product((True, False), repeat=len(atoms)):
        situation = dict(zip(atoms, values, strict=True))
        if is_possible(situation, ruled_out):
            yield situation


def _first(rules: Entries, situation: Mapping[Atom, bool]) -> str:
    return next((entry.rule for entry in rules if all(situation[atom] for atom in entry.asks)), "")


PLACES = (
    Place(7, "plan-item", "ordinary", ("employment",), "kela"),
    Place(7, "goal", "ordinary", ("employment", "social-care"), "kela"),
    Place(5, "capacity", "ordinary", ("health-care",), "kela"),
    Place(4, "social-situation", "ordinary", ("social-care",), "health-care"),
    Place(2, "relationship", "ordinary", ("kela",), "keha"),
    Place(6, "referral", "ordinary", ("kela",), "employment"),
    Place(1, "contact", "locality", ("employment",), "kela"),
)


@pytest.mark.parametrize(
    "place", PLACES, ids=lambda place: f"{place.kind}-{'+'.join(place.from_roles)}-{place.to_role}"
)
def test_the_situations_in_which_two_rules_answer_are_counted_exactly(place: Place) -> None:
    lists = entries(OLD, place), entries(NEW, place)
    atoms = sorted({atom for rules in lists for entry in rules for atom in entry.asks})
    assert 1 <= len(atoms) <= 20
    slow = Counter((_first(lists[0], one), _first(lists[1], one)) for one in _situations(atoms))

    found = regions(*lists)

    names = {(r.before.rule if r.before else "", r.after.rule if r.after else ""): r.questions for r in found}
    assert names == dict(slow)


# Planted changes


def _mutants(rule: Rule) -> Iterator[tuple[str, Rule | None]]:
    yield "deleted", None
    for name in rule.when:
        yield f"without {name}", replace(rule, when=tuple(one for one in rule.when if one != name))
    yield "another ground to give", replace(rule, discloser="TEST 1 §")
    if rule.effect == "release":
        yield "another ground to keep", replace(rule, recipient="TEST 2 §")
        yield "another purpose", replace(rule, purpose="test")
        yield "more to be fulfilled", replace(rule, when=(*rule.when, "holds-earlier-version"))
        for role in sorted(rule.to_roles):
            yield f"not to {role}", replace(rule, to_roles=rule.to_roles - {role})
        for role in sorted(rule.from_roles):
            yield f"not from {role}", replace(rule, from_roles=rule.from_roles - {role})


REDUNDANT = {
    # Marks made after the start are marks: the condition that asks for it asks for the other as well.
    ("tym-15-sensitive", "without affects-employment"),
    ("tym-12-sensitive", "without affects-employment"),
    ("tym-12-sensitive", "without necessary-for-service"),
    # It asks this already.
    ("tym-8-ending", "more to be fulfilled"),
}
"""Changes of a rule's text that change no answer, each with the reason; they are told as changes of text."""


@pytest.mark.parametrize("name", [rule.id for rule in NEW.rules if rule.effect != "no-ground"])
def test_whatever_is_changed_in_a_rule_is_told(name: str) -> None:
    rule = NEW.by_id[name]
    missed = []
    for what, mutant in _mutants(rule):
        changed = _with(NEW, *([mutant] if mutant else []), without="" if mutant else name)
        found = difference(NEW, changed)
        assert [one.rule for one in found.rules] == [name], what
        if not found.changes and (name, what) not in REDUNDANT:
            missed.append(what)
    assert missed == []


def test_a_change_that_changes_no_answer_is_told_as_a_change_of_text_only() -> None:
    rule = NEW.by_id["tym-15-sensitive"]
    fewer = replace(rule, when=tuple(one for one in rule.when if one != "affects-employment"))

    found = difference(NEW, _with(NEW, fewer))

    assert found.changes == ()
    assert found.rules[0].fields.keys() == {"when"}


def test_a_role_that_is_let_in_is_told_with_role_category_and_ground() -> None:
    rule = NEW.by_id["tym-12-sensitive"]
    wider = replace(rule, to_roles=rule.to_roles | {"employer"})

    newly, other_ground = difference(NEW, _with(NEW, wider)).changes

    change = newly
    assert (other_ground.rule_before, other_ground.rule_after) == ("employer-health", rule.id)
    assert (change.before.outcome, change.after.outcome) == ("withheld", "released")
    assert change.after.discloser == "TYM 381/2023 12.2 §"
    assert {place.to_role for place in change.places} == {"employer"}
    assert {place.category for place in change.places} == {4, 5}
    assert change.always[Atom("relationship-open")] is True


def test_a_condition_that_is_added_is_told_as_what_must_now_be_so_as_well() -> None:
    rule = NEW.by_id["ytl-48-list"]
    narrower = replace(rule, when=(*rule.when, "affects-employment"))

    (change,) = difference(NEW, _with(NEW, narrower)).changes

    assert (change.before.outcome, change.after.outcome) == ("released", "withheld")
    assert change.always[Atom("affects-employment")] is False
    assert change.always[Atom("necessary-for-purpose", "municipal-financing")] is True


def test_another_order_of_two_rules_is_told_where_both_hold() -> None:
    first, second = NEW.by_id["ytl-45-general-support"], NEW.by_id["ytl-34-statement"]
    turned = _with(NEW, replace(first, order=second.order), replace(second, order=first.order))

    (change,) = difference(NEW, turned).changes

    assert (change.rule_before, change.rule_after) == (first.id, second.id)
    assert {change.before.discloser, change.after.discloser} == {first.discloser, second.discloser}


def test_two_wills_that_each_carry_one_rule_are_told_apart_from_one_that_carries_both() -> None:
    def rule(name: str, order: int, *when: str) -> Rule:
        like = NEW.by_id["consent-others"]
        return replace(like, id=name, order=order, when=("will-in-force", *when), discloser=f"{name} 1 §")

    both = rule("both", 1, "will-covers-fact", "will-is-written")
    before = _with(NEW, both, rule("covers", 2, "will-covers-fact"), rule("written", 3, "will-is-written"))
    after = _with(NEW, both, rule("covers", 3, "will-covers-fact"), rule("written", 2, "will-is-written"))

    (change,) = difference(before, after).changes

    assert (change.rule_before, change.rule_after) == ("covers", "written")


def test_what_goes_along_on_another_ground_is_told() -> None:
    rule = NEW.by_id["non-disclosure-accompanies"]

    (change,) = difference(NEW, _with(NEW, replace(rule, discloser="TEST 1 §"))).changes

    assert (change.before.outcome, change.after.discloser) == ("along", "TEST 1 §")


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.in_force_from)
def test_a_rule_set_against_itself_gives_nothing(law: Law) -> None:
    found = difference(law, law)

    assert (found.changes, found.rules) == ((), ())


def test_a_rule_that_only_has_another_name_changes_no_answer() -> None:
    renamed = replace(NEW.by_id["ytl-48-list"], id="paying-municipality")

    found = difference(NEW, _with(NEW, renamed, without="ytl-48-list"))

    assert found.changes == ()
    assert [(one.rule, one.what) for one in found.rules] == [
        ("paying-municipality", "added"),
        ("ytl-48-list", "removed"),
    ]


def test_the_change_of_1_may_2026_is_told_whole() -> None:
    found = difference(OLD, NEW)

    told = {(change.rule_before, change.rule_after) for change in found.changes}
    plain = {("ttl-13-labour-market-support", ""), ("", "ytl-45-general-support"), ("ttl-13-contact", ""),
             ("", "ytl-45-contact"), ("ttl-11-statement", "ytl-34-statement"), ("", "ytl-48-list")}  # fmt: skip
    assert plain <= told
    assert {place.to_role for change in found.changes for place in change.places} == {"kela", "employment"}
    assert all({rule for rule in pair if rule} & {
        "ttl-13-labour-market-support", "ttl-13-contact", "ttl-11-statement",
        "ytl-45-general-support", "ytl-45-contact", "ytl-34-statement", "ytl-48-list",
    } for pair in told)  # fmt: skip


def test_nothing_in_the_words_is_left_as_a_code() -> None:
    changes: list[Change] = list(difference(OLD, NEW).changes)
    assert changes
    for language in LANGUAGES:
        text = "\n".join(line for line in lines(difference(OLD, NEW), words(language)) if "->" not in line)
        assert [name for name in CONDITIONS if f" {name}" in text] == []


# Through time


def _texts() -> tuple[str, str]:
    return read_text("law", "fi", "2025-01-01.toml"), read_text("law", "fi", "2026-05-01.toml")


def _moved_by_a_day() -> str:
    """The rule set of 1 May 2026, in force a day later."""
    return _texts()[1].replace("2026-05-01", "2026-05-02").replace("2026-04-30", "2026-05-01")


def test_a_rule_set_that_is_moved_by_a_day_shows_as_that_day() -> None:
    old, new = (read_law(f"{n}.toml", text) for n, text in enumerate(_texts()))
    moved = read_law("moved.toml", _moved_by_a_day())

    found = periods(Laws((old, new)), Laws((old, moved)))

    assert [(one.since, one.until) for one in found if one.difference.changes] == [("2026-05-01", "2026-05-02")]
    answers = {(change.rule_before, change.rule_after) for change in found[0].difference.changes}
    assert ("ytl-48-list", "") in answers
    assert datetime.date.fromisoformat(found[0].since) == datetime.date(2026, 5, 1)


def test_the_command_compares_dates_files_and_folders(tmp_path: Path) -> None:
    one, other = tmp_path / "one", tmp_path / "other"
    for folder, latest in ((one, _texts()[1]), (other, _moved_by_a_day())):
        folder.mkdir()
        (folder / "a.toml").write_text(_texts()[0], encoding="utf-8")
        (folder / "b.toml").write_text(latest, encoding="utf-8")
    (other / "a.toml").write_text(_texts()[0].replace("until = 2026-04-30", "until = 2026-05-01"), encoding="utf-8")

    dates = CliRunner().invoke(app, ["law", "diff", "2025-01-01", "2026-05-01"])
    same = CliRunner().invoke(app, ["law", "diff", str(one / "b.toml"), "2026-06-30"])
    folders = CliRunner().invoke(app, ["law", "diff", str(one), str(other), "--output", "json"])

    assert dates.exit_code == 1
    assert "YTL 48/2026 48 §" in dates.stdout
    assert same.exit_code == 0
    assert folders.exit_code == 1
    stretches = json.loads(folders.stdout)["differences"]
    assert [(s["since"], s["until"]) for s in stretches if s["changes"]] == [("2026-05-01", "2026-05-02")]
