"""Opens the keyring's three files so that none is ever silently made anew; it answers nobody's questions.

At the first start the files are made in this order: master key, database, ledger. Each later start finds all three or
stops. The ledger is applied to the database before anything else reads it: the database may be a restored one.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from sauma_connectors.sdk.errors import NeedsOperator
from sauma_services.keyring.cells import KEY_BYTES
from sauma_services.keyring.ledger import Ledger
from sauma_services.keyring.master_key import MasterKey, read_master_key, write_master_key
from sauma_services.keyring.people import begin_index
from sauma_services.keyring.store import Store

_KEYRING_ID_BYTES = 8
_FACT_KEY = "fact-key"
_KEYRING_ID = "keyring-id"
_LEDGER_BEGUN = "ledger-begun"


@dataclass(frozen=True, slots=True)
class KeyringFiles:
    """Where the three files are. The database goes into backups; the master key and the ledger must not go into the
    same ones: the key because a backup would then open itself, the ledger because it would be set back."""

    database: Path
    master_key: Path
    ledger: Path

    @classmethod
    def under(cls, folder: Path) -> Self:
        """All three below one folder, for a demonstration or a test; `apart` is what to keep apart."""
        return cls(folder / "keyring.sqlite", folder / "apart" / "master.key", folder / "apart" / "destroyed.ledger")


@dataclass(frozen=True, slots=True)
class OpenedFiles:
    """The files, ready for use and agreeing with each other."""

    store: Store
    master: MasterKey = field(repr=False)
    ledger: Ledger
    fact_key: bytes = field(repr=False)


def open_files(files: KeyringFiles) -> OpenedFiles:
    """`NeedsOperator` where a file is missing, does not belong to the others, or is open to other users."""
    for path in (files.database, files.master_key, files.ledger):
        path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with _alone(files.database.with_name(files.database.name + ".lock")):
        store = Store(files.database)
        try:
            return _open(files, store)
        except BaseException:
            store.close()
            raise


def _open(files: KeyringFiles, store: Store) -> OpenedFiles:
    master = read_master_key(files.master_key) if _is_begun(files, store) else _begin(files, store)
    with store.reading() as rows:
        keyring_id, sealed, ledger_begun = (
            rows.setting(_KEYRING_ID),
            rows.setting(_FACT_KEY),
            rows.setting(_LEDGER_BEGUN),
        )
    if keyring_id is None or sealed is None:
        raise NeedsOperator(f"keyring: {files.database} lacks its settings. Restore the newest backup.")
    fact_key = master.unseal("setting", bound_to=_FACT_KEY.encode(), sealed=sealed)
    ledger = Ledger(files.ledger, keyring_id=keyring_id.hex())
    if ledger_begun is None:
        ledger.begin()
        with store.writing() as rows:
            rows.put_setting(_LEDGER_BEGUN, b"1")
    _apply(ledger, store)
    return OpenedFiles(store, master, ledger, fact_key)


def _is_begun(files: KeyringFiles, store: Store) -> bool:
    """Whether there is a keyring in these files already; `NeedsOperator` if only a part of one is left."""
    if files.database.exists() and files.database.stat().st_size:
        if not files.master_key.exists():
            read_master_key(files.master_key)  # says what to do
        with store.reading() as rows:
            if rows.is_created():
                return True
    if files.ledger.exists():
        raise NeedsOperator(
            f"keyring: the database {files.database} is missing or empty, but its ledger {files.ledger} is there. "
            "Restore the newest backup of the database. No new one is made: every person would become a new subject."
        )
    return False


def _begin(files: KeyringFiles, store: Store) -> MasterKey:
    if not files.master_key.exists():  # a first start that was cut off may have left one, with nothing sealed under it
        write_master_key(files.master_key)
    master = read_master_key(files.master_key)
    with store.writing() as rows:
        rows.create()
        rows.put_setting(_KEYRING_ID, os.urandom(_KEYRING_ID_BYTES))
        fact_key = os.urandom(KEY_BYTES)
        rows.put_setting(_FACT_KEY, master.seal("setting", bound_to=_FACT_KEY.encode(), secret=fact_key))
        begin_index(rows, master)
    return master


def _apply(ledger: Ledger, store: Store) -> None:
    destroyed = ledger.destroyed()
    with store.writing() as rows:
        brought_back = [subject for subject in destroyed if rows.destroy(subject)]
    if brought_back:
        store.wipe_log()


@contextmanager
def _alone(lock: Path) -> Iterator[None]:
    """Lets one process at a time open the files: two first starts at once must not make two keys."""
    handle = os.open(lock, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield
    finally:
        os.close(handle)
