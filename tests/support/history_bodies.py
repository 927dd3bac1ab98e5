"""What the sources of a random history say: bodies that fit the client as it stands, mostly."""

from collections.abc import Callable, Sequence
from dataclasses import replace

from sauma.event import (
    Body,
    ClientChange,
    Correction,
    FactStep,
    Held,
    PlanUpdate,
    Receipt,
    Referral,
    Relationship,
    Scope,
    Will,
)
from sauma.fact import KINDS, Fact, Marks, Moment, Necessity
from sauma.ids import EndpointId, ReferralId, WillId
from sauma.sealing import digest
from support.choices import Choices
from support.world import E2, H2, S2, D, E, H, K, P, S, World, fact, marks, plan, put, puts

Said = tuple[EndpointId, Body] | None

AGENCIES = (E, S, K, H, E2, S2, H2)
EVERYBODY = (E, S, K, H, P, E2, S2, D, H2)
ROLE = {
    E: "employment",
    E2: "employment",
    S: "social-care",
    S2: "social-care",
    H: "health-care",
    H2: "health-care",
    K: "kela",
}
MARKED = ("employment", "social-care", "kela", "health-care", "provider")
HANDLING = (
    *["ordinary"] * 10,
    "locality",
    "mental-health",
    "psychology",
    "shelter",
    "therapy-note",
    "child-welfare",
    "third-person",
    "free-text",
)
PURPOSES = (
    "employment-service",
    "social-care",
    "general-support",
    "rehabilitation",
    "care-without-permit",
    "care-despite-prohibition",
    "labour-market-support",
)
LIES_IN: Sequence[dict[str, str]] = (
    {},
    {"document": "document-1", "service_task": ""},
    {"document": "", "service_task": "task-1"},
)
WILL_KINDS = ("consent", "permit", "prohibition")
DAY_MS = 86_400_000

Telling = Callable[[World], Body]


def prelude(choice: int) -> list[tuple[EndpointId, Telling]]:
    """How a history begins: from nothing at all to a plan with makers, where most of it happens."""
    facts = (
        FactStep("put", fact("identity"), put=put("identity", "identity", 1)),
        FactStep("put", fact("referral"), put=put("referral", "referral", 6)),
    )
    made = Referral(ReferralId("r0"), "made", to_role="employment", municipality="837", facts=facts)
    whole: list[tuple[EndpointId, Telling]] = [
        (K, lambda _: made),
        (E, lambda _: Relationship("started")),
        (S, lambda _: Relationship("taking-part")),
        (E, lambda w: plan(_item(w, "item-E", E, "social-care", "kela"), makers=(E, S, K))),
        (S, lambda w: plan(_item(w, "item-S", S, "employment", "provider"), providers=(P,))),
        (H, lambda w: puts(put("capacity-H", "capacity", 5, marks=marks("employment", affects=True, at=w.now)))),
    ]
    return whole[: (6, 6, 6, 5, 3, 2, 1, 0)[choice % 8]]


def _item(w: World, name: str, _: EndpointId, *roles: str) -> FactStep:
    return FactStep("put", fact(name), put=put(name, "plan-item", 7, marks=marks(*roles, at=w.now), plan="plan"))


def _speaker(w: World, c: Choices) -> EndpointId:
    """Mostly a party; now and then somebody who may not say anything."""
    parties = [party for party in w.client.head.parties if party in ROLE]
    return c.of(AGENCIES if not parties or c.one_in(8) else parties)


def _marks(w: World, c: Choices) -> Marks:
    made = marks(*c.some(MARKED), affects=not c.one_in(4), at=w.now)
    if not c.one_in(3):
        return made
    # Of another act's task: the role and the purpose fit each other, or not.
    other = Necessity(c.of(MARKED), Moment(w.now), c.of(PURPOSES))
    return replace(made, necessary_for=(*made.necessary_for, other))


def _in_plan(w: World, step: FactStep) -> PlanUpdate:
    """A step of the one plan; the first one declares its makers."""
    makers = () if w.client.head.plans else tuple(w.client.head.parties[1:4])
    return plan(step, makers=makers)


def _own(w: World, source: EndpointId) -> list[Fact]:
    return [state.fact for state in w.client.facts.values() if state.fact.owner == source]


def _of_kind(w: World, *kinds: str) -> list[Fact]:
    return [state.fact for state in w.client.facts.values() if state.fact.kind in kinds]


def puts_fact(w: World, c: Choices) -> Said:
    """A source's own fact, new or in its next version."""
    source = _speaker(w, c)
    kinds = [k for k in KINDS.values() if ROLE[source] in k.owners and k.has_cell and not k.is_joint]
    kind = c.of([k for k in kinds if k.name not in ("proposal", "conflict", "referral")])
    name = f"{kind.name}-{source}-{c.number() % 2}"
    known = w.client.facts.get(fact(name))
    base = known.fact.version if known else 0
    stated = put(
        name,
        kind.name,
        known.fact.category if known else c.of(sorted(kind.categories)),
        base if not c.one_in(16) else max(base - 1, 0),
        handling=kind.handling or c.of(HANDLING),
        marks=_marks(w, c),
        plan="plan" if kind.name == "plan-item" else None,
        **c.of(LIES_IN),
    )
    step = FactStep("put", stated.id, put=stated)
    return source, _in_plan(w, step) if kind.name == "plan-item" else puts(stated)


