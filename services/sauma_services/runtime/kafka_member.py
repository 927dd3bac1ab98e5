"""One member of a Kafka group: which partitions it has, what it has read ahead, and from where it reads and commits."""

import time
from collections import deque
from collections.abc import Sequence
from contextlib import suppress

from confluent_kafka import Consumer, KafkaError, KafkaException, Message, TopicPartition

from sauma_services.runtime.errors import Failure, Fenced, NeedsOperator, TryAgain
from sauma_services.runtime.kafka_catalog import KafkaCatalog, Place
from sauma_services.runtime.kafka_client import consumer_config, error_in, failure_of, translated
from sauma_services.runtime.kafka_follower import record_of
from sauma_services.runtime.logging import Event, tell
from sauma_services.runtime.ports import Assignment, Record
from sauma_services.runtime.topics import state

# Records taken over from the library, to be shared out among topics: what is behind them there has to wait. Fewer, and a
# long topic keeps the others waiting; more is only memory.
_AHEAD_RECORDS = 5_000
_AHEAD_BYTES = 32 * 1024 * 1024
# After the first record, what else is arriving is waited for this long. Without it, commits are of single records under
# a light load; longer is added to every record's way.
_GATHER_SECONDS = 0.005
_LOOK_SECONDS = 0.05
# A member that has not read for so long has lost its place: longer than any step or restore, and the library's own default.
_STEP_SECONDS_MAX = 300.0
# A cluster that seems to be gone is asked this often whether it is, and may take so long to answer.
_ASK_EVERY_SECONDS, _ASK_SECONDS = 2.0, 1.0

_UNPACKABLE = frozenset({KafkaError._BAD_COMPRESSION, KafkaError._BAD_MSG})  # noqa: SLF001 - the library's own names
"""Asked again and again, the cluster gives the same bytes: its partition stands, and nobody would know."""


