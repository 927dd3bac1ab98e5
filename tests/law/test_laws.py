"""Precedence: what forbids beats what releases, unknown is neither, the first by order is cited, the furthest refusal is the reason."""

import pytest

from sauma.client import OWN, Client, FactState, Given, WillState, new_client
from sauma.event import Scope, Will
from sauma.fact import KINDS, Fact, Marks, Moment
from sauma.ids import WillId
from sauma.law import Law, Released, Ruling, Undecided, Withheld, decide
from sauma.places import Endpoint
from sauma.question import Question
from sauma.rulefile import read_law
from sauma.view import compare
from support.cycles import told
from support.world import SUBJECT, E, H, P, S, fact, marks, places, put, puts

NOW = Moment(1_790_000_000_000)
PLACES = places()


def _endpoint(name: str) -> Endpoint:
    found = PLACES.endpoint(name)  # type: ignore[arg-type] # an endpoint of the test world
    assert found is not None
    return found


def _rule(name: str, *when: str, order: int = 0, effect: str = "release", rest: str = "") -> str:
    conditions = ", ".join(f'"{condition}"' for condition in when)
    text = f'[[rule]]\nid = "{name}"\neffect = "{effect}"\ncategories = [5]\nfrom = ["health-care"]\nto = ["social-care"]\n'
    text += f"when = [{conditions}]\n{rest}"
    if effect == "release":
        ending = "" if "when_it_ends" in rest else 'when_it_ends = "stop"\n'
        text += f'order = {order}\ndiscloser = "§ 1"\nrecipient = "§ 2"\npurpose = "test"\n{ending}'
    return text


def _law(*rules: str) -> Law:
    return read_law("test.toml", "in_force_from = 2026-05-01\n" + "\n".join(rules))


def _fact(handling: str = "ordinary", *, given_marks: Marks | None = None) -> Fact:
    return Fact(
        fact("f"), H, "capacity", 5, handling, 2, "open", H, marks=given_marks or marks("social-care", affects=True)
    )


def _will(kind: str, name: str = "w", **rest: object) -> WillState:
    scope = Scope(categories=(5,), kinds=("capacity",))
    will = Will(WillId(name), "given", kind, recipients=(S,), scope=scope, **rest)  # type: ignore[arg-type] # fields of Will
    return WillState(will, S, Moment(0))


def _ask(
    law: Law, *wills: WillState, stated: Fact | None = None, given: Given | None = None, recipient: str = S
) -> Ruling:
    client: Client = new_client(SUBJECT).with_head(wills=wills)
    question = Question(client, stated or _fact(), (_endpoint(H),), _endpoint(recipient), given, NOW)
    return decide(law, question)


HOLDS, FAILS, UNKNOWN = "affects-employment", "relationship-open", "permit-in-force"
"""Of the client here: it holds, it does not, and nobody knows."""


def test_without_a_rule_nothing_is_released() -> None:
    assert _ask(_law()) == Withheld("no-rule")


def test_a_rule_about_other_facts_says_nothing() -> None:
    law = _law(_rule("r", HOLDS, order=1))

    assert _ask(law, stated=_fact()) == Released("r")
    assert _ask(law, stated=_fact("mental-health")) == Withheld("no-rule")


def test_a_rule_that_forbids_beats_every_one_that_releases() -> None:
    law = _law(_rule("first", HOLDS, order=1), _rule("shut", HOLDS, effect="withhold"))

    assert _ask(law) == Withheld("shut")


def test_a_rule_that_forbids_without_conditions_always_does() -> None:
    assert _ask(_law(_rule("r", HOLDS, order=1), _rule("shut", effect="withhold"))) == Withheld("shut")


def test_a_rule_that_would_forbid_under_a_condition_that_fails_does_not() -> None:
    assert _ask(_law(_rule("r", HOLDS, order=1), _rule("shut", FAILS, effect="withhold"))) == Released("r")


def test_whether_a_rule_forbids_being_unknown_it_is_undecided_whatever_would_release() -> None:
    law = _law(_rule("r", HOLDS, order=1), _rule("shut", UNKNOWN, effect="withhold"))

    # It hangs on no rule of release: whatever was given stays, for every one of them may turn out forbidden or not.
    assert _ask(law) == Undecided("permit")


