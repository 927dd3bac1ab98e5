"""Tells which subject a person is, by a keyed look-up; it must never write a henkilötunnus that is not sealed.

The look-up is HMAC-SHA256 of the henkilötunnus under an index key, which is itself sealed under the master key: who has
the database alone cannot try all henkilötunnus against it. A new index key makes a new generation of look-ups.
"""

import hmac
import os
from collections.abc import Callable

from sauma.henkilotunnus import Invalid, check
from sauma.ids import SubjectId
from sauma_connectors.sdk.errors import GiveUp
from sauma_services.keyring.cells import KEY_BYTES
from sauma_services.keyring.master_key import MasterKey
from sauma_services.keyring.rows import Rows, StoredSubject
from sauma_services.keyring.store import Store

_SUBJECT_BYTES = 16
# As many as other processes may wait for: each batch holds the write lock for some 10 ms. More would make them wait
# longer, fewer would sync the disk more often.
_MOVED_AT_ONCE = 500

NewKey = Callable[[SubjectId], tuple[bytes, bytes]]


class People:
    """The table of subjects, looked up by henkilötunnus."""

    def __init__(self, store: Store, master: MasterKey, new_key: NewKey) -> None:
        self._store = store
        self._master = master
        self._new_key = new_key

    def known(self, henkilotunnus: str) -> SubjectId | None:
        person = _exact(henkilotunnus)
        with self._store.reading() as rows:
            return self._find(rows, person)

    def subject_of(self, henkilotunnus: str) -> SubjectId:
        person = _exact(henkilotunnus)
        with self._store.reading() as rows:
            known = self._find(rows, person)
        if known is not None:
            return known
        with self._store.writing() as rows:
            return self._find(rows, person) or self._add(rows, person)

    def rotate_index(self) -> None:
        """Draws a new index key and moves every look-up to it, a batch at a time; ids stay what they are.

        Until the last is moved, a look-up tries both keys. What is cut off is finished by `finish_rotation`.
        """
        with self._store.writing() as rows:
            _add_index_key(rows, self._master, generation=rows.index_keys()[0][0] + 1)
        self.finish_rotation()

    def finish_rotation(self) -> None:
        """Moves what is still under an older index key, then drops that key."""
        while self._move_some():
            pass

    def _find(self, rows: Rows, person: bytes) -> SubjectId | None:
        for generation, sealed in rows.index_keys():
            subject = rows.subject_at(generation, self._look_up(generation, sealed, person))
            if subject is not None:
                return subject
        return None

    def _add(self, rows: Rows, person: bytes) -> SubjectId:
        subject = SubjectId(os.urandom(_SUBJECT_BYTES).hex())
        generation, sealed = rows.index_keys()[0]
        key_id, sealed_key = self._new_key(subject)
        rows.insert(
            StoredSubject(
                subject=subject,
                generation=generation,
                look_up=self._look_up(generation, sealed, person),
                sealed_henkilotunnus=self._master.seal("henkilotunnus", bound_to=subject.encode(), secret=person),
                key_id=key_id,
                sealed_key=sealed_key,
            )
        )
        return subject

    def _move_some(self) -> bool:
        with self._store.writing() as rows:
            (newest, sealed), *older = rows.index_keys()
            if not older:
                return False
            waiting = rows.subjects_before(newest, count_max=_MOVED_AT_ONCE)
            for subject, sealed_person in waiting:
                person = self._master.unseal("henkilotunnus", bound_to=subject.encode(), sealed=sealed_person)
                rows.move_look_up(subject, generation=newest, look_up=self._look_up(newest, sealed, person))
            if not waiting:
                rows.drop_index_keys_before(newest)
            return bool(waiting)

    def _look_up(self, generation: int, sealed_key: bytes, person: bytes) -> bytes:
        key = self._master.unseal("index-key", bound_to=str(generation).encode(), sealed=sealed_key)
        return hmac.digest(key, person, "sha256")


def begin_index(rows: Rows, master: MasterKey) -> None:
    """Draws the first index key of a new keyring."""
    _add_index_key(rows, master, generation=1)


def _add_index_key(rows: Rows, master: MasterKey, *, generation: int) -> None:
    bound_to = str(generation).encode()
    rows.add_index_key(generation, master.seal("index-key", bound_to=bound_to, secret=os.urandom(KEY_BYTES)))


def _exact(henkilotunnus: str) -> bytes:
    checked = check(henkilotunnus)
    if isinstance(checked, Invalid):
        raise GiveUp(f"not a henkilötunnus in its compact form: {checked.reason}")
    return henkilotunnus.encode("ascii")
