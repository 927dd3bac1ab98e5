"""The contract between an agency's connector and the SDK: statements go in, arrivals come out; neither knows a broker.

A connector is a `Source` (reads its agency's system and translates each row into a statement) and a `Sink` (writes what
arrives into its agency's system, idempotently). Everything else is the runner's: versions, order, sealing, the outbox,
resending, repair. A connector keeps no state of its own.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from sauma.content import Content
from sauma.delivery import Basis
from sauma.event import Scope
from sauma.fact import Moment
from sauma.ids import EndpointId, FactId


@dataclass(frozen=True, slots=True)
class Person:
    """Whom a row is about; never printed."""

    henkilotunnus: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Own:
    """A plan, referral or will of this register, by its local key."""

    key: str


@dataclass(frozen=True, slots=True)
class Shared:
    """A plan, referral or will known from a delivery, by its shared id."""

    id: str


Reference = Own | Shared


@dataclass(frozen=True, slots=True)
class Mark:
    """A professional's decision that a row is necessary for a role."""

    role: str
    recorded_at: Moment
    purpose: str = "multi-sector-support"


# --- what a row can say -------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class FactRow:
    """A standing row: the SDK puts it when new or changed, marks it when only the marks changed, closes it when closed or gone."""

    kind: str
    category: int
    content: Content
    handling: str = "ordinary"
    necessary_for: tuple[Mark, ...] = ()
    affects_employment_at: Moment | None = None
    plan: Reference | None = None
    starts: Moment | None = None
    ends: Moment | None = None
    is_closed: bool = False
    adopts: FactId | None = None
    """A fact that a move passed to this register: from now on this row speaks for it."""


@dataclass(frozen=True, slots=True)
class ReferralMade:
    """A referral to a role, with what the receiver needs to begin. The row's own key is the referral's."""

    to_role: str
    municipality: str
    referral: FactRow
    identity: FactRow


@dataclass(frozen=True, slots=True)
class ReferralAnswered:
    """The receiver's step on a referral that was delivered to it."""

    referral: Reference
    step: str
    """received, accepted, declined, started, interrupted or completed; cancelled by the sender."""
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class RelationshipStep:
    """started, taking-part, joined, left, reviewed, end-proposed, end-confirmed, end-objected, end-withdrawn, annul, annul-confirmed."""

    step: str
    evidence: str | None = None
    on_behalf_of: EndpointId | None = None


@dataclass(frozen=True, slots=True)
class PlanDeclared:
    """Who makes the plan, and which service providers are its parties."""

    plan: Reference
    makers: tuple[EndpointId, ...] = ()
    providers: tuple[EndpointId, ...] = ()
    is_kept_current: bool = False
    """Whether the row itself changes with the plan: then what changed in it is said again. Else it is said once, as any act."""


@dataclass(frozen=True, slots=True)
class Proposed:
    """A change proposed to another's item, on the version this register holds."""

    about: FactId
    about_version: int
    content: Content
    category: int = 7
    handling: str = "ordinary"


@dataclass(frozen=True, slots=True)
class Answered:
    """The owner's answer to a proposal or conflict about one of its rows."""

    step: str
    """accept, decline or settle."""
    answers: FactId
    row: str
    """The local key of the item's row."""
    fact: FactRow | None = None
    """The item as it reads from now on; None for decline."""


@dataclass(frozen=True, slots=True)
class Confirmed:
    """A maker confirms a joint fact as it was delivered."""

    fact: FactId
    version: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class ClientApproved:
    """The client approved the plan; evidence is a reference into this register's own archive."""

    fact: FactId | None
    """The approval as delivered, or None where `row` is this register's own approval row."""
    row: str | None
    evidence: str


@dataclass(frozen=True, slots=True)
class WillGiven:
    """A consent, disclosure permit or prohibition. The row's own key is the will's."""

    kind: str
    recipients: tuple[str, ...]
    scope: Scope = field(default_factory=Scope)
    rows: tuple[str, ...] = ()
    """Own rows that the will names besides, by local key."""
    valid_from: Moment | None = None
    valid_until: Moment | None = None
    given_by: str = "client"
    evidence: str | None = None
    read_at: Moment | None = None
    age_ms_max: int | None = None


@dataclass(frozen=True, slots=True)
class WillWithdrawn:
    """A will withdrawn, wherever it was recorded."""

    will: Reference
    kind: str = "consent"


@dataclass(frozen=True, slots=True)
class ClientChanged:
    """moved, died, non-disclosure or non-disclosure-lifted."""

    change: str
    municipality: str | None = None
    until: Moment | None = None


@dataclass(frozen=True, slots=True)
class Corrected:
    """A row that was wrong from the start."""

    row: str
    reason: str


