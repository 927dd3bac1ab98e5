"""`replay verify` over the story's log: nothing differs on what was written, and every alteration is found where it is."""

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sauma.event import Event, Relationship
from sauma.fact import Moment
from sauma.ids import EndpointId, SubjectId
from sauma.resources import load_laws, names, read_text
from sauma.rulefile import Laws, read_laws
from sauma_services.replay import Difference, Verified, verify
from sauma_services.runtime.clock import ManualClock
from sauma_services.runtime.ports import Record, StatePart
from sauma_services.runtime.sqlite_log import SqliteLog
from sauma_services.runtime.topics import DECISIONS, JOURNAL, deliveries
from support.altering import Stored
from support.line import DECISION, DELIVERY, ENTRY, LOG_NAME, Line, tell_story
from support.world import PROVIDER, START, SUBJECT, D, E, H, K, P, S, places

SETTINGS = f"""
[machine]
data = "."

[[endpoint]]
id = "{PROVIDER.id}"
role = "{PROVIDER.role}"
organiser = "{PROVIDER.organiser}"
name = "{PROVIDER.name_fi}"
"""
COMMAND = [sys.executable, "-c", "from sauma_services.cli import main; main()", "replay", "verify", "--output", "json"]
TO_KELA = deliveries(K)
LATER = START + 400 * 24 * 3600 * 1000
"""After the story."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A machine's data folder after the story, with one refusal that intake told of no client."""
    folder = tmp_path_factory.mktemp("story")
    (folder / "sauma.toml").write_text(SETTINGS, encoding="utf-8")
    with Line(folder) as line:
        tell_story(line)
        line.send_bytes(K, b"", key=b"")
        line.settle()
    return folder


@pytest.fixture
def copy(story: Path, tmp_path: Path) -> Path:
    """The same folder, for altering."""
    return Path(shutil.copytree(story, tmp_path / "copy"))


def verified(folder: Path, laws: Laws | None = None) -> Verified:
    log = SqliteLog(folder / LOG_NAME)
    try:
        return verify(log.reader(), laws=laws or load_laws(), places=places())
    finally:
        log.close()


def altered(folder: Path, alter: Callable[[Stored], None]) -> tuple[Difference, ...]:
    stored = Stored(folder)
    try:
        alter(stored)
    finally:
        stored.close()
    return verified(folder).differences


def newcomer(number: int) -> SubjectId:
    return SubjectId(f"{number:032x}")


def kinds(differences: Sequence[Difference]) -> set[tuple[str, str]]:
    return {(one.topic, one.what) for one in differences}


def flipped(value: bytes, at: int) -> bytes:
    return value[:at] + bytes([value[at] ^ 1]) + value[at + 1 :]


# -- what was written


def test_nothing_differs_and_nothing_is_written(copy: Path) -> None:
    stored = Stored(copy)
    before = stored.everything()
    found = verified(copy)
    assert found.differences == ()
    assert found.compared > found.records > 30
    assert stored.everything() == before
    stored.close()


def test_a_log_without_records_has_no_differences(tmp_path: Path) -> None:
    assert verified(tmp_path) == Verified(0, 0, ())


# -- alterations of what is stored


def test_a_flipped_byte_in_a_delivery_is_located(copy: Path) -> None:
    def alter(stored: Stored) -> None:
        value = stored.value(TO_KELA, 3)
        stored.put(TO_KELA, 3, flipped(value, value.index(b"TYM 381/2023")))

    assert altered(copy, alter) == (Difference(TO_KELA, 3, SUBJECT, 4, "other-bytes"),)


def test_a_flipped_byte_in_a_decision_is_located(copy: Path) -> None:
    def alter(stored: Stored) -> None:
        value = stored.value(DECISIONS.name, 6)
        stored.put(DECISIONS.name, 6, flipped(value, value.index(b"necessary-for-recipient")))

    assert altered(copy, alter) == (Difference(DECISIONS.name, 6, SUBJECT, 7, "other-bytes"),)


def test_a_flipped_byte_anywhere_in_a_delivery_is_found(copy: Path) -> None:
    """Whatever the byte says: a length, a number, a name; it shows in the one topic that was altered. Every 23rd is tried."""
    stored = Stored(copy)
    value = stored.value(TO_KELA, 1)
    for at in range(0, len(value), 23):
        stored.put(TO_KELA, 1, flipped(value, at))
        differences = verified(copy).differences
        assert differences, at
        assert {one.topic for one in differences} == {TO_KELA}, at
        assert {one.position for one in differences} <= {1, -1}, at
    stored.close()


