"""Checks the form of an event and the codes in it; what the event means for the client is the router's to decide."""

import re
from collections.abc import Mapping
from dataclasses import dataclass

from sauma.clear_text import text_in_clear
from sauma.codec import Undecodable
from sauma.event import ClientChange, Event, FactPut, FactStep, Receipt, Referral, Relationship, Will, put_steps
from sauma.fact import CATEGORIES, HANDLING, KINDS, ROLES, Marks, Moment
from sauma.ids import EndpointId, SubjectId, event_id
from sauma.lifecycle import REFERRAL, RELATIONSHIP, WILL
from sauma.splice import read_event as decoded

SCHEMA = b"sauma.Event/1"
"""What the `schema` header must say; a reader that knows more versions lists them here."""

MESSAGE_BYTES_MAX = 1024 * 1024
"""As Kafka's default and the agencies' platforms; a larger record would have to be configured on both sides."""

CELL_BYTES_MAX = 16 * 1024
"""A plan item in words is under 2 KiB; documents do not belong in a cell."""

STEPS_MAX = 1_000
"""Fact steps in one event: a plan has tens."""

MOMENT_MIN, MOMENT_MAX = -62_135_596_800_000, 253_402_300_799_999
"""The years 1 to 9999, which every calendar can show. Sums of two moments beyond would leave Avro's 64 bits."""

_SEQ_END = 2**53
_VERSION_END = 2**31

_SUBJECT = re.compile(r"[0-9a-f]{32}")
_INCARNATION = re.compile(r"[0-9a-z-]{1,64}")
_SEQ = re.compile(r"[1-9][0-9]{0,15}")

ADVICE: Mapping[str, str] = {
    "message-too-large": f"the record is over {MESSAGE_BYTES_MAX} bytes; send fewer facts in one event",
    "cell-too-large": f"a cell is over {CELL_BYTES_MAX} bytes; share a reference instead of a document",
    "too-many-steps": f"an event has over {STEPS_MAX} fact steps; split it",
    "unknown-schema": f"the schema header is not {SCHEMA.decode()}; upgrade the connector or intake",
    "undecodable": "the bytes are not one record in canonical Avro; encode with the published schema",
    "forged-source": "the event names another source than the topic's; write to your own topic only",
    "wrong-id": "the event's id is not the one computed from source, incarnation, subject and seq",
    "malformed-subject": "the subject or incarnation is malformed, or differs from the record's key; ask the keyring for it",
    "unknown-code": "a code in the event is in no code list of this version; see the model's tables",
    "text-in-clear": "a field that is in the clear holds text or a person's number; use an id, a code or a reference",
    "bad-number": "a seq, version or moment is out of its range",
}
"""What each reason of a refusal means and what to do, for the sending agency; without any value from the record."""


@dataclass(frozen=True, slots=True)
class Bad:
    """The record is refused for this reason, one of `ADVICE`."""

    reason: str


def read_event(value: bytes, *, key: bytes, headers: Mapping[str, bytes], endpoint: EndpointId) -> Event | Bad:
    """The event in a record of the endpoint's topic, or why it is refused."""
    if len(value) > MESSAGE_BYTES_MAX:
        return Bad("message-too-large")
    if headers.get("schema", SCHEMA) != SCHEMA:
        return Bad("unknown-schema")
    try:
        event = decoded(value)
    except Undecodable:
        return Bad("undecodable")
    reason = _wrong_with(event, key, endpoint)
    return Bad(reason) if reason else event


def place_of(key: bytes, headers: Mapping[str, bytes]) -> tuple[SubjectId, str, int] | None:
    """The record's place in its source's sequence, from key and headers alone; None where even these are unreadable."""
    try:
        subject, incarnation, seq = (raw.decode("ascii") for raw in (key, headers["incarnation"], headers["seq"]))
    except (KeyError, UnicodeDecodeError):
        return None
    is_sound = _SUBJECT.fullmatch(subject) and _INCARNATION.fullmatch(incarnation) and _SEQ.fullmatch(seq)
    return (SubjectId(subject), incarnation, int(seq)) if is_sound and int(seq) < _SEQ_END else None


