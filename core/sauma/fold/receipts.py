"""Folds receipts: what a recipient refused, erased or kept, and inventories, by which every repair goes."""

from sauma.client import OWN, FactState, Given
from sauma.delivery import Notice
from sauma.event import Receipt
from sauma.fact import Fact
from sauma.fold.change import Change, Context, Folded, Refusal
from sauma.ids import EndpointId
from sauma.making import replace

_STATES = {"refused": "refused", "erased": "erased", "kept": "kept"}


def fold(change: Change, context: Context, body: Receipt) -> Folded:
    """One receipt: the state of what was given follows what the recipient says."""
    if body.kind == "inventory":
        return _inventory(change, context, body)
    state = _STATES.get(body.kind)
    if state is None:
        return Refusal("unknown-code")
    if state == "kept" and not body.paragraph:
        return Refusal("paragraph-missing")
    recipient = context.event.source
    changed: list[FactState] = []
    for held in body.facts:
        known = change.client.facts.get(held.fact)
        given = known.given.get(recipient) if known else None
        if known is None or given is None:
            return Refusal("never-given")
        if given.is_live and state != "refused":
            return Refusal("not-asked")
        # A late word on what was given in an earlier relationship does not make it this one's.
        changed.append(_with(known, recipient, given if given.state == "past" else replace(given, state=state)))
    return change.facts(*changed)


def _inventory(change: Change, context: Context, body: Receipt) -> Change:
    """Set what was given to what the recipient really holds; this same step then sends the difference."""
    recipient = context.event.source
    holds = {held.fact: held.version for held in body.facts}
    changed: list[FactState] = []
    for known in change.client.facts.values():
        given = known.given.get(recipient)
        version = holds.get(known.fact.id)
        if version is None:
            if given is not None and given.is_live:
                changed.append(
                    FactState(known.fact, _without(known, recipient), known.confirmed, known.client_approved)
                )
        elif given is None or not given.is_live or given.version != version:
            # Held without a live release, or in another version: taken for sent, so that the view corrects it.
            held = _held_on_no_release(known.fact, recipient, version) if given is None else given
            wrote = held.wrote and held.version == version
            changed.append(_with(known, recipient, replace(held, version=version, state="sent", wrote=wrote)))
    answered = Notice("inventory-answered", reference=context.event.id, seq=context.event.seq)
    return change.facts(*changed).rights().tell(recipient, answered)


def _held_on_no_release(fact: Fact, recipient: EndpointId, version: int) -> Given:
    """What a recipient says it holds and nobody has given it: its own writing, or something that the law is to be asked about."""
    wrote = fact.author == recipient and fact.version == version
    return Given(version, OWN if wrote else "", None, "sent", rested_on_statute=True, wrote=wrote)


def _with(known: FactState, recipient: EndpointId, given: Given) -> FactState:
    return replace(known, given={**known.given, recipient: given})


def _without(known: FactState, recipient: EndpointId) -> dict[EndpointId, Given]:
    return {endpoint: given for endpoint, given in known.given.items() if endpoint != recipient}
