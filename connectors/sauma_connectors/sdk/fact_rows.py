"""Turns a standing row into steps of its fact, sealed, and into what is to be remembered of the row; it stores and sends nothing."""

import os
from collections.abc import Sequence
from dataclasses import dataclass, replace

from sauma.codec import Codec
from sauma.content import Content, content_schema, write_content
from sauma.delivery import Delivered
from sauma.event import Body, FactPut, Facts, FactStep, PlanUpdate
from sauma.fact import EmploymentEffect, Marks, Necessity
from sauma.ids import EndpointId, FactId, PlanId
from sauma.sealing import SALT_BYTES, SealedAs
from sauma_connectors.sdk.contract import FactRow, Own, Reference
from sauma_connectors.sdk.inbox import Inbox
from sauma_connectors.sdk.keyring import Keyring
from sauma_connectors.sdk.local_key import LocalKey
from sauma_connectors.sdk.outbox import Draft
from sauma_connectors.sdk.rows import CLOSED, OPEN, PASSED, VOID, RowMemory, Rows

_MARKS = Codec(Marks)


@dataclass(frozen=True, slots=True)
class Said:
    """An event's body, and how the rows it speaks of are to be remembered. Without a body nothing needs saying."""

    body: Body | None
    rows: tuple[RowMemory, ...] = ()


class FactRows:
    """The rows of one register as facts."""

    def __init__(self, endpoint: EndpointId, keyring: Keyring, key: LocalKey, rows: Rows, inbox: Inbox) -> None:
        self._endpoint = endpoint
        self._keyring = keyring
        self._key = key
        self._rows = rows
        self._inbox = inbox

    def own_id(self, key: str) -> FactId:
        """The id of what this register keeps under a local key."""
        return self._keyring.fact_id(self._endpoint, key)

    def shared_id(self, kind: str, reference: Reference) -> str:
        """The id of a plan, referral or will: as delivered, or of the register's own."""
        return self.own_id(f"{kind}:{reference.key}") if isinstance(reference, Own) else reference.id

    def fact_of(self, row: str, says: FactRow | None = None) -> FactId:
        """The fact for which a row speaks."""
        if says is not None and says.adopts:
            return says.adopts
        known = self._rows.of(row)
        return known.fact if known is not None else self.own_id(row)

    def content_hash(self, says: FactRow) -> bytes:
        """A keyed hash of all that a put would carry, except its marks."""
        plan = self._plan(says)
        return self._hash(says.kind, says.category, says.handling, says.content, plan, says.starts, says.ends)

    def delivered_hash(self, put: Delivered, content: Content) -> bytes:
        """The same hash, of an own fact as the router knows it."""
        return self._hash(put.kind, put.category, put.handling, content, put.plan, put.starts, put.ends)

    def marks_hash(self, says: FactRow) -> bytes:
        """A keyed hash of the marks."""
        return self._key.index("marks", _MARKS.encode(marks_of(says)))

    def steps(self, draft: Draft, row: str, says: FactRow, steps: Sequence[str]) -> Said:
        """An event that takes these steps (put, mark, close) with a row's fact, and the row after it."""
        taken: list[FactStep] = []
        after = self._before(draft, row, says)
        for step in steps:
            match step:
                case "put":
                    taken.append(FactStep("put", after.fact, put=self.put(draft, after.fact, says, base=after.version)))
                    after = replace(after, version=after.version + 1)
                case "mark":
                    taken.append(FactStep("mark", after.fact, version=after.version, marks=marks_of(says)))
                case _:  # close
                    taken.append(FactStep("close", after.fact, version=after.version))
                    after = replace(after, version=after.version + 1, state=CLOSED)
        return Said(self.body(taken, says), (after,))

    def gone(self, memory: RowMemory) -> Said:
        """An event that closes the fact of a row that is gone."""
        after = replace(memory, version=memory.version + 1, state=CLOSED)
        return Said(Facts((FactStep("close", memory.fact, version=memory.version),)), (after,))

    def put(self, draft: Draft, fact: FactId, says: FactRow, *, base: int) -> FactPut:
        """The fact's next version, sealed for the place that the draft has."""
        sealed_as = SealedAs(
            source=draft.source,
            incarnation=draft.incarnation,
            seq=draft.seq,
            subject=draft.subject,
            item=fact,
            category=says.category,
            handling=says.handling,
            content_schema=content_schema(says.content),
            salt=os.urandom(SALT_BYTES),
        )
        return FactPut(
            id=fact,
            kind=says.kind,
            category=says.category,
            handling=says.handling,
            base=base,
            content_schema=sealed_as.content_schema,
            salt=sealed_as.salt,
            cell=self._keyring.seal(sealed_as, write_content(says.content)),
            marks=marks_of(says),
            plan=self._plan(says),
            starts=says.starts,
            ends=says.ends,
        )

    def body(self, steps: Sequence[FactStep], says: FactRow) -> Body:
        """The steps, within the plan that the row belongs to."""
        plan = self._plan(says)
        return Facts(tuple(steps)) if plan is None else PlanUpdate(plan, steps=tuple(steps))

    def _before(self, draft: Draft, row: str, says: FactRow) -> RowMemory:
        """The row as it will be remembered, in the version that the router has."""
        known = self._rows.of(row)
        fact, version = says.adopts or self.own_id(row), 0
        if known is not None and known.subject == draft.subject and known.state not in (VOID, PASSED):
            fact, version = known.fact, known.version
        if says.adopts and fact == says.adopts and version == 0:
            held = self._inbox.held_fact(draft.subject, says.adopts)
            version = held.version if held is not None else 0
        return RowMemory(row, draft.subject, fact, version, self.content_hash(says), self.marks_hash(says), OPEN)

    def _plan(self, says: FactRow) -> PlanId | None:
        return None if says.plan is None else PlanId(self.shared_id("plan", says.plan))

    def _hash(
        self,
        kind: str,
        category: int,
        handling: str,
        content: Content,
        plan: str | None,
        starts: int | None,
        ends: int | None,
    ) -> bytes:
        parts = (kind, str(category), handling, write_content(content), plan or "", str(starts), str(ends))
        return self._key.index("content", *parts)


def marks_of(says: FactRow) -> Marks:
    """The professionals' decisions about a row."""
    affects = None if says.affects_employment_at is None else EmploymentEffect(says.affects_employment_at)
    return Marks(tuple(Necessity(m.role, m.recorded_at, m.purpose) for m in says.necessary_for), affects)
