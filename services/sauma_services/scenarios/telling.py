"""Turns what a scenario says into what the agencies would say: the body of an event. It decides nothing and runs nothing."""

import datetime
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

from sauma.client import Client, FactState
from sauma.event import (
    Body,
    ClientChange,
    Correction,
    FactPut,
    Facts,
    FactStep,
    PlanUpdate,
    Referral,
    Relationship,
    Scope,
    Will,
)
from sauma.fact import CATEGORIES, KINDS, MULTI_SECTOR, EmploymentEffect, Marks, Moment, Necessity
from sauma.ids import EndpointId, FactId, PlanId, ReferralId, WillId
from sauma.rulefile import midnight_in_helsinki
from sauma.sealing import digest
from sauma_services.scenarios import statements as said
from sauma_services.scenarios.forms import HOME
from sauma_services.scenarios.registers import register

DAY_MS = 24 * 60 * 60 * 1000

_RELATIONSHIP = {
    "start": "started",
    "take-part": "taking-part",
    "join": "joined",
    "leave": "left",
    "review": "reviewed",
    "propose-end": "end-proposed",
    "confirm-end": "end-confirmed",
    "object-to-end": "end-objected",
    "withdraw-end": "end-withdrawn",
    "annul": "annul",
    "confirm-annul": "annul-confirmed",
}
_REFERRAL = {
    "receive": "received",
    "take-on": "accepted",
    "decline-referral": "declined",
    "begin": "started",
    "complete": "completed",
    "cancel": "cancelled",
}
_WILL = {"consent": "consent", "permit": "permit", "prohibit": "prohibition"}
_CHANGE = {"die": "died", "non-disclosure": "non-disclosure", "lift-non-disclosure": "non-disclosure-lifted"}


def moment(when: datetime.datetime) -> Moment:
    """A time by the clock in Helsinki as the journal knows it."""
    day = midnight_in_helsinki(when.date())
    return Moment(day + int((when - datetime.datetime.combine(when.date(), datetime.time())).total_seconds()) * 1000)


class NotThere(Exception):
    """A statement speaks of a fact that the client does not have when it is said."""


