"""The breach report over a real log: it lists exactly what a test planted, and nothing where nothing was planted."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from sauma.delivery import Delivered, Delivery
from sauma.event import Held, Receipt
from sauma.fact import Moment
from sauma.ids import EndpointId, SubjectId
from sauma.law import Law
from sauma.resources import load_laws
from sauma.rulefile import Laws
from sauma_services.replay.breaches import Breach, Breaches, breaches
from sauma_services.runtime.sqlite_log import SqliteLog
from sauma_services.runtime.topics import deliveries
from support.altering import Stored
from support.line import DELIVERY, LOG_NAME, Line, tell_story
from support.motion import LAWS, TEXTS, corrected, subject, work_through
from support.openings import start
from support.world import SUBJECT, E, H, K, P, S, fact, marks, places, put, puts

Planted = set[tuple[str, str, str, int, str]]
"""Client, recipient, fact, version, why there was no ground."""

NECESSARY = ', "necessary-for-recipient"'
BENT = corrected("tym-15-background", NECESSARY, "")
"""Background goes to every party, necessary or not."""


def found_in(folder: Path, **asked: object) -> Breaches:
    log = SqliteLog(folder / LOG_NAME)
    try:
        return breaches(log.reader(), known=[load_laws()], places=places(), **asked)  # type: ignore[arg-type] # as asked
    finally:
        log.close()


def as_planted(found: Breaches) -> Planted:
    assert len({(b.topic, b.position, b.fact) for b in found.found}) == len(found.found)
    return {(b.subject, b.recipient, b.fact, b.version, b.why) for b in found.found}


# -- rules that were bent for a while


@pytest.fixture(scope="module")
def bent(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Right rules, then bent ones, then right ones again; with what each client's agencies did meanwhile.

    Client 1 has a background that is necessary for Kela and social care, client 2 one that is necessary for nobody.
    """
    folder = tmp_path_factory.mktemp("bent")
    with Line(folder, laws=LAWS) as line:
        run_bent(line, BENT)
    return folder


def run_bent(line: Line, bent: Laws) -> None:
    background = put("background", "background", 3, marks=marks("kela", "social-care"))
    for number in (1, 2):
        start(line, subject(number))
    line.say(E, puts(background), subject=subject(1))
    line.restart(laws=bent)
    line.settle()
    work_through(line)
    line.clock.advance(1000)
    line.say(E, puts(replace(background, base=1, salt=b"2" * 16, cell=b"v2")), subject=subject(1))
    line.say(E, puts(put("background", "background", 3)), subject=subject(2))
    line.restart(laws=LAWS)
    line.settle()
    work_through(line)
    line.say(H, Receipt("kept", (Held(fact("background"), 2),), paragraph="ATL 703/2023 4 §"), subject=subject(1))


TOO_MUCH: Planted = {
    (subject(1), H, fact("background"), 1, "necessary-for-recipient"),
    (subject(1), H, fact("background"), 2, "necessary-for-recipient"),
    (subject(2), H, fact("background"), 1, "necessary-for-recipient"),
    (subject(2), K, fact("background"), 1, "necessary-for-recipient"),
    (subject(2), S, fact("background"), 1, "necessary-for-recipient"),
}


def test_what_bent_rules_let_out_is_listed_by_the_rules_that_should_have_been_in_force(bent: Path) -> None:
    found = found_in(bent, instead=LAWS)
    assert as_planted(found) == TOO_MUCH
    assert {(b.rule, b.discloser, b.kind, b.category) for b in found.found} == {
        ("tym-15-background", "TYM 381/2023 15 §", "background", 3)
    }
    assert [(b.subject, b.recipient) for b in found.found] == sorted((b.subject, b.recipient) for b in found.found)


def test_what_has_happened_since_is_listed_with_it(bent: Path) -> None:
    found = {(b.subject, b.recipient, b.version): b for b in found_in(bent, instead=LAWS).found}
    kept = [one.what for one in found[subject(1), H, 1].since]
    assert kept == ["retracted: stop", "receipt: kept ATL 703/2023 4 §"]
    assert [one.what for one in found[subject(2), S, 1].since] == ["retracted: stop"]


def test_by_the_rules_in_force_at_each_record_bent_ones_are_no_breach(bent: Path) -> None:
    found = found_in(bent)
    assert found.found == ()
    assert found.delivered > 20
    assert {one.rules for one in found.stretches} == {"known", "journal"}


