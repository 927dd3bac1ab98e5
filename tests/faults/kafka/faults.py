"""Does to a running stage what networks, machines and operators do, by seed; and remembers what really happened, and when.

Faults overlap: a router is killed while a broker is down, and a commit is dropped while a paused process holds its place.
"""

import heapq
import random
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from itertools import count, cycle
from typing import Literal

from faults.kafka.crew import Member
from faults.kafka.load import Load
from faults.kafka.proxy import CommitFault
from faults.kafka.stage import ANSWER_SECONDS, SESSION_SECONDS, TRANSACTION_SECONDS, Stage
from sauma_services.demo.local_kafka import Node
from sauma_services.runtime.failpoints import NAMES

Kind = Literal[
    "router_kills", "failpoint_kills", "broker_kills", "zombies", "membership_changes", "commit_faults", "resends"
]
KINDS: tuple[Kind, ...] = (
    "router_kills",
    "failpoint_kills",
    "broker_kills",
    "zombies",
    "membership_changes",
    "commit_faults",
    "resends",
)

ROUTERS, INTAKES = ("r1", "r2", "r3"), ("i1", "i2")
FAILPOINTS = [name for name in NAMES if name.startswith(("router.", "intake."))]

_PAUSE_SECONDS = max(SESSION_SECONDS, TRANSACTION_SECONDS) + 2.0
"""A zombie sleeps past its session and its transaction, and by enough that both have been acted upon."""
_STOPPED_SECONDS = ANSWER_SECONDS + 1.5
"""A broker with a commit in its hands: longer than anybody waits for an answer."""
_MEMBERSHIP_SECONDS = (6.0, 12.0)
"""Between two changes of who is in the group, each of which lets everybody take up its partitions anew."""
_TURN_SECONDS = 0.05


