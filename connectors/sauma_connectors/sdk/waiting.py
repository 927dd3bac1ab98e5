"""Keeps what waits for the register, and why, for operators: ids, codes and names of the connector's own files, and nothing else."""

from collections.abc import Callable
from dataclasses import dataclass

from sauma.clear_text import is_code
from sauma.ids import DeliveryId, SubjectId
from sauma_connectors.sdk.contract import Retry
from sauma_connectors.sdk.files import is_plain_name

NO_CODE = "no-code"
"""Shown where a connector gave something else than a code for its reason: what it gave may be anybody's words."""


@dataclass(frozen=True, slots=True)
class Wait:
    """One thing that the register could not take now; it is tried again. What it holds may stand in a log."""

    reason: str
    """A code."""
    file: str = ""
    """The file of the connector's own that is to blame; empty where none is, or where its name might name somebody."""
    subject: SubjectId | None = None
    """None where it is about no client in particular."""
    delivery: DeliveryId | None = None
    """None for a link, or a notice that the connector itself has for its agency."""
    attempt: int = 0
    """How often the delivery was tried; 0 for what is tried with every poll."""


class Waiting:
    """What waits now, by a key that its author chooses. It begins empty with the process: what still waits is tried again soon."""

    def __init__(self, tell: Callable[[Wait], None]) -> None:
        self._tell = tell
        self._waits: dict[str, Wait] = {}

    def met(
        self,
        key: str,
        retry: Retry,
        *,
        subject: SubjectId | None = None,
        delivery: DeliveryId | None = None,
        attempt: int = 0,
    ) -> None:
        """This waits. Told at once, and again when anything of it is another."""
        wait = Wait(_code(retry.reason), _file(retry.file), subject, delivery, attempt)
        if self._waits.get(key) != wait:
            self._waits[key] = wait
            self._tell(wait)

    def over(self, key: str) -> None:
        """This waits no longer."""
        self._waits.pop(key, None)

    def reasons(self) -> tuple[str, ...]:
        """Why anything waits: each code once, in order."""
        return tuple(sorted({wait.reason for wait in self._waits.values()}))


def _code(reason: str) -> str:
    return reason if is_code(reason) else NO_CODE


def _file(file: str) -> str:
    return file if file and all(is_plain_name(part) for part in file.split("/")) else ""
