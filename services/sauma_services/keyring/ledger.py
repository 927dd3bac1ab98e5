"""Remembers for ever which subjects were destroyed, apart from the database, so that no backup brings them back.

Lines of text, only ever appended: first `sauma keyring ledger 1 <id of the keyring>`, then one subject id a line.
The file must not be restored from a backup together with the database; that is what it is for.
"""

import os
import re
from pathlib import Path

from sauma.ids import SubjectId
from sauma_connectors.sdk.errors import NeedsOperator
from sauma_services.keyring.master_key import sync_folder

_SUBJECT = re.compile(r"[0-9a-f]{32}")
_TORN = re.compile(r"[0-9a-f]{0,31}")


def is_subject_id(text: str) -> bool:
    return _SUBJECT.fullmatch(text) is not None


class Ledger:
    """The file; callers keep appends from happening at the same time (they hold the database's write lock)."""

    def __init__(self, path: Path, *, keyring_id: str) -> None:
        self._path = path
        self._head = f"sauma keyring ledger 1 {keyring_id}"

    def begin(self) -> None:
        """Makes the file, unless a start that was cut off has made it already."""
        if self._path.exists() and b"\n" not in self._path.read_bytes():
            self._path.unlink()  # that start was cut off within the first line
        if not self._path.exists():
            self._append(self._head)
            sync_folder(self._path.parent)

    def append(self, subject: SubjectId) -> None:
        """Adds a subject; on disk when this returns. OSError if the disk refuses: then it must not be relied upon."""
        self._append(subject)

    def destroyed(self) -> list[SubjectId]:
        """All subjects ever destroyed. `NeedsOperator` if the file is missing, another keyring's, or damaged."""
        try:
            head, *lines = self._path.read_text("ascii", errors="replace").split("\n")
        except FileNotFoundError:
            raise NeedsOperator(
                f"keyring: the ledger of destroyed subjects {self._path} is missing. Put the newest copy back: without "
                "it a restored database could open what was destroyed."
            ) from None
        if head != self._head:
            raise NeedsOperator(f"keyring: the ledger {self._path} belongs to another keyring. Put the right one back.")
        subjects = []
        for number, line in enumerate(lines, start=2):
            if is_subject_id(line):
                subjects.append(SubjectId(line))
            elif not _TORN.fullmatch(line):  # a torn line was cut off before its destruction was confirmed to anyone
                raise NeedsOperator(
                    f"keyring: line {number} of the ledger {self._path} is damaged. Put a whole copy back."
                )
        return subjects

    def _append(self, line: str) -> None:
        handle = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            size_bytes = os.fstat(handle).st_size
            is_torn = size_bytes > 0 and os.pread(handle, 1, size_bytes - 1) != b"\n"
            written = ("\n" if is_torn else "") + line + "\n"
            if os.write(handle, written.encode("ascii")) != len(written):
                raise OSError(f"the ledger {self._path} took only a part of a line: the disk is full")
            os.fsync(handle)
        finally:
            os.close(handle)