def _wrong_with(event: Event, key: bytes, endpoint: EndpointId) -> str:
    if event.source != endpoint:
        return "forged-source"
    if not _SUBJECT.fullmatch(event.subject) or event.subject.encode() != key:
        return "malformed-subject"
    if not _INCARNATION.fullmatch(event.incarnation):
        return "malformed-subject"
    if not 1 <= event.seq < _SEQ_END or not _are_moments(event.occurred_at):
        return "bad-number"
    if event.id != event_id(event.source, event.incarnation, event.subject, event.seq):
        return "wrong-id"
    if text_in_clear(event.body) is not None:
        return "text-in-clear"
    return _wrong_in_body(event) or _wrong_in_steps(put_steps(event.body))


def _wrong_in_body(event: Event) -> str:
    """The body's own codes and numbers."""
    in_range = True
    match event.body:
        case Referral() as body:
            known = body.step in _REFERRAL_STEPS and (body.to_role is None or body.to_role in ROLES)
        case Relationship() as body:
            known = body.step in _RELATIONSHIP_STEPS
        case Will() as body:
            known = (
                body.step in _WILL_STEPS
                and body.kind in ("consent", "permit", "prohibition")
                and body.given_by in ("client", "guardian", "proxy")
                and set(body.scope.kinds) <= KINDS.keys()
                and set(body.scope.categories) <= set(CATEGORIES)
            )
            in_range = _are_moments(body.valid_from, body.valid_until, body.read_at) and (
                body.age_ms_max is None or 0 <= body.age_ms_max <= MOMENT_MAX
            )
        case ClientChange() as body:
            known = body.change in ("moved", "died", "non-disclosure", "non-disclosure-lifted")
            in_range = _are_moments(body.until)
        case Receipt() as body:
            known = body.kind in ("refused", "erased", "kept", "inventory")
            in_range = _are_versions(*(held.version for held in body.facts))
        case _:
            known = True
    if not known:
        return "unknown-code"
    return "" if in_range else "bad-number"


_REFERRAL_STEPS, _RELATIONSHIP_STEPS, _WILL_STEPS = (
    frozenset(step for _, step in table) for table in (REFERRAL, RELATIONSHIP, WILL)
)
_STEPS = frozenset({"put", "close", "void", "mark", "confirm", "approve", "propose", "accept", "decline", "settle"})


def _wrong_in_steps(steps: tuple[FactStep, ...]) -> str:
    if len(steps) > STEPS_MAX:
        return "too-many-steps"
    for step in steps:
        if step.step not in _STEPS:
            return "unknown-code"
        if not _are_versions(step.version):
            return "bad-number"
        if step.put is not None and (reason := _wrong_in_put(step.put)):
            return reason
        if step.marks is not None and (reason := _wrong_in_marks(step.marks)):
            return reason
    return ""


def _wrong_in_put(put: FactPut) -> str:
    if put.kind not in KINDS or put.category not in CATEGORIES or put.handling not in HANDLING:
        return "unknown-code"
    if len(put.cell) > CELL_BYTES_MAX:
        return "cell-too-large"
    if not _are_versions(put.base, put.about_version) or not _are_moments(put.starts, put.ends):
        return "bad-number"
    return _wrong_in_marks(put.marks)


def _wrong_in_marks(marks: Marks) -> str:
    effect = marks.affects_employment
    if effect is not None and not MOMENT_MIN <= effect.recorded_at <= MOMENT_MAX:
        return "bad-number"
    for mark in marks.necessary_for:
        if mark.role not in ROLES:
            return "unknown-code"
        if not MOMENT_MIN <= mark.recorded_at <= MOMENT_MAX:
            return "bad-number"
    return ""


def _are_moments(*moments: Moment | None) -> bool:
    for moment in moments:  # noqa: SIM110 - a generator for each of ten numbers an event costs more than they do
        if moment is not None and not MOMENT_MIN <= moment <= MOMENT_MAX:
            return False
    return True


def _are_versions(*versions: int) -> bool:
    return min(versions, default=0) >= 0 and max(versions, default=0) < _VERSION_END