Act = (
    ReferralMade
    | ReferralAnswered
    | RelationshipStep
    | PlanDeclared
    | Proposed
    | Answered
    | Confirmed
    | ClientApproved
    | WillGiven
    | WillWithdrawn
    | ClientChanged
    | Corrected
)
"""Said once: an act whose row the SDK has sent is never sent again, except for a plan that is kept current."""


@dataclass(frozen=True, slots=True)
class Statement:
    """One local row, translated. `row` is its stable local key, unique in its register."""

    row: str
    person: Person
    says: FactRow | Act
    occurred_at: Moment = Moment(0)


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A row that could not be translated: refused, told to the agency, and nothing else is lost by it."""

    row: str
    """The row's key, or file and line where it has none."""
    reason: str
    """A code: unreadable-row, wrong-shape, unknown-code, malformed-henkilotunnus, unknown-municipality, list-shrank ..."""
    detail: str
    """What is wrong, where, and what to do; never a value from the row."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What a source read in one poll.

    `is_complete`: a standing row that is not in it is gone, and will be closed. A file that cannot be read whole makes a
    snapshot that is not complete, so that a fault never closes anything.
    """

    rows: Sequence[Statement | Unreadable]
    is_complete: bool = False


class Source(Protocol):
    """Reads an agency's own system. May be asked as often as the runner likes; must not remember what it has read."""

    def read(self) -> Snapshot:
        """All rows of this register as they are now, in the order in which they came to be."""
        ...


# --- what arrives -------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Put:
    """A fact to write, or to write over an older version of the same fact."""

    fact: FactId
    kind: str
    category: int
    handling: str
    version: int
    status: str
    owner: str
    basis: Basis
    digest: bytes
    content: Content | None = field(repr=False)
    """None where the kind has no cell."""
    clear: dict[str, str] = field(default_factory=dict)
    plan: str | None = None
    referral: str | None = None
    about: FactId | None = None
    about_version: int = 0
    starts: Moment | None = None
    ends: Moment | None = None
    own_row: str | None = None
    """This register's own row, where the fact is its own and the version was made elsewhere (passed on, brought into force)."""


@dataclass(frozen=True, slots=True)
class Rebase:
    """The same version rests on another ground from now on."""

    fact: FactId
    version: int
    basis: Basis


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The right to the fact, or to its updates, has ended: stop, erase or error. Another ask is refused, and changes nothing."""

    fact: FactId
    ask: str
    reason: str


@dataclass(frozen=True, slots=True)
class Told:
    """Something the agency must know: a refusal, a gap, a clock that ran out, a will that took effect."""

    code: str
    reason: str
    reference: str = ""
    row: str | None = None
    """The register's own row that the notice speaks of, where the SDK knows it."""


Arrival = Put | Rebase | TakeBack | Told


@dataclass(frozen=True, slots=True)
class Done:
    """Applied, durably."""


@dataclass(frozen=True, slots=True)
class Erased:
    """Asked to erase, and erased: the register holds nothing of the fact any more, so never about a row of its own."""


@dataclass(frozen=True, slots=True)
class Kept:
    """Asked to erase, and kept under the recipient's own law, which the paragraph names: a row of its own, say."""

    paragraph: str


@dataclass(frozen=True, slots=True)
class Refuse:
    """The agency's system will not take the fact."""

    reason: str


@dataclass(frozen=True, slots=True)
class Retry:
    """Not now: the runner tries again, this client's later arrivals wait, other clients' do not. Operators are shown both fields."""

    reason: str
    """A code: file-damaged, file-not-writable, disk-full, not-permitted, not-a-folder ..."""
    file: str = ""
    """The file that a person has to look at, by a name that tells of nobody, where one is to blame."""


Answer = Done | Erased | Kept | Refuse | Retry


@dataclass(frozen=True, slots=True)
class Holding:
    """One fact as the agency's own system holds it, in clear text."""

    fact: FactId
    version: int
    status: str
    content: Content | None = field(repr=False)


class Sink(Protocol):
    """Writes into an agency's own system. Everything is idempotent by (fact, version): the runner may apply twice."""

    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        """Write one arrival. `person` is None only for a notice about no client in particular.

        Files are written beside and moved into place. What is written carries the fact's id as its origin, so that the
        source can drop it: nothing that came from outside goes out again.
        """
        ...

    def shared(self, person: Person, row: str, fact: FactId, version: int) -> None:
        """An own row has been accepted into the outbox as this fact and version: the register remembers the link.

        Raises OSError, of which `Damaged` is one: then it is said again later, and other clients' links do not wait for it.
        """
        ...

    def holdings(self, person: Person) -> Iterable[Holding]:
        """Every fact that this register holds of the person, received and own (by the links), read back from its own files.

        Raises OSError, of which `Damaged` is one, where the answer would be less than all.
        """
        ...


class Connector(Protocol):
    """One register's way in and out."""

    @property
    def endpoint(self) -> EndpointId: ...

    @property
    def source(self) -> Source: ...

    @property
    def sink(self) -> Sink: ...
