"""A client as the checker knows it: plain, mutable, and only what the reference law asks about."""

import calendar
import datetime
from dataclasses import dataclass, field

from sauma.event import Will
from sauma.fact import Marks
from sauma.ids import FactId

THREE = frozenset({"social-care", "health-care", "employment", "kela"})
JOINT = frozenset({"relationship", "goal", "job-search-obligation", "review", "approval"})
ACCOMPANYING = frozenset({"identity", "non-disclosure"})
OPEN = frozenset({"assessing", "active", "ending"})

FOR_THE_MODEL = "multi-sector-support"
"""The purpose of a mark by which TYM shares."""

Mark = tuple[str, int, str]
"""Role, when the professional decided, for what."""


@dataclass(slots=True)
class NaiveFact:
    """One fact in its latest version."""

    id: FactId
    owner: str
    kind: str
    category: int
    handling: str
    version: int
    status: str
    author: str
    """Empty where the router made the version."""
    necessary: dict[Mark, int] = field(default_factory=dict)
    """To the effective time at which the mark was first journalled."""
    affects: tuple[int, int] | None = None
    """When it was decided that the fact affects employment, and when that was first journalled."""
    plan: str | None = None
    referral: str | None = None
    about: FactId | None = None
    about_version: int = 0
    addressed_to: str | None = None
    passed_from: str | None = None
    digest: bytes = b""
    cell: bytes = b""
    confirmed: set[str] = field(default_factory=set)
    client_approved: bool = False
    service_task: str | None = None
    document: str | None = None

    def mark(self, marks: Marks, now: int) -> None:
        """Take these marks; those that stood already keep their time."""
        stated = {(m.role, m.recorded_at, m.purpose) for m in marks.necessary_for}
        self.necessary = {mark: self.necessary.get(mark, now) for mark in sorted(stated)}
        effect = marks.affects_employment
        if effect is None:
            self.affects = None
        elif self.affects is None or self.affects[0] != effect.recorded_at:
            self.affects = (effect.recorded_at, now)

    def is_marked_since(self, start: int | None, roles: set[str] | None) -> bool:
        """Whether both marks were journalled since the start; `roles` None: necessary for anyone."""
        if start is None or self.affects is None or self.affects[1] < start:
            return False
        return any(
            journalled >= start
            for (role, _, purpose), journalled in self.necessary.items()
            if purpose == FOR_THE_MODEL and (roles is None or role in roles)
        )

    def is_necessary_for(self, role: str | None, purpose: str) -> bool:
        """Whether a professional decided so, for this role (None: for any) and this very purpose."""
        return any(what == purpose and role in (None, who) for who, _, what in self.necessary)


@dataclass(slots=True)
class NaivePlan:
    """Who makes a plan, and who provides its services."""

    makers: tuple[str, ...] = ()
    providers: set[str] = field(default_factory=set)
    kind: str = "07"
    """03 activation, 04 integration, 07 multi-sector."""


@dataclass(slots=True)
class NaiveWill:
    """A will and whether it was withdrawn."""

    said: Will
    is_withdrawn: bool = False

    def is_in_force(self, now: int) -> bool:
        """Given, not withdrawn, within its own limits."""
        said = self.said
        begun = said.valid_from is None or said.valid_from <= now
        return not self.is_withdrawn and begun and (said.valid_until is None or now < said.valid_until)


@dataclass(slots=True)
class NaiveRelationship:
    """The latest relationship of multi-sector support."""

    fact: FactId
    state: str
    started_by: str
    started_at: int
    parties: tuple[str, ...]
    is_confirmed: bool = False
    before_ending: str = ""
    end_confirmed: set[str] = field(default_factory=set)
    plan_due: int | None = None
    review_due: int | None = None
    ended_at: int | None = None


@dataclass(slots=True)
class NaiveClient:
    """Everything about one client that the reference law looks at."""

    subject: str
    now: int = 0
    records: int = 0
    is_opened: bool = False
    has_died: bool = False
    non_disclosure: bool = False
    municipality: str | None = None
    relationship: NaiveRelationship | None = None
    facts: dict[FactId, NaiveFact] = field(default_factory=dict)
    plans: dict[str, NaivePlan] = field(default_factory=dict)
    wills: dict[str, NaiveWill] = field(default_factory=dict)
    speaker: str = ""
    """The source of the event that is taking effect."""
    authored: list[tuple[str, FactId, int]] = field(default_factory=list)
    """Author, fact and version of what this event's author wrote itself, and so holds."""
    faults: list[tuple[str, str]] = field(default_factory=list)
    """Invariant and explanation of what took effect in this record and should not have."""

    @property
    def is_open(self) -> bool:
        """Whether TYM 15 § carries anything at all."""
        return self.relationship is not None and self.relationship.state in OPEN

    @property
    def is_over(self) -> bool:
        """Whether there was a relationship and it has ended."""
        return self.relationship is not None and self.relationship.state not in OPEN

    @property
    def is_annulled(self) -> bool:
        """Whether the relationship was started in error, which is as good as never."""
        return self.relationship is not None and self.relationship.state == "annulled"

    @property
    def is_confirmed(self) -> bool:
        """Whether another of the three takes part in the assessment."""
        return self.relationship is not None and self.relationship.is_confirmed

    @property
    def started_at(self) -> int | None:
        """When the assessment started."""
        return self.relationship.started_at if self.relationship else None

    @property
    def parties(self) -> tuple[str, ...]:
        """The parties of the latest relationship."""
        return self.relationship.parties if self.relationship else ()

    def referral_state(self, referral: NaiveFact) -> str:
        """The receiver's word where there is one; the sender's end of it goes before."""
        if referral.status in ("declined", "cancelled", "completed"):
            return referral.status
        statuses = (f for f in self.facts.values() if f.kind == "referral-status" and f.referral == referral.referral)
        statuses = (status for status in statuses if status.status != "void")
        return next((status.status for status in statuses), referral.status)


def three_months_later(moment: int) -> int:
    """The same day three months on, or the last day of that month; milliseconds, UTC."""
    start = datetime.datetime.fromtimestamp(moment / 1000, tz=datetime.UTC)
    year, month = (start.year, start.month + 3) if start.month <= 9 else (start.year + 1, start.month - 9)
    day = min(start.day, calendar.monthrange(year, month)[1])
    return int(start.replace(year=year, month=month, day=day).timestamp()) * 1000 + moment % 1000
