"""The digest stands for all that was true when a cell was sealed."""

import dataclasses
from typing import Any

import pytest

from sauma.sealing import SealedAs, digest

SEALED_AS = SealedAs("social-08", "inc-1", 7, "ab" * 16, "item-3", 6, "ordinary", "plan-item-1", bytes(16))
CHANGES: list[tuple[str, Any]] = [
    ("source", "health-08"),
    ("incarnation", "inc-2"),
    ("seq", 8),
    ("subject", "cd" * 16),
    ("item", "item-4"),
    ("category", 5),
    ("handling", "mental-health"),
    ("content_schema", "plan-item-2"),
    ("salt", bytes(15) + b"\x01"),
]


def test_the_changes_cover_every_field() -> None:
    assert [name for name, _ in CHANGES] == [field.name for field in dataclasses.fields(SealedAs)]


@pytest.mark.parametrize(("name", "value"), CHANGES)
def test_each_field_changes_the_digest(name: str, value: Any) -> None:
    assert digest(dataclasses.replace(SEALED_AS, **{name: value})) != digest(SEALED_AS)


def test_same_fields_same_digest_of_32_bytes() -> None:
    assert digest(dataclasses.replace(SEALED_AS)) == digest(SEALED_AS)
    assert len(digest(SEALED_AS)) == 32


def test_a_letter_moved_from_one_field_to_the_next_changes_the_digest() -> None:
    one = dataclasses.replace(SEALED_AS, source="social-0", incarnation="8")
    other = dataclasses.replace(SEALED_AS, source="social-", incarnation="08")
    assert digest(one) != digest(other)


@pytest.mark.parametrize("salt", [b"", bytes(15), bytes(17)])
def test_a_salt_of_another_length_is_refused(salt: bytes) -> None:
    with pytest.raises(ValueError, match="salt has"):
        dataclasses.replace(SEALED_AS, salt=salt)


def test_the_encoding_stays_as_it_is() -> None:
    # Cells outlive releases of the program: another encoding would leave them unopenable.
    assert digest(SEALED_AS).hex() == "3f5dba2c51561e910521e865d3df6216881f75dbea22d365ccb36503642cf31a"
