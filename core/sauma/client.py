"""Everything known about one client: the fold of its journal, and of nothing else.

The parts are what is stored: the head, one mark per source, one part per fact with what was given of it, and the events
that wait for a gap. All are frozen; a step makes new ones and leaves those it did not touch the same objects, which is
how the changed parts are found.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sauma.event import Event, Will
from sauma.fact import ACCOMPANYING, Fact, Moment
from sauma.ids import EndpointId, FactId, PlanId, RelationshipId, SubjectId, WillId
from sauma.making import cheap_to_make, replace

OWN = "own"
"""The rule of an author's own record: it holds what it wrote, by its own acts (TYM 381/2023 14.1 §)."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Given:
    """What became of one fact at one recipient."""

    version: int
    rule: str
    will: WillId | None
    state: str
    """sent; refused (by the recipient); stopped; erasing, erased or kept (after an erase was asked); error; past: ended
    before the present relationship began, so that this one's annulment has nothing to say of it."""
    rested_on_statute: bool
    """Whether any basis it was ever held on was other than a will: then its ending asks `stop`, never `erase`."""
    wrote: bool = False
    """Whether the recipient wrote this version itself, and was never given it."""

    @property
    def is_live(self) -> bool:
        """Whether the recipient holds the fact and is kept up to date."""
        return self.state == "sent"


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Confirmation:
    """One maker's confirmation of a pending version of a joint fact, by the digest of its seal."""

    maker: EndpointId
    version: int


@cheap_to_make
@dataclass(frozen=True, slots=True)
class FactState:
    """A fact and what was given of it."""

    fact: Fact
    given: Mapping[EndpointId, Given] = field(default_factory=dict)
    confirmed: tuple[Confirmation, ...] = ()
    client_approved: bool = False


@cheap_to_make
@dataclass(frozen=True, slots=True)
class SourceMark:
    """How far one source has spoken about this client."""

    source: EndpointId
    incarnation: str
    seq: int
    hashes: bytes = b""
    """Eight bytes for each of the last records, newest last."""
    waiting_since: Moment | None = None
    """When the first event began to wait for a gap; None while none waits."""
    waiting_told: bool = False
    past: tuple[str, ...] = ()
    """Earlier incarnations: whatever still arrives of them is stale."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Parked:
    """An event that waits for the ones before it; without an event: one that intake refused."""

    event: Event | None
    hash: bytes
    is_done: bool = False
    """It only narrows, so it took effect at once and merely keeps its place in the order."""


OPEN = frozenset({"assessing", "active", "ending"})
"""The states of the relationship in which data may move by TYM 381/2023 15 § at all."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class RelationshipState:
    """Monialaisen tuen asiakkuus (TYM 381/2023 4-8 §)."""

    id: RelationshipId
    state: str
    started_by: EndpointId
    started_at: Moment
    parties: tuple[EndpointId, ...]
    is_confirmed: bool = False
    """Whether another agency of the three takes part in the assessment: opens categories 4-7."""
    before_ending: str = ""
    end_proposed_by: EndpointId | None = None
    end_confirmed: tuple[str, ...] = ()
    """Agencies, not registers: one register speaks for the welfare area."""
    annulled_by: EndpointId | None = None
    plan_due: Moment | None = None
    """Three months from the start of the assessment (TYM 381/2023 4.2 §)."""
    review_due: Moment | None = None
    """Three months from approval or the latest review (TYM 381/2023 6 §)."""
    ended_at: Moment | None = None

    @property
    def is_open(self) -> bool:
        """Whether data may move by TYM 15 § at all."""
        return self.state in OPEN


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Plan:
    """Who makes a plan and who provides its services."""

    id: PlanId
    makers: tuple[EndpointId, ...]
    providers: tuple[EndpointId, ...] = ()
    kind: str = "07"
    """By the employment services' code: one of `sauma.fact.PLAN_KINDS`."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class WillState:
    """A will as recorded, and whether it was withdrawn."""

    will: Will
    recorded_by: EndpointId
    recorded_at: Moment
    withdrawn_at: Moment | None = None


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Head:
    """What is known of the client besides its facts."""

    subject: SubjectId
    records: int = 0
    effective_at: Moment = Moment(0)
    is_opened: bool = False
    municipality: str | None = None
    law: str = ""
    """The law the client was last judged by."""
    wake_at: Moment | None = None
    """The earliest moment at which anything about the client changes by time."""
    relationship: RelationshipState | None = None
    plans: tuple[Plan, ...] = ()
    wills: tuple[WillState, ...] = ()
    numbers: Mapping[EndpointId, int] = field(default_factory=dict)
    """Per recipient the number of its latest delivery."""
    non_disclosure: bool = False
    non_disclosure_until: Moment | None = None
    has_died: bool = False
    companions: tuple[FactId, ...] = ()
    """The facts that go wherever any other goes, by id: asked for in every step, in which most other facts are not looked at."""

    def plan(self, plan: PlanId | None) -> Plan | None:
        """The plan of this id, or None."""
        for known in self.plans:  # asked for every category 7 fact and recipient: a generator costs four times this
            if known.id == plan:
                return known
        return None

    def will(self, will: str) -> WillState | None:
        """The will of this id, or None."""
        return next((known for known in self.wills if known.will.will == will), None)

    @property
    def is_in_relationship(self) -> bool:
        """Whether the client relationship is open."""
        return self.relationship is not None and self.relationship.is_open

    @property
    def is_relationship_over(self) -> bool:
        """Whether there was a relationship and it has come to its end."""
        return self.relationship is not None and not self.relationship.is_open

    @property
    def parties(self) -> tuple[EndpointId, ...]:
        """The parties of the latest relationship, open or ended."""
        return self.relationship.parties if self.relationship else ()


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Client:
    """The whole of one client."""

    head: Head
    sources: Mapping[EndpointId, SourceMark] = field(default_factory=dict)
    facts: Mapping[FactId, FactState] = field(default_factory=dict)
    parked: Mapping[str, Parked] = field(default_factory=dict)
    """By `<source>/<seq>`."""

    def fact(self, fact: FactId | None) -> Fact | None:
        """The fact of this id, or None."""
        state = self.facts.get(fact) if fact else None
        return state.fact if state else None

    def with_head(self, **changes: object) -> "Client":
        """The same client with a changed head."""
        head = replace(self.head, **changes)  # type: ignore[arg-type] # the fields' own types hold
        return Client(head, self.sources, self.facts, self.parked)

    def with_facts(self, *states: FactState) -> "Client":
        """The same client with these facts put in."""
        if not states:
            return self
        head, facts = self.head, dict(self.facts)
        for state in states:
            facts[state.fact.id] = state
        if len(facts) > len(self.facts):
            # By id, as a client read back from its parts has them: what is decided must not show when that was.
            facts = dict(sorted(facts.items()))
            companions = {state.fact.id for state in states if state.fact.kind in ACCOMPANYING}
            if not companions <= set(head.companions):
                head = replace(head, companions=tuple(sorted(companions.union(head.companions))))
        return Client(head, self.sources, facts, self.parked)


def new_client(subject: SubjectId) -> Client:
    """A client of whom nothing is known yet."""
    return Client(Head(subject))
