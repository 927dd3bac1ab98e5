"""What the agencies' clerks do, line by line, each in the agency's own system; what follows is Sauma's."""

from collections.abc import Callable
from dataclasses import dataclass, field

from sauma.content import PlanItem
from sauma.fact import Moment
from sauma_services.demo.cast import PROVIDER, Agencies, Client

E, S, K = "employment-tampereen-seutu", "social-08", "kela"

COACHING = PlanItem("071", "Work coaching", "Find a part-time place", "Tampere", "Tuesdays and Thursdays")
WORK = PlanItem("074", "Workshop days before a job", "Daily rhythm", "Workshop in Hervanta", "2 days a week")
WORK_BY_E = PlanItem("074", "Workshop days before a job", "Daily rhythm", "Workshop in Hervanta", "3 days a week")
WORK_BY_K = PlanItem("074", "Workshop days before a job", "Daily rhythm", "Workshop in Kaleva", "2 days a week")
WORK_SETTLED = PlanItem("074", "Workshop days before a job", "Daily rhythm", "Workshop in Kaleva", "3 days a week")
REHABILITATION = PlanItem("084", "Vocational rehabilitation", "Try a new trade", "Tampere", "From August")


@dataclass(slots=True)
class Stage:
    """Where the story stands: the agencies, the client, the time, and the rows that clerks come back to."""

    agencies: Agencies
    client: Client
    clock: Callable[[], int]
    rows: dict[str, str] = field(default_factory=dict)

    @property
    def hetu(self) -> str:
        """Whom the acts are about."""
        return self.client.henkilotunnus

    def key(self, name: str) -> str:
        """A row's key: an agency's table holds the rows of all its clients, and two rows of one key are none."""
        return f"{name}-{self.hetu[:6]}"

    @property
    def now(self) -> Moment:
        """What the clerk's clock says."""
        return Moment(self.clock())


@dataclass(frozen=True, slots=True)
class Line:
    """One line: its number and title, and the acts of clerks. Between two acts the machine comes to rest."""

    number: str
    title: str
    acts: tuple[Callable[[Stage], None], ...]


def _refer(s: Stage) -> None:
    s.agencies.kela.refer(
        s.hetu,
        family_name=s.client.family_name,
        given_names=s.client.given_names,
        municipality="837",
        to_role="employment",
        service="Work ability assessment",
        grounds="Long unemployment, back pain",
        contact_person="Work ability adviser, Kela Tampere",
        at=s.now,
        row=f"r-{s.hetu[:6]}",
    )


def _answer(step: str) -> Callable[[Stage], None]:
    def act(s: Stage) -> None:
        employment = s.agencies.employment
        referral = employment.received(s.hetu, "referral")[-1].referral
        employment.answer_referral(s.hetu, referral or "", step, s.now)

    return act


def background(s: Stage, *, work_history: str = "Welder 2009-2021", skills: str = "Welding, forklift licence") -> None:
    """The employment area records the background; again with other words, the same row changes."""
    s.agencies.employment.background(
        s.hetu,
        education="Vocational, metal work",
        work_history=work_history,
        skills=skills,
        necessary_for=("social-care", "kela"),
        at=s.now,
    )


def kela_capacity(
    s: Stage,
    *,
    conclusion: str = "Able to do light work",
    limits: str = "No lifting over 10 kg",
    valid_until: str = "2027-06-30",
) -> None:
    """Kela records a conclusion about capacity; again with other words, the same row changes."""
    s.rows["k-capacity"] = s.agencies.kela.capacity(
        s.hetu,
        conclusion=conclusion,
        limits=limits,
        valid_until=valid_until,
        necessary_for=("employment",),
        affects=True,
        at=s.now,
        row=f"t-{s.hetu[:6]}",
    )


def _need(s: Stage) -> None:
    s.agencies.employment.service_need(
        s.hetu, need="Rehabilitation before retraining", grounds="Interview", necessary_for=("kela",), at=s.now
    )


def _start(s: Stage) -> None:
    s.agencies.employment.relationship(s.hetu, "started", s.now)


def _take_part(s: Stage) -> None:
    s.agencies.welfare.take_part(s.hetu, s.now)


def situation(s: Stage, *, summary: str = "Debts under arrangement, housing settled") -> None:
    """Social care of the first area records a situation, each time a new one."""
    s.agencies.welfare.social_situation(
        s.hetu,
        summary=summary,
        necessary_for=("employment",),
        affects=True,
        at=s.now,
    )


def _health_note(s: Stage) -> None:
    s.agencies.welfare.health_note(
        s.hetu,
        text="Notes of the visit to the psychiatric nurse",
        handling="mental-health",
        necessary_for=("employment", "kela"),
        at=s.now,
    )


