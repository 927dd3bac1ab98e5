"""Every topic is one row here, and no topic's name is typed anywhere else."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache

_ENDPOINT = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_IN = "in."
_DELIVER = "deliver."
_NARROWING = ".narrowing"
_STATE = "state."


class Retention(StrEnum):
    """When a record may go. Never by age: an agency that was away for a month still finds what it was sent."""

    UNTIL_CUT = "until-cut"
    """Until an operator cuts the log at a checkpoint."""
    KEPT = "kept"
    """Kept; the law asks for it. Cutting at a checkpoint leaves it alone."""
    LATEST = "latest"
    """The latest value of each key stays, older ones go."""


class Cleanup(StrEnum):
    """How the log makes room."""

    DELETE = "delete"
    COMPACT = "compact"


@dataclass(frozen=True, slots=True)
class TopicRow:
    """One topic: what its records' keys are, which schema their values have, and who alone may write it (`owner`).

    `partitions` holds when the topic is created and is then fixed: another number would split a client's records.
    """

    name: str
    key: str
    schema: str
    owner: str
    retention: Retention
    cleanup: Cleanup = Cleanup.DELETE
    partitions: int = 1


JOURNAL = TopicRow("journal", "subject", "JournalRecord", "intake and router", Retention.UNTIL_CUT)
"""Everything known, in one order a client."""

REJECTED = TopicRow("rejected", "subject, or the endpoint", "Rejected", "intake", Retention.UNTIL_CUT)
"""What intake could not let in, with the reason."""

DECISIONS = TopicRow("decisions", "subject", "Decision", "router", Retention.KEPT)
"""What was released, withheld, undecided or retracted, and on which ground."""

RECEIPTS = TopicRow("receipts", "subject", "Receipt", "connectors", Retention.UNTIL_CUT)
"""Receipts of kind applied: they change no rights, so they stay out of the journal."""

FIXED = (JOURNAL, REJECTED, DECISIONS, RECEIPTS)
"""The topics that exist whatever endpoints there are."""


def inbound(endpoint: str) -> str:
    """The name of the topic into which `endpoint`, and nobody else, writes. Raises ValueError for a malformed id."""
    return _IN + _checked(endpoint)


def narrowing(endpoint: str) -> str:
    """The name of the topic in which `endpoint` writes what only takes rights away: a long list in `inbound` never delays it."""
    return inbound(endpoint) + _NARROWING


def deliveries(endpoint: str) -> str:
    """The name of the topic from which `endpoint` takes what it is sent. Raises ValueError for a malformed id."""
    return _DELIVER + _checked(endpoint)


def inbound_row(endpoint: str) -> TopicRow:
    """The row of `inbound(endpoint)`."""
    return TopicRow(inbound(endpoint), "subject", "Inbound", endpoint, Retention.UNTIL_CUT)


def narrowing_row(endpoint: str) -> TopicRow:
    """The row of `narrowing(endpoint)`."""
    return replace(inbound_row(endpoint), name=narrowing(endpoint))


def deliveries_row(endpoint: str) -> TopicRow:
    """The row of `deliveries(endpoint)`."""
    return TopicRow(deliveries(endpoint), "subject", "Delivery", "router", Retention.UNTIL_CUT)


def state(group: str) -> str:
    """The name of the topic with the state parts of `group`. The embedded log keeps them in a table instead."""
    return _STATE + _checked(group, "group")


def state_row(group: str, partitions: int = 1) -> TopicRow:
    """The row of `state(group)`. As many partitions as the group's inputs: a part lies in the partition it is about."""
    return TopicRow(state(group), "part", "by part", group, Retention.LATEST, Cleanup.COMPACT, partitions)


@lru_cache(maxsize=1_024)
def endpoint_of(topic: str) -> str | None:
    """The endpoint whose topic this is, if any: a record's source comes from here and not from its content."""
    for prefix in (_IN, _DELIVER):
        if topic.startswith(prefix):
            return topic.removeprefix(prefix).removesuffix(_NARROWING)
    return None


@lru_cache(maxsize=1_024)  # a few hundred endpoints, each asked for with every delivery
def _checked(name: str, what: str = "endpoint") -> str:
    if not _ENDPOINT.fullmatch(name):
        raise ValueError(f"{name!r} is no {what} id: small letters, digits and single hyphens between them")
    return name