def test_a_record_that_is_no_longer_readable_is_located(copy: Path) -> None:
    assert altered(copy, lambda stored: stored.put(TO_KELA, 3, b"\xff")) == (
        Difference(TO_KELA, 3, SUBJECT, 0, "undecodable"),
        Difference(TO_KELA, -1, SUBJECT, 4, "missing"),
    )


def test_a_deleted_delivery_is_missed(copy: Path) -> None:
    assert altered(copy, lambda stored: stored.delete(TO_KELA, 3)) == (Difference(TO_KELA, -1, SUBJECT, 4, "missing"),)


def test_a_doubled_delivery_is_located(copy: Path) -> None:
    at: list[int] = []
    differences = altered(copy, lambda stored: at.append(stored.append(TO_KELA, stored.value(TO_KELA, 3))))
    assert differences == (Difference(TO_KELA, at[0], SUBJECT, 4, "extra"),)


def test_an_inserted_decision_is_located(copy: Path) -> None:
    at: list[int] = []

    def alter(stored: Stored) -> None:
        decision = replace(DECISION.decode(stored.value(DECISIONS.name, 6)), number=999)
        at.append(stored.append(DECISIONS.name, DECISION.encode(decision)))

    assert altered(copy, alter) == (Difference(DECISIONS.name, at[0], SUBJECT, 999, "extra"),)


def test_exchanged_deliveries_are_out_of_order(copy: Path) -> None:
    def alter(stored: Stored) -> None:
        first, second = stored.value(TO_KELA, 3), stored.value(TO_KELA, 4)
        stored.put(TO_KELA, 3, second)
        stored.put(TO_KELA, 4, first)

    assert altered(copy, alter) == (Difference(TO_KELA, 4, SUBJECT, 4, "out-of-order"),)


def test_a_delivery_under_another_clients_key_is_located(copy: Path) -> None:
    differences = altered(copy, lambda stored: stored.set_key(TO_KELA, 3, b"6" * 32))
    assert differences == (Difference(TO_KELA, 3, SUBJECT, 4, "other-key"),)


@pytest.mark.parametrize("subject", [SubjectId(""), SUBJECT])
def test_a_delivery_with_facts_does_not_hide_behind_number_0(copy: Path, subject: SubjectId) -> None:
    at: list[int] = []

    def alter(stored: Stored) -> None:
        delivery = replace(DELIVERY.decode(stored.value(TO_KELA, 4)), number=0, subject=subject)
        assert delivery.puts
        at.append(stored.append(TO_KELA, DELIVERY.encode(delivery)))

    assert altered(copy, alter) == (Difference(TO_KELA, at[0], subject, 0, "extra"),)


# -- alterations of the journal


def test_an_unreadable_journal_record_is_located_and_the_rest_goes_on(copy: Path) -> None:
    differences = altered(copy, lambda stored: stored.put(JOURNAL.name, 5, b"\xff"))
    assert Difference(JOURNAL.name, 5, SUBJECT, 0, "undecodable") in differences
    assert (DECISIONS.name, "other-bytes") in kinds(differences)


def test_a_journal_record_that_the_core_breaks_on_is_located_and_the_rest_goes_on(copy: Path) -> None:
    """No calendar has the moment at which this assessment claims to start."""

    def alter(stored: Stored) -> None:
        of_events = (
            v for n in range(20) if (v := stored.value(JOURNAL.name, n)) and isinstance(ENTRY.decode(v).what, Event)
        )
        value = next(v for v in of_events if b"started" in v)
        entry = ENTRY.decode(value)
        position = next(n for n in range(20) if stored.value(JOURNAL.name, n) == value)
        at.append(position)
        stored.put(JOURNAL.name, position, ENTRY.encode(replace(entry, stamp=Moment(2**62))))

    at: list[int] = []
    differences = altered(copy, alter)
    assert Difference(JOURNAL.name, at[0], SUBJECT, 0, "not-taken") in differences
    assert (DECISIONS.name, "other-bytes") in kinds(differences)