class Member:
    """For one thread at a time. Nothing changes but inside `read`, `rewind` and `close`.

    On every change of the group all partitions are told as lost and gained anew, also those that stay: that they were
    nobody else's in between cannot be seen from here.
    """

    def __init__(self, catalog: KafkaCatalog, group: str, topics: Sequence[str]) -> None:
        settings = catalog.settings
        self._catalog = catalog
        self._state = state(group)
        self._consumer = Consumer(
            consumer_config(settings, settings.prefix + group)
            | {
                "group.instance.id": f"{settings.prefix}{group}-{settings.instance}",
                "session.timeout.ms": int(settings.session_seconds * 1000),
                # The library refuses a session that is longer than this.
                "max.poll.interval.ms": int(max(_STEP_SECONDS_MAX, settings.session_seconds) * 1000),
                "heartbeat.interval.ms": int(settings.session_seconds * 1000 / 5),
                # Gives the same numbers of all topics to the same member, given equal counts; no other assignor does.
                "partition.assignment.strategy": "range",
                "on_commit": self._on_answer,
                "error_cb": self._on_error,
            }
        )
        self._gained: set[int] = set()
        self._lost: set[int] = set()
        self._trouble: Failure | None = None
        self._next: dict[Place, int] = {}
        self._stored: dict[Place, int] = {}
        self._new: set[Place] = set()
        self._reached: dict[Place, int] = {}
        self._ahead: dict[Place, deque[Record]] = {}
        self._turns: deque[Place] = deque()
        self._ahead_records = 0
        self._ahead_bytes = 0
        self._identity: object = None
        self._question = 0
        self._answer: tuple[int, KafkaError | None] = (0, None)
        self._stuck: set[Place] = set()
        self._asks_at: float | None = None
        self.waits_for: str | None = None
        """What keeps reads empty, where it is more than that there is nothing to read."""
        with translated("joining the group"):
            self._consumer.subscribe(
                [catalog.physical(topic) for topic in topics],
                on_assign=self._on_assign,
                on_revoke=self._on_revoke,
                on_lost=self._on_revoke,
            )

    @property
    def id(self) -> str:
        """What the cluster calls this member; a new one after each joining."""
        return self._consumer.memberid() or ""

    @property
    def identity(self) -> object:
        """The membership as it was when the partitions were assigned.

        Taken then, and not when it is used: the library may have joined anew meanwhile without a callback, and would
        vouch with the new generation for partitions of the old.
        """
        return self._identity

    def change(self) -> Assignment:
        """What is untold."""
        told = Assignment(frozenset(self._gained), frozenset(self._lost))
        self._gained, self._lost = set(), set()
        return told

    def is_new(self, partition: int) -> bool:
        """Whether the group has never committed a position of this partition, in any topic."""
        return all(place in self._new for place in self._next if place[1] == partition)

    def read(self, count_max: int, wait_seconds_max: float) -> list[Record]:
        """Up to `count_max` records; none as long as there is a change to tell."""
        if self._gained or self._lost:
            return []
        waits_until = time.monotonic() + wait_seconds_max
        with translated("reading"):
            while not self._ahead_records:
                first = self._consumer.poll(max(0.0, waits_until - time.monotonic()))
                if first is not None:
                    # At once: a rebalance within the next call drops it again, and it comes anew from what is committed.
                    self._take_over([first])
                    self._take_over(self._consumer.consume(_AHEAD_RECORDS, _GATHER_SECONDS))
                self._raise_trouble()
                if self._gained or self._lost or time.monotonic() >= waits_until:
                    break
            self._ask_whether_gone()
            if self._ahead_records < _AHEAD_RECORDS and self._ahead_bytes < _AHEAD_BYTES:
                self._take_over(self._consumer.consume(_AHEAD_RECORDS - self._ahead_records, 0))
                self._raise_trouble()
        return [] if self._gained or self._lost else self._shared_out(count_max)

    def positions(self, batch: Sequence[Record]) -> dict[Place, int]:
        """What a commit of `batch` has to carry: never nothing, since only positions are checked against the membership.

        Raises TryAgain where partitions have gone since the batch was read, or where there are none.
        """
        if self._lost or not self._next:
            raise TryAgain("Kafka: partitions have gone to others")
        positions = {place: self._stored[place] for place in self._new}
        for record in batch:
            positions[record.topic, record.partition] = record.position + 1
        if not positions:
            place, stored = next(iter(self._stored.items()))
            positions[place] = stored
        return positions

    def committed(self, positions: dict[Place, int]) -> None:
        """These positions are written."""
        self._stored.update(positions)
        self._new.clear()

    def is_behind(self) -> bool:
        """Whether there is more below the ends than has been read; also while nothing has been assigned at all yet."""
        if self._identity is None or self._gained or self._lost or self._ahead_records:
            return True
        ends = self._catalog.ends(list(self._next))
        return any(self._reached[place] < end for place, end in ends.items())

    def check_place(self) -> None:
        """Raise Fenced when another has taken this member's name, and TryAgain when nobody answers.

        Asked by committing a position that nobody reads, of the state's topic: a position of an input could undo one
        whose commit is still under way. Not by the library's waiting commit, which waits for ever for a broker.
        """
        self._question += 1
        question = TopicPartition(self._catalog.physical(self._state), 0, self._question)
        given_up_at = time.monotonic() + self._catalog.settings.answer_seconds
        try:
            self._consumer.commit(offsets=[question], asynchronous=True)
            while self._answer[0] != self._question:
                if time.monotonic() > given_up_at:
                    raise TryAgain("Kafka, asking for the place in the group: no answer")
                message = self._consumer.poll(_LOOK_SECONDS)
                if message is not None:
                    self._take_over([message])  # `rewind` throws it away; but it may say that we are fenced
                if isinstance(self._trouble, Fenced):
                    raise self._trouble
        except KafkaException as caught:
            raise self._fenced(error_in(caught)) or failure_of(error_in(caught), "asking for the place") from caught
        error = self._answer[1]
        fenced = self._fenced(error) if error is not None else None
        if fenced is not None:
            raise fenced
        # Put out of the group, or it is just gathering: then the next read joins again.

    def rewind(self) -> None:
        """Back to what is committed; everything told is lost and gained anew."""
        self._trouble = None
        held = list(self._next)
        self._drop()
        if held:
            self._take_up(held)
            self._raise_trouble()

    def close(self) -> None:
        """Leave. The cluster keeps the place of a named member for its session time; see `KafkaLog`."""
        with suppress(KafkaException, RuntimeError):
            self._consumer.close()

    def _on_assign(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:
        try:
            self._identity = consumer.consumer_group_metadata()
        except KafkaException as caught:
            self._trouble = failure_of(error_in(caught), "joining the group")
        prefix = self._catalog.settings.prefix
        self._take_up([(one.topic.removeprefix(prefix), one.partition) for one in partitions])

    def _on_revoke(self, consumer: Consumer, partitions: list[TopicPartition]) -> None:  # noqa: ARG002 - all go at once
        """No transaction is open here: one begins and ends within a commit, and this comes within a read."""
        self._drop()

    def _take_up(self, places: list[Place]) -> None:
        """Read on from the committed positions, or from the very beginning. Must not raise: the library is in a callback."""
        physical = self._catalog.physical
        starts: dict[Place, int] = dict.fromkeys(places, 0)
        new: set[Place] = set()
        try:
            self._check_counts(places)
            with translated("asking for committed positions"):
                asked = [TopicPartition(physical(topic), partition) for topic, partition in places]
                answers = self._consumer.committed(asked, self._catalog.settings.answer_seconds) if asked else []
            for place, answer in zip(places, answers, strict=True):
                if answer.error is not None:
                    raise failure_of(answer.error, "asking for committed positions")
                starts[place] = answer.offset
            new = {place for place, position in starts.items() if position < 0}
            starts |= self._catalog.starts(new)
        except Failure as failure:
            self._trouble = failure
        if self._trouble is None:
            self._consumer.assign([TopicPartition(physical(t), p, at) for (t, p), at in starts.items()])
        else:
            self._consumer.assign([])  # `rewind` takes them up
        self._next, self._stored, self._reached, self._new = dict(starts), dict(starts), dict(starts), new
        self._ahead = {place: deque() for place in places}
        self._turns = deque(places)
        self._gained |= {partition for _, partition in places}

    def _check_counts(self, places: Sequence[Place]) -> None:
        for topic, partition in places:
            if partition >= (count := self._catalog.partitions(topic)):
                raise NeedsOperator(
                    f"topic {topic} had {count} partitions and has more now, which splits clients' records: "
                    "move to a new prefix, and bring the journal over by `sauma replay export` and `import`"
                )

    def _drop(self) -> None:
        # What has been gained but never told needs no loss.
        self._lost |= {partition for _, partition in self._next} - self._gained
        self._gained.clear()
        self._next, self._stored, self._reached, self._ahead = {}, {}, {}, {}
        self._new, self._turns = set(), deque()
        self._ahead_records = self._ahead_bytes = 0

    def _take_over(self, messages: Sequence[Message]) -> None:
        prefix = self._catalog.settings.prefix
        for message in messages:
            place = ((message.topic() or "").removeprefix(prefix), message.partition() or 0)
            error = message.error()
            if error is not None:
                self._note(error, place, message.offset() or 0)
            elif place in self._ahead:
                record = record_of(message, place[0])
                self._ahead[place].append(record)
                self._ahead_records += 1
                self._ahead_bytes += len(record.value)
                self._reached[place] = record.position + 1

    def _note(self, error: KafkaError, place: Place, offset: int) -> None:
        """An error may come in place of a record, and may be all that is ever said of it."""
        if error.code() == KafkaError._PARTITION_EOF:  # noqa: SLF001 - the library's own name
            if place in self._reached:
                self._reached[place] = max(self._reached[place], offset)
            return
        where = f"reading {place[0]} partition {place[1]} at {offset}" if place[0] else "reading"
        if error.code() in _UNPACKABLE and place not in self._stuck:
            self._stuck.add(place)
            tell(Event.RECORD_STUCK, topic=place[0], partition=place[1], position=offset, reason=error.name())
        failure = self._fenced(error) or failure_of(error, where)
        if not isinstance(failure, TryAgain):
            self._trouble = failure
        # All else the library mends by itself: lost brokers, elections, a poll that came too late.

    def _fenced(self, error: KafkaError) -> Fenced | None:
        """Of a consumer nothing else is fatal than that another bears its name."""
        is_fatal = error.fatal() or error.code() == KafkaError._FATAL  # noqa: SLF001 - the library's own name
        if is_fatal or isinstance(failure_of(error, "keeping the place"), Fenced):
            return Fenced("Kafka: another process has taken this one's name in the group")
        return None

    def _on_answer(self, error: KafkaError | None, partitions: list[TopicPartition]) -> None:
        """What the cluster says of `check_place`; answers to earlier ones may come late."""
        one = partitions[0] if partitions else None
        if one is not None:
            self._answer = (one.offset, error or one.error)

    def _on_error(self, error: KafkaError) -> None:
        """The library says once that all connections are down, and never that one is up again; idle ones close, too."""
        if error.code() == KafkaError._ALL_BROKERS_DOWN and self._asks_at is None:  # noqa: SLF001
            self._asks_at = time.monotonic()

    def _ask_whether_gone(self) -> None:
        """Where the cluster seems to be gone: ask it, since an empty read does not tell."""
        if self._asks_at is None or time.monotonic() < self._asks_at:
            return
        if self._ahead_records:
            self._asks_at = self.waits_for = None
            return
        try:
            self._consumer.list_topics(self._catalog.physical(self._state), _ASK_SECONDS)
        except KafkaException as caught:
            self.waits_for = failure_of(error_in(caught), "reading").reason
            self._asks_at = time.monotonic() + _ASK_EVERY_SECONDS
        else:
            self._asks_at = self.waits_for = None

    def _raise_trouble(self) -> None:
        if self._trouble is not None:
            raise self._trouble

    def _shared_out(self, count_max: int) -> list[Record]:
        records: list[Record] = []
        waiting = [place for place in self._turns if self._ahead[place]]
        while waiting and len(records) < count_max:
            share = max(1, (count_max - len(records)) // len(waiting))
            for place in waiting[: count_max - len(records)]:
                ahead = self._ahead[place]
                some = [ahead.popleft() for _ in range(min(share, len(ahead)))]
                records += some
                self._next[place] = some[-1].position + 1
            waiting = [place for place in waiting if self._ahead[place]]
        self._turns.rotate(-1)
        self._ahead_records -= len(records)
        self._ahead_bytes -= sum(len(record.value) for record in records)
        return records