def steps_fact(w: World, c: Choices) -> Said:
    """A mark, a close or a void of a source's own fact."""
    source = _speaker(w, c)
    own = _own(w, source)
    if not own:
        return None
    known = c.of(own)
    step = c.of(("mark", "close", "mark", "void"))
    return source, _in_plan(
        w, FactStep(step, known.id, version=known.version, marks=_marks(w, c) if step == "mark" else None)
    )


def puts_joint(w: World, c: Choices) -> Said:
    """A joint fact by one of the makers, or by somebody else."""
    source, kind = _speaker(w, c), c.of(("goal", "approval", "review"))
    known = w.client.facts.get(fact(kind))
    base = known.fact.version if known else 0
    stated = put(kind, kind, 7, base, plan="plan", marks=marks(*c.some(MARKED), at=w.now))
    return source, _in_plan(w, FactStep("put", stated.id, put=stated))


def confirms(w: World, c: Choices) -> Said:
    """A maker confirms what is pending, or records the client's approval."""
    waiting = [f for f in _of_kind(w, "goal", "approval", "review", "proposal") if f.status in ("pending", "made")]
    source = c.of((E, S, K, E2, S2))
    if not waiting:
        return None
    known = c.of(waiting)
    if known.kind == "approval" and c.one_in(2):
        return source, _in_plan(w, FactStep("approve", known.id, version=known.version, evidence="archive-1"))
    sealed = digest(known.sealed_as) if known.sealed_as else b""
    return source, _in_plan(w, FactStep("confirm", known.id, version=known.version, digest=sealed))


def proposes(w: World, c: Choices) -> Said:
    """A party proposes a change to another's item, or to a joint fact."""
    items = _of_kind(w, "plan-item", "goal", "service-need")
    source = _speaker(w, c)
    if not items:
        return None
    item = c.of(items)
    name = f"proposal-{source}-{c.number() % 3}"
    stated = put(name, "proposal", item.category, handling=item.handling, about=item.id, about_version=item.version)
    return source, _in_plan(w, FactStep("propose", stated.id, put=stated))


def answers(w: World, c: Choices) -> Said:
    """The owner accepts or declines a proposal, or settles a conflict."""
    asked = [f for f in _of_kind(w, "proposal", "conflict") if f.status in ("made", "open")]
    if not asked:
        return None
    answered = c.of(asked)
    item = w.client.fact(answered.about)
    if item is None:
        return None
    step = "settle" if answered.kind == "conflict" else c.of(("accept", "accept", "decline"))
    name = item.id.removeprefix("fact-")
    stated = put(name, item.kind, item.category, item.version, marks=item.marks, plan=item.plan)
    return item.owner, _in_plan(w, FactStep(step, item.id, put=stated, answers=answered.id))


def refers(w: World, c: Choices) -> Said:
    """A referral is made, or goes a step further."""
    step = c.of(("made", "accepted", "received", "started", "completed", "declined", "cancelled"))
    number = c.number() % 3
    known = next((f for f in _of_kind(w, "referral") if f.referral == f"r{number}"), None)
    if step == "made" or known is None:
        source = _speaker(w, c)
        name = f"referral-{source}-{number}"
        facts = [FactStep("put", fact(name), put=put(name, "referral", 6))]
        if c.one_in(3):
            identity = f"identity-{source}"
            facts.append(FactStep("put", fact(identity), put=put(identity, "identity", 1)))
        where = c.of(("837", None, "297"))
        to_role = c.of(("health-care", "social-care", "employment", "kela"))
        return source, Referral(
            ReferralId(f"r{number}"), "made", to_role=to_role, municipality=where, facts=tuple(facts)
        )
    receivers = [s for s in AGENCIES if known.addressed_to in (s, ROLE[s])]
    source = known.owner if step == "cancelled" else c.of(receivers or AGENCIES)
    return source, Referral(ReferralId(f"r{number}"), step, reason="no-need" if step == "declined" else None)


_STEPS = (
    *["taking-part"] * 4,
    *["started"] * 4,
    "joined",
    "left",
    "reviewed",
    "end-proposed",
    *["end-confirmed"] * 3,
    "end-objected",
    "end-withdrawn",
    *["annul"] * 4,
    "annul-confirmed",
)


def _agency(endpoint: EndpointId) -> str:
    role = ROLE[endpoint]
    return "welfare" if role in ("social-care", "health-care") else role