@dataclass(frozen=True, slots=True)
class Teller:
    """What a statement is understood by: the client as it stands, where it lived when the story began, and the time."""

    client: Client
    home: str
    now: Moment

    def endpoint(self, name: str) -> EndpointId:
        """The register that the name means to this client."""
        found = register(name, self.home)
        # Where it is not known where the client lives, the registers of Tampere speak.
        found = found or register(name, HOME)
        if found is None:
            raise NotThere(name)
        return found

    def recipient(self, name: str) -> str:
        """Whom a will names: a register, or the guardian."""
        return name if name == "guardian" else self.endpoint(name)

    def body(self, what: said.Said) -> Body:
        """What the register says, as an event's body."""
        for form, tell in _TELLINGS:
            if isinstance(what, form):
                return tell(self, what)
        raise TypeError(type(what))

    # -- facts

    def marks(self, what: said.Marked) -> Marks:
        """The decisions of a professional, taken now."""
        necessary = [(role, MULTI_SECTOR) for role in what.necessary] + list(what.for_task.items())
        return Marks(
            tuple(Necessity(role, self.now, purpose) for role, purpose in necessary),
            EmploymentEffect(self.now) if what.affects else None,
        )

    def known(self, name: str) -> FactState | None:
        """The fact of this name as it stands, also one that the router made, by its kind."""
        by_name = self.client.facts.get(FactId(name))
        return by_name or next((state for state in self.client.facts.values() if state.fact.kind == name), None)

    def stated(self, name: str, kind: str, category: int, handling: str, base: int, **rest: Any) -> FactPut:
        """A fact with a sealed cell of its own for each version."""
        made = FactPut(FactId(name), kind, category, handling, base)
        salt = f"{name}-{base}".encode().ljust(16, b".")[:16]
        return replace(made, content_schema="Scenario", salt=salt, cell=f"{name} {base + 1}".encode(), **rest)

    def put(self, what: said.Put) -> Body:
        known = self.known(what.fact)
        kind = KINDS[what.kind or what.fact]
        kept = known.fact if known else None
        category = what.category or (kept.category if kept else min(kind.categories))
        stated = self.stated(
            what.fact,
            kind.name,
            category,
            what.handling or (kept.handling if kept else kind.handling or "ordinary"),
            kept.version if kept else 0,
            marks=kept.marks if kept and what.keep_marks else self.marks(what),
            plan=PlanId(what.plan) if what.plan else (kept.plan if kept else None),
            addressed_to=self.endpoint(what.addressed) if what.addressed else None,
            service_task=what.task,
            document=what.document,
        )
        return Facts((FactStep("put", stated.id, put=stated),))

    def mark(self, what: said.Mark) -> Body:
        return Facts((FactStep("mark", FactId(what.fact), version=self._version(what.fact), marks=self.marks(what)),))

    def of_fact(self, what: said.OfFact) -> Body:
        known = self.known(what.fact)
        if what.does == "correct":
            return Correction(known.fact.id if known else FactId(what.fact), "wrong")
        sealed = digest(known.fact.sealed_as) if known and known.fact.sealed_as else b""
        return Facts(
            (
                FactStep(
                    what.does,
                    FactId(what.fact),
                    version=self._version(what.fact),
                    digest=sealed if what.does == "confirm" else b"",
                    evidence="archive" if what.does == "approve" else None,
                ),
            )
        )

    def _version(self, name: str) -> int:
        known = self.known(name)
        return known.fact.version if known else 0

    # -- plans

    def plan(self, what: said.Plan) -> Body:
        makers = tuple(self.endpoint(name) for name in what.makers)
        return PlanUpdate(
            PlanId(what.plan), makers, tuple(self.endpoint(name) for name in what.providers), kind=what.kind
        )

    def propose(self, what: said.Propose) -> Body:
        item = self.known(what.about)
        if item is None:
            raise NotThere(what.about)
        stated = self.stated(
            what.fact,
            "proposal",
            item.fact.category,
            item.fact.handling,
            0,
            about=item.fact.id,
            about_version=item.fact.version,
        )
        return Facts((FactStep("propose", stated.id, put=stated),))

    def answer(self, what: said.Answer) -> Body:
        proposal = self.client.fact(FactId(what.proposal))
        item = self.client.fact(proposal.about) if proposal else None
        if proposal is None or item is None:
            raise NotThere(what.proposal)
        stated = self.stated(
            item.id, item.kind, item.category, item.handling, item.version, marks=item.marks, plan=item.plan
        )
        return Facts((FactStep(what.does, item.id, put=stated, answers=proposal.id),))

    # -- referrals and the relationship

    def refer(self, what: said.Refer) -> Body:
        facts = [self.stated("identity", "identity", 1, "ordinary", 0)] if what.identity else []
        facts.append(self.stated(what.referral, "referral", 6, "ordinary", 0))
        lives = what.municipality or self.home
        return Referral(
            ReferralId(what.referral),
            "made",
            to_role=what.to,
            municipality=None if lives == "unknown" else lives,
            facts=tuple(FactStep("put", fact.id, put=fact) for fact in facts),
        )

    def of_referral(self, what: said.OfReferral) -> Body:
        return Referral(ReferralId(what.referral), _REFERRAL[what.does])

    def of_relationship(self, what: said.OfRelationship) -> Body:
        other = self.endpoint(what.on_behalf_of) if what.on_behalf_of else None
        return Relationship(_RELATIONSHIP[what.does], other, "archive" if other else None)

    # -- wills, and what happens to the client

    def give_will(self, what: said.GiveWill) -> Body:
        name = what.will or what.does
        known = self.client.head.will(name)
        is_read = what.is_read or what.again
        return Will(
            WillId(name),
            "read-again" if what.again else "given",
            known.will.kind if known and what.again else _WILL[what.does],
            recipients=(*(self.recipient(name) for name in what.to), *what.to_role),
            scope=Scope(
                categories=tuple(CATEGORIES) if what.everything else what.categories,
                kinds=what.kinds,
                facts=tuple(FactId(fact) for fact in what.facts),
                registers=tuple(self.endpoint(name) for name in what.registers),
                service_tasks=what.tasks,
                documents=what.documents,
            ),
            valid_from=moment(what.valid_from) if what.valid_from else None,
            valid_until=moment(what.valid_until) if what.valid_until else None,
            given_by=what.given_by,
            evidence="archive" if what.in_writing else None,
            read_at=self.now if is_read else None,
            age_ms_max=what.good_for_days * DAY_MS if what.good_for_days is not None else None,
            is_readable=what.is_readable,
        )

    def withdraw(self, what: said.Withdraw) -> Body:
        known = self.client.head.will(what.will)
        return Will(WillId(what.will), "withdrawn", known.will.kind if known else "consent")

    def move(self, what: said.Move) -> Body:
        return ClientChange("moved", municipality=what.to)

    def of_client(self, what: said.OfClient) -> Body:
        return ClientChange(_CHANGE[what.does], until=moment(what.until) if what.until else None)


_TELLINGS: tuple[tuple[type[said.Said], Callable[[Teller, Any], Body]], ...] = (
    (said.Put, Teller.put),
    (said.Mark, Teller.mark),
    (said.OfFact, Teller.of_fact),
    (said.Plan, Teller.plan),
    (said.Propose, Teller.propose),
    (said.Answer, Teller.answer),
    (said.Refer, Teller.refer),
    (said.OfReferral, Teller.of_referral),
    (said.OfRelationship, Teller.of_relationship),
    (said.GiveWill, Teller.give_will),
    (said.Withdraw, Teller.withdraw),
    (said.Move, Teller.move),
    (said.OfClient, Teller.of_client),
)
