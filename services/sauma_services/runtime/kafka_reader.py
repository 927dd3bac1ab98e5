"""Reads what is committed to Kafka: records by position, and the parts of a state as the compacted topic folds up."""

from collections.abc import Iterator
from contextlib import contextmanager

from sauma_services.runtime.kafka_catalog import KafkaCatalog, Place
from sauma_services.runtime.kafka_follower import Follower, record_of
from sauma_services.runtime.ports import Record, StatePart
from sauma_services.runtime.topics import state


class KafkaReader:
    """`Reader` on Kafka. An end is the high watermark, and a reading waits until what was open below it has ended.

    So a reader sees every commit that had returned before it began, although the cluster marks the partitions of a
    commit one after the other.
    """

    def __init__(self, catalog: KafkaCatalog) -> None:
        self._catalog = catalog
        self._idle: list[Follower] = []
        self._busy: list[Follower] = []
        self._views: dict[str, StateView] = {}

    def scan(self, topic: str, partition: int, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        """Records from `start` to before `stop`. Raises TryAgain while an open transaction hides the end for too long."""
        end = self.end(topic, partition)
        return self._scan((topic, partition), start, end if stop is None else min(stop, end))

    def end(self, topic: str, partition: int) -> int:
        """The high watermark; it counts what open transactions have written, too."""
        if not 0 <= partition < self._catalog.partitions(topic):
            return 0
        return self._catalog.ends([(topic, partition)])[topic, partition]

    def state(self, group: str) -> Iterator[StatePart]:
        """All partitions, one after the other, each folded in memory."""
        for partition in range(self._catalog.partitions(state(group))):
            yield from self.state_of(group, partition)

    def state_of(self, group: str, partition: int) -> Iterator[StatePart]:
        """Every live part of one partition, as of a moment after the call."""
        place = (state(group), partition)
        parts: dict[bytes, bytes] = {}
        starts, ends = self._catalog.starts([place]), self._catalog.ends([place])
        if starts[place] < ends[place]:
            with self._follower() as follower:
                follower.move(starts)
                for _, message in follower.until(ends):
                    fold(parts, message.key() or b"", message.value())
        for key, value in parts.items():
            yield StatePart(key, value)

    def state_part(self, group: str, key: bytes) -> bytes | None:
        """One part. The first call reads the group's whole state into memory; later ones what has come since."""
        view = self._views.get(group)
        if view is None:
            if not self._catalog.partitions(state(group)):
                return None
            view = self._views[group] = StateView(self._catalog, group)
        return view.part(key)

    def close(self) -> None:
        """No use after this."""
        for follower in (*self._idle, *self._busy):
            follower.close()
        for view in self._views.values():
            view.close()
        self._idle, self._busy, self._views = [], [], {}

    def _scan(self, place: Place, start: int, end: int) -> Iterator[Record]:
        if start >= end:
            return
        start = max(start, self._catalog.starts([place])[place])
        with self._follower() as follower:
            follower.move({place: start})
            for topic, message in follower.until({place: end}):
                if (message.offset() or 0) >= end:
                    return
                yield record_of(message, topic)

    @contextmanager
    def _follower(self) -> Iterator[Follower]:
        """One of its own, since readings may be interleaved; kept for the next, since connecting costs."""
        follower = self._idle.pop() if self._idle else Follower(self._catalog)
        self._busy.append(follower)
        try:
            yield follower
        finally:
            if follower in self._busy:  # not closed meanwhile
                self._busy.remove(follower)
                follower.rest()
                self._idle.append(follower)


class StateView:
    """A group's state in memory, caught up with the committed state before each answer. For one thread at a time."""

    def __init__(self, catalog: KafkaCatalog, group: str) -> None:
        self._catalog = catalog
        topic = state(group)
        self._places = [(topic, partition) for partition in range(catalog.partitions(topic))]
        self._parts: list[dict[bytes, bytes]] = [{} for _ in self._places]
        self._follower = Follower(catalog)
        self._follower.move(catalog.starts(self._places))

    def part(self, key: bytes) -> bytes | None:
        """The part as every commit left it that had returned before the call."""
        for _, message in self._follower.until(self._catalog.ends(self._places)):
            fold(self._parts[message.partition() or 0], message.key() or b"", message.value())
        # A part's key does not say in which partition it lies.
        return next((parts[key] for parts in self._parts if key in parts), None)

    def close(self) -> None:
        """No use after this."""
        self._follower.close()


def fold(parts: dict[bytes, bytes], key: bytes, value: bytes | None) -> None:
    """Put a part, or take it away."""
    if value is None:
        parts.pop(key, None)
    else:
        parts[key] = value
