"""A person is one subject, and the files do not tell who it is (invariant I17)."""

import base64
import hashlib
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from datetime import date, timedelta

import pytest

from sauma.henkilotunnus import for_test
from sauma.ids import EndpointId, SubjectId
from sauma_connectors.sdk.errors import GiveUp
from sauma_services.keyring import FileKeyring, KeyringFiles, people
from unit.keyring.desk import CONTENT, OTHER_PERSON, PERSON, Desk

MANY = [for_test(date(1960, 1, 1) + timedelta(days=day), 950) for day in range(12)]


def test_the_same_person_is_the_same_subject_also_after_a_restart(desk: Desk) -> None:
    subject = desk.keyring.subject_of(PERSON)
    assert desk.keyring.subject_of(PERSON) == subject
    assert desk.keyring.subject_of(OTHER_PERSON) != subject
    assert desk.reopened().keyring.known_subject(PERSON) == subject


def test_a_subject_id_is_32_lower_case_hexadecimal_digits(desk: Desk) -> None:
    subject = desk.keyring.subject_of(PERSON)
    assert len(subject) == 32
    assert set(subject) <= set("0123456789abcdef")


def test_asking_whether_a_person_is_known_makes_no_subject(desk: Desk) -> None:
    assert desk.keyring.known_subject(PERSON) is None
    assert desk.keyring.known_subject(PERSON) is None


@pytest.mark.parametrize(
    "spelling", [PERSON.lower(), f" {PERSON}", PERSON.replace("-", "\u2212"), "", PERSON[:-1] + "!"]
)
def test_another_spelling_is_given_up_and_not_repeated(desk: Desk, spelling: str) -> None:
    for ask in (desk.keyring.subject_of, desk.keyring.known_subject):
        with pytest.raises(GiveUp) as refused:
            ask(spelling)
        assert PERSON[:6] not in repr(refused.value)


def test_two_keyrings_give_a_person_two_ids(
    new_desk: Callable[[], Desk], tmp_path_factory: pytest.TempPathFactory
) -> None:
    here = new_desk()
    with FileKeyring(KeyringFiles.under(tmp_path_factory.mktemp("other")), here.releases) as there:
        assert there.subject_of(PERSON) != here.keyring.subject_of(PERSON)
        assert there.fact_id(EndpointId("kela"), "row 1") != here.keyring.fact_id(EndpointId("kela"), "row 1")


def test_neither_henkilotunnus_nor_content_is_in_any_file_in_any_form(desk: Desk) -> None:
    desk.sealed()
    desk.keyring.fact_id(EndpointId("kela"), PERSON)
    desk.keyring.rotate_index()
    while_open = desk.bytes_on_disk()
    desk.keyring.close()
    for on_disk in (while_open, desk.bytes_on_disk()):
        for secret in (PERSON, PERSON.replace("-", ""), CONTENT.decode()):
            for form in _forms(secret):
                assert form not in on_disk


def test_the_search_for_forms_finds_each_of_them() -> None:
    # The test above passes when its search is blind; so the search is tried on files that do hold the number.
    for hidden in (
        PERSON.encode(),
        PERSON.encode("utf-16"),
        base64.b64encode(b"x" + PERSON.encode()),
        PERSON.encode().hex().encode(),
        hashlib.sha256(PERSON.encode()).digest(),
    ):
        assert any(form in b"before" + hidden + b"after" for form in _forms(PERSON))


