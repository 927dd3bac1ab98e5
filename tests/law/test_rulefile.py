"""Rule files: every kind of fault is told with file, line, rule, and what to do; and a law comes into force at Finnish midnight."""

import datetime
from zoneinfo import ZoneInfo

import pytest

from sauma.fact import NEVER, Moment
from sauma.resources import load_laws, names, read_text
from sauma.rulefile import Fault, RuleFileError, read_law, read_laws

HELSINKI = ZoneInfo("Europe/Helsinki")

GOOD = """\
in_force_from = 2026-05-01

[[rule]]
id = "base"
effect = "release"
order = 20
discloser = "TYM 381/2023 15 §"
recipient = "TYM 381/2023 14.2 §"
categories = [1, 2]
from = ["the-three"]
to = ["kela"]
when = ["relationship-open"]
purpose = "multi-sector-support"
when_it_ends = "stop"

[[rule]]
id = "shut"
effect = "withhold"
categories = [5]
from = ["anyone"]
to = ["anyone"]

[[rule]]
id = "along"
effect = "accompany"
kinds = ["identity"]
"""


def _faults(text: str) -> tuple[Fault, ...]:
    with pytest.raises(RuleFileError) as refused:
        read_law("law/fi/test.toml", text)
    return refused.value.faults


def test_a_good_file_is_read() -> None:
    law = read_law("law/fi/test.toml", GOOD)

    assert [rule.id for rule in law.rules] == ["base", "shut", "along"]
    assert law.rules[0].place == "law/fi/test.toml:3"
    assert law.rules[0].handling == {"ordinary"}
    assert law.rules[0].from_roles == {"social-care", "health-care", "employment", "kela"}
    assert law.id.startswith("2026-05-01+")


def _second(rule: str) -> str:
    """The good file with one more rule, which begins on line 29."""
    return GOOD + "\n[[rule]]\n" + rule


TWIN = GOOD[GOOD.index('id = "base"') : GOOD.index("\n[[rule]]\nid = \"shut\"")]  # fmt: skip

