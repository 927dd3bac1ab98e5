"""A cell opens only against the router's release of that very fact and version to that endpoint."""

import dataclasses

import pytest

from sauma.ids import EndpointId, FactId, SubjectId
from sauma.sealing import digest
from sauma_connectors.sdk.keyring import NotReleased, Opened, Superseded
from sauma_services.keyring.releases import Release, refusal
from unit.keyring.desk import CONTENT, FACT, OTHER_PERSON, RECIPIENT, Desk

SAME, OTHER = b"\x01" * 32, b"\x02" * 32


@pytest.mark.parametrize(
    ("release", "answer"),
    [
        (None, NotReleased("no-release")),
        (Release(3, SAME, is_live=False), NotReleased("right-ended")),
        (Release(4, SAME, is_live=False), NotReleased("right-ended")),
        (Release(4, SAME, is_live=True), Superseded(4)),
        (Release(4, OTHER, is_live=True), Superseded(4)),
        (Release(2, SAME, is_live=True), NotReleased("not-yet-released")),
        (Release(3, OTHER, is_live=True), NotReleased("other-content")),
        (Release(3, SAME, is_live=True), None),
    ],
)
def test_the_table_of_refusals(release: Release | None, answer: NotReleased | Superseded | None) -> None:
    assert refusal(release, version=3, digest=SAME) == answer


def test_a_right_that_has_ended_closes_what_was_opened_before(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    assert desk.open(sealed_as, cell) == Opened(CONTENT)
    desk.release(sealed_as, is_live=False)
    assert desk.open(sealed_as, cell) == NotReleased("right-ended")


def test_an_older_version_is_superseded(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    desk.release(sealed_as, version=2)
    assert desk.open(sealed_as, cell, version=1) == Superseded(2)


def test_a_version_not_yet_released_stays_closed(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    assert desk.open(sealed_as, cell, version=2) == NotReleased("not-yet-released")


def test_another_endpoint_may_not_open(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    answer = desk.keyring.open(
        endpoint=EndpointId("kela"),
        subject=SubjectId(sealed_as.subject),
        fact=FACT,
        version=1,
        digest=digest(sealed_as),
        cell=cell,
    )
    assert answer == NotReleased("no-release")


def test_a_cell_does_not_open_in_the_place_of_another_fact(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    other_fact, other_sealed_as = FactId("0e" * 16), dataclasses.replace(sealed_as, item="item-4")
    subject = SubjectId(sealed_as.subject)
    desk.releases.held[subject, other_fact, RECIPIENT] = Release(1, digest(other_sealed_as), is_live=True)
    for claimed, answer in [(sealed_as, "other-content"), (other_sealed_as, "cell-broken")]:
        opened = desk.keyring.open(
            endpoint=RECIPIENT, subject=subject, fact=other_fact, version=1, digest=digest(claimed), cell=cell
        )
        assert opened == NotReleased(answer)  # type: ignore[arg-type] # one of the reasons, from the table above


def test_a_cell_does_not_open_under_another_subject(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    other, _ = desk.sealed(OTHER_PERSON)
    answer = desk.keyring.open(
        endpoint=RECIPIENT,
        subject=SubjectId(other.subject),
        fact=FACT,
        version=1,
        digest=digest(sealed_as),
        cell=cell,
    )
    assert answer == NotReleased("other-content")


def test_a_cell_sealed_before_a_merge_opens_under_the_subject_it_was_merged_into(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    merged_into = desk.keyring.subject_of(OTHER_PERSON)
    desk.releases.held[merged_into, FACT, RECIPIENT] = Release(1, digest(sealed_as), is_live=True)
    answer = desk.keyring.open(
        endpoint=RECIPIENT, subject=merged_into, fact=FACT, version=1, digest=digest(sealed_as), cell=cell
    )
    assert answer == Opened(CONTENT)
