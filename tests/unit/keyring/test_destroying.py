"""What has been destroyed opens for nobody, nor from any older copy of the database (invariant I18)."""

from collections.abc import Callable
from datetime import date

import pytest

from sauma.henkilotunnus import for_test
from sauma.ids import SubjectId
from sauma_connectors.sdk.errors import GiveUp, NeedsOperator
from sauma_connectors.sdk.keyring import Destroyed, NotReleased, Opened
from sauma_services.keyring import FileKeyring
from sauma_services.keyring.cells import SubjectKey
from unit.keyring.desk import CONTENT, OTHER_PERSON, PERSON, Desk


def test_a_destroyed_subject_s_cells_do_not_open_nor_can_new_ones_be_sealed(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    other_sealed_as, other_cell = desk.sealed(OTHER_PERSON)
    assert desk.open(sealed_as, cell) == Opened(CONTENT)  # the key is in memory now
    desk.keyring.destroy(SubjectId(sealed_as.subject))
    assert desk.open(sealed_as, cell) == Destroyed()
    with pytest.raises(GiveUp, match="destroyed"):
        desk.keyring.seal(sealed_as, CONTENT)
    assert desk.open(other_sealed_as, other_cell) == Opened(CONTENT)
    assert desk.reopened().open(sealed_as, cell) == Destroyed()


def test_who_was_given_nothing_is_not_told_of_a_destruction(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    desk.keyring.destroy(SubjectId(sealed_as.subject))
    desk.releases.held.clear()
    assert desk.open(sealed_as, cell) == NotReleased("no-release")


def test_a_restored_older_database_opens_nothing_that_the_ledger_names(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    older = _copy_of_database(desk)
    desk.keyring.destroy(SubjectId(sealed_as.subject))
    restored = _restored(desk, older)
    assert restored.open(sealed_as, cell) == Destroyed()
    assert restored.keyring.known_subject(PERSON) is None


def test_without_the_newer_ledger_the_restored_database_would_open_it(desk: Desk) -> None:
    # The counterpart of the test above: it is the ledger that keeps it closed, and nothing else.
    sealed_as, cell = desk.sealed()
    older = _copy_of_database(desk)
    older_ledger = desk.files.ledger.read_bytes()
    desk.keyring.destroy(SubjectId(sealed_as.subject))
    desk.keyring.close()
    desk.files.ledger.write_bytes(older_ledger)
    assert _restored(desk, older).open(sealed_as, cell) == Opened(CONTENT)


def test_a_subject_made_after_the_backup_and_destroyed_stays_destroyed(desk: Desk) -> None:
    older = _copy_of_database(desk)
    sealed_as, cell = desk.sealed()
    desk.keyring.destroy(SubjectId(sealed_as.subject))
    assert _restored(desk, older).open(sealed_as, cell) == Destroyed()


def test_a_destruction_cut_off_after_the_ledger_is_finished_at_the_next_start(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    desk.keyring.close()
    with desk.files.ledger.open("a") as ledger:
        ledger.write(sealed_as.subject + "\n")
    assert desk.reopened().open(sealed_as, cell) == Destroyed()


def test_no_part_of_what_was_sealed_for_the_subject_is_left_in_any_file(desk: Desk) -> None:
    subjects = [desk.keyring.subject_of(for_test(date(1980, 1, day), 930)) for day in range(1, 21)]
    with desk.keyring._store.reading() as rows:
        (stored,) = rows._connection.execute(
            "SELECT look_up, sealed_henkilotunnus, sealed_key FROM subjects WHERE subject = ?", (subjects[10],)
        ).fetchall()
    # By parts: a row that is merely freed is overwritten at one end only, and the rest of the key stays readable.
    parts = [sealed[at : at + 8] for sealed in stored for at in range(len(sealed) - 7)]
    before = desk.bytes_on_disk()
    assert all(part in before for part in parts)
    desk.keyring.destroy(subjects[10])
    after = desk.bytes_on_disk()
    assert not any(part in after for part in parts)


def test_a_destroyed_subject_s_person_is_a_new_subject(desk: Desk) -> None:
    subject = desk.keyring.subject_of(PERSON)
    desk.keyring.destroy(subject)
    assert desk.keyring.known_subject(PERSON) is None
    assert desk.keyring.subject_of(PERSON) != subject


def test_destroying_twice_is_destroying_once(desk: Desk) -> None:
    subject = desk.keyring.subject_of(PERSON)
    desk.keyring.destroy(subject)
    desk.keyring.destroy(subject)
    assert desk.files.ledger.read_text().splitlines()[1:] == [subject]


def test_what_is_no_subject_id_never_reaches_the_ledger(desk: Desk) -> None:
    before = desk.files.ledger.read_bytes()
    with pytest.raises(GiveUp):
        desk.keyring.destroy(SubjectId("ab" * 16 + "\n"))
    assert desk.files.ledger.read_bytes() == before


def test_another_process_honours_a_destruction_when_its_time_to_keep_a_key_is_over(
    new_desk: Callable[[], Desk],
) -> None:
    here, there = new_desk(), new_desk()
    sealed_as, cell = here.sealed()
    there.release(sealed_as)
    assert there.open(sealed_as, cell) == Opened(CONTENT)
    here.keyring.destroy(SubjectId(sealed_as.subject))
    there.clock.seconds += 60.0
    assert there.open(sealed_as, cell) == Destroyed()


def test_using_a_key_does_not_lengthen_its_time_in_memory(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    for _ in range(59):
        desk.clock.seconds += 1.0
        desk.open(sealed_as, cell)
    assert SubjectId(sealed_as.subject) in desk.keyring._keys._kept
    desk.clock.seconds += 1.0
    desk.keyring._keys.of(desk.keyring.subject_of(OTHER_PERSON))
    assert SubjectId(sealed_as.subject) not in desk.keyring._keys._kept


def test_a_key_read_before_a_destruction_is_not_kept_after_it(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed_as, cell = desk.sealed()
    subject = SubjectId(sealed_as.subject)
    desk.keyring._keys.forget()
    read = desk.keyring._keys._read

    def read_then_destroyed_by_another_thread(wanted: SubjectId) -> SubjectKey | Destroyed | None:
        key = read(wanted)
        monkeypatch.undo()
        desk.keyring.destroy(wanted)
        return key

    monkeypatch.setattr(desk.keyring._keys, "_read", read_then_destroyed_by_another_thread)
    assert isinstance(desk.keyring._keys.of(subject), SubjectKey)
    assert desk.open(sealed_as, cell) == Destroyed()


def test_a_ledger_that_cannot_be_written_stops_the_destruction(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    sealed_as, cell = desk.sealed()

    def refuses(_handle: int) -> None:
        raise OSError(5, "Input/output error")

    monkeypatch.setattr("sauma_services.keyring.ledger.os.fsync", refuses)
    with pytest.raises(NeedsOperator, match="not destroyed"):
        desk.keyring.destroy(SubjectId(sealed_as.subject))
    monkeypatch.undo()
    assert desk.open(sealed_as, cell) == Opened(CONTENT)


def test_a_torn_last_line_is_passed_over_and_the_next_line_is_whole(desk: Desk) -> None:
    one, other = desk.keyring.subject_of(PERSON), desk.keyring.subject_of(OTHER_PERSON)
    desk.keyring.close()
    with desk.files.ledger.open("a") as ledger:
        ledger.write(one[:20])
    desk = desk.reopened()
    assert desk.keyring.known_subject(PERSON) == one
    desk.keyring.destroy(other)
    desk = desk.reopened()
    assert desk.keyring.known_subject(PERSON) == one
    assert desk.keyring.known_subject(OTHER_PERSON) is None


@pytest.mark.parametrize("damage", ["xy\n", "ab" * 17 + "\n", "\u00e4\n"])
def test_a_damaged_ledger_stops_the_start(desk: Desk, damage: str) -> None:
    desk.keyring.close()
    with desk.files.ledger.open("a", encoding="utf-8") as ledger:
        ledger.write(damage)
    with pytest.raises(NeedsOperator, match="line 2"):
        FileKeyring(desk.files, desk.releases)


def _copy_of_database(desk: Desk) -> bytes:
    desk.keyring.close()
    older = desk.files.database.read_bytes()
    desk.reopened()
    return older


def _restored(desk: Desk, older: bytes) -> Desk:
    desk.keyring.close()
    desk.files.database.write_bytes(older)
    return desk.reopened()