def relates(w: World, c: Choices) -> Said:
    """A step of the relationship; an ending or annulment mostly goes on: what follows it would not be seen otherwise."""
    now = w.client.head.relationship
    if now is not None and now.state == "ending" and not c.one_in(4):
        waited_for = [party for party in now.parties if ROLE.get(party) and _agency(party) not in now.end_confirmed]
        return c.of(waited_for or now.parties), Relationship("end-confirmed")
    if now is not None and now.is_open and now.annulled_by is not None and not c.one_in(4):
        starter = ROLE.get(now.started_by) and _agency(now.started_by)
        others = [party for party in now.parties if ROLE.get(party) and _agency(party) != starter]
        return c.of(others or now.parties), Relationship("annul-confirmed")
    speaker, step = _speaker(w, c), c.of(_STEPS)
    return now.started_by if step == "annul" and now is not None else speaker, Relationship(step)


def wills(w: World, c: Choices) -> Said:
    """A will is given, with or without limits in time, by somebody who may or may not."""
    source = c.of((E, S, H, K, E2, S2, P))
    kind = c.of(WILL_KINDS)
    recipients = ((P,), ("provider",)) if kind == "consent" else ((H,), (S,), ("health-care", "social-care"), (S2, H2))
    facts = [state.fact for state in w.client.facts.values()]
    named = tuple(c.of(facts).id for _ in range(1 + c.number() % 3)) if facts else ()
    scopes: Sequence[Scope] = (
        Scope(facts=named),
        Scope(kinds=("plan-item", "capacity", "social-situation")),
        Scope(categories=(4, 5, 6, 7)),
        Scope(registers=(S, H)),
        Scope(registers=(H,), documents=("document-1",)),
        Scope(categories=(5, 7), service_tasks=("task-1",)),
    )
    will = Will(
        WillId(f"{kind}-{c.number() % 6}"),
        "given",
        kind,
        recipients=c.of(recipients) if not c.one_in(8) else (source,),
        scope=c.of(scopes),
        valid_from=Moment(w.now + c.of((0, -DAY_MS, DAY_MS))) if c.one_in(3) else None,
        valid_until=Moment(w.now + c.of((DAY_MS, 50 * DAY_MS))) if c.one_in(3) else None,
        evidence="archive-2",
        read_at=Moment(w.now) if kind == "permit" and c.one_in(2) else None,
        age_ms_max=DAY_MS if kind == "permit" else None,
        is_readable=not c.one_in(8),
        given_by="guardian" if c.one_in(8) else "client",
    )
    return source, will


def withdraws(w: World, c: Choices) -> Said:
    """A will is withdrawn; anyone may record that."""
    known = w.client.head.wills
    said = c.of(known).will if known else None
    will, kind = (said.will, said.kind) if said else (WillId("w9"), "consent")
    return c.of(EVERYBODY), Will(will, "withdrawn", kind)


def changes(w: World, c: Choices) -> Said:
    """Something happens to the client."""
    change = c.of(("moved", "moved", "non-disclosure", "non-disclosure-lifted", "moved", "died"))
    if change == "died" and not c.one_in(3):
        return None
    until = Moment(w.now + 30 * DAY_MS) if c.one_in(2) else None
    where = c.of(("297", "837")) if change == "moved" else None
    return _speaker(w, c), ClientChange(change, municipality=where, until=until)


def corrects(w: World, c: Choices) -> Said:
    """An owner says that a fact was wrong."""
    facts = [state.fact for state in w.client.facts.values() if not state.fact.is_joint]
    if not facts:
        return None
    known = c.of(facts)
    return known.owner, Correction(known.id, "wrong")


def receipts(w: World, c: Choices) -> Said:
    """A recipient refuses, has erased or keeps something, or says all that it holds."""
    source, kind = c.of(EVERYBODY), c.of(("refused", "erased", "kept", "inventory", "inventory"))
    given = [
        (name, state.given[source]) for name, state in w.client.facts.items() if source in state.given
    ]  # what the router believes
    if kind == "inventory":
        held = [Held(name, one.version) for name, one in given if one.is_live and not c.one_in(4)]
        return source, Receipt("inventory", tuple(held))
    options = [(name, one) for name, one in given if one.is_live == (kind == "refused")]
    if not options:
        return None
    name, one = c.of(options)
    return source, Receipt(
        kind, (Held(name, one.version),), paragraph="TYM 381/2023 14.2 §" if kind == "kept" else None
    )


def declares(w: World, c: Choices) -> Said:
    """A maker names the plan's makers anew, or a provider that becomes a party of the plan."""
    known = w.client.head.plans
    source = c.of(known[0].makers) if known and known[0].makers else _speaker(w, c)
    if not known and c.one_in(2):
        return source, plan(makers=(E, S), kind=c.of(("03", "03", "04", "07")))
    if c.one_in(2):
        return source, plan(providers=(P,))
    return source, plan(makers=tuple(c.some(w.client.head.parties)))


BODIES: tuple[Callable[[World, Choices], Said], ...] = (
    *[puts_fact] * 5,
    *[steps_fact] * 3,
    *[puts_joint] * 2,
    *[confirms] * 3,
    *[proposes] * 2,
    *[answers] * 3,
    *[refers] * 2,
    *[relates] * 3,
    *[wills] * 4,
    *[withdraws] * 2,
    *[changes] * 2,
    corrects,
    *[receipts] * 2,
    declares,
)
