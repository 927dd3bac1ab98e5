"""Keeps the one key that all other keys are sealed under, in a file of its own; it must never make a second one."""

import os
from pathlib import Path
from typing import Literal

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from sauma_connectors.sdk.errors import NeedsOperator
from sauma_services.keyring.cells import KEY_BYTES, NONCE_BYTES

Purpose = Literal["subject-key", "henkilotunnus", "setting", "index-key"]
_PURPOSES: tuple[Purpose, ...] = ("subject-key", "henkilotunnus", "setting", "index-key")
_OPEN_TO_OTHERS = 0o077


class MasterKey:
    """Seals the keyring's own secrets, each purpose under a key derived for it alone."""

    __slots__ = ("_ciphers",)

    def __init__(self, key: bytes) -> None:
        self._ciphers = {purpose: AESGCMSIV(_derived(key, purpose)) for purpose in _PURPOSES}

    def seal(self, purpose: Purpose, *, bound_to: bytes, secret: bytes) -> bytes:
        nonce = os.urandom(NONCE_BYTES)
        return nonce + self._ciphers[purpose].encrypt(nonce, secret, bound_to)

    def unseal(self, purpose: Purpose, *, bound_to: bytes, sealed: bytes) -> bytes:
        """The secret; `NeedsOperator` if it was sealed under another master key, moved or damaged."""
        try:
            return self._ciphers[purpose].decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], bound_to)
        except (InvalidTag, ValueError):
            raise NeedsOperator(
                f"keyring: a {purpose} in the database does not open under this master key. Either the master key file "
                "belongs to another keyring, or the database is damaged: put back the two that belong together."
            ) from None


def _derived(key: bytes, purpose: Purpose) -> bytes:
    return HKDF(algorithm=SHA256(), length=KEY_BYTES, salt=None, info=f"sauma keyring {purpose}".encode()).derive(key)


def read_master_key(path: Path) -> MasterKey:
    """The key in the file; `NeedsOperator` if it is missing, open to others, or no key."""
    try:
        if path.stat().st_mode & _OPEN_TO_OTHERS:
            raise NeedsOperator(f"keyring: others may read the master key {path}. Run: chmod 600 {path}")
        key = bytes.fromhex(path.read_text("ascii"))
    except FileNotFoundError:
        raise NeedsOperator(
            f"keyring: the master key {path} is missing, and the database needs it. Put the file back from where it is "
            "kept apart from the backups of the database. No new key is made: nothing sealed so far could be opened "
            "with it. If the key is lost for good, so is all that was sealed: only then move the database and the "
            "ledger away and start anew."
        ) from None
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise NeedsOperator(f"keyring: {path} holds no master key (64 hex digits). Put the right file back.")
    return MasterKey(key)


def write_master_key(path: Path) -> None:
    """Draws a key and puts it on disk, readable by the owner alone. FileExistsError if there is one already."""
    part = path.with_name(path.name + ".part")
    part.unlink(missing_ok=True)  # left by a start that was cut off; the caller holds the lock of all starts
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        os.write(handle, os.urandom(KEY_BYTES).hex().encode() + b"\n")
        os.fsync(handle)
    finally:
        os.close(handle)
    os.link(part, path)  # unlike a rename, never over an existing key
    part.unlink()
    sync_folder(path.parent)


def sync_folder(folder: Path) -> None:
    """Puts the names in a folder on disk; without it a power cut can lose a file that was itself synced."""
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
