"""One scenario's client under way: statements become journal records, the real core takes the step. It expects nothing."""

from dataclasses import dataclass, field

from sauma.client import Client, new_client
from sauma.codec import Codec
from sauma.event import Event
from sauma.fact import Moment
from sauma.ids import EndpointId, SubjectId, event_hash, event_id
from sauma.journal import Entry, WakeUp
from sauma.rulefile import Laws
from sauma.step import Step, step
from sauma_services.scenarios import statements as said
from sauma_services.scenarios.registers import places
from sauma_services.scenarios.telling import DAY_MS, Teller, moment

SUBJECT = SubjectId("5ce" + "0" * 29)
BETWEEN_MS = 1000
"""Between two statements that follow each other at once: short, so that a story can begin shortly before midnight."""

_EVENT = Codec(Event)


def _by(by: str, does: str) -> said.OfRelationship:
    return said.OfRelationship.model_validate({"by": by, "does": does})


_REFERRED = (said.Refer.model_validate({"by": "kela", "does": "refer", "to": "employment"}),)
_ASSESSING = (*_REFERRED, _by("employment", "start"))
_TAKING_PART = (*_ASSESSING, _by("kela", "take-part"))
_ACTIVE: tuple[said.Statement, ...] = (
    *_TAKING_PART,
    said.Plan.model_validate(
        {"by": "employment", "does": "plan", "plan": "plan", "makers": ["employment", "social-care", "kela"]}
    ),
    said.Put.model_validate({"by": "employment", "does": "put", "fact": "approval", "plan": "plan"}),
    *(
        said.OfFact.model_validate({"by": by, "does": does, "fact": "approval"})
        for by, does in (("social-care", "confirm"), ("kela", "confirm"), ("employment", "approve"))
    ),
)
_ENDED: tuple[said.Statement, ...] = (
    *_ACTIVE,
    _by("employment", "propose-end"),
    _by("social-care", "confirm-end"),
    _by("kela", "confirm-end"),
)
BEGINNINGS: dict[str, tuple[said.Statement, ...]] = {
    "nobody-knows-the-client": (),
    "referred": _REFERRED,
    "assessing": _ASSESSING,
    "taking-part": _TAKING_PART,
    "active": _ACTIVE,
    "ended": _ENDED,
}
"""What was said before the story begins, by the state of the client relationship."""


@dataclass
class Story:
    """A client, and what has been said about it so far."""

    laws: Laws
    home: str
    now: Moment
    client: Client = field(default_factory=lambda: new_client(SUBJECT))
    seqs: dict[EndpointId, int] = field(default_factory=dict)

    def takes(self, statement: said.Statement) -> Step:
        """The step that the statement makes."""
        if isinstance(statement, said.Wait):
            self.now = Moment(moment(statement.until) if statement.until else self.now + statement.days * DAY_MS)
            return self._step(Entry(self.now, WakeUp(SUBJECT, self.now)), b"")
        self.now = Moment(self.now + BETWEEN_MS + statement.after_days * DAY_MS)
        teller = Teller(self.client, self.home, self.now)
        source = teller.endpoint(statement.by)
        seq = self.seqs[source] = self.seqs.get(source, 0) + 1
        event = Event(
            event_id(source, "first", SUBJECT, seq), source, SUBJECT, "first", seq, self.now, teller.body(statement)
        )
        return self._step(Entry(self.now, event), event_hash(_EVENT.encode(event)))

    def _step(self, entry: Entry, digest: bytes) -> Step:
        taken = step(self.client, entry, event_digest=digest, laws=self.laws, places=places())
        self.client = taken.client
        return taken
