"""What the integration tests share: one broker for all of them, started when the first one asks for it."""

from collections.abc import Iterator

import pytest

from support.brokers import broker


@pytest.fixture(scope="session")
def bootstrap() -> Iterator[str]:
    """The address of a Kafka. Tests share it, and keep apart by prefixes of their own."""
    with broker() as address:
        yield address
