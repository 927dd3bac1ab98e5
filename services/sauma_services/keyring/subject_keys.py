"""Makes and finds the subjects' keys, and keeps them in memory for a short time only; it never sees a content."""

import os
import threading
import weakref
from collections.abc import Callable

from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from sauma.ids import SubjectId
from sauma_connectors.sdk.keyring import Destroyed
from sauma_services.keyring.cells import KEY_BYTES, KEY_ID_BYTES, SubjectKey
from sauma_services.keyring.master_key import MasterKey
from sauma_services.keyring.store import Store

# Some 10 MB of memory. Fewer would read the database more often in a large batch; more would keep more keys at hand.
_KEPT_COUNT_MAX = 10_000


class SubjectKeys:
    """The keys of all subjects. A key read from the database is kept for `keep_seconds`, counted from the reading.

    A key past its time is never used. It leaves memory when the next key is looked for; Python cannot overwrite it.
    """

    def __init__(
        self, store: Store, master: MasterKey, *, keep_seconds: float, monotonic_seconds: Callable[[], float]
    ) -> None:
        self._store = store
        self._master = master
        self._keep_seconds = keep_seconds
        self._monotonic_seconds = monotonic_seconds
        self.begin_again()
        _IN_USE.add(self)

    def new(self, subject: SubjectId) -> tuple[bytes, bytes]:
        """The id of a fresh key, and the key sealed for the database."""
        key_id, key = os.urandom(KEY_ID_BYTES), os.urandom(KEY_BYTES)
        return key_id, self._master.seal("subject-key", bound_to=_binding(subject, key_id), secret=key)

    def of(self, subject: SubjectId) -> SubjectKey | Destroyed | None:
        """The subject's key; None if there is no such subject."""
        with self._lock:
            self._drop_past()
            kept = self._kept.get(subject)
            times_forgotten = self._times_forgotten
        if kept is not None:
            return kept[1]
        until_seconds = self._monotonic_seconds() + self._keep_seconds
        key = self._read(subject)
        if isinstance(key, SubjectKey):
            with self._lock:
                # A key read before another thread's destroy must not be kept after it.
                if self._times_forgotten == times_forgotten:
                    self._kept[subject] = (until_seconds, key)
        return key

    def with_id(self, key_id: bytes) -> SubjectKey | Destroyed | None:
        """The key that a cell names, for a cell that was sealed for another subject before a merge."""
        with self._store.reading() as rows:
            holder = rows.holder_of(key_id)
        return None if holder is None else self.of(holder)

    def forget(self) -> None:
        """Lets go of every key in memory."""
        with self._lock:
            self._kept.clear()
            self._times_forgotten += 1

    def begin_again(self) -> None:
        """Starts without any key and with a lock of its own, as a forked child must."""
        self._lock = threading.Lock()
        self._kept: dict[SubjectId, tuple[float, SubjectKey]] = {}
        self._times_forgotten = 0

    def _drop_past(self) -> None:
        now_seconds = self._monotonic_seconds()
        while self._kept:  # oldest first: a dict keeps the order of insertion, and every key has the same time to stay
            oldest = next(iter(self._kept))
            if self._kept[oldest][0] > now_seconds and len(self._kept) < _KEPT_COUNT_MAX:
                return
            del self._kept[oldest]

    def _read(self, subject: SubjectId) -> SubjectKey | Destroyed | None:
        with self._store.reading() as rows:
            stored = rows.key_of(subject)
        if stored is None:
            return None
        if stored.sealed is None or stored.key_id is None:
            return Destroyed()
        binding = _binding(subject, stored.key_id)
        key = self._master.unseal("subject-key", bound_to=binding, sealed=stored.sealed)
        return SubjectKey(stored.key_id, AESGCMSIV(key))


def _binding(subject: SubjectId, key_id: bytes) -> bytes:
    return key_id + subject.encode()


_IN_USE: weakref.WeakSet[SubjectKeys] = weakref.WeakSet()


def _begin_again_in_child() -> None:
    for keys in list(_IN_USE):
        keys.begin_again()


os.register_at_fork(after_in_child=_begin_again_in_child)
