"""Decides the partition of a key as Apache Kafka's clients do, so that both logs put a client in the same one."""

from functools import lru_cache

_MULTIPLIER = 0x5BD1E995
_SEED = 0x9747B28C
_WORD = 0xFFFFFFFF


def murmur2(data: bytes) -> int:
    """Kafka's 32-bit murmur2 of `data`, as the signed number that Java's clients print."""
    length = len(data)
    whole = length & ~3
    h = (_SEED ^ length) & _WORD
    for at in range(0, whole, 4):
        k = int.from_bytes(data[at : at + 4], "little") * _MULTIPLIER & _WORD
        k = (k ^ k >> 24) * _MULTIPLIER & _WORD
        h = (h * _MULTIPLIER & _WORD) ^ k
    if whole < length:
        h = (h ^ int.from_bytes(data[whole:], "little")) * _MULTIPLIER & _WORD
    h = (h ^ h >> 13) * _MULTIPLIER & _WORD
    h ^= h >> 15
    return h - (1 << 32) if h >> 31 else h


# 65,536 keys are some 10 MB. Fewer, and a busy area's clients push each other out and appends pay the hash again.
@lru_cache(maxsize=65_536)
def _spread(key: bytes, partitions: int) -> int:
    return (murmur2(key) & 0x7FFFFFFF) % partitions


def partition_of(key: bytes, partitions: int) -> int:
    """The partition, from 0, among `partitions` of them."""
    return 0 if partitions == 1 else _spread(key, partitions)