def _capacity(s: Stage) -> None:
    s.rows["h-capacity"] = s.agencies.welfare.capacity(
        s.hetu,
        conclusion="Half days of light work",
        limits="No night shifts",
        valid_until="2027-01-31",
        necessary_for=("employment", "kela"),
        affects=True,
        at=s.now,
    )


def _capacity_again(s: Stage) -> None:
    s.agencies.welfare.capacity(
        s.hetu,
        conclusion="Six hours of light work",
        limits="No night shifts",
        valid_until="2027-03-31",
        row=s.rows["h-capacity"],
        at=s.now,
    )


def _plan(s: Stage) -> None:
    s.agencies.employment.plan(s.hetu, s.key("plan"), makers=(E, S, K), at=s.now)


def _item_a(s: Stage) -> None:
    s.rows["A"] = s.agencies.employment.plan_item(
        s.hetu, s.key("plan"), COACHING, necessary_for=("social-care", "kela"), at=s.now
    )


def _plan_id(s: Stage) -> str:
    return s.agencies.kela.received(s.hetu, "plan-item")[0].plan or ""


def _item_b(s: Stage) -> None:
    s.rows["B"] = s.agencies.welfare.plan_item(
        s.hetu, _plan_id(s), WORK, necessary_for=("employment", "kela"), at=s.now
    )


def _item_c(s: Stage) -> None:
    s.agencies.kela.plan_item(
        s.hetu,
        plan_id=_plan_id(s),
        service_code=REHABILITATION.service_code,
        service=REHABILITATION.service,
        goal=REHABILITATION.goal,
        place=REHABILITATION.place,
        schedule=REHABILITATION.schedule,
        necessary_for=("employment", "social-care"),
        at=s.now,
        row=f"k-{s.hetu[:6]}",
    )


def _approval(s: Stage) -> None:
    employment = s.agencies.employment
    items = [*employment.received(s.hetu, "plan-item")]
    own = employment.link(s.hetu, s.rows["A"])
    covers = sorted([f"{item.fact}@{item.version}" for item in items] + ([f"{own[0]}@{own[1]}"] if own else []))
    s.rows["approval"] = employment.approval(
        s.hetu, s.key("plan"), covers=covers, statement="We approve the plan", signed_on="2026-11-23", at=s.now
    )


def _confirm_by_welfare(s: Stage) -> None:
    approval = s.agencies.welfare.received(s.hetu, "approval")[-1]
    s.agencies.welfare.confirm(s.hetu, approval.fact, approval.version, approval.digest, s.now)


def _confirm_by_kela(s: Stage) -> None:
    approval = s.agencies.kela.received(s.hetu, "approval")[-1]
    s.agencies.kela.confirm(s.hetu, fact=approval.fact, version=approval.version, digest=approval.digest, at=s.now)


def _client_approves(s: Stage) -> None:
    s.agencies.employment.client_approved(s.hetu, s.rows["approval"], "archive-12", s.now)


def _propose_by_employment(s: Stage) -> None:
    item = next(i for i in s.agencies.employment.received(s.hetu, "plan-item") if i.owner == S)
    s.agencies.employment.propose(s.hetu, item.fact, item.version, WORK_BY_E, s.now)


def _propose_by_kela(s: Stage) -> None:
    item = next(i for i in s.agencies.kela.received(s.hetu, "plan-item") if i.owner == S)
    s.agencies.kela.propose(s.hetu, about=item.fact, about_version=item.version, content=WORK_BY_K, at=s.now)


def _accept(owner: str) -> Callable[[Stage], None]:
    def act(s: Stage) -> None:
        welfare = s.agencies.welfare
        proposal = next(p for p in welfare.received(s.hetu, "proposal") if p.owner == owner)
        welfare.accept(s.hetu, proposal.fact, s.rows["B"], WORK_BY_E if owner == E else WORK_BY_K, s.now)

    return act


def _settle(s: Stage) -> None:
    welfare = s.agencies.welfare
    conflict = welfare.received(s.hetu, "conflict")[-1]
    welfare.settle(s.hetu, conflict.fact, s.rows["B"], WORK_SETTLED, s.now)


def _consent(s: Stage) -> None:
    employment = s.agencies.employment
    capacity = next(c for c in employment.received(s.hetu, "capacity") if c.owner == "health-08")
    identity = employment.received(s.hetu, "identity")[-1]
    employment.consent(
        s.hetu,
        s.key("consent"),
        recipients=(PROVIDER,),
        facts=(capacity.fact, identity.fact),
        rows=(s.rows["A"],),
        evidence="archive-77",
        at=s.now,
    )


