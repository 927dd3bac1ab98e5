"""What tests of a law in motion share: the day of the change, rule sets with one thing corrected, a line worked through."""

import itertools
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import replace

from sauma.client import Head
from sauma.codec import Codec
from sauma.ids import SubjectId
from sauma.journal import Epoch, Reconsider
from sauma.resources import names, read_text
from sauma.rulefile import Laws, read_laws
from sauma_services.replay import verify
from sauma_services.router import Router
from sauma_services.router.epochs import EPOCH_KEY
from sauma_services.router.motion import PAUSE_MS
from sauma_services.runtime.clock import ManualClock
from sauma_services.runtime.loop import Loop, LoopSettings
from sauma_services.runtime.ports import Append, Log
from sauma_services.runtime.topics import DECISIONS, JOURNAL, deliveries_row
from support.line import ENTRY, Line
from support.world import places as places_of_tests

MIDNIGHT = 1_777_582_800_000
"""1 May 2026 in Helsinki: 30 April 21:00 UTC."""
DAY_MS = 86_400_000
TEXTS = {name: read_text("law", "fi", name) for name in names("law", "fi") if name.endswith(".toml")}
LAWS = read_laws(TEXTS)
HEAD = Codec(Head)


def corrected(rule: str, old: str, new: str) -> Laws:
    """The rule sets with one thing in one rule corrected, in each."""
    texts = {}
    for name, text in TEXTS.items():
        before, start, after = text.partition(f'id = "{rule}"')
        assert old in after.split("[[rule]]")[0]
        texts[name] = before + start + after.replace(old, new, 1)
    return read_laws(texts)


def subject(number: int) -> SubjectId:
    return SubjectId(f"{number:032x}")


def work_through(line: Line, turn: Callable[[], None] = lambda: None) -> int:
    """Let the slices run until none is due; returns how many turns it took."""
    for turns in itertools.count():
        assert turns < 500, "the slices never end"
        line.clock.advance(PAUSE_MS + 1)
        line.settle()
        turn()
        if not line.router.behind:
            return turns
    raise AssertionError


def judged_by(line: Line) -> dict[str, str]:
    heads = [HEAD.decode(value) for key, value in line.state().items() if b"/head/" in key]
    return {head.subject: head.law for head in heads}


def journal_of(line: Line) -> list[Append]:
    """A line's journal, to be taken elsewhere: each router says for itself what it decides by."""
    return [Append(JOURNAL.name, r.key, r.value) for r in line.records(JOURNAL.name) if r.key != EPOCH_KEY]


def changed_in_three_partitions(log: Log, journal: Sequence[Append], reigns: Sequence[Laws]) -> None:
    """Take a journal in three partitions of this log, under one reign after the other, and hold what comes of it to the rules."""
    places, clock = places_of_tests(), ManualClock(MIDNIGHT - DAY_MS)
    log.create([replace(row, partitions=3) for row in (JOURNAL, DECISIONS)])
    log.create([deliveries_row(endpoint) for endpoint in sorted(places.endpoints)])
    log.publisher().publish(JOURNAL.name, journal)
    for laws in reigns:
        router = Router(laws=laws, places=places)
        opened = log.loop(router.name, router.inputs)
        loop = Loop(opened, router, clock, LoopSettings(wait_seconds_max=0.01))
        idle = 0
        while idle < 5:
            clock.advance(PAUSE_MS + 1)
            idle = 0 if loop.turn() or loop.is_behind() or router.behind else idle + 1
        opened.close()
    reader = log.reader()
    for partition in range(3):
        entries = [ENTRY.decode(record.value).what for record in reader.scan(JOURNAL.name, partition)]
        epochs = [(what.partition, what.law) for what in entries if isinstance(what, Epoch)]
        assert epochs == [(partition, laws.version) for laws in reigns]
        judged_anew = Counter(what.subject for what in entries if isinstance(what, Reconsider))
        subjects = {what.subject for what in entries if not isinstance(what, Epoch)}
        assert judged_anew == Counter({subject: len(reigns) - 1 for subject in subjects})
    found = verify(reader, known=reigns[-1:], places=places, partitions=3)
    assert (found.differences, found.not_done) == ((), 0)
    assert {one.rules for one in found.stretches} == {"journal", "known"}
