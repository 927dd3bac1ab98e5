"""Folds wills: consents, disclosure permits and prohibitions, given and withdrawn (ATL 703/2023 53-59 §)."""

from sauma.client import WillState
from sauma.delivery import Notice
from sauma.event import Will
from sauma.fact import ROLES, THE_THREE
from sauma.fold.change import Change, Context, Folded, Refusal
from sauma.lifecycle import NEW, WILL
from sauma.making import replace

KINDS = frozenset({"consent", "permit", "prohibition"})
CAPACITIES = frozenset({"client", "guardian", "proxy"})


def fold(change: Change, context: Context, body: Will) -> Folded:
    """One step of a will; anyone may record a withdrawal, nobody a will in its own favour; a reading replaces an earlier one."""
    known = change.client.head.will(body.will)
    state = NEW if known is None else "withdrawn" if known.withdrawn_at is not None else "given"
    if (state, body.step) not in WILL:
        return Refusal("step-not-possible")
    if body.step == "withdrawn":
        return _withdrawn(change, context, body, known)
    wrong = _wrong_with(body, context) or (_wrong_to_read_again(known, body) if known else "")
    if wrong:
        return Refusal(wrong)
    given = WillState(body, context.event.source, context.now)
    others = tuple(w for w in change.client.head.wills if w is not known)
    return change.head(wills=(*others, given)).rights()


def _wrong_to_read_again(known: WillState, body: Will) -> str:
    """Only what was read from the national service can be read there again; what was given to an agency stays as given."""
    if known.will.kind != body.kind:
        return "kind-changed"
    return "" if known.will.read_at is not None and body.read_at is not None else "step-not-possible"


def _withdrawn(change: Change, context: Context, body: Will, known: WillState | None) -> Change:
    """Effective from this very record on; the will stays, so that what rested on it can be explained."""
    before = known or WillState(body, context.event.source, context.now)
    if before.withdrawn_at is None:
        others = tuple(w for w in change.client.head.wills if w is not known)
        change = change.head(wills=(*others, replace(before, withdrawn_at=context.now))).rights()
    return change.tell(context.event.source, Notice("will-effective", "withdrawn", body.will, context.event.seq))


def _wrong_with(body: Will, context: Context) -> str:
    """The reason against recording this will, or nothing."""
    if body.kind not in KINDS or body.given_by not in CAPACITIES:
        return "unknown-code"
    if context.source.role not in THE_THREE:
        return "not-of-the-three"
    scope = body.scope
    if body.is_readable and not (
        scope.categories or scope.kinds or scope.facts or scope.registers or scope.service_tasks or scope.documents
    ):
        return "will-names-nothing"
    if body.kind == "prohibition":
        return ""
    if not body.recipients:
        return "will-names-no-recipient"
    for name in body.recipients:
        recipient = context.places.endpoint(name)  # type: ignore[arg-type] # an endpoint or a role
        if recipient is None and name not in ROLES:
            return "unknown-endpoint"
        if name in (context.source.id, context.source.role) or (
            recipient is not None and recipient.organiser == context.source.organiser and body.kind == "consent"
        ):
            return "beneficiary-cannot-record"
    return "" if body.evidence or body.read_at is not None else "evidence-missing"
