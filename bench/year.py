"""Makes a year of many clients' lives, 1 November 2025 to 31 October 2026, with the change of law of 1 May 2026 in it.

Beside the events it keeps its own count of what that change must do, from the marks alone: no rule file is read here.
"""

import datetime
import random
from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from bench.load import E, K, S
from sauma.event import Body, FactPut, Facts, FactStep, PlanUpdate, Referral, Relationship
from sauma.fact import Marks, Moment, Necessity
from sauma.ids import EndpointId, FactId, PlanId, ReferralId, SubjectId

FIRST_DAY = datetime.date(2025, 11, 1)
DAYS = 365
CHANGE_DAY = 181
"""1 May 2026: so many days after the first."""
MORNING_MS = 7 * 3_600_000
"""Events of a day come from here on after midnight in Helsinki; on the day of the change, from midnight on."""

MODEL = "multi-sector-support"
BEFORE, AFTER = frozenset({"labour-market-support"}), frozenset({"general-support", "municipal-financing"})
"""Purposes that carry a fact until the change, and from it on."""

Pair = tuple[SubjectId, FactId, EndpointId]


def midnight(day: int) -> int:
    """The beginning of the n-th day in Helsinki, milliseconds since 1970-01-01 UTC; summer time from 29 March to 25 October 2026."""
    date = FIRST_DAY + datetime.timedelta(days=day)
    is_summer = datetime.date(2026, 3, 30) <= date <= datetime.date(2026, 10, 25)
    utc = datetime.datetime(date.year, date.month, date.day, tzinfo=datetime.UTC)
    return int((utc - datetime.timedelta(hours=3 if is_summer else 2)).timestamp()) * 1000


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that one agency says about one client."""

    subject: SubjectId
    source: EndpointId
    body: Body


@dataclass
class Year:
    """Everything said, day by day; of one client at most one source speaks on a day, so that no race decides."""

    days: Mapping[int, list[Said]]
    released_to_withheld: set[Pair] = field(default_factory=set)
    withheld_to_released: set[Pair] = field(default_factory=set)
    put_on_the_day: set[Pair] = field(default_factory=set)
    """New on the very day, so that nothing was withheld before."""
    renewed_on_the_day: set[Pair] = field(default_factory=set)
    """Marked anew for the new benefit on the very day: taken back and given again, or only rested on the new ground."""
    open_on_the_day: list[SubjectId] = field(default_factory=list)
    """Clients whose relationship is open on the day of the change: other traffic is about them."""


def year(clients: int, *, seed: int = 1) -> Year:
    """The lives of so many clients."""
    chance = random.Random(seed)
    days: dict[int, list[Said]] = defaultdict(list)
    made = Year(days)
    for _ in range(clients):
        subject = SubjectId(f"{chance.getrandbits(128):032x}")
        for day, source, body in _life(subject, chance, made):
            days[day].append(Said(subject, source, body))
    return made


def _put(subject: str, name: str, kind: str, category: int, base: int = 0, *marks: tuple[str, str]) -> FactStep:
    fact = FactId(f"{subject[:20]}{name}")
    necessary = Marks(tuple(Necessity(role, Moment(1), purpose) for role, purpose in marks))
    cell = (f"{subject}{name}{base}".encode() * 9)[:300]
    salt = f"{name}{base}".encode().rjust(16, b"0")
    return FactStep("put", fact, put=FactPut(fact, kind, category, "ordinary", base, "Year", salt, cell, necessary))


def background(subject: str, base: int, name: str = "b") -> Body:
    """The next version of a background that goes to social care, Kela and the joint data set."""
    return Facts((_put(subject, name, "background", 3, base, ("social-care", MODEL), ("kela", MODEL)),))


def _life(subject: SubjectId, chance: random.Random, made: Year) -> Iterator[tuple[int, EndpointId, Body]]:
    day = chance.randrange(CHANGE_DAY - 60) if chance.random() < 0.8 else chance.randrange(CHANGE_DAY - 20, DAYS - 60)
    referral = ReferralId(f"r-{subject}")
    plan = PlanId(f"p-{subject}")
    opening = (_put(subject, "i", "identity", 1), _put(subject, "r", "referral", 6))
    item = _put(subject, "A", "plan-item", 7, 0, ("social-care", MODEL), ("kela", MODEL))
    beginning: list[tuple[EndpointId, Body]] = [
        (K, Referral(referral, "made", to_role="employment", municipality="837", facts=opening)),
        (E, Referral(referral, "accepted")),
        (E, background(subject, 0)),
        (E, Relationship("started")),
        (S, Relationship("taking-part")),
        (E, PlanUpdate(plan, makers=(E, S, K), steps=(item,))),
    ]
    for source, body in beginning:
        yield day, source, body
        day += chance.randrange(1, 4)
    for source, purposes in _marked(chance):
        yield from _for_a_task(subject, day, source, purposes, chance=chance, made=made)
        day += chance.randrange(1, 4)
    yield from _rest(subject, day, chance, made)


def _for_a_task(
    subject: SubjectId, day: int, source: EndpointId, purposes: tuple[str, ...], *, chance: random.Random, made: Year
) -> Iterator[tuple[int, EndpointId, Body]]:
    """A need that is marked as necessary for the tasks of another act than TYM; perhaps marked anew after the change."""
    name = f"n{day}"
    to, recipient = ("kela", K) if source == E else ("employment", E)
    marks = [(to, purpose) for purpose in purposes]
    yield day, source, Facts((_put(subject, name, "service-need", 6, 0, *marks),))
    fact = FactId(f"{subject[:20]}{name}")
    if day == CHANGE_DAY:
        made.put_on_the_day.add((subject, fact, recipient))
    if day < CHANGE_DAY:
        _count(made, (subject, fact, recipient), purposes)
    if purposes == ("labour-market-support",) and day < CHANGE_DAY and chance.random() < 0.5:
        # A professional decides anew, for the new benefit; some on the very day.
        later = CHANGE_DAY + (0 if chance.random() < 0.2 else chance.randrange(1, 120))
        if later == CHANGE_DAY:
            made.released_to_withheld.discard((subject, fact, recipient))
            made.renewed_on_the_day.add((subject, fact, recipient))
        renewed = Marks((Necessity("kela", Moment(2), "general-support"),))
        yield _free(later), E, Facts((FactStep("mark", fact, version=1, marks=renewed),))


def _rest(subject: SubjectId, day: int, chance: random.Random, made: Year) -> Iterator[tuple[int, EndpointId, Body]]:
    """A new version of the background every month or so; with some the relationship ends."""
    begun, version, ends = day, 1, chance.random() < 0.15
    last = DAYS - 10 if not ends else chance.randrange(day, DAYS - 9)
    while day + 30 < last:
        day += chance.randrange(20, 40)
        if day < last:
            yield _free(day), E, background(subject, version)
            version += 1
    if ends:
        for source, step in ((E, "end-proposed"), (S, "end-confirmed"), (K, "end-confirmed")):
            last += 1
            yield last, source, Relationship(step)
    if begun < CHANGE_DAY - 1 and last > CHANGE_DAY:
        made.open_on_the_day.append(subject)


def _free(day: int) -> int:
    return min(day, DAYS - 1)


def _marked(chance: random.Random) -> list[tuple[EndpointId, tuple[str, ...]]]:
    found: list[tuple[EndpointId, tuple[str, ...]]] = []
    for share, source, purposes in (
        (0.4, E, ("labour-market-support",)),
        (0.3, E, ("general-support",)),
        (0.1, E, ("labour-market-support", "general-support")),
        (0.2, E, ("labour-policy-statement",)),
        (0.25, K, ("municipal-financing",)),
    ):
        if chance.random() < share:
            found.append((source, purposes))
    return found


def _count(made: Year, pair: Pair, purposes: tuple[str, ...]) -> None:
    """What the change must do to a fact that is there on the day: its marks carry it before, or after, or both."""
    carried_before, carried_after = not BEFORE.isdisjoint(purposes), not AFTER.isdisjoint(purposes)
    if carried_before and not carried_after:
        made.released_to_withheld.add(pair)
    if carried_after and not carried_before:
        made.withheld_to_released.add(pair)
