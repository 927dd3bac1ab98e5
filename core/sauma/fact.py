"""The fact: the smallest thing that is shared or withheld as a whole; its kinds, handling classes and marks.

A fact's content is sealed in its cell. Nothing here, and nothing in the core, can read it.
Vocabulary: the seven categories are TYM 381/2023 11.2 §, the specially protected classes ATL 703/2023 26 §.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NewType

from sauma.ids import EndpointId, FactId, PlanId, ReferralId
from sauma.making import cheap_to_make
from sauma.sealing import SealedAs

Moment = NewType("Moment", int)
"""Milliseconds since 1970-01-01T00:00Z."""

CATEGORIES = range(1, 8)

THE_THREE = frozenset({"social-care", "health-care", "employment", "kela"})
"""The roles of the three agencies; welfare has two, with a register each."""

CARE = frozenset({"social-care", "health-care"})
"""The two registers of the welfare agency; between them the acts on social and health care rule, not TYM 15 §."""

ROLES = THE_THREE | {
    "keha",
    "pension-insurer",
    "provider",
    "employer",
    "youth-guidance",
    "occupational-health",
    "ngo",
    "cooperation-group",
}

MULTI_SECTOR = "multi-sector-support"
"""The purpose of TYM 381/2023: a mark for it carries what that act shares, and nothing by any other act."""

ACTIVATION_PLAN, INTEGRATION_PLAN, MULTI_SECTOR_PLAN = PLAN_KINDS = ("03", "04", "07")
"""Kinds of plans by the employment services' code: aktivointi-, kotoutumis- and monialainen työllistymissuunnitelma."""

NEVER = frozenset({"shelter", "therapy-note", "child-welfare", "family-mediation", "third-person", "free-text"})
"""Handling classes that no release rule may name."""

SPECIALLY_PROTECTED = frozenset({"mental-health", "substance-use", "psychology", "genetics", "sexual-therapy"})

HANDLING = NEVER | SPECIALLY_PROTECTED | {"ordinary", "locality"}


@dataclass(frozen=True, slots=True)
class Kind:
    """One row of the table of kinds: what a fact of this kind may be, and who may own it."""

    name: str
    categories: frozenset[int]
    owners: frozenset[str]
    has_cell: bool = True
    is_joint: bool = False
    """Made by several makers; nobody's own."""
    accompanies: bool = False
    """Released to a recipient exactly when any other fact is."""
    handling: str | None = None
    """The one handling class that this kind must have, or None where the owner decides."""


def _kind(name: str, categories: tuple[int, ...], owners: frozenset[str] = THE_THREE, **rest: bool | str) -> Kind:
    return Kind(name, frozenset(categories), owners, **rest)  # type: ignore[arg-type] # a table, checked by its test


_EMPLOYMENT, _SOCIAL, _HEALTH = frozenset({"employment"}), frozenset({"social-care"}), frozenset({"health-care"})

KINDS: Mapping[str, Kind] = {
    kind.name: kind
    for kind in (
        # Goes wherever anything goes, whatever its handling class: so it may have none but the ordinary one.
        _kind("identity", (1,), accompanies=True, handling="ordinary"),
        _kind("non-disclosure", (2,), has_cell=False, accompanies=True),
        _kind("relationship", (2,), has_cell=False, is_joint=True),
        _kind("contact", (1,), handling="locality"),
        _kind("client-relationship", (2,), _EMPLOYMENT),
        _kind("background", (3,), _EMPLOYMENT),
        _kind("social-situation", (4,), _SOCIAL),
        _kind("capacity", (5,), _HEALTH | {"kela"}),
        _kind("health-note", (5,), _HEALTH),
        _kind("service-need", (6,)),
        _kind("plan-item", (7,)),
        _kind("goal", (7,), is_joint=True),
        _kind("job-search-obligation", (7,), is_joint=True),
        _kind("review", (7,), is_joint=True),
        _kind("approval", (7,), is_joint=True),
        _kind("referral", (6,)),
        _kind("referral-status", (2,), has_cell=False),
        _kind("proposal", tuple(CATEGORIES)),
        _kind("conflict", tuple(CATEGORIES)),
        _kind("measurement", (4, 5), _SOCIAL | _HEALTH),
    )
}


