"""What applying one delivery has come to, and the plain values that go with it; it applies and stores nothing."""

from dataclasses import dataclass, field
from typing import Literal

from sauma.content import Content
from sauma.delivery import Delivered, Delivery
from sauma.event import Receipt
from sauma.ids import FactId
from sauma_connectors.sdk.clients import WAITING, LocalClient
from sauma_connectors.sdk.contract import Person, Put
from sauma_connectors.sdk.inbox import HeldFact
from sauma_connectors.sdk.rows import CLOSED, CLOSED_BEFORE, OPEN, VOID, RowMemory

Unopened = Literal["superseded", "not-released", "destroyed"]


@dataclass(slots=True)
class Applying:
    """What one delivery has come to so far."""

    client: LocalClient
    delivery: Delivery
    person: Person | None
    found_person: Person | None = None
    held: list[HeldFact] = field(default_factory=list)
    let_go: list[FactId] = field(default_factory=list)
    rows: list[RowMemory] = field(default_factory=list)
    links: list[RowMemory] = field(default_factory=list)
    """Own rows that came back in a repair: the register is told their facts again."""
    receipts: list[Receipt] = field(default_factory=list)
    told: list[bytes] = field(default_factory=list)
    spoke_before: bool = False
    has_skipped: bool = False
    has_others: bool = False
    unopened: list[Unopened] = field(default_factory=list)

    @property
    def is_history(self) -> bool:
        """Whether it only repeats what the answer to a first inventory will bring as it is now."""
        return not self.client.is_settled and self.client.repair != WAITING


def state_after(own: RowMemory, status: str) -> str:
    """How an own row stands once a version of its fact has arrived from elsewhere."""
    if own.state == VOID:
        return VOID
    if status != "closed":
        return OPEN
    return CLOSED if own.state == CLOSED else CLOSED_BEFORE


def put_of(put: Delivered, content: Content | None, *, own_row: str | None) -> Put:
    """What was delivered as the register gets it: opened, and without what only the router needs."""
    return Put(
        fact=put.fact,
        kind=put.kind,
        category=put.category,
        handling=put.handling,
        version=put.version,
        status=put.status,
        owner=put.owner,
        basis=put.basis,
        digest=put.digest,
        content=content,
        clear=dict(put.clear),
        plan=put.plan,
        referral=put.referral,
        about=put.about,
        about_version=put.about_version,
        starts=put.starts,
        ends=put.ends,
        own_row=own_row,
    )
