"""Folds the steps of single facts: put, close, void, mark; ownership and versions."""

from sauma.client import OWN, Client, FactState, Given
from sauma.event import FactPut, FactStep
from sauma.fact import KINDS, NO_MARKS, Fact
from sauma.fold.change import Change, Context, Folded, Refusal
from sauma.ids import EndpointId
from sauma.lifecycle import NEW, table_of
from sauma.making import replace
from sauma.sealing import SALT_BYTES, SealedAs

ROUTER_MADE = frozenset({"relationship", "referral-status", "non-disclosure", "conflict"})
"""Kinds that no source puts: they follow from other steps."""


def put(change: Change, context: Context, step: FactStep) -> Folded:
    """A source's own fact, new or in its next version."""
    stated = step.put
    if stated is None or stated.id != step.fact:
        return Refusal("put-without-fact")
    known = change.client.facts.get(stated.id)
    wrong = _wrong_with(change.client, context, stated, known, step.step)
    if wrong:
        return Refusal(wrong)
    fact = stated_fact(context, stated, known, status="pending" if KINDS[stated.kind].is_joint else "open")
    return change.facts(authored(fact, known))


def close(change: Change, context: Context, step: FactStep) -> Folded:
    """The owner's fact comes to its end; it stays shared, as closed."""
    return _of_owner(change, context, step, status="closed")


def void(change: Change, context: Context, step: FactStep) -> Folded:
    """The owner's fact was wrong: whoever was given it, even if stopped since, is asked to treat it as an error."""
    return _of_owner(change, context, step, status="void")


def mark(change: Change, context: Context, step: FactStep) -> Folded:
    """The owner's professional decides anew for whom the fact is necessary; the version stays."""
    known = change.client.facts.get(step.fact)
    wrong = _not_owners(known, context, step)
    if wrong or known is None:
        return Refusal(wrong)
    marks = (step.marks or NO_MARKS).first_journalled(known.fact.marks, context.now)
    return change.facts(replace(known, fact=replace(known.fact, marks=marks)))


def stated_fact(context: Context, stated: FactPut, known: FactState | None, *, status: str) -> Fact:
    """The fact that a source's statement makes, sealed as the source sealed it."""
    event = context.event
    sealed_as = None
    if stated.cell:
        sealed_as = SealedAs(
            source=event.source,
            incarnation=event.incarnation,
            seq=event.seq,
            subject=event.subject,
            item=stated.id,
            category=stated.category,
            handling=stated.handling,
            content_schema=stated.content_schema,
            salt=stated.salt,
        )
    return Fact(
        id=stated.id,
        owner=known.fact.owner if known else event.source,
        kind=stated.kind,
        category=stated.category,
        handling=stated.handling,
        version=stated.base + 1,
        status=status,
        author=event.source,
        marks=stated.marks.first_journalled(known.fact.marks if known else NO_MARKS, context.now),
        plan=stated.plan,
        referral=stated.referral,
        about=stated.about,
        about_version=stated.about_version,
        addressed_to=stated.addressed_to,
        starts=stated.starts,
        ends=stated.ends,
        sealed_as=sealed_as,
        cell=stated.cell,
        service_task=stated.service_task,
        document=stated.document,
    )


def authored(fact: Fact, known: FactState | None) -> FactState:
    """The state with this version of the fact, which its author holds already."""
    given = dict(known.given) if known else {}
    if fact.author:
        given[fact.author] = Given(fact.version, OWN, None, "sent", rested_on_statute=True, wrote=True)
    return FactState(fact, given)


def next_version(state: FactState, *, author: EndpointId, status: str, **changes: object) -> FactState:
    """The fact's next version: the router's own (`author` nobody), or one that the author's record carried."""
    fact = replace(
        state.fact,
        version=state.fact.version + 1,
        author=author,
        status=status,
        **changes,  # type: ignore[arg-type] # fields of Fact
    )
    return replace(authored(fact, state), client_approved=state.client_approved)


def _of_owner(change: Change, context: Context, step: FactStep, *, status: str) -> Folded:
    known = change.client.facts.get(step.fact)
    wrong = _not_owners(known, context, step)
    if wrong or known is None:
        return Refusal(wrong)
    # Whoever a move made the owner has said something about it itself: from here on it is its own.
    return change.facts(next_version(known, author=context.event.source, status=status, passed_from=None))


def _not_owners(known: FactState | None, context: Context, step: FactStep) -> str:
    if known is None:
        return "unknown-fact"
    if known.fact.owner != context.event.source:
        return "not-the-owner"
    if step.version != known.fact.version:
        return "stale-base"
    return "" if (known.fact.status, step.step) in table_of(known.fact.kind) else "step-not-possible"


def _wrong_with(client: Client, context: Context, stated: FactPut, known: FactState | None, step: str) -> str:
    """The reason against this statement, or nothing."""
    kind = KINDS.get(stated.kind)
    if kind is None or stated.kind in ROUTER_MADE:
        return "kind-not-putable"
    if stated.category not in kind.categories or (kind.handling and stated.handling != kind.handling):
        return "category-not-of-kind"
    if stated.cell and len(stated.salt) != SALT_BYTES:
        return "salt-length"
    if context.source.role not in kind.owners:
        return "kind-not-of-role"
    if kind.is_joint and not is_maker(client, stated, context.event.source):
        return "not-a-maker"
    if known is None:
        return "stale-base" if stated.base else _impossible(NEW, step, stated.kind)
    fact = known.fact
    if fact.owner != context.event.source:
        return "not-the-owner"
    if (fact.kind, fact.category) != (stated.kind, stated.category):
        return "kind-changed"
    if fact.version != stated.base:
        return "stale-base"
    return _impossible(fact.status, step, fact.kind)


def _impossible(status: str, step: str, kind: str) -> str:
    return "" if (status, step) in table_of(kind) else "step-not-possible"


def is_maker(client: Client, stated: FactPut | Fact, endpoint: EndpointId) -> bool:
    """Whether the endpoint is one of the makers of the plan that the fact belongs to."""
    plan = client.head.plan(stated.plan)
    return plan is not None and endpoint in plan.makers
