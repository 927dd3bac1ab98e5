"""The story over the embedded log: what leaves is what the pure core says, and no restart, batch or memory bound shows in a byte."""

import gc
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from sauma.journal import Epoch
from sauma_services.replay import verify
from sauma_services.router import Router
from sauma_services.runtime.ports import Append, Record, StatePart
from sauma_services.runtime.topics import DECISIONS, JOURNAL, deliveries
from support.line import DECISION, DELIVERY, ENTRY, Bytes, Line, LineWorld, tell_story


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Line, LineWorld]]:
    """The story, told once without interruption: the log it left, and the pure core's steps."""
    with Line(tmp_path_factory.mktemp("story")) as line:
        yield line, tell_story(line)


def journal_of(line: Line) -> list[tuple[bytes, bytes]]:
    return [(r.key, r.value) for r in line.records(JOURNAL.name) if not isinstance(ENTRY.decode(r.value).what, Epoch)]


def as_bytes(world: LineWorld) -> Bytes:
    outputs: dict[str, list[tuple[bytes, bytes]]] = {DECISIONS.name: []}
    for delivery in world.deliveries:
        of = outputs.setdefault(deliveries(delivery.recipient), [])
        of.append((delivery.subject.encode(), DELIVERY.encode(delivery)))
    outputs[DECISIONS.name] = [(d.subject.encode(), DECISION.encode(d)) for d in world.decisions]
    return outputs


def without_empty(outputs: Bytes) -> Bytes:
    return {topic: records for topic, records in outputs.items() if records}


def test_the_line_gives_what_the_core_gives(told: tuple[Line, LineWorld]) -> None:
    line, world = told
    assert without_empty(line.outputs()) == as_bytes(world)
    assert not line.rejected()


def test_the_story_leaves_no_cyclic_garbage(tmp_path: Path) -> None:
    # Loops turn Python's collector off, trusting that nothing needs it (`sauma_services.runtime.loop`).
    with Line(tmp_path) as line:
        gc.collect()
        gc.disable()
        tell_story(line)
        assert gc.collect() == 0


def test_the_stored_story_is_verified(told: tuple[Line, LineWorld]) -> None:
    line, world = told
    found = verify(line.log.reader(), laws=line.laws, places=line.places)
    assert found.differences == ()
    assert found.records == len(world.steps) + len(line.entries(Epoch))
    assert found.compared == len(world.steps) + len(world.deliveries)


@pytest.mark.parametrize("records_max", [1, 7, 500])
def test_the_size_of_a_batch_does_not_show(told: tuple[Line, LineWorld], tmp_path: Path, records_max: int) -> None:
    with Line(tmp_path, records_max=records_max) as line:
        line.journal_bytes(journal_of(told[0]))
        line.settle()
        assert line.outputs() == told[0].outputs()


def test_a_restart_before_every_record_does_not_show(told: tuple[Line, LineWorld], tmp_path: Path) -> None:
    with Line(tmp_path) as line:
        tell_story(line, is_restarting=True)
        assert line.outputs() == told[0].outputs()
        assert line.state() == told[0].state()


def test_one_client_in_memory_does_not_show(told: tuple[Line, LineWorld], tmp_path: Path) -> None:
    """Two clients take turns, so that each is decoded anew at each of its records."""
    other = b"6" * 32
    records = journal_of(told[0])
    twice = [pair for key, value in records for pair in ((key, value), (other, value))]
    with Line(tmp_path, records_max=1, clients_live_max=1) as small:
        small.journal_bytes(twice)
        small.settle()
        for topic, stored in told[0].outputs().items():
            own = [pair for pair in small.outputs()[topic] if pair[0] != other]
            assert own == list(stored)


def test_what_is_discarded_and_restored_is_computed_again_to_the_same_bytes(told: tuple[Line, LineWorld]) -> None:
    line, _ = told
    router = Router(laws=line.laws, places=line.places)
    router.restore(0, [])
    router.process([], now=line.clock.now())  # the epoch record
    router.committed()
    state: dict[bytes, bytes] = {}
    appended: list[Append] = []
    for position, (key, value) in enumerate(journal_of(line)):
        record = Record(JOURNAL.name, 0, position, key, value, (), 0)
        first = router.process([record], now=line.clock.now())
        router.discard()
        router.forget(0)
        router.restore(0, [StatePart(key, part) for key, part in sorted(state.items(), reverse=True)])
        again = router.process([record], now=line.clock.now())
        assert without_epochs(again.appends) == without_epochs(first.appends)
        router.committed()
        apply(state, again.state.get(0, ()))
        appended += without_epochs(again.appends)
    assert [(a.key, a.value) for a in appended if a.topic == DECISIONS.name] == list(line.outputs()[DECISIONS.name])


def without_epochs(appends: Sequence[Append]) -> list[Append]:
    return [append for append in appends if append.topic != JOURNAL.name]


def apply(state: dict[bytes, bytes], parts: Sequence[StatePart]) -> None:
    for part in parts:
        if part.value is None:
            state.pop(part.key, None)
        else:
            state[part.key] = part.value
