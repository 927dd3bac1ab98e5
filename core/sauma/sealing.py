"""Says what a cell was sealed as, and the digest that stands for it; it must never know a key or a content."""

import hashlib
from dataclasses import dataclass, field

from sauma.making import cheap_to_make

# Names the encoding. Another encoding gets another name, so that two encodings can never give the same digest.
_ENCODING = b"sauma sealed-as 1"
# As long as a subject id: too many to try, so that a digest does not give away a small number such as `seq`.
SALT_BYTES = 16


@cheap_to_make
@dataclass(frozen=True, slots=True)
class SealedAs:
    """What was true of a fact when its source sealed it. Kept in journal and state only; a delivery carries its digest.

    `salt` is 16 random bytes, drawn anew by the sealer for every cell; ValueError if it has another length.
    """

    source: str
    incarnation: str
    seq: int
    subject: str
    item: str
    category: int
    handling: str
    content_schema: str
    salt: bytes = field(repr=False)

    def __post_init__(self) -> None:
        if len(self.salt) != SALT_BYTES:
            raise ValueError(f"salt has {len(self.salt)} bytes, must have {SALT_BYTES}")


def digest(sealed_as: SealedAs) -> bytes:
    """The 32 bytes that a cell is bound to (SHA-256), and the only part of `sealed_as` that a recipient ever meets.

    Every field goes in with its length before it, in a fixed order, so that no two values share an encoding.
    """
    parts = (
        _ENCODING,
        sealed_as.salt,
        sealed_as.source.encode(),
        sealed_as.incarnation.encode(),
        str(sealed_as.seq).encode(),
        sealed_as.subject.encode(),
        sealed_as.item.encode(),
        str(sealed_as.category).encode(),
        sealed_as.handling.encode(),
        sealed_as.content_schema.encode(),
    )
    return hashlib.sha256(b"".join([len(part).to_bytes(4, "big") + part for part in parts])).digest()
