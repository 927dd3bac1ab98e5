"""The pace of slices: they rest for what they took, give way to a router that is behind, and end."""

from sauma.client import Head
from sauma.fact import Moment
from sauma.ids import SubjectId
from sauma.journal import Reconsider
from sauma.resources import load_laws
from sauma_services.router.motion import (
    BUSY_RECORDS,
    GIVES_WAY_MS,
    PAUSE_MS,
    RESTS_MS_MAX,
    RESTS_TIMES,
    SLICE_MAX,
    Motion,
)

LAWS = load_laws()
OLD, NEW = LAWS.sets
START = NEW.starts_at


def in_motion(clients: int) -> Motion:
    motion = Motion.restored(None)
    for number in range(clients):
        motion.judged("", Head(SubjectId(f"{number:032x}"), is_opened=True, law=OLD.id))
    return motion


def asked(motion: Motion, now: int, *, beside: int = 0, losing: frozenset[str] = frozenset()) -> list[Reconsider]:
    records, _ = motion.slice(LAWS, Moment(now), lambda subject, _: subject in losing, beside=beside)
    return records


def take(motion: Motion, records: list[Reconsider]) -> None:
    for record in records:
        motion.judged(OLD.id, Head(record.subject, is_opened=True, law=NEW.id))
        list(motion.taken(record.subject))


def test_a_slice_rests_for_ten_times_as_long_as_it_took() -> None:
    motion = in_motion(3 * SLICE_MAX)
    first: list[Reconsider] = []
    now: int = START
    while not first:  # they are looked at first
        first = asked(motion, now)
        now += PAUSE_MS
    begun = now - PAUSE_MS
    take(motion, first)
    assert asked(motion, begun + 30) == []  # it was taken after 30 ms, and that is known only now
    assert motion.next_due(LAWS) == begun + 30 + RESTS_TIMES * 30
    assert asked(motion, begun + 30 + RESTS_TIMES * 30 - 1) == []
    assert len(asked(motion, begun + 30 + RESTS_TIMES * 30)) == SLICE_MAX


def test_the_longest_rest_has_a_bound() -> None:
    motion = in_motion(SLICE_MAX + 1)
    first = asked(motion, START, losing=frozenset({SubjectId(f"{0:032x}")}))
    take(motion, first)
    asked(motion, START + 60_000)  # the machine stood still for a minute
    assert motion.next_due(LAWS) == START + 60_000 + RESTS_MS_MAX


def test_a_slice_gives_way_to_a_router_that_is_behind_but_not_for_ever() -> None:
    motion = in_motion(2 * SLICE_MAX)
    everybody = frozenset(f"{number:032x}" for number in range(2 * SLICE_MAX))
    take(motion, asked(motion, START, losing=everybody))
    due = START + 1 + PAUSE_MS
    asked(motion, START + 1, losing=everybody)
    assert asked(motion, due, beside=BUSY_RECORDS + 1, losing=everybody) == []
    assert asked(motion, due + GIVES_WAY_MS, beside=BUSY_RECORDS + 1, losing=everybody)


def test_nothing_is_begun_while_a_slice_is_under_way() -> None:
    motion = in_motion(2 * SLICE_MAX)
    everybody = frozenset(f"{number:032x}" for number in range(2 * SLICE_MAX))
    assert len(asked(motion, START, losing=everybody)) == SLICE_MAX
    assert motion.next_due(LAWS) is None
    assert asked(motion, START + 10 * RESTS_MS_MAX, losing=everybody) == []


def test_between_two_laws_the_next_midnight_is_what_is_due() -> None:
    motion = in_motion(1)
    assert asked(motion, START - 10_000) == []
    assert motion.next_due(LAWS) == START
    motion.now = START + 10_000
    take(motion, [Reconsider(SubjectId(f"{0:032x}"), NEW.id)])
    assert motion.next_due(LAWS) is None
