"""What leaves: for one recipient, from one record, the facts put, rested on another basis, and taken back.

Nothing here tells a recipient of a journal position, of another source's sequence, or of a fact it may not hold.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import ClassVar

from sauma.fact import Moment
from sauma.ids import DeliveryId, EndpointId, FactId, PlanId, ReferralId, SubjectId
from sauma.making import cheap_to_make


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Basis:
    """Why the recipient may hold a fact: the rule, both grounds, the purpose, and the will where the rule rests on one."""

    rule: str
    discloser: str
    """The ground to give, for example `TYM 381/2023 15 §`."""
    recipient: str
    """The ground to receive and keep."""
    purpose: str
    will: str | None = None


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Delivered:
    """A fact as a recipient gets it."""

    fact: FactId
    owner: str
    """An endpoint; a role once the client has a non-disclosure order (turvakielto)."""
    kind: str
    category: int
    handling: str
    version: int
    status: str
    digest: bytes
    """Salted digest of what the cell was sealed as; empty where there is no cell."""
    basis: Basis
    plan: PlanId | None = None
    referral: ReferralId | None = None
    about: FactId | None = None
    about_version: int = 0
    starts: Moment | None = None
    ends: Moment | None = None
    clear: Mapping[str, str] = field(default_factory=dict)
    cell: bytes = b""
    comes_again: ClassVar[bool] = True
    """One object is written for every recipient that gets the fact on the same basis (`sauma.codec`)."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Rebased:
    """The recipient holds the same version on another basis from now on."""

    fact: FactId
    version: int
    basis: Basis


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Retracted:
    """The recipient may no longer hold the fact, or no longer be kept up to date."""

    fact: FactId
    ask: str
    """stop: what was lawfully given may be kept under the recipient's own law; erase; error: it was wrong."""
    reason: str
    """void or annulled where it was an error, else right-ended and no more."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Notice:
    """A statement without a fact: will-effective, refused, waiting, clock-due, inventory-answered."""

    code: str
    reason: str = ""
    reference: str = ""
    """The will, the clock, or the event of the recipient's own that the notice speaks of."""
    seq: int = 0
    """The recipient's own seq, where the notice speaks of one of its events."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Delivery:
    """Everything one record means for one recipient."""

    id: DeliveryId
    """Hash of subject, recipient and number: the same on every log, and it tells the recipient nothing."""
    recipient: EndpointId
    subject: SubjectId
    number: int
    """1, 2, 3 ... per recipient and client: a recipient can prove that it missed nothing."""
    effective_at: Moment
    is_last_part: bool = True
    """False where more parts from the same record follow."""
    puts: tuple[Delivered, ...] = ()
    rebased: tuple[Rebased, ...] = ()
    retracted: tuple[Retracted, ...] = ()
    notices: tuple[Notice, ...] = ()


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Applied:
    """A recipient has applied a delivery, durably."""

    endpoint: EndpointId
    subject: SubjectId
    delivery: DeliveryId
    number: int
    applied_at: Moment


@dataclass(frozen=True, slots=True)
class Rejection:
    """A record that intake did not let into the journal, told to its source; the bytes stay with the source."""

    source: EndpointId
    reason: str
    detail: str
    """What is wrong and what to do, without any value from the record."""
    position: int
    size_bytes: int
    sha256: bytes
    subject: SubjectId | None = None
    seq: int = 0
    topic: str = ""
    """The one of the source's own topics in which `position` stands."""
