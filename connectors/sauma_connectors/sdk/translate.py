"""Turns a statement into the body of an event and into what is to be remembered of its rows; it stores and sends nothing."""

import os
from collections.abc import Callable
from dataclasses import dataclass, replace

from sauma.codec import Codec
from sauma.content import Content, content_schema, write_content
from sauma.delivery import Delivered
from sauma.event import (
    Body,
    ClientChange,
    Correction,
    Facts,
    FactPut,
    FactStep,
    PlanUpdate,
    Referral,
    Relationship,
    Scope,
    Will,
)
from sauma.fact import EmploymentEffect, Marks, Necessity
from sauma.ids import EndpointId, FactId, PlanId, ReferralId, WillId
from sauma.sealing import SALT_BYTES, SealedAs

from sauma_connectors.sdk.contract import (
    Act,
    Answered,
    ClientApproved,
    ClientChanged,
    Confirmed,
    Corrected,
    FactRow,
    Own,
    PlanDeclared,
    Proposed,
    Reference,
    ReferralAnswered,
    ReferralMade,
    RelationshipStep,
    WillGiven,
    WillWithdrawn,
)
from sauma_connectors.sdk.keyring import Keyring
from sauma_connectors.sdk.local_key import LocalKey
from sauma_connectors.sdk.outbox import Draft
from sauma_connectors.sdk.rows import CLOSED, OPEN, VOID, RowMemory

_MARKS = Codec(Marks)


@dataclass(frozen=True, slots=True)
class Said:
    """An event's body, and how the rows it speaks of are to be remembered. Without a body nothing needs saying."""

    body: Body | None
    rows: tuple[RowMemory, ...] = ()


