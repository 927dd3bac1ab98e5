"""A cell opens as what it was sealed as, and as nothing else (invariant I19)."""

import dataclasses
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sauma.ids import SubjectId
from sauma.sealing import digest
from sauma_connectors.sdk.errors import GiveUp
from sauma_connectors.sdk.keyring import NotReleased, Opened
from sauma_services.keyring.cells import CELL_EXTRA_BYTES, KEY_BYTES
from unit.keyring.desk import CONTENT, OTHER_PERSON, PERSON, Desk

BROKEN = NotReleased("cell-broken")


def test_what_was_sealed_opens(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    assert desk.open(sealed_as, cell) == Opened(CONTENT)
    assert len(cell) == len(CONTENT) + CELL_EXTRA_BYTES == len(CONTENT) + 105


def test_what_was_sealed_opens_after_a_restart(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    assert desk.reopened().open(sealed_as, cell) == Opened(CONTENT)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(
    content=st.binary(max_size=4096),
    salt=st.binary(min_size=16, max_size=16),
    item=st.text(st.characters(codec="utf-8")),
)
def test_any_content_round_trips(desk: Desk, content: bytes, salt: bytes, item: str) -> None:
    sealed_as = dataclasses.replace(desk.sealed_as(desk.keyring.subject_of(PERSON)), salt=salt, item=item)
    desk.release(sealed_as)
    cell = desk.keyring.seal(sealed_as, content)
    assert desk.open(sealed_as, cell) == Opened(content)
    assert len(content) < 8 or content not in cell


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("source", "health-08"),
        ("incarnation", "inc-2"),
        ("seq", 8),
        ("item", "item-4"),
        ("category", 5),
        ("handling", "mental-health"),
        ("content_schema", "plan-item-2"),
        ("salt", bytes(16)),
    ],
)
def test_a_cell_sealed_as_one_thing_does_not_open_as_another(desk: Desk, name: str, value: Any) -> None:
    sealed_as, cell = desk.sealed()
    changed = dataclasses.replace(sealed_as, **{name: value})
    desk.release(changed)
    assert desk.open(changed, cell) == BROKEN
    assert desk.open(sealed_as, cell) == NotReleased("other-content")


def test_a_cell_sealed_for_one_subject_does_not_open_as_another_s(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    changed = dataclasses.replace(sealed_as, subject=desk.keyring.subject_of(OTHER_PERSON))
    desk.release(changed)
    assert desk.open(changed, cell) == BROKEN


def test_a_cell_with_any_one_byte_changed_is_broken(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    for place in range(len(cell)):
        changed = bytearray(cell)
        changed[place] ^= 0x01
        assert desk.open(sealed_as, bytes(changed)) == BROKEN, place


def test_a_cell_cut_short_or_made_longer_is_broken(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    for length in range(len(cell)):
        assert desk.open(sealed_as, cell[:length]) == BROKEN, length
    assert desk.open(sealed_as, cell + b"\0") == BROKEN


def test_parts_of_two_cells_of_one_subject_do_not_make_a_third(desk: Desk) -> None:
    sealed_as, one = desk.sealed()
    other = desk.keyring.seal(sealed_as, CONTENT)
    content_at = CELL_EXTRA_BYTES - 28
    assert desk.open(sealed_as, one[:content_at] + other[content_at:]) == BROKEN


def test_no_two_cells_share_a_nonce_or_a_wrapped_key(desk: Desk) -> None:
    sealed_as, _ = desk.sealed()
    cells = [desk.keyring.seal(sealed_as, CONTENT) for _ in range(500)]
    assert len({cell[17:29] for cell in cells}) == 500
    assert len({cell[29 : 29 + KEY_BYTES] for cell in cells}) == 500
    assert len({cell[77:89] for cell in cells}) == 500


def test_sealing_for_an_unknown_subject_is_given_up(desk: Desk) -> None:
    with pytest.raises(GiveUp, match="not known"):
        desk.keyring.seal(desk.sealed_as(SubjectId("ab" * 16)), CONTENT)


def test_neither_content_nor_salt_is_in_a_repr(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    assert "canary" not in repr(desk.open(sealed_as, cell))
    assert repr(sealed_as.salt) not in repr(sealed_as)


def test_a_sealing_writes_nothing(desk: Desk) -> None:
    sealed_as, _ = desk.sealed()
    before = desk.bytes_on_disk()
    cell = desk.keyring.seal(sealed_as, CONTENT)
    assert desk.bytes_on_disk() == before
    assert digest(sealed_as) not in cell
