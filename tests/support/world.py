"""A client's world on the pure core alone: sources speak, the real step decides, deliveries are remembered."""

from dataclasses import dataclass, field, replace

from sauma.client import Client, new_client
from sauma.codec import Codec
from sauma.decision import Decision
from sauma.delivery import Delivery
from sauma.endpoints import Endpoint
from sauma.event import Body, Event, FactPut, Facts, FactStep, PlanUpdate, Referral
from sauma.fact import EmploymentEffect, Marks, Moment, Necessity
from sauma.ids import EndpointId, FactId, PlanId, ReferralId, SubjectId, event_hash, event_id
from sauma.journal import Entry
from sauma.places import Places
from sauma.resources import load_laws, load_places
from sauma.rulefile import Laws
from sauma.step import Step, step

E = EndpointId("employment-tampereen-seutu")
S = EndpointId("social-08")
H = EndpointId("health-08")
K = EndpointId("kela")
D = EndpointId("keha")
P = EndpointId("provider-valmennus")
E2 = EndpointId("employment-kuopio")
S2 = EndpointId("social-13")
H2 = EndpointId("health-13")

SHORT = {E: "E", S: "S", H: "H", K: "K", D: "D", P: "P", E2: "E'", S2: "S'", H2: "H'"}

PROVIDER = Endpoint(id=P, role="provider", organiser="valmennus", name_fi="Valmennus Oy")
SUBJECT = SubjectId("5" * 32)
START = Moment(1_780_000_000_000)  # 28 May 2026: after the rules of 1 May came into force

_EVENT = Codec(Event)


def places() -> Places:
    """The places of the country and one service provider."""
    return load_places().with_endpoints([PROVIDER])


def marks(*roles: str, affects: bool = False, at: int = START) -> Marks:
    """A professional's decisions, recorded at `at`."""
    return Marks(
        tuple(Necessity(role, Moment(at), "multi-sector-support") for role in roles),
        EmploymentEffect(Moment(at)) if affects else None,
    )


def put(name: str, kind: str, category: int, base: int = 0, **rest: object) -> FactPut:
    """A fact whose id and cell are made from its name; the cell says which version it is."""
    version = base + 1
    return replace(
        FactPut(
            id=fact(name),
            kind=kind,
            category=category,
            handling="ordinary",
            base=base,
            content_schema="Test",
            salt=f"{name}-{version}".encode().ljust(16, b".")[:16],
            cell=f"{name} v{version}".encode(),
        ),
        **rest,  # type: ignore[arg-type] # fields of FactPut
    )


def fact(name: str) -> FactId:
    """The id of a test fact."""
    return FactId(f"fact-{name}")


def puts(*stated: FactPut) -> Facts:
    """An event body that puts these facts."""
    return Facts(tuple(FactStep("put", one.id, put=one) for one in stated))


def plan(*steps: FactStep, **rest: object) -> PlanUpdate:
    """An update of the one plan."""
    return PlanUpdate(PlanId("plan"), steps=steps, **rest)  # type: ignore[arg-type] # fields of PlanUpdate


def referral() -> Referral:
    """A referral to employment of a client who lives in Tampere: identity and referral."""
    identity = FactStep("put", fact("identity"), put=put("identity", "identity", 1))
    referred = FactStep("put", fact("referral"), put=put("referral", "referral", 6))
    return Referral(ReferralId("r1"), "made", to_role="employment", municipality="837", facts=(identity, referred))


@dataclass
class World:
    """One client, its journal, and what everybody was sent."""

    laws: Laws = field(default_factory=load_laws)
    places: Places = field(default_factory=places)
    client: Client = field(default_factory=lambda: new_client(SUBJECT))
    now: int = START
    steps: list[Step] = field(default_factory=list)
    seqs: dict[str, int] = field(default_factory=dict)

    def event(self, source: EndpointId, body: Body, *, seq: int | None = None, incarnation: str = "first") -> Event:
        """The source's next event (or the one of this seq), not yet journalled."""
        key = f"{source}/{incarnation}"
        if seq is None:
            seq = self.seqs[key] = self.seqs.get(key, 0) + 1
        return Event(
            event_id(source, incarnation, SUBJECT, seq), source, SUBJECT, incarnation, seq, Moment(self.now), body
        )

    def journal(self, event: Event) -> Step:
        """Journal the event and take the step."""
        self.now += 1000
        return self._step(Entry(Moment(self.now), event), event_hash(_EVENT.encode(event)))

    def say(self, source: EndpointId, body: Body) -> Step:
        """The source says it, and it is journalled at once."""
        return self.journal(self.event(source, body))

    def record(self, entry: Entry) -> Step:
        """Journal something other than an event."""
        return self._step(entry, b"")

    def _step(self, entry: Entry, digest: bytes) -> Step:
        taken = step(self.client, entry, event_digest=digest, laws=self.laws, places=self.places)
        self.client = taken.client
        self.steps.append(taken)
        return taken

    @property
    def deliveries(self) -> list[Delivery]:
        """Everything that left, in order."""
        return [delivery for taken in self.steps for delivery in taken.deliveries]

    @property
    def decisions(self) -> list[Decision]:
        """Everything that was decided, in order."""
        return [taken.decision for taken in self.steps]

    def held(self, recipient: EndpointId) -> dict[FactId, tuple[int, str, bytes]]:
        """What the recipient holds if it applied everything it was sent: version, status, cell."""
        holds: dict[FactId, tuple[int, str, bytes]] = {}
        for delivery in self.deliveries:
            if delivery.recipient != recipient:
                continue
            for item in delivery.puts:
                holds[item.fact] = (item.version, item.status, item.cell)
            for taken in delivery.retracted:
                holds.pop(taken.fact, None)
        return holds


def leaves(taken: Step, names: dict[FactId, str] | None = None) -> dict[str, set[str]]:
    """What one step sends, in short: {"K": {"background TYM 381/2023 15 §", "~identity ...", "-capacity erase", "!will-effective"}}."""
    names = names or {}
    told: dict[str, set[str]] = {}
    kinds = {state.fact.id: state.fact.kind for state in taken.client.facts.values()}
    for delivery in taken.deliveries:
        lines = told.setdefault(SHORT.get(delivery.recipient, delivery.recipient), set())
        for item in delivery.puts:
            lines.add(f"{_name(item.fact, kinds, names)} {item.basis.discloser}")
        for moved in delivery.rebased:
            lines.add(f"~{_name(moved.fact, kinds, names)} {moved.basis.discloser}")
        for back in delivery.retracted:
            lines.add(f"-{_name(back.fact, kinds, names)} {back.ask}")
        for notice in delivery.notices:
            lines.add(f"!{notice.code}{' ' + notice.reason if notice.reason else ''}")
    return told


def stays(taken: Step, names: dict[FactId, str] | None = None) -> dict[tuple[str, str], str]:
    """What one step holds back: {("H", "background"): "necessary-for-recipient"}; undecided as `? permit`."""
    names = names or {}
    kinds = {state.fact.id: state.fact.kind for state in taken.client.facts.values()}
    return {
        (SHORT.get(EndpointId(r.recipient), r.recipient), _name(r.fact, kinds, names)): (
            f"? {r.reason}" if r.outcome == "undecided" else r.reason
        )
        for r in taken.decision.rulings
        if r.outcome in ("withheld", "undecided")
    }


def _name(fact_id: FactId, kinds: dict[FactId, str], names: dict[FactId, str]) -> str:
    if fact_id in names:
        return names[fact_id]
    return fact_id.removeprefix("fact-") if fact_id.startswith("fact-") else kinds.get(fact_id, "?")
