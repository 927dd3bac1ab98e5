"""One question to the law, put together by hand: a client as it stands, a fact, who has it and who would get it."""

from dataclasses import dataclass, replace

from sauma.client import Client, Given, Plan, RelationshipState, WillState, new_client
from sauma.endpoints import Endpoint
from sauma.event import Scope, Will
from sauma.fact import EmploymentEffect, Fact, Marks, Moment, Necessity
from sauma.ids import EndpointId, FactId, PlanId, RelationshipId, WillId
from sauma.law import Law, Ruling, decide
from sauma.question import Question
from support.world import SUBJECT

START = Moment(1_780_000_000_000)
"""When the relationship started: 28 May 2026."""
NOW = Moment(START + 1000)

MODEL = "multi-sector-support"
PLAN = PlanId("plan")


def consent(*recipients: str, kind: str = "consent", **rest: object) -> Will:
    """A consent of these recipients to everything of every category, in writing, unless `rest` says otherwise."""
    said = Will(
        WillId("w"), "given", kind, recipients=recipients, scope=Scope(categories=(1, 2, 3, 4, 5, 6, 7)), evidence="a"
    )
    return replace(said, **rest)  # type: ignore[arg-type] # fields of Will


def permit(*recipients: str, **rest: object) -> Will:
    """A disclosure permit, as `consent`."""
    return consent(*recipients, kind="permit", **rest)


@dataclass(frozen=True)
class Asked:
    """May `to` have this fact of `owner`? What is not said is as in an open, confirmed relationship of all named registers."""

    owner: str
    to: str
    category: int
    kind: str = ""
    handling: str = "ordinary"
    status: str = "open"
    necessary: tuple[tuple[str, str], ...] = ()
    """Role and purpose of each mark."""
    affects: bool = True
    marked_at: int = NOW
    relationship: str = "assessing"
    """Its state; empty: there is none."""
    is_confirmed: bool = True
    is_party: bool = True
    plan: str = "07"
    """Its kind; empty: the fact belongs to no plan. `?`: to one that nobody declared."""
    makers: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()
    wills: tuple[Will, ...] = ()
    addressed_to: str | None = None
    service_task: str | None = None
    document: str | None = None
    held_version: int = 0
    now: int = NOW

    @property
    def fact(self) -> Fact:
        """The fact that is asked about."""
        kinds = {1: "contact", 2: "client-relationship", 3: "background", 4: "social-situation", 5: "capacity"}
        return Fact(
            id=FactId("f"),
            owner=EndpointId(self.owner),
            kind=self.kind or {**kinds, 6: "service-need", 7: "plan-item"}[self.category],
            category=self.category,
            handling=self.handling,
            version=2,
            status=self.status,
            author=EndpointId(self.owner),
            marks=Marks(
                tuple(Necessity(role, NOW, purpose, Moment(self.marked_at)) for role, purpose in self.necessary),
                EmploymentEffect(NOW, Moment(self.marked_at)) if self.affects else None,
            ),
            plan=PLAN if self.plan else None,
            addressed_to=self.addressed_to,
            service_task=self.service_task,
            document=self.document,
        )

    @property
    def client(self) -> Client:
        """The client as it stands."""
        parties = (EndpointId(self.owner), *((EndpointId(self.to),) if self.is_party else ()))
        started = RelationshipState(
            RelationshipId("r"),
            self.relationship,
            parties[0],
            START,
            tuple(sorted(parties)),
            is_confirmed=self.is_confirmed,
        )
        makers = tuple(EndpointId(name) for name in self.makers)
        providers = tuple(EndpointId(name) for name in self.providers)
        plans = (Plan(PLAN, makers, providers, self.plan),) if self.plan not in ("", "?") else ()
        head = new_client(SUBJECT).head
        head = replace(
            head,
            relationship=started if self.relationship else None,
            plans=plans,
            wills=tuple(WillState(will, EndpointId(self.owner), START) for will in self.wills),
        )
        return Client(head)

    @property
    def question(self) -> Question:
        """As it is put to the conditions."""
        given = Given(self.held_version, "any", None, "sent", rested_on_statute=True) if self.held_version else None
        owner, to = endpoint_of(self.owner), endpoint_of(self.to)
        return Question(self.client, self.fact, (owner,), to, given, Moment(self.now))

    def ruling(self, law: Law) -> Ruling:
        """What the law says."""
        return decide(law, self.question)


def endpoint_of(name: str) -> Endpoint:
    """A register by its name: the role, then its area after an `@` if it has one."""
    role, _, area = name.partition("@")
    return Endpoint(id=EndpointId(name), role=role, organiser=area or role, name_fi=role)
