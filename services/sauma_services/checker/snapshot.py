"""What the checker is given, and what it answers: plain values, no log and no store."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sauma.ids import EndpointId, FactId, SubjectId

Positioned = tuple[int, bytes]
"""A record's position in its partition, and its value."""


@dataclass(frozen=True, slots=True)
class LogSnapshot:
    """Everything that a log held at one moment at which nothing was on its way.

    Values are as they stand in the log. Within a partition positions rise, but need not be contiguous.
    """

    journal: Mapping[int, Sequence[Positioned]]
    """By partition: `sauma.journal.Entry`."""
    deliveries: Mapping[EndpointId, Sequence[Positioned]]
    """By recipient: `sauma.delivery.Delivery`, in the order of the recipient's topic."""
    decisions: Sequence[bytes]
    """`sauma.decision.Decision`, in any order."""
    inbound: Mapping[str, Sequence[Positioned]] | None = None
    """By topic: `sauma.event.Event`, or anything at all. None: not looked at."""
    rejected: Sequence[bytes] = ()
    """`sauma.delivery.Rejection`."""
    receipts: Sequence[bytes] = ()
    """`sauma.delivery.Applied`."""
    state: Mapping[str, bytes] = field(default_factory=dict)
    """The router's parts by key. Looked at: `<subject>/fact/<fact>` (`sauma.client.FactState`); all others are left alone."""


@dataclass(frozen=True, slots=True)
class Holding:
    """One fact as an agency's own store has it."""

    version: int
    text: Mapping[str, str]
    """The content in the clear, field by field."""
    is_error: bool = False
    """The agency keeps it only as something that was wrong."""


Holdings = Mapping[EndpointId, Mapping[SubjectId, Mapping[FactId, Holding]]]


@dataclass(frozen=True, slots=True, order=True)
class Violation:
    """One thing that may never happen and did."""

    invariant: str
    """I1 to I28, or `lawful-lost`: something that a recipient may hold did not reach it."""
    subject: str
    """Empty where it is about no client."""
    place: str
    """Where to look: topic, partition and position, or the store."""
    what: str
    """In ids and codes; never content."""


@dataclass(frozen=True, slots=True)
class Report:
    """All violations, sorted, and how much was looked at: a report over nothing proves nothing."""

    violations: tuple[Violation, ...]
    counts: Mapping[str, int]

    @property
    def invariants(self) -> frozenset[str]:
        """The invariants that were violated."""
        return frozenset(violation.invariant for violation in self.violations)

    @classmethod
    def of(cls, violations: Iterable[Violation], counts: Mapping[str, int]) -> "Report":
        """The report on these violations, each once."""
        return cls(tuple(sorted(set(violations))), dict(sorted(counts.items())))
