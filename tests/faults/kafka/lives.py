"""Lives of clients for the fault suite: told once on the pure core, then said of as many clients as are wanted.

What a source says is made once as bytes; of another client only the ids in it differ, all of one length. So a load of
hundreds of thousands of events costs the generator next to nothing beside what is under test.
"""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace

from sauma.codec import Codec
from sauma.event import Event, FactPut, Scope, Will, is_narrowing
from sauma.ids import EndpointId, FactId, SubjectId, WillId, event_id, non_disclosure_fact
from sauma.journal import Refused
from sauma.sealing import SealedAs, digest
from sauma_services.intake.checks import SCHEMA
from sauma_services.runtime.ports import Append
from sauma_services.runtime.topics import inbound, narrowing
from support.histories import told
from support.snapshots import RecordedWorld
from support.story import LINES
from support.world import SUBJECT, E, H, P, fact, marks, put, puts

EVENT = Codec(Event)

CONSENTS = 6
"""Consents in a row that a client of the second kind gives and withdraws."""


@dataclass(frozen=True, slots=True)
class Said:
    """One thing said in a life, of the client for whom it was told first. `data` is empty where intake refused it."""

    source: EndpointId
    incarnation: str
    seq: int
    is_narrowing: bool
    data: bytes
    told_id: bytes
    named: tuple[bytes, ...]
    """Which of the life's ids and digests stand in `data`."""


@dataclass(frozen=True, slots=True)
class Life:
    """What is said of one client, in order."""

    kind: str
    said: tuple[Said, ...]
    sealed: dict[bytes, SealedAs] = field(default_factory=dict)
    flags: dict[bytes, EndpointId] = field(default_factory=dict)
    """The ids of the facts that say that there is an order for non-disclosure, and who recorded it."""

    def of(self, subject: SubjectId) -> Iterator[Append]:
        """The same life lived by `subject`; what cannot be read stands where it stood."""
        key = subject.encode()
        ids = {SUBJECT.encode(): key}
        ids |= {old: digest(replace(seal, subject=subject)) for old, seal in self.sealed.items()}
        ids |= {old: non_disclosure_fact(subject, who).encode() for old, who in self.flags.items()}
        for one in self.said:
            data = one.data.replace(one.told_id, event_id(one.source, one.incarnation, subject, one.seq).encode())
            for name in one.named:
                data = data.replace(name, ids[name])
            topic = narrowing(one.source) if one.is_narrowing else inbound(one.source)
            headers = (("schema", SCHEMA), ("incarnation", one.incarnation.encode()), ("seq", b"%d" % one.seq))
            yield Append(topic, key, data, headers)


def lives(seed: int) -> Sequence[tuple[int, Life]]:
    """All kinds of lives, each with how often it is lived beside the others."""
    chance = random.Random(seed)
    told_at_random = [_life("random", told(chance.randbytes(300))) for _ in range(12)]
    return [
        (24, _life("story", _story())),
        (12, _life("consents", _consents())),
        *((1, life) for life in told_at_random),
    ]


def _story() -> RecordedWorld:
    """The demo's: a referral, a plan, proposals that conflict, a consent withdrawn, a move, an order, the end."""
    world = RecordedWorld()
    for line in LINES:
        line.says(world)
    return world


def _consents() -> RecordedWorld:
    """As far as the plan, and then consents to a provider that are given and withdrawn, now by it and now by the agency."""
    world = RecordedWorld()
    for line in LINES[:3]:
        line.says(world)
    _given_and_withdrawn(world, "early", fact("identity"))
    for line in LINES[3:15]:
        line.says(world)
    for number in range(CONSENTS):
        version = world.client.facts[fact("h-capacity")].fact.version
        again = put("h-capacity", "capacity", 5, version, marks=marks("employment", affects=True, at=world.now))
        named = (fact("identity"), fact("A"), fact("h-capacity"))
        _given_and_withdrawn(world, f"consent-{number}", *named, changed=again, by=(P, E)[number % 2])
    return world


def _given_and_withdrawn(
    world: RecordedWorld, name: str, *named: FactId, changed: FactPut | None = None, by: EndpointId = P
) -> None:
    will = WillId(name)
    world.say(E, Will(will, "given", "consent", recipients=(P,), scope=Scope(facts=named), evidence="archive-7"))
    if changed is not None:
        world.say(H, puts(changed))
    world.say(by, Will(will, "withdrawn", "consent"))


def _life(kind: str, world: RecordedWorld) -> Life:
    sealed: dict[bytes, SealedAs] = {}
    for taken in world.steps:
        for state in taken.client.facts.values():
            if state.fact.sealed_as is not None:
                sealed.setdefault(digest(state.fact.sealed_as), state.fact.sealed_as)
    sources = {entry.what.source for entry in world.entries if isinstance(entry.what, Event | Refused)}
    flags = {non_disclosure_fact(SUBJECT, source).encode(): source for source in sources}
    names = (SUBJECT.encode(), *sealed, *flags)
    said: list[Said] = []
    for entry in world.entries:
        what = entry.what
        if isinstance(what, Event):
            data = EVENT.encode(what)
            named = tuple(name for name in names if name in data)
            told_id = what.id.encode()
            said.append(Said(what.source, what.incarnation, what.seq, is_narrowing(what.body), data, told_id, named))
        elif isinstance(what, Refused):
            said.append(
                Said(what.source, what.incarnation, what.seq, is_narrowing=False, data=b"", told_id=b"-", named=())
            )
    return Life(kind, tuple(said), sealed, flags)
