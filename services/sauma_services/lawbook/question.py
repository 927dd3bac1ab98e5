"""Reads a question as a person writes it, and makes of it the client, the fact and the registers that the law is asked about."""

import datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from sauma.client import Client, FactState, Given, Plan, RelationshipState, WillState, new_client
from sauma.endpoints import Endpoint
from sauma.event import Scope, Will
from sauma.fact import (
    CATEGORIES,
    HANDLING,
    KINDS,
    MULTI_SECTOR,
    ROLES,
    EmploymentEffect,
    Fact,
    Marks,
    Moment,
    Necessity,
)
from sauma.ids import EndpointId, FactId, PlanId, RelationshipId, SubjectId, WillId

THIS = FactId("this")
"""The fact that is asked about; a will names it so."""

_PLAN = PlanId("plan")
_DAY_MS = 24 * 60 * 60 * 1000


def moment_of(date: datetime.date) -> Moment:
    """Noon of the day, in UTC: on that day in Finland too, summer and winter."""
    noon = datetime.datetime(date.year, date.month, date.day, 12, tzinfo=datetime.UTC)
    return Moment(int(noon.timestamp()) * 1000)


def _is_role(name: str) -> bool:
    return name.partition("@")[0] in ROLES


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


class AskedMark(_Part):
    """A professional's decision that the data are necessary for a role."""

    role: str
    purpose: str = MULTI_SECTOR
    recorded: datetime.date | None = None
    """Left out: on the day that is asked about."""


class AskedRelationship(_Part):
    """Where the client relationship in multi-sector support stands."""

    state: Literal["assessing", "active", "ending", "ended", "annulled", "stopped"] = "active"
    started: datetime.date | None = None
    """Left out: on the day that is asked about."""
    parties: tuple[str, ...] | None = None
    """Left out: the discloser and the recipient, as far as they are of the three agencies."""
    confirmed: bool = True
    """Whether a second agency has confirmed that it takes part."""


class AskedPlan(_Part):
    """The plan that the data belong to."""

    kind: str = "07"
    makers: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    declared: bool = True
    """Whether anybody has said who makes it and of which kind it is."""


class AskedWill(_Part):
    """A consent, a disclosure permit or a prohibition; of what it does not name it says nothing."""

    kind: Literal["consent", "permit", "prohibition"]
    recipients: tuple[str, ...] = ()
    facts: tuple[str, ...] = ()
    """`this` is what is asked about."""
    kinds: tuple[str, ...] = ()
    categories: tuple[int, ...] = ()
    registers: tuple[str, ...] = ()
    service_tasks: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    given_by: Literal["client", "guardian", "proxy"] = "client"
    written: bool = True
    since: datetime.date | None = None
    until: datetime.date | None = None
    """The first day on which it is no longer in force."""
    read: datetime.date | None = None
    """When it was read from the national service."""
    good_for_days: int | None = None
    readable: bool = True
    withdrawn: bool = False


class AskedQuestion(_Part):
    """May `to` have this of `from`? A register is named by its role; after an `@`, which one of that role."""

    from_: Annotated[str, Field(alias="from")]
    to: str
    category: int
    kind: str
    handling: str = "ordinary"
    date: datetime.date
    status: str = "open"
    addressed_to: str | None = None
    service_task: str | None = None
    document: str | None = None
    necessary_for: tuple[AskedMark, ...] = ()
    affects_employment: bool = False
    effect_recorded: datetime.date | None = None
    relationship: AskedRelationship | None = None
    plan: AskedPlan | None = None
    wills: tuple[AskedWill, ...] = ()
    recipient_has_client: bool = False
    holds_earlier_version: bool = False
    client_died: bool = False

    @model_validator(mode="after")
    def _known(self) -> "AskedQuestion":
        """Codes that nobody knows would only give a wrong answer."""
        for name in (self.from_, self.to):
            if not _is_role(name):
                raise ValueError(f"{name!r} is no role; write one of: {', '.join(sorted(ROLES))}")
        if self.kind not in KINDS:
            raise ValueError(f"{self.kind!r} is no kind of data; write one of: {', '.join(sorted(KINDS))}")
        kind = KINDS[self.kind]
        if self.category not in CATEGORIES or self.category not in kind.categories:
            of_kind = ", ".join(map(str, sorted(kind.categories)))
            raise ValueError(f"{self.kind} is not of category {self.category}; write {of_kind}")
        if self.handling not in HANDLING or (kind.handling and self.handling != kind.handling):
            classes = kind.handling or ", ".join(sorted(HANDLING))
            raise ValueError(f"{self.kind} has no class of handling {self.handling!r}; write {classes}")
        return self


