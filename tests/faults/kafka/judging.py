"""Judges a finished run: the checker of the embedded crash tests, client by client, and the whole journal taken again."""

import multiprocessing
import time
from collections import Counter
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from itertools import repeat

from sauma.resources import load_laws
from sauma_services.checker import LogSnapshot, Report, Violation, check
from sauma_services.checker.taken import shares
from sauma_services.machine.places import places_of
from sauma_services.replay import verify
from sauma_services.replay.verify import Verified
from sauma_services.runtime.kafka_client import KafkaSettings
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.settings import Settings

CATEGORIES = ("lost", "duplicated", "order_breaks", "unlawful", "unlogged", "state_mismatches")

_BY_INVARIANT: Mapping[str, str] = {
    "I1": "unlawful",
    "I2": "unlawful",
    "I4": "unlawful",
    "I5": "state_mismatches",
    "I6": "lost",
    "I7": "duplicated",
    "I8": "order_breaks",
    "I10": "order_breaks",
    "I11": "order_breaks",
    "I12": "order_breaks",
    "I13": "unlogged",
    "I16": "duplicated",
    "I22": "lost",
    "lawful-lost": "lost",
}
_TWICE = ("a second", "again", "more often", "twice", "already", "it had this version")
"""Words of explanations that say that something is there once too often, whatever its invariant."""

_BY_DIFFERENCE: Mapping[str, str] = {"missing": "lost", "extra": "duplicated", "out-of-order": "order_breaks"}

_CLIENTS_A_SHARE = 400
"""A share's decoded records take about 1 MB a client: more, and two judges at once need more than a small machine has."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """What was found, and what was looked at."""

    found: Mapping[str, int]
    """By category."""
    first: Sequence[str]
    """Some of it in words."""
    counts: Mapping[str, int]
    verified: int
    """Stored deliveries and decisions compared with those that the journal gives."""
    seconds: float

    @property
    def is_clean(self) -> bool:
        """Whether nothing was found in something."""
        return not any(self.found.values()) and self.counts.get("records", 0) > 0 and self.verified > 0


def judge(kafka: KafkaSettings, settings: Settings, *, clients: int, partitions: int) -> Judgement:
    """Read the whole log as committed, and judge it in two processes: a checker's share, or the journal taken again."""
    began = time.monotonic()
    log = KafkaLog(kafka)
    sources = [endpoint for one in settings.connector for endpoint in one.endpoints]
    taken = shares(
        log.reader(),
        places=places_of(settings),
        sources=sources,  # type: ignore[arg-type] # endpoint ids
        partitions=partitions,
        count=max(2, clients // _CLIENTS_A_SHARE),
    )
    log.close()
    with ProcessPoolExecutor(2, multiprocessing.get_context("forkserver")) as pool:
        again = pool.submit(_taken_again, kafka, settings, partitions)
        reports = list(pool.map(_checked, taken, repeat(settings)))
        verified = again.result()
    counts: Counter[str] = Counter()
    for report in reports:
        counts.update(report.counts)
    violations = sorted(violation for report in reports for violation in report.violations)
    found = Counter(dict.fromkeys(CATEGORIES, 0))
    found.update(category_of(violation) for violation in violations)
    found.update(_BY_DIFFERENCE.get(one.what, "state_mismatches") for one in verified.differences)
    found["lost"] += verified.not_done  # the run has ended and come to rest: what is not done now never will be
    words = [f"{one.invariant} {one.subject} {one.place}: {one.what}" for one in violations[:20]]
    words += [
        f"taken again: {one.topic} {one.position} {one.subject} {one.number}: {one.what}"
        for one in verified.differences[:20]
    ]
    words += [f"taken again: {verified.not_done} records not done"] if verified.not_done else []
    return Judgement(dict(found), words, dict(counts), verified.compared, round(time.monotonic() - began, 1))


def category_of(violation: Violation) -> str:
    """Where the report counts it; its explanation is told in full beside."""
    if any(word in violation.what for word in _TWICE):
        return "duplicated"
    return _BY_INVARIANT.get(violation.invariant, "state_mismatches")


def _checked(snapshot: LogSnapshot, settings: Settings) -> Report:
    return check(snapshot, places=places_of(settings))


def _taken_again(kafka: KafkaSettings, settings: Settings, partitions: int) -> Verified:
    log = KafkaLog(kafka)
    try:
        return verify(log.reader(), laws=load_laws(), places=places_of(settings), partitions=partitions)
    finally:
        log.close()