@pytest.mark.parametrize(("unknown", "holds"), [("a", "b"), ("b", "a")])
def test_a_rule_that_forbids_beats_another_of_which_nobody_knows(unknown: str, holds: str) -> None:
    law = _law(_rule(unknown, UNKNOWN, effect="withhold"), _rule(holds, HOLDS, effect="withhold"))

    assert _ask(law) == Withheld(holds)


def test_the_first_by_order_is_cited_wherever_it_stands_in_the_file() -> None:
    law = _law(_rule("late", HOLDS, order=30), _rule("early", HOLDS, order=10), _rule("middle", HOLDS, order=20))

    assert _ask(law) == Released("early")


def test_at_the_same_order_the_id_decides() -> None:
    assert _ask(_law(_rule("b", HOLDS, order=1), _rule("a", HOLDS, order=1))) == Released("a")


def test_a_rule_that_fails_gives_way_to_the_next() -> None:
    assert _ask(_law(_rule("first", FAILS, order=1), _rule("second", HOLDS, order=2))) == Released("second")


def test_statute_is_cited_before_will_where_both_hold() -> None:
    law = _law(_rule("will", "will-in-force", order=60), _rule("statute", HOLDS, order=20))

    assert _ask(law, _will("consent")) == Released("statute")


def test_a_release_by_will_names_the_will() -> None:
    law = _law(_rule("will", "will-in-force", "will-itemises-fact", order=60))
    of_another = WillState(
        Will(WillId("w1"), "given", "consent", recipients=(P,), scope=Scope(kinds=("goal",))), S, NOW
    )

    assert _ask(law, of_another, _will("consent", "w2")) == Released("will", WillId("w2"))


def test_two_wills_do_not_make_up_one() -> None:
    law = _law(_rule("will", "will-in-force", "will-itemises-fact", order=60))
    names_recipient = WillState(
        Will(WillId("a"), "given", "consent", recipients=(S,), scope=Scope(kinds=("goal",))), S, NOW
    )
    names_fact = WillState(
        Will(WillId("b"), "given", "consent", recipients=(P,), scope=Scope(kinds=("capacity",))), S, NOW
    )

    assert _ask(law, names_recipient, names_fact) == Withheld("will-itemises-fact")


def test_the_reason_is_that_of_the_rule_that_got_furthest() -> None:
    law = _law(
        _rule("near", FAILS, order=1),
        _rule("far", HOLDS, "necessary-for-recipient", "taking-part-confirmed", order=2),
        _rule("last", HOLDS, "recipient-is-party", order=3),
    )

    assert _ask(law) == Withheld("taking-part-confirmed")


def test_of_two_that_got_as_far_the_first_by_order_gives_the_reason() -> None:
    law = _law(_rule("b", HOLDS, "recipient-is-party", order=2), _rule("a", HOLDS, FAILS, order=1))

    assert _ask(law) == Withheld(FAILS)


def test_a_condition_that_fails_makes_the_unknown_ones_beside_it_irrelevant() -> None:
    assert _ask(_law(_rule("r", UNKNOWN, FAILS, order=1))) == Withheld(FAILS)
    assert _ask(_law(_rule("r", FAILS, UNKNOWN, order=1))) == Withheld(FAILS)


def test_a_rule_that_may_hold_makes_it_undecided_and_names_what_is_missing_and_the_rule() -> None:
    law = _law(_rule("maybe", HOLDS, UNKNOWN, order=1), _rule("no", HOLDS, FAILS, order=2))

    assert _ask(law) == Undecided("permit", frozenset({"maybe"}), FAILS)


def test_a_rule_that_holds_beats_an_earlier_one_of_which_nobody_knows() -> None:
    assert _ask(_law(_rule("maybe", UNKNOWN, order=1), _rule("yes", HOLDS, order=2))) == Released("yes")


def test_it_hangs_on_every_rule_that_may_hold_and_names_what_the_first_one_misses() -> None:
    stale = _will("permit", read_at=Moment(NOW - 2000), age_ms_max=1000)
    law = _law(_rule("b", UNKNOWN, order=2), _rule("a", UNKNOWN, HOLDS, order=1))

    assert _ask(law, stale) == Undecided("permit-read-again", frozenset({"a", "b"}), "no-rule")


