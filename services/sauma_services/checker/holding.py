"""Holds the agencies' own stores against what was delivered: the same text everywhere, nothing never given, erased means gone."""

from collections.abc import Iterator, Mapping

from sauma.ids import SubjectId
from sauma_services.checker.judging import Judge
from sauma_services.checker.ledger import Held
from sauma_services.checker.snapshot import Holding, Holdings, Violation


def check_holdings(judges: Mapping[SubjectId, Judge], holdings: Holdings) -> tuple[list[Violation], int]:
    """What is wrong in the stores, and how many holdings were looked at; everything delivered has been applied."""
    found: list[Violation] = []
    looked_at = 0
    texts: dict[tuple[str, str, int], tuple[str, dict[str, str]]] = {}
    for endpoint, subjects in sorted(holdings.items()):
        for subject, store in sorted(subjects.items()):
            judge, place = judges.get(subject), f"store of {endpoint}"
            for fact, holding in sorted(store.items()):
                looked_at += 1
                pair = f"{endpoint} {fact} v{holding.version}"
                first = texts.setdefault((subject, fact, holding.version), (endpoint, dict(holding.text)))
                if first[1] != dict(holding.text):
                    found.append(Violation("I10", subject, place, f"{pair}: other words than {first[0]} has"))
                held = judge.ledger.held(endpoint, fact) if judge else None
                found += [Violation(name, subject, place, f"{pair}: {what}") for name, what in _against(held, holding)]
    for subject, judge in judges.items():
        found += _missing(judge, subject, holdings)
    return found, looked_at


def _against(held: Held | None, holding: Holding) -> list[tuple[str, str]]:
    """One holding against what the deliveries imply."""
    if held is None:
        return [("I1", "was never given")]
    if held.state in ("erasing", "erased"):
        return [("I2", "was to be erased and is not")]
    if held.told_void and not holding.is_error:
        return [("I1", "was wrong and is kept as if it were right")]
    # What an agency wrote itself it was not sent: its store may have it in its own way.
    is_other = held.version != holding.version and not held.is_own and not held.told_void
    return [("I10", f"was last given v{held.version}")] if is_other else []


def _missing(judge: Judge, subject: SubjectId, holdings: Holdings) -> Iterator[Violation]:
    """What a recipient was given, may still hold, and does not have."""
    for endpoint, subjects in holdings.items():
        store = subjects.get(subject, {})
        for fact, copies in judge.ledger.facts.items():
            held = copies.get(endpoint)
            if held is not None and held.is_live and not held.is_own and fact not in store:
                what = f"{endpoint} {fact} v{held.version}: was given and is not there"
                yield Violation("lawful-lost", subject, f"store of {endpoint}", what)