def test_a_router_that_decides_otherwise_than_the_rules_it_pins_is_found(tmp_path: Path) -> None:
    """Its epoch record names the right rules; what it gives out follows others."""
    pairs = zip(LAWS.sets, BENT.sets, strict=True)
    sets = tuple(Law(law.id, law.in_force_from, law.starts_at, other.rules) for law, other in pairs)
    with Line(tmp_path, laws=LAWS) as line:
        run_bent(line, Laws(sets, LAWS.texts))
    # The same version, so no client is judged anew when it begins or ends: only what was put meanwhile went out.
    assert as_planted(found_in(tmp_path)) == TOO_MUCH - {
        (subject(1), H, fact("background"), 1, "necessary-for-recipient")
    }


def test_only_the_time_that_is_asked_about_is_listed(bent: Path) -> None:
    everything = found_in(bent, instead=LAWS).found
    first, last = min(b.when for b in everything), max(b.when for b in everything)
    assert first < last
    assert [b.when for b in found_in(bent, instead=LAWS, start=first + 1).found].count(first) == 0
    assert {b.when for b in found_in(bent, instead=LAWS, stop=last).found} == {b.when for b in everything} - {last}


# -- deliveries that were forged or altered


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("story")
    with Line(folder) as line:
        tell_story(line)
    return folder


@pytest.fixture
def copy(story: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(story, tmp_path / "copy"))


class Sent:
    """The stored deliveries of the story, to plant in."""

    def __init__(self, folder: Path) -> None:
        self.stored = Stored(folder)

    def position(self, recipient: EndpointId, name: str, version: int = 1) -> int:
        """Where this version of this fact stands among what the recipient was sent."""
        for at in range(100):
            delivery = self.at(recipient, at)
            if any((item.fact, item.version) == (fact(name), version) for item in delivery.puts):
                return at
        raise AssertionError(f"{recipient} was never sent {name}")

    def at(self, recipient: EndpointId, position: int) -> Delivery:
        return DELIVERY.decode(self.stored.value(deliveries(recipient), position))

    def item(self, recipient: EndpointId, name: str, version: int = 1) -> Delivered:
        delivery = self.at(recipient, self.position(recipient, name, version))
        return next(item for item in delivery.puts if item.fact == fact(name))

    def alter(self, recipient: EndpointId, name: str, change: Callable[[Delivered], Delivered]) -> None:
        position = self.position(recipient, name)
        delivery = self.at(recipient, position)
        puts_ = tuple(change(item) if item.fact == fact(name) else item for item in delivery.puts)
        self.stored.put(deliveries(recipient), position, DELIVERY.encode(replace(delivery, puts=puts_)))

    def forge(self, recipient: EndpointId, template: Delivery, *items: Delivered, **changes: Any) -> None:
        forged = replace(template, recipient=recipient, puts=items, retracted=(), rebased=(), notices=(), **changes)
        self.stored.append(deliveries(recipient), DELIVERY.encode(forged), key=forged.subject.encode())


def forged_to_another(sent: Sent) -> Planted:
    template = sent.at(E, sent.position(E, "situation"))
    sent.forge(P, template, sent.item(E, "situation"))
    return {(SUBJECT, P, fact("situation"), 1, "no-rule")}


def forged_between_two_records(sent: Sent) -> Planted:
    template = sent.at(E, sent.position(E, "situation"))
    sent.forge(K, template, sent.item(E, "situation"), effective_at=Moment(template.effective_at + 1))
    return {(SUBJECT, K, fact("situation"), 1, "necessary-for-recipient")}


def forged_long_after(sent: Sent) -> Planted:
    template = sent.at(K, sent.position(K, "A"))
    sent.forge(E, template, sent.item(K, "A"), effective_at=Moment(template.effective_at + 400 * 86_400_000))
    return {(SUBJECT, E, fact("A"), 1, "other-agency")}  # it is the other employment area's by then


def forged_before_anything(sent: Sent) -> Planted:
    sent.forge(K, sent.at(K, sent.position(K, "A")), sent.item(K, "A"), effective_at=Moment(1))
    return {(SUBJECT, K, fact("A"), 1, "unknown-client")}


def forged_for_nobody(sent: Sent) -> Planted:
    nobody = SubjectId("9" * 32)
    sent.forge(K, sent.at(K, sent.position(K, "A")), sent.item(K, "A"), subject=nobody)
    return {(nobody, K, fact("A"), 1, "unknown-client")}


def forged_of_nothing(sent: Sent) -> Planted:
    item = replace(sent.item(K, "A"), fact=fact("made-up"))
    sent.forge(K, sent.at(K, sent.position(K, "A")), item)
    return {(SUBJECT, K, fact("made-up"), 1, "unknown-fact")}