BAD: dict[str, tuple[str, int, str, str, str]] = {
    "an unknown key in a rule": (
        GOOD.replace('to = ["kela"]', 'to = ["kela"]\ncolour = "red"'),
        12, "base", "unknown key 'colour'", "remove it; known: ",
    ),
    "a key of another effect": (
        GOOD.replace('kinds = ["identity"]', 'kinds = ["identity"]\norder = 3'),
        27, "along", "unknown key 'order'", "remove it; known: ",
    ),
    "an unknown key at the top": (
        'country = "fi"\n' + GOOD, 1, "", "unknown key 'country' at the top", "remove it; known: in_force_from",
    ),
    "a missing key": (
        GOOD.replace("order = 20\n", ""), 3, "base", "no order", "a release rule needs order",
    ),
    "no ground": (
        GOOD.replace('discloser = "TYM 381/2023 15 §"\n', ""), 3, "base", "no discloser", "a release rule needs discloser",
    ),
    "no id": (GOOD.replace('id = "base"\n', ""), 3, "", "a rule without id", 'add id = "act-section-what"'),
    "an unknown effect": (
        GOOD.replace('"withhold"', '"permit"'), 18, "shut", "unknown effect 'permit'", "use one of release, withhold, accompany",
    ),
    "no effect": (
        GOOD.replace('effect = "withhold"\n', ""), 16, "shut", "unknown effect ''", "use one of release, withhold, accompany",
    ),
    "an unknown category": (
        GOOD.replace("[1, 2]", "[1, 8]"), 9, "base", "unknown categories 8", "use one of: 1, 2, 3, 4, 5, 6, 7",
    ),
    "a truth value for a category": (
        GOOD.replace("[1, 2]", "[true]"), 9, "base", "categories has another form", "write a list of numbers",
    ),
    "a category that is no list": (
        GOOD.replace("[1, 2]", "1"), 9, "base", "categories has another form", "write a list of numbers",
    ),
    "no category": (GOOD.replace("[5]", "[]"), 19, "shut", "categories is empty", "name at least one"),
    "an unknown kind": (
        GOOD.replace('["identity"]', '["identities"]'), 26, "along", "unknown kinds 'identities'", "use one of: approval, ",
    ),
    "an unknown handling class": (
        GOOD.replace("categories = [5]", 'categories = [5]\nhandling = ["secret"]'),
        20, "shut", "unknown handling 'secret'", "use one of: child-welfare, ",
    ),
    "an unknown condition": (
        GOOD.replace('"relationship-open"', '"relationship-open", "weather-fine"'),
        12, "base", "unknown when 'weather-fine'", "use one of: addressed-to-recipient, ",
    ),
    "a text for a list of conditions": (
        GOOD.replace('["relationship-open"]', '"relationship-open"'),
        12, "base", "when has another form", "write a list of texts",
    ),
    "a list within a list": (
        GOOD.replace('["relationship-open"]', '[["relationship-open"]]'),
        12, "base", "when has another form", "write a list of texts",
    ),
    "an unknown sending role": (
        GOOD.replace('["the-three"]', '["the-four"]'), 10, "base", "unknown from 'the-four'", "use one of: anyone, ",
    ),
    "an unknown receiving role": (
        GOOD.replace('["kela"]', '["police"]'), 11, "base", "unknown to 'police'", "use one of: anyone, ",
    ),
    "no receiving role": (GOOD.replace('["kela"]', "[]"), 11, "base", "to is empty", "name at least one"),
    "an order that is a text": (
        GOOD.replace("order = 20", 'order = "first"'), 6, "base", "order has another form", "write a whole number",
    ),
    "an order that is a broken number": (
        GOOD.replace("order = 20", "order = 20.5"), 6, "base", "order has another form", "write a whole number",
    ),
    "an order that is a truth value": (
        GOOD.replace("order = 20", "order = true"), 6, "base", "order has another form", "write a whole number",
    ),
    "a text for once": (
        GOOD.replace("order = 20", 'order = 20\nonce = "no"'), 7, "base", "once has another form", "write true or false",
    ),
    "a number for an id": (GOOD.replace('"shut"', "7"), 17, "7", "id has another form", "write a text in quotes"),
    "an unknown ending": (
        GOOD.replace('"stop"', '"forget"'), 14, "base", "when_it_ends is 'forget'", 'use "stop" or "erase"',
    ),
    "two rules of one id": (
        _second(TWIN.replace("order = 20", "order = 21")),
        29, "base", "a second rule of this id", "give each rule an id of its own",
    ),
    "the same order, and another ending": (
        _second(TWIN.replace('"base"', '"other"').replace('"stop"', '"erase"')),
        31, "other", "same order 20 as base, can meet it, and ends differently", "give one of them another order",
    ),
    "conditions about two wills": (
        GOOD.replace('"relationship-open"', '"will-in-force", "permit-in-force"'),
        12, "base", "conditions about different wills (consent, permit)", "make two rules",
    ),
    "no TOML": (GOOD.replace("order = 20", "order ="), 6, "", "not TOML: ", "mend the syntax there"),
    "a text that does not end": (GOOD.rstrip('"]\n'), 26, "", "not TOML: ", "mend the syntax there"),
    "no date": (
        GOOD.replace("in_force_from = 2026-05-01\n", ""), 1, "", "in_force_from is not a date", "write in_force_from = 2026-05-01",
    ),
    "a text for the date": (
        GOOD.replace("2026-05-01", '"2026-05-01"'), 1, "", "in_force_from is not a date", "write in_force_from = 2026-05-01",
    ),
    "a moment for the date": (
        GOOD.replace("2026-05-01", "2026-05-01T00:00:00Z"), 1, "", "in_force_from is not a date", "write in_force_from",
    ),
    "a date out of all reckoning": (
        GOOD.replace("2026-05-01", "0001-01-01"), 1, "", "in_force_from is not a date", "write in_force_from",
    ),
    "one table for the rules": (
        'in_force_from = 2026-05-01\n[rule]\nid = "base"\n', 1, "", "rule is not a list of tables", "begin each rule with [[rule]]",
    ),
    "numbers for the rules": (
        "in_force_from = 2026-05-01\nrule = [1]\n", 2, "", "rule is not a list of tables", "begin each rule with [[rule]]",
    ),
}  # fmt: skip


@pytest.mark.parametrize("what", BAD)
def test_a_fault_is_told_with_its_place_and_what_to_do(what: str) -> None:
    text, line, rule, told, do = BAD[what]

    found = _faults(text)

    assert [(f.file, f.line, f.rule) for f in found] == [("law/fi/test.toml", line, rule)], found
    assert found[0].what.startswith(told)
    assert found[0].do.startswith(do)
    assert str(found[0]).startswith(f"law/fi/test.toml:{line}: rule {rule or '-'}: {told}")


@pytest.mark.parametrize("handling", sorted(NEVER))
def test_no_release_rule_names_what_never_leaves(handling: str) -> None:
    text = GOOD.replace("categories = [1, 2]", f'categories = [1, 2]\nhandling = ["ordinary", "{handling}"]')

    (found,) = _faults(text)

    assert (found.line, found.rule) == (10, "base")
    assert found.what == f"a release rule names {handling}"
    assert found.do == "take it out: these classes never leave"


def test_a_withhold_rule_may_name_what_never_leaves() -> None:
    law = read_law("law/fi/test.toml", GOOD.replace("categories = [5]", 'categories = [5]\nhandling = ["shelter"]'))

    assert law.rules[1].handling == {"shelter"}


