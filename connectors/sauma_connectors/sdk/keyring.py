"""What a connector may ask of the keyring: who a subject is, and to seal and open cells; never how keys are kept.

Today a keyring in the same process answers; later a service of its own may. So every argument and answer is plain
text, bytes or a small value, nothing calls back, and any call may block for as long as a disk or a network takes.
"""

from dataclasses import dataclass, field
from typing import Literal, Protocol

from sauma.ids import EndpointId, FactId, SubjectId
from sauma.sealing import SealedAs

NotReleasedReason = Literal["no-release", "right-ended", "not-yet-released", "other-content", "cell-broken"]


@dataclass(frozen=True, slots=True)
class Opened:
    """The content, as it was sealed. It is not in the repr: an answer may end in a log, a content may not."""

    content: bytes = field(repr=False)


@dataclass(frozen=True, slots=True)
class Superseded:
    """A newer version has been released: wait for its delivery instead of applying this one."""

    version: int


@dataclass(frozen=True, slots=True)
class NotReleased:
    """Not opened.

    `no-release`: this fact was never given to this endpoint. `right-ended`: it was, and may no longer be opened.
    `not-yet-released`: only an older version was. `other-content`: that version was sealed as something else.
    `cell-broken`: the cell is not what was sealed, or the keyring has lost its key.
    """

    reason: NotReleasedReason


@dataclass(frozen=True, slots=True)
class Destroyed:
    """The subject's keys have been destroyed: nobody will open this cell again."""


OpenAnswer = Opened | Superseded | NotReleased | Destroyed


class Keyring(Protocol):
    """Every method may block, may be called from any thread, and may raise `TryAgain` or `NeedsOperator`."""

    def subject_of(self, henkilotunnus: str) -> SubjectId:
        """The id of this person, drawn at random when first seen; on disk when this returns.

        The henkilötunnus must be valid and in its compact form (upper case, no spaces), else `GiveUp`: another spelling
        would make another subject. After `destroy` the same person is a new subject.
        """
        ...

    def known_subject(self, henkilotunnus: str) -> SubjectId | None:
        """The id of this person if there is one; never makes one. `GiveUp` as for `subject_of`."""
        ...

    def fact_id(self, endpoint: EndpointId, row: str) -> FactId:
        """The id of what `endpoint` keeps in its local row `row`: always the same for the same two, so a connector
        that has lost its memory finds its facts again. Who does not hold the keyring learns nothing from it."""
        ...

    def seal(self, sealed_as: SealedAs, content: bytes) -> bytes:
        """The cell: `content`, sealed for `sealed_as.subject` and bound to `sealed_as`. Writes nothing anywhere.

        Sealing the same twice gives two different cells. A cell is 105 bytes longer than its content and does not
        hide its length. `GiveUp` if the subject is not known or its keys have been destroyed.
        """
        ...

    def open(
        self, *, endpoint: EndpointId, subject: SubjectId, fact: FactId, version: int, digest: bytes, cell: bytes
    ) -> OpenAnswer:
        """Opens a cell for `endpoint` if the router has released this very version of this fact to it, sealed as
        `digest` says, and the right still holds. A caller may not keep the content for a later use of the same
        delivery: it must ask again, for the right may have ended."""
        ...

    def destroy(self, subject: SubjectId) -> None:
        """Destroys all that could open this subject's cells, for ever. Doing it again changes nothing.

        On disk when this returns, and honoured at once by this keyring; another process over the same files honours
        it within the time for which it may keep a key in memory. After a merge of subjects both must be destroyed:
        a cell stays sealed for the subject that it was sealed for.
        """
        ...