class Faults:
    """For one thread at a time. `turn` has to be called often: it does what is due and looks after the crew."""

    def __init__(self, stage: Stage, load: Load, seed: int) -> None:
        self._stage, self._load, self._crew = stage, load, stage.crew
        self._chance = random.Random(seed)
        self._agenda: list[tuple[float, int, Callable[[], None]]] = []
        self._order = count()
        self._began = time.monotonic()
        self._failpoints: Iterator[str] = cycle(self._chance.sample(FAILPOINTS, len(FAILPOINTS)))
        self._is_busy = False
        self._down: set[int] = set()
        self._resends_noted = 0
        self.happened: list[tuple[Kind, float, str]] = []
        """Kind, seconds since the beginning, and what exactly."""

    @property
    def seconds(self) -> float:
        """Since the beginning."""
        return time.monotonic() - self._began

    def busy(self, seconds: float) -> None:
        """A stretch in which every kind of fault comes at least once, the first of them at once."""
        self._is_busy = True
        acts: list[Callable[[], None]] = [
            self._kill_router,
            self._kill_router,
            self._failpoint,
            self._failpoint,
            self._zombie,
            self._kill_broker,
            self._load.resend,
            self._load.resend,
            *(partial(self._commit_fault, fault) for fault in CommitFault),
        ]
        self._chance.shuffle(acts)
        for number, act in enumerate(acts):
            self._at(seconds * (number + self._chance.random() * 0.8) / len(acts), act)
        self._at(1.0, self._change_membership)
        self._for(seconds)

    def calm(self, seconds: float) -> None:
        """A stretch without faults; what was paused or is down comes back first."""
        self._is_busy = False
        self._for(seconds)

    def heal(self) -> None:
        """Everything is as it should be: all brokers are up, and two routers and one intake run and are to stay."""
        self._is_busy = False
        while self._agenda or self._down or any(member.is_paused for member in self._crew.members.values()):
            self.turn()
        self._note_commits(0.2)
        for member in list(self._crew.members.values()):
            if member.failpoint:  # it was not reached, and must not be from here on
                self._crew.kill(member)
        self.staff()

    def staff(self) -> None:
        """At least two routers and one intake."""
        for part, name in (("router", "r1"), ("router", "r2"), ("intake", "i1")):
            if name not in self._crew.members:
                self._crew.start(part, name)

    def turn(self) -> None:
        """What is due now."""
        while self._agenda and self._agenda[0][0] <= self.seconds:
            heapq.heappop(self._agenda)[2]()
        for member in self._crew.look_after():
            self._note("failpoint_kills", member.failpoint)
            if member.part == "router":
                self._note("router_kills", member.failpoint)
        for node in self._stage.cluster.nodes:
            assert node.is_running or node.number in self._down, f"broker {node.number} has ended by itself"
        self._note_commits(_TURN_SECONDS)
        while self._resends_noted < self._load.told.resends:
            self._resends_noted += 1
            self._note("resends", "a batch")
        if self._load.failure is not None:
            raise self._load.failure

    def _for(self, seconds: float) -> None:
        ends_at = self.seconds + seconds
        while self.seconds < ends_at:
            self.turn()

    def _at(self, seconds: float, act: Callable[[], None]) -> None:
        heapq.heappush(self._agenda, (self.seconds + seconds, next(self._order), act))

    def _note(self, kind: Kind, what: str) -> None:
        self.happened.append((kind, self.seconds, what))

    def _note_commits(self, wait_seconds_max: float) -> None:
        """What the proxy has done since; a broker that it stopped goes on after a while."""
        while (told := self._stage.proxy.happened(wait_seconds_max)) is not None:
            wait_seconds_max = 0.0
            self._note("commit_faults", told.fault)
            if told.fault is CommitFault.BROKER_STOPPED:
                node = self._stage.cluster.nodes[told.broker]
                self._at(_STOPPED_SECONDS, partial(self._up, node, signal.SIGCONT))

    # -- the faults

    def _kill_router(self) -> None:
        routers = [member for member in self._crew.of("router") if not member.failpoint]
        if not routers:
            self._later(self._kill_router)
            return
        member = self._chance.choice(routers)
        self._crew.kill(member)
        self._note("router_kills", "at random")
        self._at(self._chance.choice((0.0, 0.0, 2.0)), lambda: self._start("router", member.name))

    def _failpoint(self) -> None:
        """Die at the next failpoint: the process is made anew with it, under the same name."""
        place = next(self._failpoints)
        part = place.partition(".")[0]
        members = [member for member in self._crew.of(part) if not member.failpoint]
        if not members:
            self._later(self._failpoint)
            return
        member = self._chance.choice(members)
        self._crew.kill(member)
        self._crew.start(part, member.name, failpoint=f"{place}:{self._chance.randint(1, 4)}")

    def _zombie(self) -> None:
        routers = [member for member in self._crew.of("router") if not member.failpoint]
        if len(self._crew.of("router")) < 2 or not routers:
            self._start_one_more("router", ROUTERS)
            self._later(self._zombie)
            return
        member = self._chance.choice(routers)
        self._crew.pause(member)
        self._at(_PAUSE_SECONDS, lambda: self._wake(member))

    def _wake(self, member: Member) -> None:
        self._crew.go_on(member)
        self._note("zombies", member.name)

    def _kill_broker(self) -> None:
        if self._down:
            self._later(self._kill_broker)
            return
        node = self._chance.choice(self._stage.cluster.nodes)
        self._down.add(node.number)
        node.send(signal.SIGKILL)
        self._note("broker_kills", str(node.number))
        self._at(self._chance.uniform(0.5, 6.0), lambda: self._up(node, None))

    def _up(self, node: Node, signalled: signal.Signals | None) -> None:
        if signalled is not None:
            node.send(signalled)
        else:
            node.start()
            self._at(4.0, lambda: self._down.discard(node.number))  # about as long as it takes to have caught up
            return
        self._down.discard(node.number)

    def _commit_fault(self, fault: CommitFault) -> None:
        if fault is not CommitFault.BROKER_STOPPED:
            self._stage.proxy.arm(fault)
        elif self._down:
            self._later(lambda: self._commit_fault(fault))
        else:
            nodes = self._stage.cluster.nodes
            self._down.add(0)  # no other broker may go until this one is back
            self._stage.proxy.arm(fault, pids={number: node.pid for number, node in enumerate(nodes)})
            self._at(_STOPPED_SECONDS + 2.0, lambda: self._down.discard(0))

    def _change_membership(self) -> None:
        if not self._is_busy:
            return
        self._at(self._chance.uniform(*_MEMBERSHIP_SECONDS), self._change_membership)
        routers = self._crew.of("router")
        if self._chance.random() < 0.2:
            intakes = self._crew.of("intake")
            if len(intakes) == len(INTAKES):
                self._dismiss(self._chance.choice(intakes))
            else:
                self._start_one_more("intake", INTAKES)
        elif len(routers) > 1 and self._chance.random() < 0.5:
            self._dismiss(self._chance.choice(routers))
        else:
            self._start_one_more("router", ROUTERS)

    def _start_one_more(self, part: str, names: Sequence[str]) -> None:
        """Where there is a name left; one who was asked to leave bears its own until it has."""
        for name in names:
            if name not in self._crew.members:
                self._start(part, name)
                return

    def _dismiss(self, member: Member) -> None:
        self._crew.dismiss(member)
        self._note("membership_changes", f"-{member.name}")

    def _start(self, part: str, name: str) -> None:
        if name not in self._crew.members:
            self._crew.start(part, name)
            self._note("membership_changes", f"+{name}")

    def _later(self, act: Callable[[], None]) -> None:
        self._at(1.0, act)
