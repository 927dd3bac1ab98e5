"""Who may do what on a Kafka cluster that asks: derived from the rows, so that a topic and its rights cannot part."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from sauma_services.runtime.topics import DECISIONS, JOURNAL, RECEIPTS, REJECTED, deliveries, inbound, narrowing, state

Operation = Literal["READ", "WRITE"]
Resource = Literal["TOPIC", "GROUP", "TRANSACTIONAL_ID"]

INTAKE, ROUTER, KEYRING = "intake", "router", "keyring"


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """One right. `name` is without the installation's prefix; `is_prefix`: of all resources whose names begin so."""

    who: str
    operation: Operation
    resource: Resource
    name: str
    is_prefix: bool = False


def grants(endpoints: Iterable[str], recipients: Iterable[str]) -> set[Grant]:
    """All rights there are: `endpoints` have a connector and write, `recipients` have a topic of deliveries.

    An endpoint can write its own inbound topic and receipts, and read its own deliveries: nothing else, and nobody else can.
    """
    found: set[Grant] = set()

    def topic(who: str, operation: Operation, *names: str) -> None:
        found.update(Grant(who, operation, "TOPIC", name) for name in names)

    topic(INTAKE, "WRITE", JOURNAL.name, REJECTED.name, state(INTAKE))
    topic(INTAKE, "READ", state(INTAKE))
    topic(ROUTER, "READ", JOURNAL.name, state(ROUTER))
    topic(ROUTER, "WRITE", JOURNAL.name, DECISIONS.name, state(ROUTER))
    topic(KEYRING, "READ", state(ROUTER))
    for endpoint in endpoints:
        topic(endpoint, "WRITE", inbound(endpoint), narrowing(endpoint), RECEIPTS.name)
        topic(INTAKE, "READ", inbound(endpoint), narrowing(endpoint))
    for recipient in recipients:
        topic(recipient, "READ", deliveries(recipient))
        topic(ROUTER, "WRITE", deliveries(recipient))
        topic(INTAKE, "WRITE", deliveries(recipient))  # a refusal about no client is told by intake
    for service in (INTAKE, ROUTER):
        found.add(Grant(service, "READ", "GROUP", service))
        found.add(Grant(service, "WRITE", "TRANSACTIONAL_ID", f"{service}-", is_prefix=True))
    return found