def test_rotating_the_index_keeps_every_id_and_changes_every_look_up(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(people, "_MOVED_AT_ONCE", 5)
    subjects = [desk.keyring.subject_of(person) for person in MANY]
    desk.keyring.destroy(subjects.pop())
    before = _look_ups(desk)
    desk.keyring.rotate_index()
    after = _look_ups(desk)
    assert [desk.keyring.known_subject(person) for person in MANY] == [*subjects, None]
    assert len(after) == len(subjects)
    assert not before & after
    with desk.keyring._store.reading() as rows:
        assert len(rows.index_keys()) == 1
    assert [desk.reopened().keyring.subject_of(person) for person in MANY[:-1]] == subjects


def test_a_rotation_cut_off_serves_both_keys_and_is_finished_at_the_next_start(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    subjects = [desk.keyring.subject_of(person) for person in MANY]
    with monkeypatch.context() as patched:
        patched.setattr(people, "_MOVED_AT_ONCE", 5)
        patched.setattr(people.People, "finish_rotation", people.People._move_some)  # one batch, then cut off
        desk.keyring.rotate_index()
    with desk.keyring._store.reading() as rows:
        assert len(rows.index_keys()) == 2
    assert [desk.keyring.subject_of(person) for person in MANY] == subjects
    newcomer = desk.keyring.subject_of(PERSON)
    desk = desk.reopened()
    assert [desk.keyring.subject_of(person) for person in [*MANY, PERSON]] == [*subjects, newcomer]
    with desk.keyring._store.reading() as rows:
        assert len(rows.index_keys()) == 1


def test_threads_that_ask_for_the_same_new_persons_get_the_same_subjects(desk: Desk) -> None:
    start, answers = threading.Barrier(4), list[list[SubjectId]]()

    def ask() -> None:
        start.wait()
        answers.append([desk.keyring.subject_of(person) for person in MANY])

    threads = [threading.Thread(target=ask) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 4
    assert all(answer == answers[0] for answer in answers)
    assert len(set(answers[0])) == len(MANY)


ASKING = """
import sys
from pathlib import Path
from sauma_services.keyring import FileKeyring, KeyringFiles

class NoReleases:
    def release_of(self, subject, fact, endpoint): return None

print("ready", flush=True)
persons = sys.stdin.readline().split()
with FileKeyring(KeyringFiles.under(Path(sys.argv[1])), NoReleases()) as keyring:
    print(*[keyring.subject_of(person) for person in persons])
"""


def test_processes_that_make_one_keyring_at_once_agree_on_every_subject(desk: Desk) -> None:
    # A folder where nothing is yet: the first start itself is raced for, too.
    folder = desk.files.database.parent / "shared"
    asking = [
        subprocess.Popen(
            [sys.executable, "-c", ASKING, str(folder)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        for _ in range(2)
    ]
    for process in asking:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    for process in asking:
        assert process.stdin is not None
        process.stdin.write(" ".join(MANY) + "\n")
        process.stdin.flush()
    answers = [process.communicate(timeout=60)[0].split() for process in asking]
    assert [process.returncode for process in asking] == [0, 0]
    assert answers[0] == answers[1]
    assert len(set(answers[0])) == len(MANY)


def test_a_fact_id_depends_on_endpoint_and_row_alone_and_outlives_a_rotation(desk: Desk) -> None:
    kela, social = EndpointId("kela"), EndpointId("social-08")
    fact = desk.keyring.fact_id(kela, "row 1")
    assert len(fact) == 32
    assert desk.keyring.fact_id(social, "row 1") != fact
    assert desk.keyring.fact_id(kela, "row 2") != fact
    assert desk.keyring.fact_id(EndpointId("kelar"), "ow 1") != fact
    desk.keyring.rotate_index()
    assert desk.reopened().keyring.fact_id(kela, "row 1") == fact


def _look_ups(desk: Desk) -> set[bytes]:
    with desk.keyring._store.reading() as rows:
        generations = [generation for generation, _ in rows.index_keys()]
        assert len(generations) == 1
        found = rows._connection.execute("SELECT look_up FROM subjects WHERE look_up IS NOT NULL").fetchall()
    return {look_up for (look_up,) in found}


def _forms(secret: str) -> Iterator[bytes]:
    """The ways in which a text is found by somebody who searches files for it."""
    for text in (secret, secret.lower()):
        raw = text.encode()
        yield from (raw, raw[::-1], text.encode("utf-16-le"), text.encode("utf-16-be"))
        yield from (raw.hex().encode(), raw.hex().upper().encode())
        for lead in range(3):  # base64 looks different at each of three offsets
            encoded = base64.b64encode(bytes(lead) + raw)
            yield encoded[4:-4]
            yield base64.urlsafe_b64encode(bytes(lead) + raw)[4:-4]
        for name in ("md5", "sha1", "sha256", "sha512", "blake2b"):
            hashed = hashlib.new(name, raw, usedforsecurity=False)
            yield from (hashed.digest(), hashed.hexdigest().encode())
