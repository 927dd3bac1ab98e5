"""Writes Avro's primitives as bytes; `sauma.codec` joins them into a record's encoding, which is its fields' encodings in order.

fastavro writes the same bytes and is what these are tested against. It takes four times as long for our records, because
it walks a dictionary and tries the branches of each union; five records are written for every event that comes in.
"""

import struct

_SHORT_MAX = 4096
"""Lengths, versions and small counts are below this and worked out at the start."""

_LONGS_MAX = 10_000
"""Longs remembered, some 1 MB: one step writes its moment a dozen times, and the moments of its client's facts again."""


def _long(number: int) -> bytes:
    if not -(2**63) <= number < 2**63:
        raise ValueError("not a 64-bit number")
    folded = (number << 1) ^ (number >> 63)
    out = bytearray()
    while folded > 0x7F:
        out.append((folded & 0x7F) | 0x80)
        folded >>= 7
    out.append(folded)
    return bytes(out)


class _Longs(dict[int, bytes]):
    """Every long's encoding, zigzag and variable length: the short ones and the latest are looked up."""

    def __missing__(self, number: int) -> bytes:
        if len(self) >= _LONGS_MAX:
            self.clear()
            self.update(_SHORT)
        self[number] = data = _long(number)
        return data


_SHORT = {number: _long(number) for number in range(_SHORT_MAX)}
LONG = _Longs(_SHORT)


def text(value: str) -> bytes:
    """A string: its length in bytes, then UTF-8."""
    data = value.encode()
    return LONG[len(data)] + data


_TEXTS_MAX = 10_000
"""Texts remembered, some 1.5 MB. A client's ids come up a dozen times in one step and codes always; more would only push
what is needed out of the processor's own memory, with ids that are not met again for long."""

_TEXT_BYTES_MAX = 64
"""Ids and codes are shorter; whatever is longer is hardly met twice."""


class _Texts(dict[str, bytes]):
    """Every text's encoding, remembered where it is short."""

    def __missing__(self, value: str) -> bytes:
        data = text(value)
        if len(data) <= _TEXT_BYTES_MAX:
            if len(self) >= _TEXTS_MAX:
                self.clear()
            self[value] = data
        return data


TEXT = _Texts()
"""For ids and codes, which stand in the clear anyway; never for what is inside cells."""


def blob(value: bytes) -> bytes:
    """Bytes: their length, then they themselves."""
    return LONG[len(value)] + value


def double(value: float) -> bytes:
    """A double, little-endian."""
    return struct.pack("<d", value)


def block(items: list[bytes]) -> bytes:
    """The items of an array or map as one block, and the end."""
    return LONG[len(items)] + b"".join(items) + b"\x00" if items else b"\x00"
