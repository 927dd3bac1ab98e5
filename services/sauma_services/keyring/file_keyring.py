"""The keyring over files, in the process of its user: opens the files in the right order and answers its callers.

Whoever runs this process can read its keys. A keyring in a process and under a principal of its own takes that away.
"""

import hmac
import time
from collections.abc import Callable
from types import TracebackType
from typing import Self

from sauma.ids import EndpointId, FactId, SubjectId
from sauma.sealing import SealedAs
from sauma.sealing import digest as digest_of
from sauma_connectors.sdk.errors import GiveUp, NeedsOperator
from sauma_connectors.sdk.keyring import Destroyed, NotReleased, OpenAnswer, Opened
from sauma_services.keyring.cells import SubjectKey, key_id_of, open_cell, seal_cell
from sauma_services.keyring.ledger import is_subject_id
from sauma_services.keyring.opening import KeyringFiles, open_files
from sauma_services.keyring.people import People
from sauma_services.keyring.releases import Releases, refusal
from sauma_services.keyring.subject_keys import SubjectKeys

__all__ = ["FileKeyring", "KeyringFiles"]

_FACT_ID_BYTES = 16


class FileKeyring:
    """The SDK's `Keyring`, from a SQLite file, a master key file and a ledger file.

    `keep_seconds` is how long a subject's key may stay in memory: less reads the database more often, more delays what
    another process destroyed. Several threads, several processes over the same files and forked children may use it.
    """

    def __init__(
        self,
        files: KeyringFiles,
        releases: Releases,
        *,
        keep_seconds: float = 60.0,
        monotonic_seconds: Callable[[], float] = time.monotonic,
    ) -> None:
        opened = open_files(files)
        self._store = opened.store
        self._ledger = opened.ledger
        self._fact_key = opened.fact_key
        self._releases = releases
        self._keys = SubjectKeys(
            opened.store, opened.master, keep_seconds=keep_seconds, monotonic_seconds=monotonic_seconds
        )
        self._people = People(opened.store, opened.master, self._keys.new)
        self._people.finish_rotation()  # cut off when the keyring was last used

    def subject_of(self, henkilotunnus: str) -> SubjectId:
        return self._people.subject_of(henkilotunnus)

    def known_subject(self, henkilotunnus: str) -> SubjectId | None:
        return self._people.known(henkilotunnus)

    def fact_id(self, endpoint: EndpointId, row: str) -> FactId:
        # "surrogatepass": whatever a source has in its key gets an id, and no exception carries the key.
        parts = [part.encode("utf-8", "surrogatepass") for part in (endpoint, row)]
        message = b"".join(len(part).to_bytes(4, "big") + part for part in parts)
        return FactId(hmac.digest(self._fact_key, message, "sha256")[:_FACT_ID_BYTES].hex())

    def seal(self, sealed_as: SealedAs, content: bytes) -> bytes:
        key = self._keys.of(SubjectId(sealed_as.subject))
        if not isinstance(key, SubjectKey):
            raise GiveUp("subject not known to the keyring" if key is None else "subject's keys have been destroyed")
        return seal_cell(key, digest=digest_of(sealed_as), content=content)

    def open(
        self, *, endpoint: EndpointId, subject: SubjectId, fact: FactId, version: int, digest: bytes, cell: bytes
    ) -> OpenAnswer:
        refused = refusal(self._releases.release_of(subject, fact, endpoint), version=version, digest=digest)
        if refused is not None:
            return refused
        key = self._key_for(subject, cell)
        if isinstance(key, Destroyed):
            return key
        content = None if key is None else open_cell(key, digest=digest, cell=cell)
        return NotReleased("cell-broken") if content is None else Opened(content)

    def destroy(self, subject: SubjectId) -> None:
        if not is_subject_id(subject):
            raise GiveUp("destroy: not a subject id")
        with self._store.writing() as rows:
            if rows.destroy(subject):
                # Before the database has it: what the ledger has is destroyed at the next start at the latest, but
                # what only the database had would come back with a backup.
                try:
                    self._ledger.append(subject)
                except OSError as error:
                    raise NeedsOperator(
                        f"keyring: the ledger cannot be written ({error.strerror}), so {subject} is not destroyed. "
                        "Make its disk writable, start again, and destroy again."
                    ) from None
        self._keys.forget()
        self._store.wipe_log()

    def rotate_index(self) -> None:
        """Changes the key behind the look-up of persons; subject ids stay. Others may use the keyring meanwhile."""
        self._people.rotate_index()

    def close(self) -> None:
        """Forgets the keys in memory and lets go of the database. No use after this."""
        self._keys.forget()
        self._store.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _key_for(self, subject: SubjectId, cell: bytes) -> SubjectKey | Destroyed | None:
        own = self._keys.of(subject)
        key_id = key_id_of(cell)
        if isinstance(own, Destroyed) or key_id is None or (own is not None and own.key_id == key_id):
            return own
        return self._keys.with_id(key_id)  # sealed for another subject, before a merge
