"""What the services may say in their logs: a closed list of events with ids and reasons, as JSON lines on stderr.

An unknown event or field is a type error and, when run, an exception: nothing personal slips out under a new name.
"""

import sys
from collections.abc import Sequence
from enum import Enum
from typing import Literal, TypedDict, Unpack

import structlog

Level = Literal["info", "warning", "error"]


class Event(Enum):
    """All that can be said: the name in the log, its level, and what it means."""

    PROCESS_STARTED = ("process-started", "info", "A process has read its settings and starts its parts.")
    PROCESS_STOPPED = ("process-stopped", "info", "A process has stopped all its parts in order.")
    LOOP_STARTED = ("loop-started", "info", "A topology's loop starts to turn.")
    LOOP_STOPPED = ("loop-stopped", "info", "A loop was asked to stop, has finished its turn and left its group.")
    LOOP_FAILED = ("loop-failed", "error", "A loop ended by itself; the reason says whether a person has to act.")
    PARTITION_RESTORED = ("partition-restored", "info", "A partition was gained and its state is read back.")
    PARTITION_LOST = ("partition-lost", "info", "A partition went to another process, or is read back after a doubt.")
    COMMIT_IN_DOUBT = ("commit-in-doubt", "warning", "The log failed; the work since the last commit is done again.")
    LOG_SILENT = ("log-silent", "warning", "The log does not answer: work waits, and goes on when it does.")
    LOG_ANSWERS = ("log-answers", "info", "The log answers again.")
    RECORD_STUCK = (
        "record-stuck",
        "error",
        "A record cannot be unpacked: nothing behind it in its partition is read, until somebody acts.",
    )
    PRODUCER_ROTATED = (
        "producer-rotated",
        "warning",
        "Kafka: a producer was thrown away, since a commit may come late.",
    )
    RECORD_REFUSED = ("record-refused", "warning", "A record was not let in; its sender is told the reason.")
    SOURCE_ALARM = ("source-alarm", "error", "A source sent other bytes under a sequence number already used.")
    LAW_IN_MOTION = ("law-in-motion", "info", "Clients are judged anew by this rule set, in slices; so many are left.")
    LAW_AT_REST = ("law-at-rest", "info", "Every client of the partition was last judged by the rule set in force.")
    CONNECTOR_STARTED = ("connector-started", "info", "A connector starts to poll its agency's system.")
    CONNECTOR_STOPPED = ("connector-stopped", "info", "A connector was asked to stop and has.")
    CONNECTOR_FAILED = ("connector-failed", "error", "A connector ended by itself; others go on.")
    CONNECTOR_WAITS = (
        "connector-waits",
        "warning",
        "A register could not take something, for this reason; it is tried again later.",
    )
    DELIVERY_REFUSED = ("delivery-refused", "warning", "An agency's system refused a delivery; a receipt says so.")

    def __init__(self, label: str, level: Level, meaning: str) -> None:
        self.label = label
        self.level = level
        self.meaning = meaning


class Fields(TypedDict, total=False):
    """All that can be said beside the event. Ids, counts, reasons and names of our own files; no field holds content."""

    part: str
    endpoint: str
    subject: str
    record: str
    delivery: str
    decision: str
    fact: str
    law: str
    rule: str
    topic: str
    partition: int
    position: int
    count: int
    attempt: int
    reason: str
    file: str
    release: str


_ALLOWED = Fields.__optional_keys__
_PROCESSORS: Sequence[structlog.typing.Processor] = [
    structlog.processors.TimeStamper(fmt="iso", utc=True),
    structlog.processors.JSONRenderer(),
]


def tell(event: Event, **fields: Unpack[Fields]) -> None:
    """Write one line. Raises TypeError for a field that is not in `Fields`, also where no type checker looked."""
    unknown = fields.keys() - _ALLOWED
    if unknown:
        raise TypeError(f"no such log fields: {', '.join(sorted(unknown))}")
    # Built anew each time: events are rare, and stderr may have been redirected since.
    logger = structlog.wrap_logger(structlog.WriteLogger(sys.stderr), processors=_PROCESSORS)
    logger.msg(event.label, level=event.level, **fields)
