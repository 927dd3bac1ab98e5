"""What a will says to one question: whom it names, what it speaks of, whether it stands; of wills and of nothing else.

A will is given by the client, or for the client by a guardian or a proxy. What was read from the national service of
expressions of will (ATL 703/2023 72 §) is as good as its reading is fresh.
"""

from collections.abc import Mapping, Sequence

from sauma.client import WillState
from sauma.event import Scope
from sauma.fact import Fact, Moment
from sauma.places import Endpoint
from sauma.question import Predicate, Question, Truth, Unknown

GUARDIAN = "guardian"
"""Who may give a will for the client, and what a minor's prohibition names as the one who is not to be told."""


def will_names(will: WillState, recipient: Endpoint) -> bool:
    """Whether the will speaks of this recipient, by endpoint or by role."""
    return recipient.id in will.will.recipients or recipient.role in will.will.recipients


def _in_force(will: WillState, now: Moment) -> bool:
    said = will.will
    return (
        will.withdrawn_at is None
        and (said.valid_from is None or said.valid_from <= now)
        and (said.valid_until is None or now < said.valid_until)
    )


def covers(will: WillState, fact: Fact) -> Truth:
    """Whether the fact lies in the will's scope; a will that names nothing covers nothing.

    Not known where the will could not be read, or names documents or service tasks and the fact's own was not told.
    """
    if not will.will.is_readable:
        return Unknown(f"{will.will.kind}-unreadable")
    scope = will.will.scope
    sides = ((scope.facts, fact.id in scope.facts), (scope.kinds, fact.kind in scope.kinds), *_wider_sides(scope, fact))
    named = [is_inside for values, is_inside in sides if values]
    return _all(named) if named else False


def _itemises(will: WillState, fact: Fact) -> Truth:
    """The client named this fact, or this kind of fact, and not only a category or a register."""
    if not will.will.is_readable:
        return Unknown(f"{will.will.kind}-unreadable")
    scope = will.will.scope
    if fact.id not in scope.facts and fact.kind not in scope.kinds:
        return False
    return _all([is_inside for values, is_inside in _wider_sides(scope, fact) if values])


def _wider_sides(scope: Scope, fact: Fact) -> tuple[tuple[Sequence[object], Truth], ...]:
    return (
        (scope.categories, fact.category in scope.categories),
        (scope.registers, fact.owner in scope.registers),
        (scope.service_tasks, _told(fact.service_task, scope.service_tasks, "service-task-of-fact")),
        (scope.documents, _told(fact.document, scope.documents, "document-of-fact")),
    )


def _all(truths: Sequence[Truth]) -> Truth:
    """An and in three values."""
    return False if False in truths else next((truth for truth in truths if truth is not True), True)


def _told(token: str | None, named: tuple[str, ...], missing: str) -> Truth:
    return Unknown(missing) if token is None else token in named


def _is_old(will: WillState, now: Moment) -> bool:
    """Read from elsewhere, and longer ago than whoever read it vouches for."""
    read_at, age_ms_max = will.will.read_at, will.will.age_ms_max
    return read_at is not None and age_ms_max is not None and now > read_at + age_ms_max


def _carries(q: Question, will: WillState) -> Truth:
    """Whether the will speaks to this recipient now; a guardian speaks for nothing that the minor keeps from the guardian."""
    said = will.will
    if not (will_names(will, q.recipient) and _in_force(will, q.now)):
        return False
    if said.given_by == GUARDIAN and _is_kept_from_guardian(q):
        return False
    return Unknown(f"{said.kind}-read-again") if _is_old(will, q.now) else True


def _is_kept_from_guardian(q: Question) -> bool:
    return any(
        will.will.kind == "prohibition"
        and GUARDIAN in will.will.recipients
        and _in_force(will, q.now)
        and covers(will, q.fact) is not False
        for will in q.client.head.wills
    )


def _will_in_force(q: Question, will: WillState | None) -> Truth:
    return will is not None and _carries(q, will)


def _will_covers_fact(q: Question, will: WillState | None) -> Truth:
    return will is not None and covers(will, q.fact)


def _will_itemises_fact(q: Question, will: WillState | None) -> Truth:
    return will is not None and _itemises(will, q.fact)


def _will_is_written(_: Question, will: WillState | None) -> Truth:
    """There is a document of it, in the archive of whoever recorded it."""
    return will is not None and bool(will.will.evidence)


def _permit_in_force(q: Question, will: WillState | None) -> Truth:
    """A disclosure permit (luovutuslupa) is read from elsewhere: never read, or read too long ago, is not known."""
    if will is None:
        known = any(w.will.kind == "permit" for w in q.client.head.wills)
        return False if known else Unknown("permit")
    carries, covered = _carries(q, will), covers(will, q.fact)
    if carries is False or covered is False:
        return False
    return covered if carries is True else carries


def _no_prohibition(q: Question, _: WillState | None) -> Truth:
    """A prohibition never grows too old to hold: it only ends with its own limit, or when it is taken back."""
    unknown: Unknown | None = None
    for will in q.client.head.wills:
        to_all = not will.will.recipients
        if will.will.kind == "prohibition" and _in_force(will, q.now) and (to_all or will_names(will, q.recipient)):
            covered = covers(will, q.fact)
            if covered is True:
                return False
            if isinstance(covered, Unknown):
                unknown = unknown or covered
    return unknown or True


WILL_PREDICATES: Mapping[str, Predicate] = {
    "no-prohibition": _no_prohibition,
    "will-in-force": _will_in_force,
    "will-covers-fact": _will_covers_fact,
    "will-itemises-fact": _will_itemises_fact,
    "will-is-written": _will_is_written,
    "permit-in-force": _permit_in_force,
}

WILL_KIND: Mapping[str, str] = {
    "will-in-force": "consent",
    "will-covers-fact": "consent",
    "will-itemises-fact": "consent",
    "will-is-written": "consent",
    "permit-in-force": "permit",
}
"""The predicates that speak of one will, and of which kind; within a rule they all speak of the same one."""
