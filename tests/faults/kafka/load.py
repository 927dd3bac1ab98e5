"""Speaks for the agencies: many clients' lives at once, at a steady rate, with batches said again and things nobody can read.

A client's next event is said once the journal has the one before, as an agency says the next thing after the other
agencies have heard of the last one; some clients do not wait, so that their agencies race each other.
"""

import random
import threading
import time
from collections import Counter, defaultdict, deque
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from itertools import islice, repeat

from faults.kafka.lives import lives
from faults.kafka.tail import Tail
from sauma.ids import SubjectId
from sauma_services.intake.checks import MESSAGE_BYTES_MAX
from sauma_services.runtime.errors import TryAgain
from sauma_services.runtime.kafka_client import KafkaSettings
from sauma_services.runtime.kafka_log import KafkaLog
from sauma_services.runtime.ports import Append, Publisher
from sauma_services.runtime.topics import DECISIONS, JOURNAL

# Together about a second of work: fewer and routers run dry while the generator waits, more and a withdrawal stands
# behind a longer queue.
_BATCH = 600
_PUBLISHERS = 4
"""Each waits for all copies of each topic in turn, about 50 ms: alone it would say some hundred events a second."""
_HEARS_MS = 100
"""How late agencies hear that their word is in the journal, on top of the queue before it."""
_POISON_SHARE = 0.01
_RACING_SHARE, _RACING_AHEAD = 0.1, 3
_RESENT = 40
"""Records of one source that are said again at once: what a connector sends that never heard its acknowledgement."""

UNREADABLE = (b"", b"\x00" * 40, b"{}", b"\xff" * 2_000, b"Obj\x01" + b"\x02" * 60)
"""What intake cannot decode: nothing, zeros, another format, a varint without end, the start of an Avro file."""


@dataclass(frozen=True, slots=True)
class LoadSettings:
    """How much is said."""

    seed: int
    rate: float
    """Events a second, as long as they are taken."""
    clients_at_once: int
    """Fewer, and the rate is not reached, since each waits for its last word; more, and no life ends within the run."""
    in_flight_max: int = 6_000
    """Events said and not decided on yet. At the bound nothing more is said, as full outboxes would do it: so what is left
    after the last fault is what the faults held up, and not that the load was more than the machine bears."""


@dataclass(slots=True)
class _Client:
    subject: SubjectId
    to_say: Iterator[Append]
    is_racing: bool
    is_waiting: bool = False
    said: int = 0
    journalled: int = 0


@dataclass(slots=True)
class Told:
    """What has been said so far."""

    events: int = 0
    clients: int = 0
    poison: int = 0
    resends: int = 0
    records_again: int = 0
    publishing_failed: int = 0
    kinds: Counter[str] = field(default_factory=Counter)


def clients_for(events: float) -> int:
    """How many clients at once live about three lives of thirty events each within so many."""
    return max(150, min(1_500, int(events / 100)))


