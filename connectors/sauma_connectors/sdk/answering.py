"""Which answer an arrival gets from a register that keeps files: who is missing, what is damaged, what cannot be written.

What is written where is each register's own; this knows no format and no file.
"""

import errno
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Protocol

from sauma_connectors.sdk.contract import Answer, Arrival, Done, Person, Put, Rebase, Refuse, Retry, TakeBack, Told
from sauma_connectors.sdk.files import Damaged

ASKS: Final = ("stop", "erase", "error")
"""All that a register may be asked when a right has ended. Another word is refused: doing one of the three for it would be a guess."""


class Writer(Protocol):
    """Writes the four things that can arrive into one register, each idempotently. Any of them may raise `Damaged` and other OSErrors."""

    def put(self, person: Person, put: Put) -> Answer:
        """Write a fact, unless a later version is kept; OverflowError for a moment that the format cannot write."""
        ...

    def rebase(self, person: Person, rebase: Rebase) -> Answer:
        """Note the new ground of a fact."""
        ...

    def take_back(self, person: Person, back: TakeBack) -> Answer:
        """Stop, erase or mark as an error: one of `ASKS`."""
        ...

    def tell(self, person: Person | None, told: Told) -> None:
        """Add a notice, once."""
        ...


def answer(writer: Writer, person: Person | None, arrival: Arrival) -> Answer:
    """Have one arrival written; `Retry` where it cannot now, and then nothing that mattered was changed."""
    try:
        match arrival:
            case Told():
                writer.tell(person, arrival)
                return Done()
            case _ if person is None:
                return Refuse("no-person")
            case Put():
                return writer.put(person, arrival)
            case Rebase():
                return writer.rebase(person, arrival)
            case TakeBack() if arrival.ask not in ASKS:
                return Refuse("unknown-ask")
            case TakeBack():
                return writer.take_back(person, arrival)
    except OverflowError:
        return Refuse("moment-out-of-range")
    except OSError as error:
        return retry_of(error)


def retry_of(error: OSError) -> Retry:
    """The answer where a register's file cannot be read or written now: a code of why, and the name of the file."""
    if isinstance(error, Damaged):
        return Retry("file-damaged", error.file)
    file = Path(error.filename).name if isinstance(error.filename, str) else ""
    return Retry(_WHY.get(error.errno or 0, "file-not-writable"), file)


_WHY: Final[Mapping[int, str]] = {
    errno.ENOSPC: "disk-full",
    errno.EDQUOT: "disk-full",
    errno.EACCES: "not-permitted",
    errno.EPERM: "not-permitted",
    errno.EROFS: "not-permitted",
    errno.ENOTDIR: "not-a-folder",
    errno.ELOOP: "not-a-folder",
}
