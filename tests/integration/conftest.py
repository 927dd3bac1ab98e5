"""What the integration tests share: one broker for all of them, started when the first one asks for it."""

from collections.abc import Iterator

import pytest

from support.brokers import apart, broker


@pytest.fixture(scope="session")
def bootstrap() -> Iterator[str]:
    """The address of a Kafka. Tests share it, and keep apart by prefixes of their own."""
    with broker() as address:
        yield address


@pytest.fixture
def prefix(bootstrap: str) -> Iterator[str]:
    """What keeps a test's topics and groups apart from those of others."""
    with apart(bootstrap) as own:
        yield own
