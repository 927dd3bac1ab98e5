"""Turns an act into the body of an event, and says which acts may be said twice; it stores and sends nothing."""

from dataclasses import replace

from sauma.clear_text import is_code
from sauma.event import Body, ClientChange, Correction, Facts, FactStep, PlanUpdate, Referral, Relationship, Will
from sauma.event import put_steps as put_steps_of
from sauma.ids import FactId, PlanId, ReferralId, WillId
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
    ReferralAnswered,
    ReferralMade,
    RelationshipStep,
    WillGiven,
    WillWithdrawn,
)
from sauma_connectors.sdk.errors import GiveUp
from sauma_connectors.sdk.fact_rows import FactRows, Said
from sauma_connectors.sdk.inbox import Inbox
from sauma_connectors.sdk.outbox import Draft
from sauma_connectors.sdk.rows import OPEN, VOID, RowMemory, Rows


def is_harmless_again(says: Act) -> bool:
    """Whether an act said a second time is refused by its life cycle, or changes nothing that others did since.

    Not so: a start, an end proposed or part taken could open a later relationship; an old move would call back agencies
    that the client has left; an old plan would undo its makers; a lifted order would show locality again; an approval
    would speak of a version that the client has never seen.
    """
    match says:
        case RelationshipStep() | PlanDeclared() | ClientApproved():
            return False
        case ClientChanged():
            return says.change in ("died", "non-disclosure")
        case _:
            return True


def parts_of(row: str, says: FactRow | Act) -> tuple[str, ...]:
    """The local keys of the facts that a statement makes: a row's own, or the two of a referral."""
    match says:
        case FactRow() | Proposed():
            return (row,)
        case ReferralMade():
            return (f"{row}#identity", f"{row}#referral")
        case _:
            return ()


class RowOfAnother(GiveUp):
    """An act about one client names the row of another: it stays at the agency, and the other's row as it was."""

    def __init__(self) -> None:
        super().__init__("unknown-row")


class Acts:
    """The acts of one register as events. Of a client only rows of the same client are spoken of: else `RowOfAnother` is raised."""

    def __init__(self, facts: FactRows, rows: Rows, inbox: Inbox) -> None:
        self._facts = facts
        self._rows = rows
        self._inbox = inbox

    def said(self, draft: Draft, row: str, says: Act) -> Said:
        """The event that says the act, and the rows after it."""
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
                return Said(self._will_given(draft, row, says))
            case _:
                return Said(self._plain(says))

    def _plain(
        self, says: ReferralAnswered | RelationshipStep | PlanDeclared | Confirmed | WillWithdrawn | ClientChanged
    ) -> Body:
        match says:
            case ReferralAnswered():
                referral = ReferralId(self._facts.shared_id("referral", says.referral))
                return Referral(referral, says.step, reason=says.reason)
            case RelationshipStep():
                return Relationship(says.step, says.on_behalf_of, says.evidence)
            case PlanDeclared():
                return PlanUpdate(PlanId(self._facts.shared_id("plan", says.plan)), says.makers, says.providers)
            case Confirmed():
                return Facts((FactStep("confirm", says.fact, version=says.version, digest=says.digest),))
            case WillWithdrawn():
                return Will(WillId(self._facts.shared_id("will", says.will)), "withdrawn", says.kind)
            case ClientChanged():
                return ClientChange(says.change, says.municipality, says.until)

    def _referral_made(self, draft: Draft, row: str, says: ReferralMade) -> Said:
        puts: list[FactStep] = []
        rows: list[RowMemory] = []
        for part, fact_row in zip(parts_of(row, says), (says.identity, says.referral), strict=True):
            said = self._facts.steps(draft, part, fact_row, ("put",))
            puts += put_steps_of(said.body) if said.body is not None else ()
            rows += [replace(memory, is_standing=False) for memory in said.rows]
        referral = ReferralId(self._facts.shared_id("referral", Own(row)))
        return Said(Referral(referral, "made", says.to_role, says.municipality, facts=tuple(puts)), tuple(rows))

    def _proposed(self, draft: Draft, row: str, says: Proposed) -> Said:
        item = FactRow("proposal", says.category, says.content, says.handling)
        fact = self._facts.own_id(row)
        put = self._facts.put(draft, fact, item, base=0)
        stated = replace(put, about=says.about, about_version=says.about_version)
        hashes = self._facts.content_hash(item), self._facts.marks_hash(item)
        memory = RowMemory(row, draft.subject, fact, 1, *hashes, state=OPEN, is_standing=False)
        return Said(Facts((FactStep("propose", fact, put=stated),)), (memory,))

    def _answered(self, draft: Draft, says: Answered) -> Said:
        item = self._fact_of(draft, says.row)
        if says.fact is None:
            return Said(Facts((FactStep(says.step, item, answers=says.answers),)))
        put = self._facts.steps(draft, says.row, says.fact, ("put",))
        (stated,) = put_steps_of(put.body) if put.body is not None else ()
        step = replace(stated, step=says.step, answers=says.answers)
        after = put.rows[0]
        answered = self._inbox.held_fact(draft.subject, says.answers)
        if says.step == "accept" and answered is not None and answered.about_version != after.version - 1:
            # On a stale base accepting makes a conflict, and the item stays as it is until that is settled.
            after = replace(after, version=after.version - 1)
        return Said(self._facts.body([step], says.fact), (after,))

    def _corrected(self, draft: Draft, says: Corrected) -> Said:
        fact = self._fact_of(draft, says.row)
        known = self._rows.of(says.row)
        if known is None or known.version == 0:
            return Said(None, (RowMemory(says.row, draft.subject, fact, 0, b"", b"", VOID),))
        return Said(
            Correction(known.fact, _reason_code(says.reason)), (replace(known, version=known.version + 1, state=VOID),)
        )

    def _approved(self, draft: Draft, row: str, says: ClientApproved) -> Body:
        fact = says.fact or self._fact_of(draft, says.row or row)
        evidence = says.evidence
        return Facts((FactStep("approve", fact, version=self._version_of(draft, fact), evidence=evidence),))

    def _fact_of(self, draft: Draft, row: str) -> FactId:
        """The fact for which a row of this client speaks. Raises `RowOfAnother`."""
        known = self._rows.of(row)
        if known is not None and known.subject != draft.subject:
            raise RowOfAnother
        return self._facts.fact_of(row)

    def _version_of(self, draft: Draft, fact: FactId) -> int:
        own = self._rows.of_fact(draft.subject, fact)
        held = self._inbox.held_fact(draft.subject, fact)
        return own.version if own is not None else held.version if held is not None else 0

    def _will_given(self, draft: Draft, row: str, says: WillGiven) -> Will:
        own = tuple(self._fact_of(draft, name) for name in says.rows)
        return Will(
            will=WillId(self._facts.shared_id("will", Own(row))),
            step="given",
            kind=says.kind,
            recipients=says.recipients,
            scope=replace(says.scope, facts=(*says.scope.facts, *own)),
            valid_from=says.valid_from,
            valid_until=says.valid_until,
            given_by=says.given_by,
            evidence=says.evidence,
            read_at=says.read_at,
            age_ms_max=says.age_ms_max,
        )


def _reason_code(reason: str) -> str:
    """The reason where it is a code. A correction in a clerk's own words goes out all the same, and the words stay behind."""
    return reason if is_code(reason) else "recorded-in-error"
