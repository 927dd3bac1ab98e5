"""Holds one decision against what left by it: each outcome once, each with its reason or basis, nothing more and nothing less."""

from collections import Counter

from sauma.decision import Decision, Ruling
from sauma.delivery import Basis, Delivery

Left = tuple[str, str, str, object]
"""Recipient, fact, outcome, and the version with its basis or what was asked."""

_WITH_REASON = frozenset({"withheld", "undecided", "retracted"})
_OUTCOMES = _WITH_REASON | {"released", "rebased", "unchanged"}


def check_decision(decision: Decision, deliveries: list[Delivery]) -> list[tuple[str, str]]:
    """Invariant and explanation of everything in which the decision and the deliveries of one record differ."""
    found: list[tuple[str, str]] = []
    pairs = Counter((ruling.recipient, ruling.fact) for ruling in decision.rulings)
    for (recipient, fact), times in pairs.items():
        if times > 1:
            found.append(("I6", f"{recipient} {fact}: {times} outcomes at one record"))
    for ruling in decision.rulings:
        found += _check_ruling(ruling, len(decision.bases))
    if decision.outcome == "refused" and not decision.reason:
        found.append(("I6", "refused without a reason"))
    if decision.unchanged < 0 or not decision.law:
        found.append(("I13", "the decision is not whole"))
    decided, left = Counter(_decided(decision)), Counter(_left(deliveries))
    found += [("I6", f"{to} {name}: decided as {how}, and it did not leave so") for to, name, how, _ in decided - left]
    found += [("I13", f"{to} {name}: {how}, and the decision does not say so") for to, name, how, _ in left - decided]
    return found + _check_parts(deliveries)


def _check_ruling(ruling: Ruling, bases: int) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = []
    pair = f"{ruling.recipient} {ruling.fact}"
    if ruling.outcome not in _OUTCOMES:
        found.append(("I6", f"{pair}: no such outcome"))
    if ruling.outcome in _WITH_REASON and not ruling.reason:
        found.append(("I4", f"{pair}: {ruling.outcome} without a reason"))
    if ruling.outcome in ("released", "rebased") and not 0 <= ruling.basis < bases:
        found.append(("I13", f"{pair}: {ruling.outcome} without a basis"))
    return found


def _decided(decision: Decision) -> list[Left]:
    found: list[Left] = []
    for ruling in decision.rulings:
        if ruling.outcome == "retracted":
            # Why a right ended may tell of a prohibition or a death: the recipient learns it of errors only.
            told = ruling.reason if ruling.ask == "error" else "right-ended"
            found.append((ruling.recipient, ruling.fact, "retracted", (ruling.ask, told)))
        elif ruling.outcome in ("released", "rebased") and 0 <= ruling.basis < len(decision.bases):
            basis: Basis = decision.bases[ruling.basis]
            found.append((ruling.recipient, ruling.fact, ruling.outcome, (ruling.version, basis)))
    return found


def _left(deliveries: list[Delivery]) -> list[Left]:
    found: list[Left] = []
    for d in deliveries:
        found += [(d.recipient, item.fact, "released", (item.version, item.basis)) for item in d.puts]
        found += [(d.recipient, moved.fact, "rebased", (moved.version, moved.basis)) for moved in d.rebased]
        found += [(d.recipient, back.fact, "retracted", (back.ask, back.reason)) for back in d.retracted]
    return found


def _check_parts(deliveries: list[Delivery]) -> list[tuple[str, str]]:
    """Of the parts for one recipient, the last one and no other says that it is the last."""
    by_recipient: dict[str, list[bool]] = {}
    for delivery in deliveries:
        by_recipient.setdefault(delivery.recipient, []).append(delivery.is_last_part)
    return [
        ("I8", f"{recipient}: its last part is not the one marked so")
        for recipient, marks in by_recipient.items()
        if marks != [False] * (len(marks) - 1) + [True]
    ]
