"""Lays out, seals and opens one cell under one subject's key; it must never know who may open it.

A cell is, byte by byte:

    offset  length  what
         0       1  version of this layout: 1
         1      16  id of the subject key, random; it names a row of the keyring and nothing else
        17      12  nonce of the wrapping, random
        29      48  the cell's own 256-bit data key, wrapped under the subject key (AES-256-GCM-SIV, 16 bytes of tag);
                    associated data: the 17 bytes before the nonce
        77      12  nonce of the content, random
        89     n+16 the content, sealed under the data key (AES-256-GCM-SIV, 16 bytes of tag);
                    associated data: the digest of what the cell was sealed as

The wrapped data key travels with the cell, so that sealing writes nothing, and the subject key stays in the keyring,
so that destroying that one key makes every copy of every cell unreadable. Each cell has a fresh data key from the
kernel: no pair of key and nonce comes again, whatever is forked or restored. A subject key wraps many data keys under
random nonces; should a restored machine ever draw a nonce twice, GCM-SIV gives away only whether both wrapped the same.
"""

import os
from dataclasses import dataclass, field

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCMSIV

KEY_BYTES = 32
KEY_ID_BYTES = 16
NONCE_BYTES = 12
_TAG_BYTES = 16
_LAYOUT = b"\x01"
_HEAD_BYTES = len(_LAYOUT) + KEY_ID_BYTES
_WRAPPED_BYTES = KEY_BYTES + _TAG_BYTES
_CONTENT_AT = _HEAD_BYTES + NONCE_BYTES + _WRAPPED_BYTES
# How much longer a cell is than its content.
CELL_EXTRA_BYTES = _CONTENT_AT + NONCE_BYTES + _TAG_BYTES


@dataclass(frozen=True, slots=True)
class SubjectKey:
    """One subject's key, ready for use; the key itself cannot be read back from it."""

    key_id: bytes
    cipher: AESGCMSIV = field(repr=False)


def seal_cell(key: SubjectKey, *, digest: bytes, content: bytes) -> bytes:
    head = _LAYOUT + key.key_id
    data_key = os.urandom(KEY_BYTES)
    wrap_nonce, content_nonce = os.urandom(NONCE_BYTES), os.urandom(NONCE_BYTES)
    wrapped = key.cipher.encrypt(wrap_nonce, data_key, head)
    return head + wrap_nonce + wrapped + content_nonce + AESGCMSIV(data_key).encrypt(content_nonce, content, digest)


def key_id_of(cell: bytes) -> bytes | None:
    """The id of the subject key that this cell asks for; None if the bytes are no cell of this layout."""
    if len(cell) < CELL_EXTRA_BYTES or not cell.startswith(_LAYOUT):
        return None
    return cell[len(_LAYOUT) : _HEAD_BYTES]


def open_cell(key: SubjectKey, *, digest: bytes, cell: bytes) -> bytes | None:
    """The content; None if the cell is not one that `key` sealed as `digest` says."""
    if key_id_of(cell) != key.key_id:
        return None
    head, wrap_nonce = cell[:_HEAD_BYTES], cell[_HEAD_BYTES : _HEAD_BYTES + NONCE_BYTES]
    wrapped = cell[_HEAD_BYTES + NONCE_BYTES : _CONTENT_AT]
    content_nonce, sealed = cell[_CONTENT_AT : _CONTENT_AT + NONCE_BYTES], cell[_CONTENT_AT + NONCE_BYTES :]
    try:
        return AESGCMSIV(key.cipher.decrypt(wrap_nonce, wrapped, head)).decrypt(content_nonce, sealed, digest)
    except InvalidTag:
        return None
