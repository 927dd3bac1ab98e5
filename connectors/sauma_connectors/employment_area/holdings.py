"""Says what the register holds of a client, in the clear, from the register's own files and nothing else."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from sauma.content import Content
from sauma_connectors.employment_area.codes import IN_FORCE, KINDS, PLAN_APPROVAL, YES
from sauma_connectors.employment_area.contents import CONTENTS
from sauma_connectors.employment_area.files import read_rows
from sauma_connectors.employment_area.inbox import Inbox, facts_in
from sauma_connectors.employment_area.wire import (
    EXPORT,
    TABLES,
    ActionRow,
    ApprovalRow,
    ClientRow,
    CorrectionRow,
    ExportRow,
    LinkRow,
    ProposalRow,
    ReceivedRow,
    ReferralRow,
    StandingRow,
)
from sauma_connectors.sdk.cells import Untranslatable

_REFERRAL, _IDENTITY = "#referral", "#identity"
"""A referral is two facts: what the links call them after the referral's own key."""

_PENDING = frozenset({"goal", "job-search-obligation", "review", "approval"})
"""Joint kinds: as this register put them they wait for the other makers."""


@dataclass(frozen=True, slots=True)
class Held:
    """One fact that the register holds."""

    fact: str
    version: int
    status: str
    kind: str
    content: Content | None = field(repr=False)
    own_row: str = ""
    """Empty for what came from outside."""


@dataclass(frozen=True, slots=True)
class _Own:
    kind: str
    status: str
    content: Content | None = field(repr=False)


def held(folder: Path, henkilotunnus: str) -> list[Held]:
    """Every fact of the client that is kept up to date, in order of id: received, and own by the links.

    Where a fact is both, the later version counts; of one version, the one that came back, which everybody holds.
    """
    inbox = Inbox(folder).to_read(henkilotunnus)
    found: dict[str, Held] = {}
    own: Mapping[str, _Own] | None = None
    for link in inbox.links():
        if link.tilanne != IN_FORCE:
            continue
        own = _own_rows(folder, henkilotunnus) if own is None else own
        row = own.get(link.oma_rivi)
        if row is not None:
            found[link.tieto] = _of_link(link, row)
    for received in facts_in(inbox, IN_FORCE):
        of_received = _of_received(received)
        known = found.get(received.tieto)
        if of_received is not None and (known is None or known.version <= of_received.version):
            found[received.tieto] = of_received
    return [found[fact] for fact in sorted(found)]


def received_content(row: ReceivedRow) -> Content | None:
    """What a received fact says; None where its kind says nothing in a cell. Raises Untranslatable."""
    return CONTENTS.read_coded(row.sisalto, row.tiedot) if row.sisalto else None


def _of_received(row: ReceivedRow) -> Held | None:
    try:
        return Held(row.tieto, int(row.versio), row.tila, KINDS[row.tietolaji], received_content(row), row.oma_rivi)
    except (Untranslatable, ValueError, KeyError):
        return None  # a damaged file holds nothing


def _of_link(link: LinkRow, row: _Own) -> Held:
    return Held(link.tieto, int(link.versio), link.tila or row.status, row.kind, row.content, link.oma_rivi)


def _own_rows(folder: Path, henkilotunnus: str) -> dict[str, _Own]:
    """The client's own rows, by row key, as they stand."""
    own: dict[str, _Own] = {}
    wrong: set[str] = set()
    client: ClientRow | None = None
    for table in TABLES:
        for _, row in read_rows(folder / EXPORT / table.TAULU, table).rows:
            if row.henkilotunnus != henkilotunnus:
                continue
            if isinstance(row, CorrectionRow):
                wrong.add(row.kohderivi)
            if isinstance(row, ClientRow):
                client = row
            try:
                own[row.rivi] = _own(row)
            except Untranslatable:
                continue
    for key in [key for key, row in own.items() if row.kind == "referral"]:
        own[f"{key}{_REFERRAL}"] = own[key]
        if client is not None:
            own[f"{key}{_IDENTITY}"] = _Own("identity", "open", client.content("henkilotiedot"))
    for key in wrong & own.keys():
        own[key] = _Own(own[key].kind, "void", own[key].content)
    return own


def _own(row: ExportRow) -> _Own:
    match row:
        case ReferralRow(vaihe="tehty"):
            return _Own("referral", "made", CONTENTS.read_coded("lahete", row.tiedot))
        case ProposalRow():
            return _Own("proposal", "made", CONTENTS.read_coded(row.sisalto, row.tiedot))
        case ActionRow():
            return _standing(row, row.tietolaji, is_closed=YES in (row.toimkasitelty, row.suljettu))
        case ApprovalRow() if row.laji == PLAN_APPROVAL:
            return _standing(row, "hyvaksynta", is_closed=row.suljettu == YES)
        case ClientRow():
            return _standing(row, "henkilotiedot", is_closed=row.suljettu == YES)
        case StandingRow() if not isinstance(row, ApprovalRow):
            return _standing(row, row.SISALLOT[0], is_closed=row.suljettu == YES)
        case _:
            return _Own("", "", None)


def _standing(row: StandingRow, code: str, *, is_closed: bool) -> _Own:
    content = row.content(code)
    kind = KINDS[code]
    status = "closed" if is_closed else "pending" if kind in _PENDING else "open"
    return _Own(kind, status, content)
