"""The types of ids, so that one kind is never taken for another, and the ids that are computed.

A computed id is the same on every log, after an import and after a repeat; it tells nothing about what it was computed from.
"""

from hashlib import blake2b
from typing import NewType

SubjectId = NewType("SubjectId", str)
"""A client: random, 32 hexadecimal digits, from the keyring; never derived from a henkilötunnus."""
EndpointId = NewType("EndpointId", str)
"""One register of one organisation: `social-08`, `employment-tampereen-seutu`, `kela`."""
FactId = NewType("FactId", str)
EventId = NewType("EventId", str)
DeliveryId = NewType("DeliveryId", str)
PlanId = NewType("PlanId", str)
ReferralId = NewType("ReferralId", str)
RelationshipId = NewType("RelationshipId", str)
WillId = NewType("WillId", str)

NOBODY = EndpointId("")
"""The author of what the router made."""


def _computed(*parts: str | int) -> str:
    # No part but the last is free text, so no two lists of parts join to the same; 16 bytes: collisions stay out of reach.
    return blake2b("\x00".join(map(str, parts)).encode(), digest_size=16).hexdigest()


def event_id(source: EndpointId, incarnation: str, subject: SubjectId, seq: int) -> EventId:
    """The id of a source's n-th event about a client."""
    return EventId(_computed("event", source, incarnation, subject, seq))


def delivery_id(subject: SubjectId, recipient: EndpointId, number: int) -> DeliveryId:
    """The id of a recipient's n-th delivery about a client (invariant I7)."""
    return DeliveryId(_computed("delivery", subject, recipient, number))


def telling_id(topic: str, partition: int, position: int) -> DeliveryId:
    """The id of what a source is told of the record at this place, where it is not known about which client it was."""
    return DeliveryId(_computed("telling", topic, partition, position))


def relationship_id(subject: SubjectId, record: int) -> RelationshipId:
    """The id of the relationship that a client's n-th record started."""
    return RelationshipId(_computed("relationship", subject, record))


def relationship_fact(relationship: RelationshipId) -> FactId:
    """The fact that tells the parties of a relationship's state."""
    return FactId(_computed("relationship-fact", relationship))


def referral_status_fact(referral: ReferralId) -> FactId:
    """The receiver's fact about a referral."""
    return FactId(_computed("referral-status", referral))


def non_disclosure_fact(subject: SubjectId, source: EndpointId) -> FactId:
    """The flag of a non-disclosure order as one source recorded it."""
    return FactId(_computed("non-disclosure", subject, source))


def conflict_fact(proposal: FactId) -> FactId:
    """The conflict that a proposal on a stale base became."""
    return FactId(_computed("conflict", proposal))


def event_hash(data: bytes) -> bytes:
    """Eight bytes that tell the same record from another one with the same seq (invariant I16)."""
    return blake2b(data, digest_size=8).digest()
