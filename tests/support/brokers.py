"""A Kafka for the tests: one that is given, or one started here, or one in a container; and a cluster of three.

`python -m support.brokers` fetches what a start needs, so that no test's time goes into a download.
"""

import os
import subprocess
import sys
import tempfile
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest
from confluent_kafka.admin import AdminClient

from sauma_services.demo.local_kafka import LocalKafka, are_jars_here, jars
from sauma_services.runtime.errors import NeedsOperator

# A hung transaction is looked for every ten seconds by default; sessions may not be shorter than six. The tests wait
# for both.
FAST = ("transaction.abort.timed.out.transaction.cleanup.interval.ms=500", "group.min.session.timeout.ms=1000")


@contextmanager
def broker() -> Iterator[str]:
    """The address of a broker: SAUMA_TEST_BOOTSTRAP, else a local one, else a container. Skips, or fails, without any."""
    given = os.environ.get("SAUMA_TEST_BOOTSTRAP")
    if given:
        yield given
        return
    with tempfile.TemporaryDirectory(prefix="sauma-kafka-") as folder:
        started = _local(Path(folder), nodes=1)
        if started is not None:
            try:
                yield started.bootstrap
            finally:
                started.stop()
            return
    with _container() as address:
        yield address


@contextmanager
def cluster(
    nodes: int = 3, *, options: Sequence[str] = (), heap: str = "512m", fronts: Sequence[int] = ()
) -> Iterator[LocalKafka]:
    """A cluster of its own, whose nodes may be killed and paused. `options`, `fronts`: as `LocalKafka` has them."""
    with tempfile.TemporaryDirectory(prefix="sauma-kafka-") as folder:
        started = _local(Path(folder), nodes=nodes, options=options, heap=heap, fronts=fronts)
        if started is None:
            missing("the jars of Kafka are not here: run `make brokers`")
        try:
            yield started
        finally:
            started.stop()


@contextmanager
def apart(bootstrap: str) -> Iterator[str]:
    """A prefix that nobody else has on this broker. Its topics are deleted at the end: a small broker bears a thousand."""
    prefix = f"t{uuid.uuid4().hex}."
    yield prefix
    admin = AdminClient({"bootstrap.servers": bootstrap})
    names = [name for name in admin.list_topics(timeout=30).topics if name.startswith(prefix)]
    if names:
        for deleted in admin.delete_topics(names).values():
            deleted.result()


def missing(reason: str) -> NoReturn:
    """Skip the test, unless SAUMA_REQUIRE_BROKER says that nothing may be skipped."""
    if os.environ.get("SAUMA_REQUIRE_BROKER") == "1":
        pytest.fail(reason)
    pytest.skip(reason)


def _local(
    folder: Path, *, nodes: int, options: Sequence[str] = (), heap: str = "512m", fronts: Sequence[int] = ()
) -> LocalKafka | None:
    if not are_jars_here():
        return None
    return LocalKafka(folder, nodes=nodes, heap=heap, options=(*FAST, *options), fronts=fronts)


@contextmanager
def _container() -> Iterator[str]:
    try:
        from testcontainers.kafka import KafkaContainer  # noqa: PLC0415 - an extra of its own

        answers = subprocess.run(["docker", "info"], capture_output=True, timeout=20, check=False).returncode == 0
    except (ImportError, OSError, subprocess.TimeoutExpired):
        answers = False
    if not answers:
        missing("no Kafka: set SAUMA_TEST_BOOTSTRAP, or run `make brokers`, or start Docker and install testcontainers")
    container = KafkaContainer("confluentinc/cp-kafka:8.1.0").with_kraft()
    for name, value in (
        ("KAFKA_TRANSACTION_STATE_LOG_REPLICATION_FACTOR", "1"),
        ("KAFKA_TRANSACTION_STATE_LOG_MIN_ISR", "1"),
        ("KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS", "1000"),
        ("KAFKA_TRANSACTION_ABORT_TIMED_OUT_TRANSACTION_CLEANUP_INTERVAL_MS", "500"),
    ):
        container.with_env(name, value)
    with container.start(timeout=120) as running:
        yield running.get_bootstrap_server()


def main() -> int:
    """Fetch the jars, with a line before and after."""
    if are_jars_here():
        sys.stdout.write("Kafka's jars are here.\n")
        return 0
    sys.stdout.write("Fetching Kafka's jars (about 60 MB, once) ...\n")
    sys.stdout.flush()
    try:
        jars()
    except NeedsOperator as reason:
        sys.stdout.write(f"{reason}: the tests that need a broker will be skipped\n")
        return 1 if os.environ.get("SAUMA_REQUIRE_BROKER") == "1" else 0
    sys.stdout.write("Kafka's jars are here.\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
