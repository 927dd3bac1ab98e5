"""A keyring starts with all of its files or says what an operator has to do; it never makes a lost one anew."""

from collections.abc import Callable
from pathlib import Path

import pytest

from sauma_connectors.sdk.errors import NeedsOperator
from sauma_connectors.sdk.keyring import Opened
from sauma_services.keyring import FileKeyring, KeyringFiles, opening
from sauma_services.keyring.ledger import Ledger
from unit.keyring.desk import CONTENT, PERSON, Desk, HeldReleases


def test_only_the_owner_may_read_the_files(desk: Desk) -> None:
    desk.keyring.subject_of(PERSON)
    for folder in (desk.files.database.parent, desk.files.master_key.parent):
        for path in folder.iterdir():
            if path.is_file():
                assert path.stat().st_mode & 0o077 == 0, path.name


def test_a_missing_master_key_stops_the_start_and_is_not_made_anew(desk: Desk) -> None:
    sealed_as, cell = desk.sealed()
    desk.keyring.close()
    key = desk.files.master_key.read_bytes()
    desk.files.master_key.unlink()
    with pytest.raises(NeedsOperator, match=r"master key .* is missing.*Put the file back"):
        FileKeyring(desk.files, desk.releases)
    assert not desk.files.master_key.exists()
    desk.files.master_key.write_bytes(key)
    desk.files.master_key.chmod(0o600)
    assert desk.reopened().open(sealed_as, cell) == Opened(CONTENT)


def test_another_keyring_s_master_key_stops_the_start(desk: Desk, tmp_path: Path) -> None:
    desk.keyring.close()
    other = KeyringFiles.under(tmp_path / "other")
    FileKeyring(other, desk.releases).close()
    desk.files.master_key.write_bytes(other.master_key.read_bytes())
    with pytest.raises(NeedsOperator, match="does not open under this master key"):
        FileKeyring(desk.files, desk.releases)


@pytest.mark.parametrize("text", ["", "zz" * 32, "ab" * 31, "\u00e4"])
def test_a_file_that_holds_no_key_stops_the_start_and_is_not_repeated(desk: Desk, text: str) -> None:
    desk.keyring.close()
    desk.files.master_key.write_text(text, encoding="utf-8")
    with pytest.raises(NeedsOperator, match="holds no master key") as stopped:
        FileKeyring(desk.files, desk.releases)
    assert stopped.value.__cause__ is None
    assert not text or text not in str(stopped.value)


def test_a_master_key_that_others_may_read_stops_the_start(desk: Desk) -> None:
    desk.keyring.close()
    desk.files.master_key.chmod(0o640)
    with pytest.raises(NeedsOperator, match="chmod 600"):
        FileKeyring(desk.files, desk.releases)


def test_a_missing_database_stops_the_start_and_is_not_made_anew(desk: Desk) -> None:
    desk.keyring.close()
    desk.files.database.unlink()
    for _ in range(2):  # a second try must not take what the first one left for a keyring
        with pytest.raises(NeedsOperator, match="Restore the newest backup"):
            FileKeyring(desk.files, desk.releases)


def test_a_damaged_database_stops_the_start(desk: Desk) -> None:
    desk.keyring.close()
    desk.files.database.write_bytes(b"not a database at all" * 1000)
    with pytest.raises(NeedsOperator, match="cannot be used"):
        FileKeyring(desk.files, desk.releases)


def test_a_missing_ledger_stops_the_start_and_is_not_made_anew(desk: Desk) -> None:
    desk.keyring.close()
    desk.files.ledger.unlink()
    with pytest.raises(NeedsOperator, match=r"ledger .* is missing"):
        FileKeyring(desk.files, desk.releases)
    assert not desk.files.ledger.exists()


def test_another_keyring_s_ledger_stops_the_start(desk: Desk, tmp_path: Path) -> None:
    desk.keyring.close()
    other = KeyringFiles.under(tmp_path / "other")
    FileKeyring(other, desk.releases).close()
    desk.files.ledger.write_bytes(other.ledger.read_bytes())
    with pytest.raises(NeedsOperator, match="belongs to another keyring"):
        FileKeyring(desk.files, desk.releases)


@pytest.mark.parametrize("cut_off_at", ["_begin", "ledger"])
def test_a_first_start_that_was_cut_off_is_finished_by_the_next(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cut_off_at: str
) -> None:
    files = KeyringFiles.under(tmp_path / "keyring")

    def cut_off(*_: object) -> None:
        raise InterruptedError

    with monkeypatch.context() as patched:
        if cut_off_at == "ledger":
            patched.setattr(Ledger, "begin", cut_off)
        else:
            patched.setattr(opening, "begin_index", cut_off)
        with pytest.raises(InterruptedError):
            FileKeyring(files, HeldReleases())
    key = files.master_key.read_bytes()
    with FileKeyring(files, HeldReleases()) as keyring:
        subject = keyring.subject_of(PERSON)
    assert files.master_key.read_bytes() == key
    with FileKeyring(files, HeldReleases()) as keyring:
        assert keyring.known_subject(PERSON) == subject


def test_a_closed_keyring_answers_nothing(new_desk: Callable[[], Desk]) -> None:
    desk = new_desk()
    sealed_as, _ = desk.sealed()
    desk.keyring.close()
    with pytest.raises(ValueError, match="closed"):
        desk.keyring.seal(sealed_as, CONTENT)


def test_no_key_is_in_the_repr_of_what_was_opened(desk: Desk) -> None:
    desk.keyring.close()
    opened = opening.open_files(desk.files)
    opened.store.close()
    key = desk.files.master_key.read_text().strip()
    for shown in (repr(opened), repr(opened.master), repr(desk.keyring)):
        assert key not in shown
        assert repr(opened.fact_key) not in shown
