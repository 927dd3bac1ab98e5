"""Checks a whole snapshot: reads it, plays every client's history, and looks into the agencies' stores."""

from sauma.client import FactState
from sauma.codec import Codec
from sauma.ids import SubjectId
from sauma.places import Places
from sauma_services.checker.holding import check_holdings
from sauma_services.checker.inbound import check_inbound, check_receipts
from sauma_services.checker.judging import Judge
from sauma_services.checker.naive import NaiveClient
from sauma_services.checker.reading import Reading, decode, read
from sauma_services.checker.snapshot import Holdings, LogSnapshot, Report

_FACT_STATE = Codec(FactState)


def check(snapshot: LogSnapshot, holdings: Holdings | None = None, *, places: Places) -> Report:
    """Everything that may never happen and did. `holdings`: the agencies' stores, after they applied all that was delivered.

    The caller may not assume that a report without violations over an empty log means anything: see its counts.
    """
    reading = read(snapshot)
    check_inbound(reading, snapshot)
    check_receipts(reading, snapshot)
    judges = {subject: Judge(NaiveClient(subject), places) for subject in reading.histories}
    for subject, told in reading.histories.items():
        judges[subject].play(told)
        reading.violations += judges[subject].violations
        reading.counts["puts"] += judges[subject].puts
    _check_state(reading, snapshot, judges)
    if holdings is not None:
        found, looked_at = check_holdings(judges, holdings)
        reading.violations += found
        reading.counts["holdings"] = looked_at
    return Report.of(reading.violations, reading.counts)


def _check_state(reading: Reading, snapshot: LogSnapshot, judges: dict[SubjectId, Judge]) -> None:
    """The state that stands beside the outputs is the one they imply: all of a step is visible, or nothing (I5)."""
    missing = {(subject, name) for subject, judge in judges.items() for name in judge.client.facts if snapshot.state}
    for key, data in snapshot.state.items():
        subject, _, part = key.partition("/")
        judge = judges.get(SubjectId(subject))
        if not part.startswith("fact/") or judge is None:
            continue
        state = decode(reading, _FACT_STATE, data, f"state {key}")
        if state is None:
            continue
        reading.counts["state parts"] += 1
        missing.discard((SubjectId(subject), state.fact.id))
        fact = judge.client.facts.get(state.fact.id)
        if fact is None or (fact.version, fact.status) != (state.fact.version, state.fact.status):
            reading.found("I5", subject, f"state {key}", "not the version that the journal gives")
            continue
        stored = {endpoint: given.version for endpoint, given in state.given.items() if given.is_live}
        copies = judge.ledger.facts.get(fact.id, {})
        if stored != {endpoint: held.version for endpoint, held in copies.items() if held.is_live}:
            reading.found("I5", subject, f"state {key}", "what was given is not what the deliveries say")
    for subject, name in sorted(missing):
        reading.found("I5", subject, f"state {subject}/fact/{name}", "is not there")
