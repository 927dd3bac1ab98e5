"""The personal identity code: what is accepted, and that no slip of one character passes for another person.

All codes here have individual numbers of 900 to 999: nobody has them.
"""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauma.henkilotunnus import Invalid, Valid, check, for_test

SIGNS = {1800: "+", 1900: "-YXWVU", 2000: "ABCDEF"}
SIGN_AT = 6

births = st.dates(date(1800, 1, 1), date(2099, 12, 31))
individuals = st.integers(900, 999)


@st.composite
def codes(draw: st.DrawFn) -> str:
    birth = draw(births)
    sign = draw(st.sampled_from(SIGNS[birth.year // 100 * 100]))
    return for_test(birth, draw(individuals), sign=sign)


def _accepted(text: str) -> Valid:
    checked = check(text)
    assert isinstance(checked, Valid)
    return checked


def test_a_published_test_code_is_valid() -> None:
    checked = _accepted("020516C903K")

    assert (checked.birth, checked.individual, checked.is_temporary) == (date(2016, 5, 2), 903, True)


@pytest.mark.parametrize(("century", "signs"), SIGNS.items())
def test_every_sign_of_the_decree_stands_for_its_century(century: int, signs: str) -> None:
    for sign in signs:
        assert _accepted(for_test(date(century + 52, 10, 13), 903, sign=sign)).birth.year == century + 52


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("", "length"),
        ("020516C903", "length"),
        (" 020516C903K", "length"),
        ("020516C903K\n", "length"),
        ("020516 C903K", "length"),
        ("020516C903k", "character"),
        ("O20516C903K", "character"),
        ("\uff1020516C903K", "character"),
        ("020516C90 K", "character"),
        ("020516c903K", "sign"),
        ("020516\u2212903K", "sign"),
        ("020516G903K", "sign"),
        ("320516C903K", "date"),
        ("290201A903K", "date"),
        ("021316C903K", "date"),
        ("000016C903K", "date"),
        ("020516C000K", "individual-number"),
        ("020516C001K", "individual-number"),
        ("020516C903L", "check-character"),
        ("020516C903G", "check-character"),
    ],
)
def test_what_is_not_the_exact_form_is_refused(text: str, reason: str) -> None:
    refused = check(text)

    assert isinstance(refused, Invalid)
    assert refused.reason == reason


def test_29_february_needs_a_leap_year_of_the_signs_century() -> None:
    in_2000 = for_test(date(2000, 2, 29), 903)

    assert _accepted(in_2000).birth == date(2000, 2, 29)
    assert check(in_2000.replace("A", "-")) == Invalid("date")


def test_nothing_personal_shows_in_a_repr() -> None:
    checked = _accepted("020516C903K")

    assert repr(checked) == "Valid()"


@given(births, individuals)
def test_a_made_code_is_valid_and_says_what_it_was_made_from(birth: date, individual: int) -> None:
    checked = _accepted(for_test(birth, individual))

    assert (checked.birth, checked.individual, checked.is_temporary) == (birth, individual, True)


@given(births, st.integers(-10, 2000).filter(lambda number: not 900 <= number <= 999))
def test_only_numbers_that_nobody_has_are_made(birth: date, individual: int) -> None:
    with pytest.raises(ValueError, match="900 to 999"):
        for_test(birth, individual)


@pytest.mark.parametrize(
    ("birth", "sign"), [(date(1990, 1, 1), "A"), (date(1990, 1, 1), "?"), (date(1790, 1, 1), None)]
)
def test_a_sign_or_a_year_that_does_not_fit_is_not_made(birth: date, sign: str | None) -> None:
    with pytest.raises(ValueError, match=r"sign|year"):
        for_test(birth, 903, sign=sign)


@given(
    codes(),
    st.integers(0, 10),
    st.sampled_from("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ+-abcxyz \u2212\u0663") | st.characters(),
)
def test_a_change_of_one_character_is_refused_or_another_sign(text: str, position: int, character: str) -> None:
    changed = text[:position] + character + text[position + 1 :]
    checked = check(changed)

    if changed == text:
        assert isinstance(checked, Valid)
    elif position != SIGN_AT:
        assert isinstance(checked, Invalid)
    elif isinstance(checked, Valid):  # the check character does not cover the sign: hence the sign is never left out
        assert checked.text == changed != text


@given(st.text())
def test_any_text_gets_an_answer(text: str) -> None:
    assert isinstance(check(text), Valid | Invalid)
