"""What an agency says: the event and its eight bodies.

An event carries only what its source knows. The fold decides what it means; nothing here does.
"""

from dataclasses import dataclass, field

from sauma.fact import NO_MARKS, Marks, Moment
from sauma.ids import DeliveryId, EndpointId, EventId, FactId, PlanId, ReferralId, SubjectId, WillId
from sauma.making import cheap_to_make


@cheap_to_make
@dataclass(frozen=True, slots=True)
class FactPut:
    """A fact's next version as its source states it; source, seq and subject of the seal are the event's own."""

    id: FactId
    kind: str
    category: int
    handling: str
    base: int
    """The version this one is built on; 0 for a new fact. The version becomes base + 1."""
    content_schema: str = ""
    salt: bytes = b""
    cell: bytes = b""
    marks: Marks = NO_MARKS
    plan: PlanId | None = None
    referral: ReferralId | None = None
    about: FactId | None = None
    about_version: int = 0
    addressed_to: str | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    service_task: str | None = None
    """A token that the source draws for the service task (palvelutehtävä) the fact lies in, the same as in a will's scope:
    never a code, since a service's name tells of an illness. Empty: in none. None: not told. Never delivered."""
    document: str | None = None
    """A token for the document or encounter the fact lies in; as `service_task`."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class FactStep:
    """One step in the life of one fact: see `sauma.lifecycle` for what may follow what."""

    step: str
    fact: FactId
    """The fact the step is about; for accept, decline and settle the owner's item."""
    version: int = 0
    """The current version as the source knows it: for close, void, mark, confirm and approve."""
    put: FactPut | None = None
    answers: FactId | None = None
    """The proposal or conflict that accept, decline or settle names."""
    marks: Marks | None = None
    digest: bytes = b""
    """For confirm: the seal digest of the version that is confirmed."""
    evidence: str | None = None
    """A reference to the client's approval or consent in the source's own archive; never its text."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Referral:
    """A step of a referral (ohjaus, TYM 381/2023 3 §)."""

    referral: ReferralId
    step: str
    to_role: str | None = None
    municipality: str | None = None
    """Three digits; of the client's residence. In the journal and the head only, never delivered."""
    reason: str | None = None
    chain: ReferralId | None = None
    """The referral that this one continues."""
    facts: tuple[FactStep, ...] = ()


@cheap_to_make
@dataclass(frozen=True, slots=True)
class PlanUpdate:
    """Steps of a plan: its items, joint facts, proposals, answers, makers and providers."""

    plan: PlanId
    makers: tuple[EndpointId, ...] = ()
    """Declares the plan's makers; empty leaves them as they are."""
    providers: tuple[EndpointId, ...] = ()
    """Service providers that become a party of the plan (JTPL 380/2023 116.4 §)."""
    steps: tuple[FactStep, ...] = ()
    kind: str | None = None
    """Which plan it is, by the employment services' code: 03 activation, 04 integration, 07 multi-sector. None: 07 for a
    new plan, as it was for a known one."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Facts:
    """Facts outside the plan, put, marked, closed or voided."""

    steps: tuple[FactStep, ...]


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Relationship:
    """A step of the client relationship of multi-sector support (monialaisen tuen asiakkuus, TYM 381/2023 4 and 8 §)."""

    step: str
    on_behalf_of: EndpointId | None = None
    """The agency not connected, for which this source records the confirmation; needs evidence."""
    evidence: str | None = None


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Scope:
    """What a will speaks of; an empty field leaves that side open, but a will that names nothing covers nothing."""

    categories: tuple[int, ...] = ()
    kinds: tuple[str, ...] = ()
    facts: tuple[FactId, ...] = ()
    registers: tuple[EndpointId, ...] = ()
    service_tasks: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Will:
    """A consent, disclosure permit or prohibition given or withdrawn (ATL 703/2023 53-59 §)."""

    will: WillId
    step: str
    """given, withdrawn, or read-again: the same will as the national service has it now."""
    kind: str
    """consent, permit or prohibition."""
    recipients: tuple[str, ...] = ()
    """Endpoints or roles; of a minor's prohibition also `guardian` (ATL 703/2023 40 and 51 §)."""
    scope: Scope = field(default_factory=Scope)
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    given_by: str = "client"
    """client, guardian or proxy."""
    evidence: str | None = None
    read_at: Moment | None = None
    """When it was read from the national service of expressions of will; None where it was given to the source."""
    age_ms_max: int | None = None
    is_readable: bool = True
    """False: that there is such a will is known, what it speaks of is not."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class ClientChange:
    """Something about the client: moved, died, or a non-disclosure order for personal safety (turvakielto)."""

    change: str
    municipality: str | None = None
    until: Moment | None = None


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Correction:
    """The owner says that a fact was wrong: everyone who was given it is asked to treat it as an error."""

    fact: FactId
    reason: str


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Held:
    """One fact in a receipt: the version a recipient speaks of."""

    fact: FactId
    version: int


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Receipt:
    """A recipient's answer that bears on rights: refused, erased, kept (with the paragraph), or an inventory of all it holds."""

    kind: str
    facts: tuple[Held, ...] = ()
    delivery: DeliveryId | None = None
    paragraph: str | None = None
    reason: str | None = None


Body = Referral | PlanUpdate | Facts | Relationship | Will | ClientChange | Correction | Receipt


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Event:
    """One thing that one agency says about one client."""

    id: EventId
    source: EndpointId
    subject: SubjectId
    incarnation: str
    """Drawn when the source's outbox was created."""
    seq: int
    """1, 2, 3 ... per source, incarnation and subject."""
    occurred_at: Moment
    """By the source's clock; decides nothing."""
    body: Body
    cause: EventId | None = None


NARROWING_CHANGES = frozenset({"died", "non-disclosure"})


def is_narrowing(body: Body) -> bool:
    """Whether the body only takes rights away: it never waits for a gap and overtakes long lists in intake."""
    match body:
        case Will():
            return body.step == ("given" if body.kind == "prohibition" else "withdrawn")
        case ClientChange():
            return body.change in NARROWING_CHANGES
        case Correction():
            return True
        case _:
            return False


def put_steps(body: Body) -> tuple[FactStep, ...]:
    """The fact steps that a body carries, in order."""
    match body:
        case Referral():
            return body.facts
        case PlanUpdate() | Facts():
            return body.steps
        case _:
            return ()
