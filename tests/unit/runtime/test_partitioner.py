"""The partitioner agrees with Apache Kafka's, whose own test vectors these are."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sauma_services.runtime.partitioner import murmur2, partition_of

VECTORS = {
    b"21": -973932308,
    b"foobar": -790332482,
    b"a-little-bit-long-string": -985981536,
    b"a-little-bit-longer-string": -1486304829,
    b"lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8": -58897971,
    b"abc": 479470107,
}


@pytest.mark.parametrize(("data", "expected"), VECTORS.items())
def test_murmur2_is_kafkas(data: bytes, expected: int) -> None:
    assert murmur2(data) == expected


@pytest.mark.parametrize(("data", "expected"), VECTORS.items())
def test_a_partition_is_the_hash_without_its_sign(data: bytes, expected: int) -> None:
    assert partition_of(data, 6) == (expected & 0x7FFFFFFF) % 6


@given(st.binary(), st.integers(min_value=1, max_value=200))
def test_a_partition_is_always_one_of_those_there_are(key: bytes, partitions: int) -> None:
    assert 0 <= partition_of(key, partitions) < partitions