def test_a_permit_that_was_read_and_is_no_longer_in_force_is_no_unknown() -> None:
    ended = _will("permit", valid_until=NOW)

    assert _ask(_law(_rule("r", UNKNOWN, order=1)), ended) == Withheld(UNKNOWN)


def test_the_permit_is_in_force_until_its_last_moment_and_its_age() -> None:
    law = _law(_rule("r", UNKNOWN, order=1))

    assert _ask(law, _will("permit", valid_until=Moment(NOW + 1))) == Released("r", WillId("w"))
    assert _ask(law, _will("permit", read_at=Moment(NOW - 1000), age_ms_max=1000)) == Released("r", WillId("w"))
    assert isinstance(_ask(law, _will("permit", read_at=Moment(NOW - 1001), age_ms_max=1000)), Undecided)


# What an undecided ruling does to what was given


def _given(rule: str, *, version: int = 1, on_statute: bool = False, state: str = "sent") -> Given:
    return Given(version, rule, None, state, rested_on_statute=on_statute)


def _compared(law: Law, ruling: Ruling, given: Given | None) -> tuple[str, str, str, Given | None]:
    state = FactState(_fact(), {S: given} if given else {})
    found = compare(law, state, _endpoint(S), ruling)
    return found.outcome, found.reason, found.ask, found.given


MAYBE = _law(_rule("maybe", UNKNOWN, order=1), _rule("gone", HOLDS, FAILS, order=2, rest='when_it_ends = "erase"\n'))


def test_undecided_holds_a_new_fact_back() -> None:
    assert _compared(MAYBE, _ask(MAYBE), None) == ("undecided", "permit", "", None)


def test_undecided_leaves_what_was_given_on_a_rule_that_may_hold() -> None:
    given = _given("maybe")

    assert _compared(MAYBE, _ask(MAYBE), given) == ("undecided", "permit", "", given)


def test_undecided_takes_back_what_was_given_on_a_rule_that_plainly_fails() -> None:
    outcome, reason, ask, after = _compared(MAYBE, _ask(MAYBE), _given("gone"))

    assert (outcome, reason, ask) == ("retracted", FAILS, "erase")
    assert after is not None
    assert after.state == "erasing"


def test_what_once_rested_on_statute_is_not_asked_to_be_erased() -> None:
    outcome, _, ask, after = _compared(MAYBE, _ask(MAYBE), _given("gone", on_statute=True))

    assert (outcome, ask) == ("retracted", "stop")
    assert after is not None
    assert after.state == "stopped"


def test_undecided_whether_forbidden_leaves_whatever_was_given() -> None:
    law = _law(_rule("r", HOLDS, order=1), _rule("shut", UNKNOWN, effect="withhold"))

    for rule in ("r", "of-an-earlier-law", OWN):
        given = _given(rule)
        assert _compared(law, _ask(law), given) == ("undecided", "permit", "", given)


def test_undecided_does_not_take_back_twice() -> None:
    stopped = _given("gone", state="stopped")

    assert _compared(MAYBE, _ask(MAYBE), stopped) == ("undecided", "permit", "", stopped)


def test_what_a_forbidding_rule_meets_is_taken_back() -> None:
    law = _law(_rule("r", HOLDS, order=1), _rule("shut", HOLDS, effect="withhold"))

    outcome, reason, ask, _ = _compared(law, _ask(law), _given("r"))

    assert (outcome, reason, ask) == ("retracted", "shut", "stop")


def test_what_goes_wherever_anything_goes_has_no_class_but_the_ordinary() -> None:
    # An accompanying fact is not asked about: as `third-person` or `shelter` it would leave all the same.
    accompanying = [kind for kind in KINDS.values() if kind.accompanies and kind.has_cell]
    assert [kind.name for kind in accompanying if kind.handling != "ordinary"] == []

    taken = told("4")().say(E, puts(put("another-identity", "identity", 1, handling="shelter")))

    assert (taken.decision.outcome, taken.decision.reason) == ("refused", "category-not-of-kind")
