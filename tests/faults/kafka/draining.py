"""Waits until everything that was said is journalled and routed, and looks whether any partition hangs on an open transaction."""

import time

from confluent_kafka import Consumer, IsolationLevel, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined]

from faults.kafka.stage import Stage
from faults.kafka.tail import Tail
from sauma_services.intake import Intake
from sauma_services.router import Router
from sauma_services.runtime.kafka_client import consumer_config
from sauma_services.runtime.topics import JOURNAL, inbound, narrowing

Place = tuple[str, int]

_LOOK_SECONDS = 0.2


def seconds_until_drained(stage: Stage, journal: Tail, *, seconds_max: float) -> float | None:
    """How long it took; None where it took longer. Nobody says anything any more."""
    began = time.monotonic()
    intake, router = _Positions(stage, Intake.name), _Positions(stage, Router.name)
    topics = [topic for endpoint in stage.sources for topic in (inbound(endpoint), narrowing(endpoint))]
    said = [(topic, partition) for topic in topics for partition in range(len(journal.ends))]
    try:
        while time.monotonic() - began < seconds_max:
            # Agencies publish without transactions: the end of their topics is the last record's.
            ends = latest(stage, said, IsolationLevel.READ_UNCOMMITTED)
            if intake.are_at({place: end for place, end in ends.items() if end}):
                whole = latest(stage, [(JOURNAL.name, n) for n in journal.ends], IsolationLevel.READ_UNCOMMITTED)
                _catch_up(journal, whole, began + seconds_max)
                if router.are_at({(JOURNAL.name, n): end for n, end in journal.ends.items() if end}):
                    return time.monotonic() - began
            time.sleep(_LOOK_SECONDS)
    finally:
        intake.close()
        router.close()
    return None


def open_transactions(stage: Stage) -> list[Place]:
    """Partitions where readers of committed records stop before the end."""
    known = AdminClient({"bootstrap.servers": stage.kafka.bootstrap}).list_topics(timeout=30).topics
    prefix = stage.kafka.prefix
    places = [
        (name.removeprefix(prefix), n)
        for name, topic in known.items()
        for n in topic.partitions
        if name.startswith(prefix) and not name.startswith("__")
    ]
    # The end first: what is written between the two questions must not look as if it hung.
    ends = latest(stage, places, IsolationLevel.READ_UNCOMMITTED)
    stable = latest(stage, places, IsolationLevel.READ_COMMITTED)
    return sorted(place for place, end in ends.items() if stable[place] < end)


def latest(stage: Stage, places: list[Place], level: IsolationLevel) -> dict[Place, int]:
    """The ends of these partitions, as that reader sees them."""
    admin = AdminClient({"bootstrap.servers": stage.kafka.bootstrap})
    spec = OffsetSpec.latest()  # type: ignore[no-untyped-call]
    prefix = stage.kafka.prefix
    asked = admin.list_offsets(
        {_physical(prefix, place): spec for place in places}, isolation_level=level, request_timeout=30
    )
    return {(place.topic.removeprefix(prefix), place.partition): told.result().offset for place, told in asked.items()}


def _physical(prefix: str, place: Place) -> TopicPartition:
    return TopicPartition(prefix + place[0], place[1])


def _catch_up(journal: Tail, ends: dict[Place, int], until: float) -> None:
    while any(journal.reached[n] < end for (_, n), end in ends.items()) and time.monotonic() < until:
        journal.look(0.1)


class _Positions:
    """A group's committed positions, asked without joining it."""

    def __init__(self, stage: Stage, group: str) -> None:
        self._prefix = stage.kafka.prefix
        self._consumer = Consumer(consumer_config(stage.kafka, self._prefix + group))

    def are_at(self, ends: dict[Place, int]) -> bool:
        """Whether the group has done everything before these ends."""
        answers = self._consumer.committed([_physical(self._prefix, place) for place in ends], 30)
        return all(answer.offset >= end for answer, end in zip(answers, ends.values(), strict=True))

    def close(self) -> None:
        """No use after this."""
        self._consumer.close()