class Translator:
    """Statements of one register into events. `memory_of` looks a row up; `about_version_of` a proposal's base, if held."""

    def __init__(
        self,
        endpoint: EndpointId,
        keyring: Keyring,
        key: LocalKey,
        memory_of: Callable[[str], RowMemory | None],
        about_version_of: Callable[[Draft, FactId], int | None],
    ) -> None:
        self._endpoint = endpoint
        self._keyring = keyring
        self._key = key
        self._memory_of = memory_of
        self._about_version_of = about_version_of

    def fact_id(self, row: str, says: FactRow | None = None) -> FactId:
        """The fact for which a row speaks."""
        return says.adopts if says is not None and says.adopts else self._keyring.fact_id(self._endpoint, row)

    def expected_rows(self, row: str, says: FactRow | Act) -> list[tuple[str, FactId, bool]]:
        """Row, fact and whether it is standing, for each fact that this statement may have brought to the router before."""
        match says:
            case FactRow():
                return [(row, self.fact_id(row, says), True)]
            case ReferralMade():
                return [(part, self.fact_id(part), False) for part in (f"{row}#identity", f"{row}#referral")]
            case Proposed():
                return [(row, self.fact_id(row), False)]
            case _:
                return []

    def content_hash(self, says: FactRow) -> bytes:
        """A keyed hash of all that a put would carry, except its marks."""
        return self._hash(
            says.kind, says.category, says.handling, says.content, self._plan(says.plan), says.starts, says.ends
        )

    def delivered_hash(self, put: Delivered, content: Content) -> bytes:
        """The same hash, of an own fact as the router knows it."""
        return self._hash(put.kind, put.category, put.handling, content, put.plan, put.starts, put.ends)

    def marks_hash(self, says: FactRow) -> bytes:
        """A keyed hash of the marks."""
        return self._key.index("marks", _MARKS.encode(marks_of(says)))

    def fact_steps(self, draft: Draft, row: str, says: FactRow, steps: tuple[str, ...]) -> Said:
        """An event that takes these steps (put, mark, close) with one standing row, and the row after it."""
        before = self._memory_of(row)
        fact = before.fact if before is not None and before.subject == draft.subject else self.fact_id(row, says)
        known = before if before is not None and before.subject == draft.subject else None
        after = RowMemory(
            row=row,
            subject=draft.subject,
            fact=says.adopts or fact,
            version=self._base(draft, known, says),
            content=self.content_hash(says),
            marks=self.marks_hash(says),
            state=OPEN,
        )
        taken: list[FactStep] = []
        for step in steps:
            match step:
                case "put":
                    stated = self._put(draft, after.fact, says, base=after.version)
                    taken.append(FactStep("put", after.fact, put=stated))
                    after = replace(after, version=after.version + 1)
                case "mark":
                    taken.append(FactStep("mark", after.fact, version=after.version, marks=marks_of(says)))
                case _:  # close
                    taken.append(FactStep("close", after.fact, version=after.version))
                    after = replace(after, version=after.version + 1, state=CLOSED)
        return Said(_steps(taken, self._plan(says.plan)), (after,))

    def gone(self, memory: RowMemory) -> Said:
        """An event that closes the fact of a row that is gone."""
        after = replace(memory, version=memory.version + 1, state=CLOSED)
        return Said(Facts((FactStep("close", memory.fact, version=memory.version),)), (after,))

    def act(self, draft: Draft, row: str, says: Act) -> Said:
        """An event that says an act."""
        match says:
            case ReferralMade():
                return self._referral_made(draft, row, says)
            case Proposed():
                return self._proposed(draft, row, says)
            case Answered():
                return self._answered(draft, says)
            case Corrected():
                return self._corrected(draft, says)
            case ClientApproved():
                return Said(self._approved(draft, row, says))
            case WillGiven():
                return Said(self._will_given(row, says))
            case _:
                return Said(self._plain(says))

    def _plain(
        self,
        says: ReferralAnswered | RelationshipStep | PlanDeclared | Confirmed | WillWithdrawn | ClientChanged,
    ) -> Body:
        match says:
            case ReferralAnswered():
                referral = ReferralId(self._id("referral", says.referral))
                return Referral(referral, says.step, reason=says.reason)
            case RelationshipStep():
                return Relationship(says.step, says.on_behalf_of, says.evidence)
            case PlanDeclared():
                return PlanUpdate(PlanId(self._id("plan", says.plan)), says.makers, says.providers)
            case Confirmed():
                return Facts((FactStep("confirm", says.fact, version=says.version, digest=says.digest),))
            case WillWithdrawn():
                return Will(WillId(self._id("will", says.will)), "withdrawn", says.kind)
            case ClientChanged():
                return ClientChange(says.change, says.municipality, says.until)

    def _referral_made(self, draft: Draft, row: str, says: ReferralMade) -> Said:
        puts: list[FactStep] = []
        rows: list[RowMemory] = []
        for part, fact_row in ((f"{row}#identity", says.identity), (f"{row}#referral", says.referral)):
            said = self.fact_steps(draft, part, fact_row, ("put",))
            puts += said.body.steps if isinstance(said.body, Facts) else ()
            rows += [replace(memory, is_standing=False) for memory in said.rows]
        referral = ReferralId(self._id("referral", Own(row)))
        return Said(Referral(referral, "made", says.to_role, says.municipality, facts=tuple(puts)), tuple(rows))

    def _proposed(self, draft: Draft, row: str, says: Proposed) -> Said:
        item = FactRow("proposal", says.category, says.content, says.handling)
        fact = self.fact_id(row)
        stated = replace(
            self._put(draft, fact, item, base=0), about=says.about, about_version=says.about_version
        )
        hashes = self.content_hash(item), self.marks_hash(item)
        memory = RowMemory(row, draft.subject, fact, 1, *hashes, state=OPEN, is_standing=False)
        return Said(Facts((FactStep("propose", fact, put=stated),)), (memory,))

    def _answered(self, draft: Draft, says: Answered) -> Said:
        known = self._memory_of(says.row)
        item = known.fact if known is not None else self.fact_id(says.row, says.fact)
        if says.fact is None:
            return Said(Facts((FactStep(says.step, item, answers=says.answers),)))
        put = self.fact_steps(draft, says.row, says.fact, ("put",))
        after = put.rows[0]
        stated = self._put(draft, item, says.fact, base=after.version - 1)
        about = self._about_version_of(draft, says.answers)
        if says.step == "accept" and about is not None and about != stated.base:
            # On a stale base accepting makes a conflict, and the item stays as it is until that is settled.
            after = replace(after, version=stated.base)
        step = FactStep(says.step, item, put=stated, answers=says.answers)
        return Said(_steps([step], self._plan(says.fact.plan)), (replace(after, fact=item),))

    def _corrected(self, draft: Draft, says: Corrected) -> Said:
        known = self._memory_of(says.row)
        if known is None or (known.version == 0 and known.state != VOID):
            never_sent = RowMemory(says.row, draft.subject, self.fact_id(says.row), 0, b"", b"", VOID)
            return Said(None, (never_sent,))
        return Said(Correction(known.fact, says.reason), (replace(known, version=known.version + 1, state=VOID),))

    def _approved(self, draft: Draft, row: str, says: ClientApproved) -> Body:
        known = self._memory_of(says.row or row)
        version = known.version if known is not None else 0
        fact = says.fact or (known.fact if known is not None else self.fact_id(says.row or row))
        if says.fact is not None:
            version = self._version_of(draft, says.fact)
        return Facts((FactStep("approve", fact, version=version, evidence=says.evidence),))

    def _will_given(self, row: str, says: WillGiven) -> Will:
        own = tuple(known.fact if (known := self._memory_of(name)) else self.fact_id(name) for name in says.rows)
        return Will(
            will=WillId(self._id("will", Own(row))),
            step="given",
            kind=says.kind,
            recipients=says.recipients,
            scope=Scope(categories=says.categories, kinds=says.kinds, facts=(*says.facts, *own)),
            valid_from=says.valid_from,
            valid_until=says.valid_until,
            given_by=says.given_by,
            evidence=says.evidence,
            read_at=says.read_at,
            age_ms_max=says.age_ms_max,
        )