def test_no_flipped_byte_of_a_journal_record_ends_the_verification(copy: Path) -> None:
    """Some bytes show nowhere, such as a professional's own time of a mark. Every 29th is tried."""
    stored = Stored(copy)
    position = next(n for n in range(30) if b"h-capacity" in stored.value(JOURNAL.name, n))
    value = stored.value(JOURNAL.name, position)
    found = []
    for at in range(0, len(value), 29):
        stored.put(JOURNAL.name, position, flipped(value, at))
        found.append(len(verified(copy).differences))
    assert sum(1 for count in found if count) > len(found) // 2
    stored.close()


def test_a_deleted_journal_record_shows(copy: Path) -> None:
    differences = altered(copy, lambda stored: stored.delete(JOURNAL.name, 5))
    assert (DECISIONS.name, "other-bytes") in kinds(differences)
    assert (DECISIONS.name, "extra") in kinds(differences)


# -- a router that has not done everything yet


def test_what_waits_for_the_router_is_counted_and_no_difference(copy: Path) -> None:
    with Line(copy, clock=ManualClock(LATER)) as line:
        for number in range(1, 4):
            line.send(line.event(E, Relationship("started"), subject=newcomer(number)))
        line.loops[0].turn()  # intake's
        found = verified(copy)
        status, said = told(copy)
        assert (found.differences, found.not_done) == ((), 3)
        assert (status, said["different"], said["not_yet_done"]) == (0, 0, 3)
        line.settle()
    assert (verified(copy).differences, verified(copy).not_done) == ((), 0)


def test_the_command_says_in_words_what_waits(copy: Path) -> None:
    with Line(copy, clock=ManualClock(LATER)) as line:
        line.send(line.event(E, Relationship("started"), subject=newcomer(1)))
        line.loops[0].turn()
    done = subprocess.run([*COMMAND[:-2], "--log", str(copy)], capture_output=True, text=True, check=False)
    assert done.returncode == 0
    *_, waits, differences = done.stdout.splitlines()
    assert waits == "not yet done: 1 (journal records that wait for the router)"
    assert differences == "0 differences"