def forged_old_version(sent: Sent) -> Planted:
    template = sent.at(K, sent.position(K, "B", 3))
    sent.forge(K, template, sent.item(K, "B"))
    return {(SUBJECT, K, fact("B"), 1, "not-the-version")}


def altered_to_another_fact(sent: Sent) -> Planted:
    other = sent.item(E, "situation")
    sent.alter(K, "background", lambda _: other)
    return {(SUBJECT, K, fact("situation"), 1, "unknown-fact")}


def altered_content(sent: Sent) -> Planted:
    other = sent.item(E, "situation")
    sent.alter(K, "A", lambda item: replace(item, cell=other.cell))
    return {(SUBJECT, K, fact("A"), 1, "other-content")}


def altered_seal(sent: Sent) -> Planted:
    sent.alter(K, "A", lambda item: replace(item, digest=bytes(32)))
    return {(SUBJECT, K, fact("A"), 1, "other-content")}


def altered_class(sent: Sent) -> Planted:
    sent.alter(K, "A", lambda item: replace(item, category=6))
    return {(SUBJECT, K, fact("A"), 1, "other-content")}


def nothing(_: Sent) -> Planted:
    return set()


def everything(sent: Sent) -> Planted:
    return {one for plant in PLANTS[1:-1] for one in plant(sent) if plant not in (altered_seal, altered_class)}


PLANTS = (
    nothing,
    forged_to_another,
    forged_between_two_records,
    forged_long_after,
    forged_before_anything,
    forged_for_nobody,
    forged_of_nothing,
    forged_old_version,
    altered_to_another_fact,
    altered_content,
    altered_seal,
    altered_class,
    everything,
)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.__name__)
def test_the_report_equals_what_was_planted(copy: Path, plant: Callable[[Sent], Planted]) -> None:
    sent = Sent(copy)
    planted = plant(sent)
    sent.stored.close()
    assert as_planted(found_in(copy)) == planted


def test_a_delivery_that_cannot_be_read_is_said_to_be_unjudged(copy: Path) -> None:
    stored = Stored(copy)
    stored.put(deliveries(K), 3, b"\xff")
    stored.close()
    found = found_in(copy)
    assert (found.found, found.undecodable) == ((), ((deliveries(K), 3),))


def test_what_went_out_under_rules_that_nobody_has_is_said_to_be_unjudged(tmp_path: Path) -> None:
    with Line(tmp_path, laws=replace(BENT, texts=())) as line:
        start(line, subject(1))
    found = found_in(tmp_path)
    assert found.found == ()
    assert sum(one.records for one in found.unjudged) > 0


# -- the command


SETTINGS = f"""
[machine]
data = "."

[[endpoint]]
id = "{P}"
role = "provider"
organiser = "valmennus"
name = "Valmennus Oy"
"""
COMMAND = [sys.executable, "-c", "from sauma_services.cli import main; main()", "law", "breaches"]


def told(folder: Path, *arguments: str) -> tuple[int, str]:
    (folder / "sauma.toml").write_text(SETTINGS, encoding="utf-8")
    done = subprocess.run(
        [*COMMAND, "--log", str(folder), *arguments], capture_output=True, text=True, env=os.environ, check=False
    )
    assert done.stderr == ""
    return done.returncode, done.stdout


def test_the_command_lists_the_same_in_every_form(bent: Path, tmp_path: Path) -> None:
    rules = tmp_path / "rules"
    rules.mkdir()
    for name, text in TEXTS.items():
        (rules / name).write_text(text, encoding="utf-8")
    status, said = told(bent, "--law", str(rules), "--output", "json")
    assert status == 1
    listed = {(b["subject"], b["recipient"], b["fact"], b["version"], b["why"]) for b in json.loads(said)["breaches"]}
    assert listed == TOO_MUCH
    rows = list(csv.DictReader(io.StringIO(told(bent, "--law", str(rules), "--output", "csv")[1])))
    assert {(r["subject"], r["recipient"], r["fact"], int(r["version"]), r["why"]) for r in rows} == TOO_MUCH
    assert rows[0].keys() == Breach.__dataclass_fields__.keys()
    text = told(bent, "--law", str(rules), "--to", "2026-05-28")[1]
    assert text.count(f"client {subject(2)}, recipient") == 3
    assert "5 breaches among" in text
    assert told(bent, "--law", str(rules), "--from", "2026-05-29")[1].startswith("0 breaches among")
    assert told(bent)[0] == 0