class Load(threading.Thread):
    """Speaks from `start` until `stop` is set, or `events_max` are said. `resend` asks for a batch to be said again."""

    def __init__(self, kafka: KafkaSettings, settings: LoadSettings, *, partitions: int, events_max: int) -> None:
        super().__init__(name="load", daemon=True)
        self._settings = settings
        self._log = KafkaLog(kafka)
        self._publishers = [self._log.publisher() for _ in range(_PUBLISHERS)]
        self._hands = ThreadPoolExecutor(_PUBLISHERS, "publisher")
        self.journal = Tail(kafka, JOURNAL.name, partitions, late_ms_max=_HEARS_MS)
        self._decisions = Tail(kafka, DECISIONS.name, partitions, late_ms_max=_HEARS_MS)
        self._decided = 0
        self._chance = random.Random(settings.seed)
        kinds = lives(settings.seed)
        self._weights = [weight for weight, _ in kinds]
        self._lives = [life for _, life in kinds]
        self._clients: dict[bytes, _Client] = {}
        self._ready: deque[_Client] = deque()
        self._recent: dict[str, list[Append]] = {}
        self._events_max = events_max
        self.seen = 0
        self.told = Told()
        self.stopping = threading.Event()
        self.failure: BaseException | None = None
        self._again = threading.Event()

    @property
    def is_done(self) -> bool:
        """Whether everything is said."""
        return self.told.events >= self._events_max

    def resend(self) -> None:
        """Soon, say what one source said last once more."""
        self._again.set()

    def run(self) -> None:
        """Speak."""
        try:
            self._speak()
        except BaseException as failure:
            self.failure = failure
            raise

    def close(self) -> None:
        """No use after this; the thread has ended."""
        self._hands.shutdown()
        self.journal.close()
        self._decisions.close()
        self._log.close()

    def _speak(self) -> None:
        started = time.monotonic()
        for _ in range(self._settings.clients_at_once):
            self._begin()
        while not self.stopping.is_set() and not self.is_done:
            self._hear()
            due = int((time.monotonic() - started) * self._settings.rate) - self.told.events
            room = self._settings.in_flight_max - (self.told.events + self.told.records_again - self._decided)
            batch = self._next(min(due, room, _BATCH, self._events_max - self.told.events))
            if batch:
                self._publish([*batch, *self._poisoned(batch)])
                self.told.events += len(batch)
            if self._again.is_set():
                self._again.clear()
                self._say_again()

    def _begin(self) -> None:
        """One more client begins to live."""
        (life,) = self._chance.choices(self._lives, self._weights)
        subject = SubjectId(f"{self._chance.getrandbits(128):032x}")
        client = _Client(subject, life.of(subject), self._chance.random() < _RACING_SHARE)
        self._clients[subject.encode()] = client
        # Anywhere among those who are there already: so that not all stand at the same place of their lives.
        self._ready.insert(self._chance.randint(0, len(self._ready)), client)
        self.told.clients += 1
        self.told.kinds[life.kind] += 1

    def _hear(self) -> None:
        """Whose last word the journal has may say the next one."""
        self._decided += len(self._decisions.look(0))
        for message in self.journal.look(0.02):
            client = self._clients.get(message.key() or b"")
            if client is None:
                continue
            self.seen += 1
            client.journalled += 1
            if client.is_waiting and client.journalled >= client.said:
                client.is_waiting = False
                self._ready.append(client)

    def _next(self, count: int) -> list[Append]:
        found: list[Append] = []
        while len(found) < count and self._ready:
            client = self._ready.popleft()
            ahead = _RACING_AHEAD if client.is_racing else 1
            some = list(islice(client.to_say, ahead))
            client.said += len(some)
            client.is_waiting = bool(some)
            found += some
            if not some:
                self._begin()
        return [one if one.value else replace(one, value=self._chance.choice(UNREADABLE)) for one in found]

    def _poisoned(self, batch: Sequence[Append]) -> list[Append]:
        """Now and then something beside the good ones that cannot be taken, and takes nobody's place in a sequence."""
        found: list[Append] = []
        topics = sorted({one.topic for one in batch if one.topic == one.topic.removesuffix(".narrowing")})
        for one in batch:
            if not topics or self._chance.random() >= _POISON_SHARE:
                continue
            match self._chance.randrange(5):
                case 0:
                    found.append(replace(one, value=self._chance.choice(UNREADABLE), headers=()))
                case 1:
                    found.append(replace(one, value=self._chance.randbytes(self._chance.randint(1, 3_000)), key=b"x"))
                case 2:  # another's words; where they are its own after all, they are a repeat
                    found.append(replace(one, topic=self._chance.choice(topics)))
                case 3:  # a byte too many, under a number that its source has used just before
                    found.append(replace(one, value=one.value + b"\x00"))
                case _:
                    size = MESSAGE_BYTES_MAX + 1 if self._chance.random() < 0.02 else 10_000
                    found.append(replace(one, value=bytes(size), headers=(("schema", b"other"),)))
        self.told.poison += len(found)
        return found

    def _publish(self, batch: Sequence[Append]) -> None:
        by_topic: dict[str, list[Append]] = defaultdict(list)
        for append in batch:
            by_topic[append.topic].append(append)
        shares = [sorted(by_topic)[number::_PUBLISHERS] for number in range(_PUBLISHERS)]
        list(self._hands.map(self._publish_share, self._publishers, shares, repeat(by_topic)))
        self._recent.update({topic: appends[-_RESENT:] for topic, appends in by_topic.items()})

    def _publish_share(
        self, publisher: Publisher, topics: Sequence[str], by_topic: Mapping[str, Sequence[Append]]
    ) -> None:
        for topic in topics:
            self._durably(publisher, topic, by_topic[topic])

    def _durably(self, publisher: Publisher, topic: str, appends: Sequence[Append]) -> None:
        """Until the log has it; what a failed attempt has left there is said twice, as a connector would."""
        while not self.stopping.is_set():
            try:
                publisher.publish(topic, appends)
            except TryAgain:
                self.told.publishing_failed += 1
                self.told.records_again += len(appends)
            else:
                return

    def _say_again(self) -> None:
        if self._recent:
            topic = self._chance.choice(sorted(self._recent))
            self._durably(self._publishers[0], topic, self._recent[topic])
            self.told.resends += 1
            self.told.records_again += len(self._recent[topic])