class Moving:
    """A reader of a line that goes on: before each reading, something more is said and done."""

    def __init__(self, line: Line) -> None:
        self._line = line
        self._reader = line.log.reader()
        self.said = 0

    def scan(self, topic: str, partition: int, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        self._goes_on()
        return self._reader.scan(topic, partition, start, stop)

    def end(self, topic: str, partition: int) -> int:
        return self._reader.end(topic, partition)

    def state(self, group: str) -> Iterator[StatePart]:
        self._goes_on()
        return self._reader.state(group)

    def state_part(self, group: str, key: bytes) -> bytes | None:
        return self._reader.state_part(group, key)

    def _goes_on(self) -> None:
        self.said += 1
        subject = newcomer(self.said % 7)
        self._line.say(E, Relationship("started"), subject=subject)
        self._line.say(S, Relationship("taking-part"), subject=subject)


def test_a_line_that_goes_on_meanwhile_shows_no_difference(copy: Path) -> None:
    with Line(copy, clock=ManualClock(LATER)) as line:
        moving = Moving(line)
        found = verify(moving, laws=load_laws(), places=places())
    assert moving.said > 5
    assert found.differences == ()
    assert found.not_done > 0


def test_the_last_decision_taken_away_is_missed(copy: Path) -> None:
    stored = Stored(copy)
    last = stored.last(DECISIONS.name)
    number = DECISION.decode(stored.value(DECISIONS.name, last)).number
    stored.delete(DECISIONS.name, last)
    stored.close()
    found = verified(copy)
    assert found.differences == (Difference(DECISIONS.name, -1, SUBJECT, number, "missing"),)
    assert found.not_done == 0


def test_the_last_deliveries_of_a_decided_record_taken_away_are_missed(copy: Path) -> None:
    stored = Stored(copy)
    last = stored.last(TO_KELA) - 1  # after it stands what intake told
    numbers = [DELIVERY.decode(stored.value(TO_KELA, at)).number for at in (last - 1, last)]
    for at in (last - 1, last):
        stored.delete(TO_KELA, at)
    stored.close()
    found = verified(copy)
    assert found.differences == tuple(Difference(TO_KELA, -1, SUBJECT, number, "missing") for number in numbers)
    assert found.not_done == 0


def test_a_record_before_one_that_is_done_is_not_waiting(copy: Path) -> None:
    """Also where the router's own count is gone: it takes the journal in its order."""

    def alter(stored: Stored) -> None:
        stored.delete(DECISIONS.name, 6)
        stored.forget_state()

    assert altered(copy, alter) == (Difference(DECISIONS.name, -1, SUBJECT, 7, "missing"),)
    assert verified(copy).not_done == 0


# -- other rules


TEXTS = {name: read_text("law", "fi", name) for name in names("law", "fi") if name.endswith(".toml")}
FIRST = max(TEXTS)


def changed(rule: str, old: str, new: str) -> str:
    """The rule set of the day of the story with one thing changed in one rule."""
    before, start, after = TEXTS[FIRST].partition(f'id = "{rule}"')
    assert start
    assert old in after.split("[[rule]]")[0]
    return before + start + after.replace(old, new, 1)


CHANGES = {
    "paragraph": (changed("tym-15-background", "TYM 381/2023 15 §", "TYM 381/2023 16 §"), {S, K}),
    "condition": (changed("tym-15-background", ', "necessary-for-recipient"', ""), {H}),
    "order": (changed("provider-statute", "order = 59", "order = 65"), {P}),
    "recipient": (changed("tym-12-base", 'to = ["keha"]', 'to = ["ngo"]'), {D}),
    "comment": (f"{TEXTS[FIRST]}\n# another edition\n", set[EndpointId]()),
}


@pytest.mark.parametrize("name", CHANGES)
def test_one_changed_rule_shows_at_those_whom_it_concerns(story: Path, name: str) -> None:
    text, concerned = CHANGES[name]
    differences = verified(story, read_laws({**TEXTS, FIRST: text})).differences
    found = {one.topic for one in differences}
    assert {deliveries(endpoint) for endpoint in concerned} <= found
    assert (JOURNAL.name, "other-law") in kinds(differences)
    if not concerned:
        assert found == {JOURNAL.name, DECISIONS.name}  # decisions cite the rule set by its hash


def test_a_rule_set_that_came_later_leaves_what_was_decided_before_it_alone(tmp_path: Path) -> None:
    """The first epoch pins fewer rule sets than there are now; every record was decided by those of its day."""
    later = TEXTS[FIRST].replace("in_force_from = 2026-05-01", "in_force_from = 2026-06-15")
    both = read_laws({**TEXTS, "later.toml": later})
    with Line(tmp_path) as line:
        tell_story(line)
        line.restart(laws=both)
        line.settle()
        found = verify(line.log.reader(), laws=both, places=line.places)
        assert found.differences == ()
        with_the_old = verify(line.log.reader(), laws=load_laws(), places=line.places)
        assert kinds(with_the_old.differences) == {(JOURNAL.name, "other-law")}


# -- the command


def told(folder: Path, *arguments: str, **environment: str) -> tuple[int, dict[str, Any]]:
    done = subprocess.run(
        [*COMMAND, "--log", str(folder), *arguments],
        capture_output=True,
        text=True,
        env={**os.environ, **environment},
        check=False,
    )
    assert done.stderr == ""
    (line,) = done.stdout.splitlines()
    return done.returncode, json.loads(line)


def test_the_command_says_the_same_in_any_process(story: Path) -> None:
    library = verified(story)
    expected = {
        "records": library.records,
        "compared": library.compared,
        "different": 0,
        "first": [],
        "unverified": 0,
        "not_yet_done": 0,
    }
    for environment in (
        {"PYTHONHASHSEED": "1", "TZ": "Pacific/Kiritimati"},
        {"PYTHONHASHSEED": "2", "TZ": "America/St_Johns"},
    ):
        status, said = told(story, **environment)
        assert status == 0
        assert [(one["rules"], one["law"]) for one in said.pop("epochs")] == [("known", load_laws().version)] * 2
        assert said == expected


def test_the_command_judges_by_the_rules_it_is_given(story: Path, tmp_path: Path) -> None:
    same, other = tmp_path / "same", tmp_path / "other"
    for folder, text in ((same, TEXTS[FIRST]), (other, CHANGES["condition"][0])):
        folder.mkdir()
        for name, whole in TEXTS.items():
            (folder / name).write_text(text if name == FIRST else whole, encoding="utf-8")
    assert told(story, "--law", str(same))[1]["different"] == 0
    status, said = told(story, "--law", str(other))
    assert status == 1
    assert said["different"] > 0
    assert said["first"][0].keys() == {"topic", "position", "subject", "number", "what"}
