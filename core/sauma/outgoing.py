"""Writes down what leaves and why: one delivery a recipient, in parts where it is large, and the decision on the record."""

from sauma.client import OWN, Client
from sauma.decision import Decision, Ruling
from sauma.delivery import Basis, Delivered, Delivery, Notice, Rebased, Retracted
from sauma.event import Event
from sauma.fact import Fact
from sauma.fold.change import Telling
from sauma.ids import EndpointId, FactId, delivery_id
from sauma.journal import Entry, Refused
from sauma.law import Law
from sauma.making import replace
from sauma.places import Places
from sauma.reconcile import Under
from sauma.sealing import digest
from sauma.view import Compared

PART_BYTES_MAX = 256 * 1024
"""Cells in one part of a delivery: well under a message's 1 MiB; smaller parts only cost more records."""

RIGHT_ENDED = "right-ended"
"""What a recipient is told when it may no longer hold a fact. Why stands in the decision: that the client has prohibited
something, has died or is a client elsewhere is not the recipient's to know. Of an error it is told which."""

OWN_BASIS = Basis(OWN, "TYM 381/2023 14.1 §", "TYM 381/2023 14.1 §", "own-register")


def deliveries(
    client: Client, compared: list[Compared], tellings: tuple[Telling, ...], under: Under
) -> tuple[dict[EndpointId, int], tuple[Delivery, ...]]:
    """One delivery a recipient, in parts where it is large, and every recipient's latest number; all from the fold alone."""
    leaving: dict[EndpointId, list[Compared]] = {}
    for c in compared:
        if c.outcome in ("released", "rebased", "retracted"):
            leaving.setdefault(c.recipient.id, []).append(c)
    notices: dict[EndpointId, list[Notice]] = {}
    for telling in tellings:
        notices.setdefault(telling.to, []).append(telling.notice)
    numbers = dict(client.head.numbers)
    shown: dict[FactId, Delivered] = {}
    made: list[Delivery] = []
    for recipient in sorted({*leaving, *notices}):
        for part, is_last in _parts(leaving.get(recipient, [])):
            numbers[recipient] = numbers.get(recipient, 0) + 1
            told = tuple(notices.get(recipient, ())) if is_last else ()
            made.append(_delivery(client, recipient, numbers[recipient], part, told, under, shown, is_last=is_last))
    return numbers, tuple(made)


def _delivery(
    client: Client,
    recipient: EndpointId,
    number: int,
    part: list[Compared],
    told: tuple[Notice, ...],
    under: Under,
    shown: dict[FactId, Delivered],
    *,
    is_last: bool,
) -> Delivery:
    puts: list[Delivered] = []
    rebased: list[Rebased] = []
    retracted: list[Retracted] = []
    for c in part:
        if c.outcome == "released":
            ground = basis(c, under.law)
            put = shown.get(c.fact.id)
            if put is None:
                put = shown[c.fact.id] = _delivered(client, c.fact, ground, under.places)
            # To each recipient the same, but for the basis.
            puts.append(put if put.basis == ground else replace(put, basis=ground))
        elif c.outcome == "rebased":
            rebased.append(Rebased(c.fact.id, c.fact.version, basis(c, under.law)))
        else:
            retracted.append(Retracted(c.fact.id, c.ask, c.reason if c.ask == "error" else RIGHT_ENDED))
    subject = client.head.subject
    return Delivery(
        id=delivery_id(subject, recipient, number),
        recipient=recipient,
        subject=subject,
        number=number,
        effective_at=under.now,
        is_last_part=is_last,
        puts=tuple(puts),
        rebased=tuple(rebased),
        retracted=tuple(retracted),
        notices=told,
    )


_FIRST = {"identity": 0, "non-disclosure": 1, "relationship": 2}
"""Whoever gets anything learns first of whom, then of the order for non-disclosure, then where the relationship stands."""


def _delivery_order(compared: Compared) -> tuple[int, FactId]:
    return _FIRST.get(compared.fact.kind, 3), compared.fact.id


def _parts(compared: list[Compared]) -> list[tuple[list[Compared], bool]]:
    if len(compared) <= 1:
        return [(compared, True)]
    parts: list[list[Compared]] = [[]]
    size = 0
    for c in sorted(compared, key=_delivery_order):
        size += len(c.fact.cell)
        if parts[-1] and size > PART_BYTES_MAX:
            parts.append([])
            size = len(c.fact.cell)
        parts[-1].append(c)
    return [(part, part is parts[-1]) for part in parts]


def _delivered(client: Client, fact: Fact, ground: Basis, places: Places) -> Delivered:
    return Delivered(
        fact=fact.id,
        owner=_shown_owner(client, fact.owner, places),
        kind=fact.kind,
        category=fact.category,
        handling=fact.handling,
        version=fact.version,
        status=fact.status,
        digest=digest(fact.sealed_as) if fact.sealed_as else b"",
        basis=ground,
        plan=fact.plan,
        referral=fact.referral,
        about=fact.about,
        about_version=fact.about_version,
        starts=fact.starts,
        ends=fact.ends,
        clear=fact.clear,
        cell=fact.cell,
    )


def _shown_owner(client: Client, owner: EndpointId, places: Places) -> str:
    """The owner; its role while an order for non-disclosure is in force, since an endpoint's name gives its area away."""
    endpoint = places.endpoint(owner)
    return endpoint.role if endpoint and client.head.non_disclosure else owner


def basis(compared: Compared, law: Law) -> Basis:
    given = compared.given
    rule = law.by_id.get(given.rule) if given else None
    if given is None or rule is None:
        return OWN_BASIS
    return rule.basis if given.will is None else replace(rule.basis, will=given.will)


def decision(
    client: Client, entry: Entry, *, outcome: str, reason: str, compared: list[Compared], under: Under
) -> Decision:
    what = entry.what
    bases: dict[Basis, int] = {}
    rulings = [
        Ruling(
            recipient=c.recipient.id,
            fact=c.fact.id,
            version=c.fact.version,
            kind=c.fact.kind,
            category=c.fact.category,
            discloser=c.fact.owner,
            outcome=c.outcome,
            reason=c.reason,
            ask=c.ask,
            basis=bases.setdefault(basis(c, under.law), len(bases)) if c.outcome in ("released", "rebased") else -1,
        )
        for c in compared
        if c.outcome != "unchanged" and not (c.outcome == "withheld" and c.recipient.id == c.fact.owner)
    ]
    return Decision(
        subject=client.head.subject,
        number=client.head.records,
        cause=what.id if isinstance(what, Event) else type(what).__name__,
        source=what.source if isinstance(what, Event | Refused) else EndpointId(""),
        effective_at=under.now,
        law=under.law.id,
        outcome=outcome,
        reason=reason,
        seq=what.seq if isinstance(what, Event | Refused) else 0,
        bases=tuple(bases),
        rulings=tuple(rulings),
        unchanged=len(compared) - len(rulings),
    )