JOINT = frozenset(kind.name for kind in KINDS.values() if kind.is_joint)
ACCOMPANYING = frozenset(kind.name for kind in KINDS.values() if kind.accompanies)


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Necessity:
    """A professional's recorded decision that a fact is necessary for a role (TYM 381/2023 15 §)."""

    role: str
    recorded_at: Moment
    """When the professional says it was decided: names the mark, decides nothing."""
    purpose: str
    journalled_at: Moment = Moment(0)
    """Effective time of the record that first carried this mark: this is what counts."""


@cheap_to_make
@dataclass(frozen=True, slots=True)
class EmploymentEffect:
    """A professional's recorded decision that a fact affects employment (TYM 381/2023 11.2 §)."""

    recorded_at: Moment
    journalled_at: Moment = Moment(0)


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Marks:
    """The decisions of professionals about one fact."""

    necessary_for: tuple[Necessity, ...] = ()
    affects_employment: EmploymentEffect | None = None

    def necessities(self, purpose: str, role: str | None = None) -> tuple[Necessity, ...]:
        """The marks for this purpose that name this role, or any role."""
        return tuple(m for m in self.necessary_for if m.purpose == purpose and role in (None, m.role))

    def is_necessary(self, purpose: str, role: str | None = None) -> bool:
        """Whether there is a mark for this purpose that names this role, or any role."""
        for mark in self.necessary_for:  # noqa: SIM110 - asked for each fact and recipient: a generator costs four times this
            if mark.purpose == purpose and role in (None, mark.role):
                return True
        return False

    def first_journalled(self, earlier: "Marks", now: Moment) -> "Marks":
        """These marks with the effective time at which each was first journalled: now, unless `earlier` had the same mark."""
        if not self.necessary_for and self.affects_employment is None:
            return self
        known = {(m.role, m.recorded_at, m.purpose): m.journalled_at for m in earlier.necessary_for}
        effect = self.affects_employment
        if effect is not None:
            before = earlier.affects_employment
            same = before is not None and before.recorded_at == effect.recorded_at
            effect = EmploymentEffect(effect.recorded_at, before.journalled_at if before and same else now)
        necessary_for = [
            Necessity(m.role, m.recorded_at, m.purpose, known.get((m.role, m.recorded_at, m.purpose), now))
            for m in self.necessary_for
        ]
        return Marks(tuple(necessary_for), effect)


NO_MARKS = Marks()


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Fact:
    """One fact as the journal and the state know it."""

    id: FactId
    owner: EndpointId
    kind: str
    category: int
    handling: str
    version: int
    status: str
    author: EndpointId
    """The source whose record carried this version; empty where the router made it. The author is not sent it."""
    marks: Marks = NO_MARKS
    plan: PlanId | None = None
    referral: ReferralId | None = None
    about: FactId | None = None
    """The fact that this one proposes to change, or is in conflict with."""
    about_version: int = 0
    addressed_to: str | None = None
    """An endpoint, a role, or `makers`: narrows the recipients, whatever the rules say."""
    passed_from: EndpointId | None = None
    """The owner before a move, until the new owner has put a version of its own."""
    starts: Moment | None = None
    ends: Moment | None = None
    clear: Mapping[str, str] = field(default_factory=dict)
    """What the kind says in the clear: states, roles, clocks; never content."""
    sealed_as: SealedAs | None = None
    cell: bytes = b""
    service_task: str | None = None
    """The source's token for the service task it lies in; see `sauma.event.FactPut`."""
    document: str | None = None
    """The source's token for the document or encounter it lies in."""

    @property
    def is_joint(self) -> bool:
        """Whether the fact has makers instead of one owner."""
        return self.kind in JOINT

    @property
    def accompanies(self) -> bool:
        """Whether the fact goes wherever any other fact goes, and only there."""
        return self.kind in ACCOMPANYING