@pytest.mark.parametrize(
    "apart",
    ['kinds = ["identity"]', 'handling = ["locality"]', "order = 21"],
)
def test_rules_that_cannot_meet_or_have_another_order_may_end_differently(apart: str) -> None:
    first = GOOD.replace("categories = [1, 2]", 'categories = [1, 2]\nkinds = ["contact"]')
    twin = TWIN.replace('"base"', '"other"').replace('"stop"', '"erase"')
    twin = twin.replace("order = 20", apart) if apart.startswith("order") else twin + apart + "\n"

    assert len(read_law("law/fi/test.toml", first + "\n[[rule]]\n" + twin).rules) == 4


def test_the_place_of_a_pair_is_right_after_a_rule_that_is_broken_itself() -> None:
    text = _second(TWIN.replace("order = 20", "order = 21")).replace("categories = [5]", "categories = [9]")

    assert [(f.line, f.rule) for f in _faults(text)] == [(19, "shut"), (29, "base")]


def test_all_faults_of_all_files_are_told_at_once() -> None:
    files = {
        "law/fi/a.toml": GOOD.replace("[1, 2]", "[8]").replace('["kela"]', '["police"]'),
        "law/fi/b.toml": GOOD.replace("[5]", "[9]"),
    }

    with pytest.raises(RuleFileError) as refused:
        read_laws(files)

    assert [(f.file, f.line) for f in refused.value.faults] == [
        ("law/fi/a.toml", 9),
        ("law/fi/a.toml", 11),
        ("law/fi/b.toml", 19),
    ]
    assert len(str(refused.value).splitlines()) == 3


def test_two_rule_sets_of_one_date_are_refused() -> None:
    with pytest.raises(RuleFileError, match="a second rule set from 2026-05-01"):
        read_laws({"law/fi/a.toml": GOOD, "law/fi/b.toml": GOOD})


def test_no_rule_set_at_all_is_refused() -> None:
    with pytest.raises(RuleFileError, match="no rule file at all"):
        read_laws({})


def test_the_rule_sets_that_are_shipped_are_read() -> None:
    laws = load_laws()

    assert [law.in_force_from for law in laws.sets] == sorted(n.removesuffix(".toml") for n in names("law", "fi"))
    assert all("§" in rule.discloser for law in laws.sets for rule in law.rules if rule.effect == "release")


def test_the_id_of_a_law_follows_its_text() -> None:
    name = names("law", "fi")[0]
    text = read_text("law", "fi", name)

    assert read_law(name, text).id == read_law("elsewhere", text).id
    assert read_law(name, text).id != read_law(name, text + "# another word\n").id


def _moment(local: datetime.datetime) -> Moment:
    return Moment(int(local.timestamp()) * 1000)


@pytest.mark.parametrize(
    "date",
    [
        datetime.date(2026, 1, 1),
        datetime.date(2026, 5, 1),
        datetime.date(2026, 3, 29),  # summer time begins at 03:00
        datetime.date(2026, 3, 30),
        datetime.date(2026, 10, 25),  # it ends at 04:00
        datetime.date(2026, 10, 26),
        datetime.date(2028, 2, 29),
        datetime.date(2027, 3, 28),
        datetime.date(2027, 10, 31),
    ],
    ids=str,
)
def test_a_law_comes_into_force_at_midnight_in_helsinki(date: datetime.date) -> None:
    laws = read_laws({"a": GOOD.replace("2026-05-01", "2025-01-01"), "b": GOOD.replace("2026-05-01", f"{date}")})
    # The time-zone data says when midnight was; the core reckons it without.
    midnight = _moment(datetime.datetime(date.year, date.month, date.day, tzinfo=HELSINKI))

    assert laws.at(Moment(midnight - 1)).in_force_from == "2025-01-01"
    assert laws.at(midnight).in_force_from == str(date)


def test_every_midnight_of_many_years_is_the_time_zone_datas() -> None:
    day, wrong = datetime.date(2024, 1, 1), []
    while day.year < 2037:
        midnight = _moment(datetime.datetime(day.year, day.month, day.day, tzinfo=HELSINKI))
        if read_law("a", f"in_force_from = {day}\n").starts_at != midnight:
            wrong.append(day)
        day += datetime.timedelta(days=1)

    assert wrong == []


def test_before_the_oldest_law_no_rule_is_in_force() -> None:
    laws = read_laws({"a": GOOD, "b": GOOD.replace("2026-05-01", "2027-01-01")})

    assert laws.at(Moment(0)).rules == ()
    assert laws.at(Moment(laws.sets[0].starts_at - 1)).rules == ()
    assert laws.at(laws.sets[0].starts_at).in_force_from == "2026-05-01"
    assert laws.at(Moment(2**42)).in_force_from == "2027-01-01"


def test_the_version_of_the_laws_follows_every_set() -> None:
    one, two = {"a": GOOD}, {"a": GOOD, "b": GOOD.replace("2026-05-01", "2027-01-01")}

    assert read_laws(one).version != read_laws(two).version
