"""A connector's line to a log that this process holds itself."""

from collections.abc import Mapping, Sequence

from sauma.codec import Codec
from sauma.delivery import Applied
from sauma.event import is_narrowing
from sauma.ids import EndpointId
from sauma_connectors.sdk.channel import Arriving, Outgoing
from sauma_services.intake.checks import SCHEMA
from sauma_services.runtime.ports import Append, Log
from sauma_services.runtime.topics import RECEIPTS, deliveries, inbound, narrowing

_APPLIED = Codec(Applied)


class LogChannel:
    """One endpoint's channel: it can write only its own inbound topic and read only its own deliveries."""

    def __init__(self, log: Log, endpoint: EndpointId, *, partitions: int = 1) -> None:
        self._publisher = log.publisher()
        self._reader = log.reader()
        self._inbound = inbound(endpoint)
        self._narrowing = narrowing(endpoint)
        self._deliveries = deliveries(endpoint)
        self._partitions = partitions

    def publish(self, events: Sequence[Outgoing]) -> None:
        """Append the events, what narrows first and past any list; durable on return. Their seqs tell the router the order."""
        first = [_append(self._narrowing, outgoing) for outgoing in events if is_narrowing(outgoing.event.body)]
        rest = [_append(self._inbound, outgoing) for outgoing in events if not is_narrowing(outgoing.event.body)]
        for topic, appends in ((self._narrowing, first), (self._inbound, rest)):
            if appends:
                self._publisher.publish(topic, appends)

    def confirm(self, applied: Sequence[Applied]) -> None:
        """Append the receipts; durable on return."""
        records = [Append(RECEIPTS.name, one.subject.encode(), _APPLIED.encode(one)) for one in applied]
        self._publisher.publish(RECEIPTS.name, records)

    def read(self, after: Mapping[int, int], *, count_max: int, wait_seconds_max: float) -> Sequence[Arriving]:  # noqa: ARG002 - the embedded log is asked again soon
        """Deliveries after these positions; returns at once."""
        found: list[Arriving] = []
        for partition in range(self._partitions):
            start = after[partition] + 1 if partition in after else 0
            end = self._reader.end(self._deliveries, partition)
            if start > end:
                start = 0  # a topic that was made anew since: what was taken already is known by its number
            if start == end:
                continue
            for record in self._reader.scan(self._deliveries, partition, start):
                found.append(Arriving(partition, record.position, record.value))
                if len(found) >= count_max:
                    return found
        return found


def _append(topic: str, outgoing: Outgoing) -> Append:
    event = outgoing.event
    headers = (
        ("schema", SCHEMA),
        ("incarnation", event.incarnation.encode()),
        ("seq", str(event.seq).encode()),
    )
    return Append(topic, event.subject.encode(), outgoing.data, headers)
