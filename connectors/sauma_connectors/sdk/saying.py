"""Writes what one statement says, and was not said before, into the outbox; reads no register and publishes nothing."""

from collections.abc import Callable
from dataclasses import replace

from sauma.clear_text import text_in_clear
from sauma.event import Body
from sauma.fact import Moment
from sauma.ids import EventId, SubjectId
from sauma_connectors.sdk.acts import RowOfAnother, is_harmless_again, parts_of
from sauma_connectors.sdk.clients import LocalClient
from sauma_connectors.sdk.contract import Act, FactRow, Person, PlanDeclared, Statement, Told
from sauma_connectors.sdk.difference import HoldBack, Remember, difference
from sauma_connectors.sdk.errors import GiveUp
from sauma_connectors.sdk.fact_rows import Said
from sauma_connectors.sdk.outbox import effects_of
from sauma_connectors.sdk.parts import Parts
from sauma_connectors.sdk.rows import OPEN, RowMemory

SENT, HELD_BACK = "sent", "held-back"


class TextInClear(GiveUp):
    """A field that goes out in the clear holds something else than an id, a code or a reference: it stays at the agency."""

    def __init__(self, field: str) -> None:
        super().__init__("text-in-clear")
        self.field = field


class Saying:
    """What one poll says. Everything here runs within a transaction of the caller's."""

    def __init__(self, parts: Parts, meet: Callable[[Person | None, Told], None]) -> None:
        """`meet` takes what the agency must know, also where it knows already."""
        self._parts = parts
        self._meet = meet
        self.written = 0
        """How many events were written."""

    def say(self, client: LocalClient, statement: Statement, *, is_spoken_for: bool) -> None:
        """Write what the statement says that was not said before. `is_spoken_for`: an act still to be said says it of this row."""
        try:
            if not isinstance(statement.says, FactRow):
                self._say_act(client, statement, statement.says)
            elif not is_spoken_for:
                self._say_row(client, statement, statement.says)
        except TextInClear as refusal:
            self._meet(statement.person, Told("refused", refusal.reason, refusal.field, row=statement.row))
        except RowOfAnother as refusal:
            self._meet(statement.person, Told("refused", refusal.reason, row=statement.row))
        except GiveUp:
            self._meet(statement.person, Told("refused", "not-sealed", row=statement.row))

    def gone(self, memory: RowMemory) -> None:
        """Close the fact of a row that is not there any more."""
        said = self._parts.facts.gone(memory)
        self._write(memory.subject, said, None, row=memory.row)

    def _say_row(self, client: LocalClient, statement: Statement, says: FactRow) -> None:
        known = self._known(client, statement, says)
        facts = self._parts.facts
        found = difference(
            known, content=facts.content_hash(says), marks=facts.marks_hash(says), is_closed=says.is_closed
        )
        match found:
            case HoldBack():
                self._meet(statement.person, Told("held-back", "closed-before", row=statement.row))
            case Remember(state):
                if known is not None:
                    self._parts.rows.put(replace(known, state=state))
            case _ if found.steps:
                draft = self._parts.outbox.draft(client.subject)
                said = facts.steps(draft, statement.row, says, found.steps)
                self._write(client.subject, said, statement, occurred_at=statement.occurred_at)

    def _known(self, client: LocalClient, statement: Statement, says: FactRow) -> RowMemory | None:
        """What is remembered of the row, unless it has become another person's or another fact's since."""
        known = self._parts.rows.of(statement.row)
        if known is None or (known.subject == client.subject and says.adopts in (None, known.fact)):
            return known
        before = self._parts.clients.of(known.subject)
        if known.state == OPEN and known.is_standing and before is not None and not before.repair:
            self.gone(known)
        self._parts.rows.forget(statement.row)
        return None

    def _say_act(self, client: LocalClient, statement: Statement, says: Act) -> None:
        rows, row = self._parts.rows, statement.row
        state = rows.act(row)
        is_confirmed = row in self._parts.settings.acts_confirmed
        if state and isinstance(says, PlanDeclared) and says.is_kept_current:
            state = self._say_plan_again(client, statement, says, state)
        if state == SENT:
            return
        if client.is_unsure and not state:
            parts = [rows.of(part) for part in parts_of(row, says)]
            if parts and all(part is not None and part.version for part in parts):
                rows.put_act(row, client.subject, SENT)  # its facts came back: it was said
                return
            if not is_harmless_again(says):
                state = HELD_BACK
                rows.put_act(row, client.subject, state)
                self._remember_plan(row, says)
        if state == HELD_BACK and not is_confirmed:
            self._meet(statement.person, Told("held-back", "perhaps-sent-before", row=row))
            return
        event = self._write_act(client, statement, says)
        rows.put_act(row, client.subject, SENT)
        self._remember_plan(row, says, event)

    def _say_plan_again(self, client: LocalClient, statement: Statement, says: PlanDeclared, state: str) -> str:
        """Say what changed in a plan that is kept current, and what has then become of its act.

        While it is not sure what was sent before, the makers may be those of a day long past: they are held back.
        """
        row, subject = statement.row, client.subject
        changed = self._parts.plans.changed(row, says)
        if changed is None:
            return state
        again, event = changed.says, None
        if again is not None and again.makers:
            state = HELD_BACK if client.is_unsure else SENT
            self._parts.rows.put_act(row, subject, state)
        if again is not None and not (again.makers and client.is_unsure):
            event = self._write_act(client, statement, again)
        self._remember_plan(row, says, event if again is not None and again.makers else None)
        return state

    def _remember_plan(self, row: str, says: Act, makers_said_in: EventId | None = None) -> None:
        if isinstance(says, PlanDeclared) and says.is_kept_current:
            self._parts.plans.remember(row, says, makers_said_in)

    def _write_act(self, client: LocalClient, statement: Statement, says: Act) -> EventId:
        draft = self._parts.outbox.draft(client.subject)
        said = self._parts.acts.said(draft, statement.row, says)
        self._write(client.subject, said, statement, occurred_at=statement.occurred_at, is_quiet=client.is_unsure)
        return draft.id

    def _write(
        self,
        subject: SubjectId,
        said: Said,
        statement: Statement | None,
        *,
        row: str = "",
        occurred_at: Moment = Moment(0),
        is_quiet: bool = False,
    ) -> None:
        """The event, and the rows as they are once it is taken, together."""
        rows, name = self._parts.rows, statement.row if statement is not None else row
        body: Body | None = said.body
        if body is not None:
            field = text_in_clear(body)
            if field is not None:
                raise TextInClear(field)
            is_act = statement is not None and not isinstance(statement.says, FactRow)
            effects = tuple(effects_of(rows.of(memory.row), memory, rows.index(memory.row)) for memory in said.rows)
            self._parts.outbox.write(
                self._parts.outbox.draft(subject),
                body,
                occurred_at=occurred_at or Moment(self._parts.clock()),
                row=name,
                act=rows.index(name) if is_act else None,
                effects=effects,
                is_quiet=is_quiet,
            )
            self.written += 1
        rows.put(*said.rows)