def default_kind(category: int) -> str:
    """The most common kind of data of a category, where none is named."""
    kinds = {1: "contact", 2: "client-relationship", 3: "background", 4: "social-situation", 5: "capacity"}
    return {**kinds, 6: "service-need", 7: "plan-item"}[category]


def endpoint_of(name: str) -> Endpoint:
    """A register by its role, or by its role and what tells it from others of the role."""
    role = name.partition("@")[0]
    return Endpoint(id=EndpointId(name), role=role, organiser=name, name_fi=name)


def fact_of(asked: AskedQuestion) -> Fact:
    """The fact that is asked about."""
    day = moment_of(asked.date)
    marks = tuple(
        Necessity(mark.role, day, mark.purpose, moment_of(mark.recorded or asked.date)) for mark in asked.necessary_for
    )
    effect = EmploymentEffect(day, moment_of(asked.effect_recorded or asked.date)) if asked.affects_employment else None
    return Fact(
        id=THIS,
        owner=EndpointId(asked.from_),
        kind=asked.kind,
        category=asked.category,
        handling=asked.handling,
        version=2,
        status=asked.status,
        author=EndpointId(asked.from_),
        marks=Marks(marks, effect),
        plan=_PLAN if asked.plan else None,
        addressed_to=asked.addressed_to,
        service_task=asked.service_task,
        document=asked.document,
    )


def state_of(asked: AskedQuestion) -> FactState:
    """The fact, and whether the recipient holds an earlier version of it."""
    given = Given(1, "", None, "sent", rested_on_statute=True)
    return FactState(fact_of(asked), {EndpointId(asked.to): given} if asked.holds_earlier_version else {})


def client_of(asked: AskedQuestion) -> Client:
    """The client as the question has it."""
    plan = asked.plan
    plans = (Plan(_PLAN, _ids(plan.makers), _ids(plan.providers), plan.kind),) if plan and plan.declared else ()
    wills = tuple(_will(asked, number, said) for number, said in enumerate(asked.wills, 1))
    client = new_client(SubjectId("")).with_head(
        relationship=_relationship(asked), plans=plans, wills=wills, has_died=asked.client_died, is_opened=True
    )
    states = [state_of(asked)]
    if asked.recipient_has_client:
        own = fact_of(asked.model_copy(update={"from_": asked.to, "kind": "service-need", "category": 6}))
        states.append(FactState(_renamed(own)))
    return client.with_facts(*states)


def _renamed(fact: Fact) -> Fact:
    return Fact(FactId("own"), fact.owner, fact.kind, fact.category, "ordinary", 1, "open", fact.author)


def _ids(names: tuple[str, ...]) -> tuple[EndpointId, ...]:
    return tuple(EndpointId(name) for name in names)


def _relationship(asked: AskedQuestion) -> RelationshipState | None:
    said = asked.relationship
    if said is None:
        return None
    of_the_three = ("social-care", "health-care", "employment", "kela")
    both = tuple(name for name in (asked.from_, asked.to) if name.partition("@")[0] in of_the_three)
    parties = _ids(both if said.parties is None else said.parties)
    started = moment_of(said.started or asked.date)
    starter = parties[0] if parties else EndpointId("")
    return RelationshipState(
        RelationshipId("r"), said.state, starter, started, tuple(sorted(parties)), is_confirmed=said.confirmed
    )


def _will(asked: AskedQuestion, number: int, said: AskedWill) -> WillState:
    will = Will(
        will=WillId(f"will-{number}"),
        step="given",
        kind=said.kind,
        recipients=said.recipients,
        scope=Scope(
            facts=tuple(FactId(name) for name in said.facts),
            kinds=said.kinds,
            categories=said.categories,
            registers=_ids(said.registers),
            service_tasks=said.service_tasks,
            documents=said.documents,
        ),
        valid_from=moment_of(said.since) if said.since else None,
        valid_until=moment_of(said.until) if said.until else None,
        given_by=said.given_by,
        evidence="archive" if said.written else None,
        read_at=moment_of(said.read) if said.read else None,
        age_ms_max=said.good_for_days * _DAY_MS if said.good_for_days is not None else None,
        is_readable=said.readable,
    )
    day = moment_of(asked.date)
    return WillState(will, EndpointId(asked.from_), day, withdrawn_at=day if said.withdrawn else None)
