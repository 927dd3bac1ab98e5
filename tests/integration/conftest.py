"""What the integration tests share: one broker for all of them, started when the first one asks for it."""

from collections.abc import Iterator

import pytest

from integration.log_worker import kafka_settings
from sauma_services.runtime.kafka_log import KafkaLog
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


@pytest.fixture
def where(bootstrap: str, prefix: str) -> str:
    """A log of the test's own on the shared broker, as `kafka_settings` takes it."""
    return f"{prefix}@{bootstrap}"


@pytest.fixture
def log(where: str) -> Iterator[KafkaLog]:
    """The log on Kafka at `where`."""
    opened = KafkaLog(kafka_settings(where))
    yield opened
    opened.close()
