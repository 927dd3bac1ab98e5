"""Makes the load: whole lives of many clients, as events of their agencies, encoded as a connector would."""

import random
from collections.abc import Iterator

from sauma.codec import Codec
from sauma.event import Body, Event, FactPut, Facts, FactStep, PlanUpdate, Referral, Relationship
from sauma.fact import EmploymentEffect, Marks, Moment, Necessity
from sauma.ids import EndpointId, FactId, PlanId, ReferralId, SubjectId, event_id
from sauma_services.runtime.ports import Append
from sauma_services.runtime.topics import inbound

E, S = EndpointId("employment-tampereen-seutu"), EndpointId("social-08")
H, K = EndpointId("health-08"), EndpointId("kela")
ENDPOINTS = (E, S, H, K)
EVENT = Codec(Event)
START = 1_780_000_000_000
CELL_BYTES = 300
"""A sealed plan item or conclusion in a few sentences."""


def _put(subject: str, name: str, kind: str, category: int, base: int = 0, **rest: object) -> FactStep:
    marks = Marks(
        tuple(Necessity(role, Moment(START + 1), "multi-sector-support") for role in ("employment", "kela")),
        EmploymentEffect(Moment(START + 1)),
    )
    fact = FactId(f"{subject[:20]}{name}")
    cell = (f"{subject}{name}{base}".encode() * 9)[:CELL_BYTES]
    put = FactPut(fact, kind, category, "ordinary", base, "Bench", b"0123456789abcdef", cell, marks, **rest)  # type: ignore[arg-type] # fields of FactPut
    return FactStep("put", fact, put=put)


def life(subject: str, events: int) -> Iterator[tuple[EndpointId, Body]]:
    """One client's events: the beginning of the story, then as many new versions of its facts as are asked for."""
    referral = ReferralId(f"r-{subject}")
    plan = PlanId(f"p-{subject}")
    identity, refers = _put(subject, "i", "identity", 1), _put(subject, "r", "referral", 6)
    beginning: list[tuple[EndpointId, Body]] = [
        (K, Referral(referral, "made", to_role="employment", municipality="837", facts=(identity, refers))),
        (E, Referral(referral, "accepted")),
        (E, Facts((_put(subject, "b", "background", 3),))),
        (E, Relationship("started")),
        (S, Relationship("taking-part")),
        (S, Facts((_put(subject, "s", "social-situation", 4),))),
        (H, Facts((_put(subject, "h", "capacity", 5),))),
        (E, PlanUpdate(plan, makers=(E, S, K), steps=(_put(subject, "A", "plan-item", 7, plan=plan),))),
        (S, PlanUpdate(plan, steps=(_put(subject, "B", "plan-item", 7, plan=plan),))),
        (E, PlanUpdate(plan, steps=(_put(subject, "A", "plan-item", 7, base=1, plan=plan),))),
    ]
    yield from beginning[:events]
    versions = {"A": 2}
    for n in range(events - len(beginning)):
        # Twenty facts in all: the same ones get new versions, so that a long life is not a big client.
        name = f"x{n % 13}"
        base = versions.get(name, 0)
        versions[name] = base + 1
        yield E, PlanUpdate(plan, steps=(_put(subject, name, "plan-item", 7, base=base, plan=plan),))


def whole(subject: str, events: int) -> Iterator[Append]:
    """One client's events, as the agencies' connectors would publish them, in their order."""
    seqs: dict[tuple[str, EndpointId], int] = {}
    for source, body in life(subject, events):
        yield append(subject, source, body, seqs)


def rounds(*, clients: int, events_each: int, seed: int = 1) -> Iterator[list[Append]]:
    """The load in slices that keep its causal order: one event a client, until only one source goes on; then all the rest.

    Within a slice every client's events come from one source, so that intake may take the topics in any turn.
    """
    chance = random.Random(seed)
    subjects = [f"{chance.getrandbits(128):032x}" for _ in range(clients)]
    lives = {subject: life(subject, events_each) for subject in subjects}
    seqs: dict[tuple[str, EndpointId], int] = {}
    beginning = min(events_each, 10)
    for count in [1] * beginning + ([events_each - beginning] if events_each > beginning else []):
        yield [append(subject, *next(lives[subject]), seqs) for _ in range(count) for subject in subjects]


def append(subject: str, source: EndpointId, body: Body, seqs: dict[tuple[str, EndpointId], int]) -> Append:
    """The source's next event about the subject, as its connector writes it; counts on in `seqs`."""
    seq = seqs[subject, source] = seqs.get((subject, source), 0) + 1
    known = SubjectId(subject)
    event = Event(event_id(source, "i", known, seq), source, known, "i", seq, Moment(START), body)
    headers = (("schema", b"sauma.Event/1"), ("incarnation", b"i"), ("seq", str(seq).encode()))
    return Append(inbound(source), subject.encode(), EVENT.encode(event), headers)
