"""Keeps the one key of a connector's own store, in a file beside it; what the store holds of people is unreadable without it."""

import hmac
import os
from pathlib import Path

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

from sauma_connectors.sdk.errors import NeedsOperator

_KEY_BYTES = 32
_NONCE_BYTES = 12
_INDEX_BYTES = 16
_OPEN_TO_OTHERS = 0o077


class LocalKey:
    """Seals texts and makes keyed hashes. Each use has a key of its own, so that no hash of one says anything of another."""

    __slots__ = ("_cipher", "_key", "_uses")

    def __init__(self, key: bytes) -> None:
        self._key = key
        self._uses: dict[str, bytes] = {}
        self._cipher = AESGCMSIV(self._derived("seal"))

    def index(self, use: str, *parts: str | bytes) -> bytes:
        """16 bytes by which the same parts are found again; without the key they cannot be guessed at."""
        message = b"".join(len(raw).to_bytes(4, "big") + raw for raw in map(_bytes, parts))
        return hmac.digest(self._derived(use), message, "sha256")[:_INDEX_BYTES]

    def seal(self, text: str) -> bytes:
        """The text, unreadable; sealed twice it differs."""
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, _bytes(text), None)

    def unseal(self, sealed: bytes) -> str:
        """The text; `NeedsOperator` if it was sealed under another key or damaged."""
        try:
            plain = self._cipher.decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], None)
        except (InvalidTag, ValueError):
            raise NeedsOperator(
                "connector: the store does not open under the key beside it. Put the two back that belong together, or "
                "move the store away: an empty one is filled from the router."
            ) from None
        return plain.decode("utf-8", "surrogatepass")

    def _derived(self, use: str) -> bytes:
        known = self._uses.get(use)
        if known is None:
            known = self._uses[use] = hmac.digest(self._key, f"sauma connector store {use}".encode(), "sha256")
        return known


def _bytes(part: str | bytes) -> bytes:
    # "surrogatepass": whatever a register has in its keys gets through, and no exception carries the text.
    return part if isinstance(part, bytes) else part.encode("utf-8", "surrogatepass")


def local_key(path: Path) -> LocalKey:
    """The key in the file, which is made, for its owner alone, where there is none; `NeedsOperator` if others may read it."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        pass
    else:
        with os.fdopen(handle, "wb") as file:
            file.write(os.urandom(_KEY_BYTES).hex().encode())
            file.flush()
            os.fsync(file.fileno())
    if path.stat().st_mode & _OPEN_TO_OTHERS:
        raise NeedsOperator(f"connector: others may read the key {path}. Run: chmod 600 {path}")
    try:
        key = bytes.fromhex(path.read_text("ascii"))
    except ValueError:
        key = b""
    if len(key) != _KEY_BYTES:
        raise NeedsOperator(
            f"connector: {path} holds no key. Put its copy back, or move it and the store away: an empty store is filled "
            "from the router."
        )
    return LocalKey(key)
