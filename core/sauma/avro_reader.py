"""Reads Avro's primitives from bytes and refuses whatever is not written the one canonical way (invariant I22).

Every reader takes the data and a position and gives the value and the position after it; `sauma.codec` joins them into
the reader of a record. Past the end of the data they raise IndexError, or give a position beyond it: whoever reads a
whole record compares that with the length. Each item of a list takes at least a byte, so a few bytes cannot claim much
work or memory, whatever count they name.

fastavro reads the same records and is what these are tested against. It accepts a boolean of 7, a padded number and a
list in two blocks, so its records would have to be written again and compared, which costs three times as much.
"""

import struct
from collections.abc import Callable, Mapping, Sequence
from typing import Any

Read = Callable[[bytes, int], tuple[Any, int]]

_BITS_MAX = 64


class NotCanonical(ValueError):
    """The bytes are not what `sauma.avro_writer` would write."""


def long(data: bytes, at: int) -> tuple[int, int]:
    """A long, zigzag and variable length."""
    byte = data[at]
    return _many_bytes(data, at) if byte & 0x80 else ((byte >> 1) ^ -(byte & 1), at + 1)


def _many_bytes(data: bytes, at: int) -> tuple[int, int]:
    folded = shift = 0
    byte = 0x80
    while byte & 0x80:
        byte = data[at]
        folded |= (byte & 0x7F) << shift
        at, shift = at + 1, shift + 7
        if shift > _BITS_MAX + 6:
            raise NotCanonical("number too long")
    if byte == 0 or folded >> _BITS_MAX:
        raise NotCanonical("number padded or too large")
    return (folded >> 1) ^ -(folded & 1), at


_CODES_MAX = 4_096
"""Codes and names of endpoints are some hundreds. The first so many are kept, and none is dropped again."""

CODE_BYTES_MAX = 28
"""No code is longer; random ids are 32 characters."""

_SHORT_BYTES_MAX = 12
"""Up to here a code may hold digits, as `social-08` does. What is longer and holds one is an id, and ids that come once must
not take the place of what comes always."""


class Codes(dict[bytes, str]):
    """Codes that have been read, each one object for all records that hold it: they fill a client's memory otherwise."""

    def __missing__(self, data: bytes) -> str:
        value = data.decode()
        is_code = len(data) <= _SHORT_BYTES_MAX or (len(data) <= CODE_BYTES_MAX and data.replace(b"-", b"").isalpha())
        if is_code and len(self) < _CODES_MAX:
            self[data] = value
        return value


def text(data: bytes, at: int) -> tuple[str, int]:
    """A string."""
    size = data[at]
    if size & 0x81:
        size, at = _size(data, at)
    else:
        size, at = size >> 1, at + 1
    return data[at : at + size].decode(), at + size


def blob(data: bytes, at: int) -> tuple[bytes, int]:
    """Bytes."""
    size, at = _size(data, at)
    return data[at : at + size], at + size


def _size(data: bytes, at: int) -> tuple[int, int]:
    size, at = long(data, at)
    if size < 0:
        raise NotCanonical("negative length")
    return size, at


def boolean(data: bytes, at: int) -> tuple[bool, int]:
    """A boolean."""
    if data[at] > 1:
        raise NotCanonical("boolean")
    return data[at] == 1, at + 1


def double(data: bytes, at: int) -> tuple[float, int]:
    """A double, little-endian."""
    (value,) = struct.unpack_from("<d", data, at)
    return value, at + 8


def present(data: bytes, at: int, read: Read) -> tuple[Any, int]:
    """The value of a union with null. Whoever calls has seen that it is not null."""
    if data[at] != 2:
        raise NotCanonical("branch")
    return read(data, at + 1)


def branch(data: bytes, at: int, reads: Mapping[str, Read], names: Sequence[str]) -> tuple[Any, int]:
    """The value of a union of the records of these names."""
    index = data[at]
    if index & 0x81:
        raise NotCanonical("branch")
    return reads[names[index >> 1]](data, at + 1)


def items(data: bytes, at: int, read: Read) -> tuple[tuple[Any, ...], int]:
    """The items of an array, in one block."""
    count, at = _size(data, at)
    found: list[Any] = []
    for _ in range(count):
        item, at = read(data, at)
        found.append(item)
    return tuple(found), _ended(data, at) if count else at


def entries(data: bytes, at: int, read: Read) -> tuple[dict[str, Any], int]:
    """The entries of a map, in one block, no key twice."""
    count, at = _size(data, at)
    found: dict[str, Any] = {}
    for _ in range(count):
        key, at = text(data, at)
        found[key], at = read(data, at)
    if len(found) != count:
        raise NotCanonical("key twice")
    return found, _ended(data, at) if count else at


def _ended(data: bytes, at: int) -> int:
    if data[at]:
        raise NotCanonical("second block")
    return at + 1