def _provider_joins(s: Stage) -> None:
    s.agencies.employment.plan(s.hetu, s.key("plan"), providers=(PROVIDER,), at=s.now)


def _mark_for_provider(s: Stage) -> None:
    s.agencies.employment.mark(s.hetu, s.rows["A"], ("social-care", "kela", "provider"), s.now)


def withdraw(s: Stage) -> None:
    """The client takes the consent back at the provider."""
    provider = s.agencies.provider
    provider.withdraw(s.hetu, provider.wills(s.hetu)[0], at=s.now)


def move(s: Stage) -> None:
    """The client moves to Kuopio, as the employment area records it."""
    s.agencies.employment.moved(s.hetu, "297", s.now)


def _non_disclosure(s: Stage) -> None:
    s.agencies.welfare_kuopio.non_disclosure(s.hetu, until=Moment(s.now + 365 * 24 * 3600 * 1000), at=s.now)


def _contact(s: Stage) -> None:
    s.agencies.welfare_kuopio.contact(
        s.hetu,
        street_address="Koekatu 1",
        postal_code="70100",
        town="Kuopio",
        telephone="000 000 000",
        language="fi",
        necessary_for=("employment",),
        at=s.now,
    )


def _end_proposed(s: Stage) -> None:
    s.agencies.employment_kuopio.relationship(s.hetu, "end-proposed", s.now)


def _end_by_welfare(s: Stage) -> None:
    s.agencies.welfare_kuopio.relationship(s.hetu, "end-confirmed", s.now)


def _end_by_kela(s: Stage) -> None:
    s.agencies.kela.relationship(s.hetu, "end-confirmed", at=s.now)


def _situation_after(s: Stage) -> None:
    s.agencies.welfare_kuopio.social_situation(
        s.hetu, summary="New flat", necessary_for=("employment",), affects=True, at=s.now
    )


def _left_area(s: Stage) -> None:
    """The area that the client has left still has a say in its own system, and none in anybody else's."""
    s.agencies.employment.service_need(
        s.hetu, need="Something new", grounds="Nobody told me of the move", necessary_for=("kela",), at=s.now
    )


def _bad_row(s: Stage) -> None:
    """A row that cannot be read: its register is told, and nobody else notices."""
    s.agencies.employment_kuopio.write_line("tausta.csv", "not;a;row")


BEFORE_THE_END: tuple[Line, ...] = (
    Line("1", "Kela refers the client to the employment area", (_refer,)),
    Line("2", "The employment area receives and accepts the referral", (_answer("received"), _answer("accepted"))),
    Line("3", "Employment and Kela record what they know; nothing may leave yet", (background, kela_capacity, _need)),
    Line("4", "The assessment starts: the client relationship is open", (_start,)),
    Line("5", "The welfare area takes part: categories 4-7 open", (_take_part,)),
    Line("6", "Social care records the social situation", (situation,)),
    Line("7", "A health note that is specially protected", (_health_note,)),
    Line("8", "Health care records a functional conclusion", (_capacity,)),
    Line("9", "The plan: an item of each agency", (_plan, _item_a, _item_b, _item_c)),
    Line(
        "10",
        "The plan is approved by its makers and the client",
        (_approval, _confirm_by_welfare, _confirm_by_kela, _client_approves),
    ),
    Line("11", "Employment and Kela propose changes to the same item", (_propose_by_employment, _propose_by_kela)),
    Line("12", "Social care accepts the one", (_accept(E),)),
    Line("13", "Social care accepts the other, on a stale base: a conflict", (_accept(K),)),
    Line("14", "Social care settles the conflict", (_settle,)),
    Line("15", "The client consents to the service provider, item by item", (_consent,)),
    Line("16", "The functional conclusion changes", (_capacity_again,)),
    Line("16a", "The provider becomes a party of the plan", (_provider_joins, _mark_for_provider)),
    Line("17", "The client withdraws the consent; the provider erases", (withdraw,)),
    Line("19", "The client moves to Kuopio", (move,)),
    Line("20", "An order for non-disclosure, and contact details", (_non_disclosure, _contact)),
)
"""Up to the point where the plan is compared. Line 18, the provider's receipt, follows from line 17 by itself."""

THE_END: tuple[Line, ...] = (
    Line("22", "The end is proposed, and confirmed by all three", (_end_proposed, _end_by_welfare, _end_by_kela)),
    Line("23", "Social care records something new: the relationship has ended", (_situation_after,)),
    Line("24", "An area that the client has left, and a row that cannot be read", (_left_area, _bad_row)),
)
