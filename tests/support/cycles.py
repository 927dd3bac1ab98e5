"""Drives each life cycle on the real step: somebody who may takes each step, whatever state the thing is in."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sauma.event import ClientChange, FactPut, Facts, FactStep, Referral, Relationship, Scope, Will
from sauma.fact import Moment
from sauma.ids import EndpointId, FactId, ReferralId, WillId, conflict_fact
from sauma.lifecycle import BEFORE, NEW, TABLES, Table
from sauma.predicates import referral_state
from sauma.sealing import digest
from sauma.step import Step
from support.story import LINES
from support.world import E, H, K, P, S, World, fact, marks, plan, put, puts


@dataclass(frozen=True)
class Cycle:
    """One table, and how a test drives it."""

    table: Table
    world: Callable[[], World]
    """A world in which the first step may be taken."""
    take: Callable[[World, str], Step]
    state: Callable[[World], str]
    reasons: frozenset[str]
    """Why a step that the table does not have is refused; any other reason would hide what the table would have said."""
    follow: frozenset[str] = frozenset()
    """Steps that follow from something else: where the table does not have them, that other thing may still happen."""

    @property
    def states(self) -> frozenset[str]:
        """Every state there is."""
        return frozenset({state for state, _ in self.table} | set(self.table.values())) - {BEFORE}

    @property
    def steps(self) -> frozenset[str]:
        """Every step there is."""
        return frozenset(step for _, step in self.table)

    def paths(self) -> Mapping[str, tuple[str, ...]]:
        """The shortest way from new to each state that the table leads to."""
        found: dict[str, tuple[str, ...]] = {NEW: ()}
        waiting = [NEW]
        while waiting:
            here = waiting.pop(0)
            for (state, step), then in self.table.items():
                if state == here and then not in found and then != BEFORE:
                    found[then] = (*found[here], step)
                    waiting.append(then)
        return found

    def at(self, state: str) -> World:
        """A world in which the thing is in this state, by way of real steps."""
        world = self.world()
        for step in self.paths()[state]:
            taken = self.take(world, step)
            assert taken.decision.outcome == "accepted", (step, taken.decision.reason)
        assert self.state(world) == state
        return world


def opened() -> World:
    """A client whom a referral of its own has opened."""
    return _referred(World(), "r0")


def _referred(world: World, referral: str) -> World:
    _refer(world, referral)
    return world


def _refer(world: World, referral: str) -> Step:
    name = f"referral-{referral}"
    facts = (FactStep("put", fact(name), put=put(name, "referral", 6)),)
    return world.say(K, Referral(ReferralId(referral), "made", to_role="employment", municipality="837", facts=facts))


def told(last: str) -> Callable[[], World]:
    """The story up to a line."""

    def world() -> World:
        telling = World()
        for line in LINES:
            line.says(telling)
            if line.number == last:
                break
        return telling

    return world


def _status(world: World, fact_id: FactId) -> str:
    known = world.client.fact(fact_id)
    return known.status if known else NEW


def _version(world: World, name: str) -> int:
    known = world.client.fact(fact(name))
    return known.version if known else 0


# Referral


def _referral_step(world: World, step: str) -> Step:
    if step == "made":
        return _refer(world, "r1")
    return world.say(K if step == "cancelled" else E, Referral(ReferralId("r1"), step))


def _referral_state(world: World) -> str:
    known = world.client.fact(fact("referral-r1"))
    return referral_state(world.client, known) if known else NEW


# A plain fact


def _fact_step(world: World, step: str) -> Step:
    version = _version(world, "b")
    if step == "put":
        return world.say(E, puts(put("b", "background", 3, version)))
    return world.say(E, Facts((FactStep(step, fact("b"), version=version, marks=marks("kela")),)))


# A proposal of the employment area about the welfare area's item, and the conflict it may become


def _item(world: World, step: str, answers: FactId | None = None) -> Step:
    stated = put("B", "plan-item", 7, _version(world, "B"), marks=marks("employment", "kela"), plan="plan")
    return world.say(S, plan(FactStep(step, fact("B"), put=stated, answers=answers)))


def propose(world: World, name: str, about: str, by: EndpointId = E) -> Step:
    """Propose a change to an item in the version it has now."""
    stated = put(name, "proposal", 7, about=fact(about), about_version=_version(world, about))
    return world.say(by, plan(FactStep("propose", fact(name), put=stated)))


def _proposal_step(world: World, step: str) -> Step:
    match step:
        case "propose":
            return propose(world, "p", "B")
        case "accept":
            return _item(world, "accept", fact("p"))
        case "decline":
            return world.say(S, plan(FactStep("decline", fact("B"), answers=fact("p"))))
        case "void":
            return world.say(E, plan(FactStep("void", fact("p"), version=_version(world, "p"))))
        case _:
            if _status(world, fact("p")) == "made":
                conflict_over(world)
            return _item(world, "settle", conflict_fact(fact("p")))


def conflict_over(world: World) -> None:
    """Let the owner change the item and then accept the proposal, which speaks of the version before."""
    assert _item(world, "put").decision.outcome == "accepted"
    assert _item(world, "accept", fact("p")).decision.outcome == "accepted"


def stale() -> World:
    """A proposal about a version that the item no longer has."""
    world = told("9b")()
    propose(world, "p", "B")
    _item(world, "put")
    return world


def _conflict_step(world: World, step: str) -> Step:
    if step == "stale-accept":
        return _item(world, "accept", fact("p"))
    return _item(world, "settle", conflict_fact(fact("p")))


# A joint fact: the approval, which alone knows every step


def confirm(world: World, by: EndpointId, name: str) -> Step:
    """Confirm a joint fact, or a proposal about one, as it stands."""
    known = world.client.fact(fact(name))
    sealed = digest(known.sealed_as) if known and known.sealed_as else b""
    return world.say(by, plan(FactStep("confirm", fact(name), version=_version(world, name), digest=sealed)))


def _approve(world: World, name: str) -> Step:
    step = FactStep("approve", fact(name), version=_version(world, name), evidence="archive-12")
    return world.say(E, plan(step))


def _joint_step(world: World, step: str) -> Step:
    match step:
        case "put":
            return world.say(E, plan(FactStep("put", fact("ok"), put=_approval(world, "ok"))))
        case "confirm":
            return confirm(world, S, "ok")
        case "approve":
            return _approve(world, "ok")
        case "void":
            return world.say(E, plan(FactStep("void", fact("ok"), version=_version(world, "ok"))))
        case _:
            return _all_confirmed(world)


def _approval(world: World, name: str) -> FactPut:
    return put(name, "approval", 7, _version(world, name), plan="plan")


def _all_confirmed(world: World) -> Step:
    """A pending one by all its makers and the client; one in force by a change that all makers confirm."""
    if _status(world, fact("ok")) == "pending":
        confirm(world, S, "ok")
        confirm(world, K, "ok")
        return _approve(world, "ok")
    propose(world, "change", "ok")
    confirm(world, S, "change")
    return confirm(world, K, "change")


# The relationship


def _relationship_step(world: World, step: str) -> Step:
    match step:
        case "plan-approved":
            return _plan_approved(world)
        case "all-confirmed":
            world.say(S, Relationship("end-confirmed"))
            return world.say(K, Relationship("end-confirmed"))
        case "annul-confirmed":
            world.say(E, Relationship("annul"))
            return world.say(S, Relationship("annul-confirmed"))
        case "died":
            return world.say(E, ClientChange("died"))
        case _:
            by = {"left": H, "taking-part": S, "joined": S, "end-confirmed": S, "end-objected": S}.get(step, E)
            return world.say(by, Relationship(step))


def _plan_approved(world: World) -> Step:
    name = f"approval-{world.now}"
    world.say(E, plan(FactStep("put", fact(name), put=put(name, "approval", 7, plan="plan")), makers=(E, S, K)))
    confirm(world, S, name)
    confirm(world, K, name)
    return _approve(world, name)


def _relationship_state(world: World) -> str:
    relationship = world.client.head.relationship
    return relationship.state if relationship else NEW


# A will


def _will_step(world: World, step: str) -> Step:
    scope, read_at = Scope(kinds=("plan-item",)), Moment(world.now)
    will = Will(WillId("w"), step, "consent", (P,), scope, evidence="archive-7", read_at=read_at)
    return world.say(E, will)


def _will_state(world: World) -> str:
    known = world.client.head.will("w")
    return NEW if known is None else "given" if known.withdrawn_at is None else "withdrawn"


CYCLES: Mapping[str, Cycle] = {
    "referral": Cycle(
        TABLES["referral"],
        opened,
        _referral_step,
        _referral_state,
        frozenset({"step-not-possible", "unknown-referral"}),
    ),
    "fact": Cycle(
        TABLES["fact"],
        opened,
        _fact_step,
        lambda world: _status(world, fact("b")),
        frozenset({"step-not-possible", "unknown-fact"}),
    ),
    "proposal": Cycle(
        TABLES["proposal"],
        told("9b"),
        _proposal_step,
        lambda world: _status(world, fact("p")),
        frozenset({"step-not-possible", "unknown-proposal", "unknown-conflict", "unknown-fact"}),
    ),
    "conflict": Cycle(
        TABLES["conflict"],
        stale,
        _conflict_step,
        lambda world: _status(world, conflict_fact(fact("p"))),
        frozenset({"step-not-possible", "unknown-proposal", "unknown-conflict"}),
    ),
    "joint fact": Cycle(
        TABLES["joint fact"],
        told("9c"),
        _joint_step,
        lambda world: _status(world, fact("ok")),
        frozenset({"step-not-possible", "unknown-fact", "unknown-approval"}),
    ),
    "relationship": Cycle(
        TABLES["relationship"],
        opened,
        _relationship_step,
        _relationship_state,
        frozenset({"step-not-possible", "client-died"}),
        follow=frozenset({"plan-approved", "died"}),
    ),
    "will": Cycle(TABLES["will"], opened, _will_step, _will_state, frozenset({"step-not-possible"})),
}
