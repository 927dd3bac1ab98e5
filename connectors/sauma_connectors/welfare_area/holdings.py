"""What a register holds of a person in clear text, read back from the area's own files: received facts, and own rows by their links."""

from pathlib import Path

from sauma.content import Content
from sauma.fact import KINDS
from sauma.ids import FactId
from sauma_connectors.sdk.contract import (
    Answered,
    FactRow,
    Holding,
    Proposed,
    ReferralAnswered,
    ReferralMade,
    Statement,
)
from sauma_connectors.welfare_area.links import Link, links
from sauma_connectors.welfare_area.shared import Received, everything
from sauma_connectors.welfare_area.source import WelfareAreaSource
from sauma_connectors.welfare_area.terms import Register

_IDENTITY, _REFERRAL = "#identity", "#referral"
"""A referral is one row and two facts: their links name the row with one of these behind it."""

_ANSWERED = {"accept": "accepted", "decline": "declined", "settle": "settled"}


def holdings(root: Path, register: Register, person: str) -> list[Holding]:
    """Every fact held of the person, by fact id. What is no longer updated, was erased or was an error is not among them.

    A fact that is both received and an own row (it came with a move, or was brought into force elsewhere) is held in
    the newer of its two versions; at the same version the received one counts, for that is what the version says.
    """
    kept = [received for received in everything(root, register) if received.person == person]
    received = {r.fact: r for r in kept if r.updates == "current"}
    held = {r.fact: Holding(FactId(r.fact), r.version, r.status, r.content) for r in received.values()}
    rows = {s.row: s for s in WelfareAreaSource(register, root).read().rows if isinstance(s, Statement)}
    for link in links(root, register):
        if link.person != person or link.is_ended:
            continue
        own = _own(link, rows, received.get(link.fact))
        if own is not None and (own.fact not in held or held[own.fact].version < own.version):
            held[own.fact] = own
    return [held[fact] for fact in sorted(held)]


def _own(link: Link, rows: dict[str, Statement], received: Received | None) -> Holding | None:
    """The own row behind a link, or None where the row is gone."""
    said = rows.get(link.row) or rows.get(link.row.removesuffix(_IDENTITY).removesuffix(_REFERRAL))
    if said is None or said.person.henkilotunnus != link.person:
        return None
    status, content = _read(said, link, received)
    return Holding(FactId(link.fact), link.version, link.status or status, content)


def _read(said: Statement, link: Link, received: Received | None) -> tuple[str, Content | None]:
    """Status and content of a row as a fact, where nothing from outside has told the status."""
    match said.says:
        case FactRow() as row if row.is_closed:
            return "closed", row.content
        case FactRow() as row:
            return ("pending" if KINDS[row.kind].is_joint else "open"), row.content
        case Proposed() as proposed:
            return "made", proposed.content
        case ReferralMade() as made if link.row.endswith(_IDENTITY):
            return "open", made.identity.content
        case ReferralMade() as made:
            return "made", made.referral.content
        case Answered() as answered if received is not None and link.fact == answered.answers:
            # The link speaks of the proposal that was answered, not of the item.
            return _ANSWERED[answered.step], received.content
        case Answered() as answered:
            return "open", answered.fact.content if answered.fact else None
        case ReferralAnswered() as answered_referral:
            return answered_referral.step, None
        case _:
            return (received.status, received.content) if received else ("open", None)
