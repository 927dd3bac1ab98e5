"""Stands between members and brokers, and on request does to a commit what a network does: delays it, drops it or its answer.

It reads the header of Kafka's requests and nothing more: a length, the api key, the version and the correlation id.
"""

import asyncio
import multiprocessing
import os
import signal
import socket
import struct
from collections import deque
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from multiprocessing.connection import Connection
from typing import TypeAlias

END_TRANSACTION, COMMIT_OFFSETS = 26, 28
"""Api keys of Kafka's protocol."""

_HEADER = struct.Struct(">ihhi")
_LATE_SECONDS_MAX = 20.0
"""A request that was held back comes at the next transaction's offsets, or after this long where there is none."""
_AMID_SECONDS = 1.0
"""The next transaction's offsets wait this long, and the late request half as long: by then its records are written."""


class CommitFault(StrEnum):
    """What happens to one commit or abort on its way."""

    REQUEST_DROPPED = "request-dropped"
    """The connection breaks, and the cluster never hears of it."""
    ANSWER_DROPPED = "answer-dropped"
    """The cluster has done it; the connection breaks before its answer."""
    REQUEST_LATE = "request-late"
    """The connection breaks; the cluster hears of it amid the next transaction of the same producer."""
    ANSWER_LATE = "answer-late"
    """The answer comes after the client has stopped waiting."""
    BROKER_STOPPED = "broker-stopped"
    """The broker is stopped with the request in its hands; somebody else lets it go on."""
    POSITIONS_LATE = "positions-late"
    """The positions of a transaction come amid the next one of the same producer; no connection breaks."""


@dataclass(frozen=True, slots=True)
class Happened:
    """A fault that was asked for has been done, to this broker."""

    fault: CommitFault
    broker: int


Orders: TypeAlias = "Connection[Happened | str, tuple[CommitFault, dict[int, int]]]"
"""What the proxy tells, and what it is told."""


class Proxy:
    """Runs in a process of its own. `arm` asks for a fault at the next commit; `happened` tells of those that were done."""

    def __init__(self, brokers: Sequence[tuple[int, int]], *, answer_seconds: float) -> None:
        """`brokers`: for each, the port where it is to be met, and the one behind it. Late is later than `answer_seconds`."""
        self._line, theirs = multiprocessing.Pipe()
        context = multiprocessing.get_context("forkserver")
        self._process = context.Process(target=_serve, args=(theirs, brokers, answer_seconds), name="proxy")
        self._process.start()
        theirs.close()
        assert self._line.recv() == "ready"

    def arm(self, fault: CommitFault, *, pids: Mapping[int, int] | None = None) -> None:
        """Do this to the next commit. `pids`: by broker, for stopping it."""
        self._line.send((fault, dict(pids or {})))

    def happened(self, wait_seconds_max: float) -> Happened | None:
        """The next one that has been done and was not told yet."""
        return self._line.recv() if self._line.poll(wait_seconds_max) else None

    def close(self) -> None:
        """End it."""
        self._line.close()
        self._process.terminate()
        self._process.join(10)


def _serve(line: Orders, brokers: Sequence[tuple[int, int]], answer_seconds: float) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    asyncio.run(_Serving(line, answer_seconds).serve(brokers))


class _Serving:
    def __init__(self, line: Orders, answer_seconds: float) -> None:
        self._line = line
        self.late_seconds = answer_seconds + 1.0
        self._armed: deque[tuple[CommitFault, dict[int, int]]] = deque()
        self._held: dict[bytes, asyncio.Event] = {}
        self._tasks: set[asyncio.Task[None]] = set()

    async def serve(self, brokers: Sequence[tuple[int, int]]) -> None:
        for number, (front, behind) in enumerate(brokers):
            await asyncio.start_server(self._accepting(number, behind), "127.0.0.1", front)
        asyncio.get_running_loop().add_reader(self._line.fileno(), self._told)
        self._line.send("ready")
        await asyncio.Event().wait()

    def _told(self) -> None:
        try:
            fault, pids = self._line.recv()
        except EOFError:
            os._exit(0)
        self._armed.append((fault, pids))

    def _accepting(self, number: int, behind: int):  # type: ignore[no-untyped-def] # asyncio's own callback
        async def accept(client: asyncio.StreamReader, answers: asyncio.StreamWriter) -> None:
            try:
                broker, requests = await asyncio.open_connection("127.0.0.1", behind, limit=2**20)
            except OSError:
                answers.close()
                return
            for writer in (answers, requests):
                writer.get_extra_info("socket").setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await _Line(self, number, client, answers, broker, requests).run()

        return accept

    def take(self, number: int, key: int) -> tuple[CommitFault, dict[int, int]] | None:
        """The fault that this request is to suffer."""
        for fault in self._armed:
            if key == (COMMIT_OFFSETS if fault[0] is CommitFault.POSITIONS_LATE else END_TRANSACTION):
                self._armed.remove(fault)
                self._line.send(Happened(fault[0], number))
                return fault
        return None

    def hold(self, producer: bytes) -> asyncio.Event:
        """Set when the producer is amid its next transaction."""
        return self._held.setdefault(producer, asyncio.Event())

    def goes_on(self, producer: bytes) -> bool:
        """The producer sends the offsets of a transaction; True where a commit of it was held back until now."""
        held = self._held.pop(producer, None)
        if held is not None:
            held.set()
        return held is not None

    def later(self, task: "asyncio.Task[None]") -> None:
        """Keep a task that outlives its connection."""
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _Line:
    """One connection, and what becomes of the commits on it."""

    def __init__(
        self,
        serving: _Serving,
        number: int,
        client: asyncio.StreamReader,
        answers: asyncio.StreamWriter,
        broker: asyncio.StreamReader,
        requests: asyncio.StreamWriter,
    ) -> None:
        self._serving, self._number = serving, number
        self._client, self._answers, self._broker, self._requests = client, answers, broker, requests
        self._late_answer = self._drops_answer = False
        self._keeps_upstream = False

    async def run(self) -> None:
        back = asyncio.create_task(self._back())
        forth = asyncio.create_task(self._forth())
        done, left = await asyncio.wait({back, forth}, return_when=asyncio.FIRST_COMPLETED)
        for task in left:
            task.cancel()
        await asyncio.gather(*done, *left, return_exceptions=True)
        self._answers.close()
        if not self._keeps_upstream:
            self._requests.close()

    async def _back(self) -> None:
        while data := await self._broker.read(2**18):
            if self._drops_answer:
                return
            if self._late_answer:
                self._late_answer = False
                await asyncio.sleep(self._serving.late_seconds)
            self._answers.write(data)
            await self._answers.drain()

    async def _forth(self) -> None:
        while True:
            header = await self._client.readexactly(_HEADER.size)
            size, key, version, _ = _HEADER.unpack(header)
            frame = header + await self._client.readexactly(size + 4 - _HEADER.size)
            if key in (END_TRANSACTION, COMMIT_OFFSETS):
                producer = _transactional_id(frame, version, key)
                if key == COMMIT_OFFSETS and self._serving.goes_on(producer):
                    self._serving.later(asyncio.create_task(self._held_up(frame)))
                    continue
                if (fault := self._serving.take(self._number, key)) and not self._suffers(*fault, frame, producer):
                    if fault[0] is CommitFault.POSITIONS_LATE:
                        continue
                    return
            self._requests.write(frame)
            await self._requests.drain()

    def _suffers(self, fault: CommitFault, pids: Mapping[int, int], frame: bytes, producer: bytes) -> bool:
        """Whether the request goes on now."""
        match fault:
            case CommitFault.REQUEST_DROPPED:
                return False
            case CommitFault.REQUEST_LATE | CommitFault.POSITIONS_LATE:
                self._keeps_upstream = True
                self._serving.later(asyncio.create_task(self._late(self._serving.hold(producer), frame)))
                return False
            case CommitFault.ANSWER_DROPPED:
                self._drops_answer = True
            case CommitFault.ANSWER_LATE:
                self._late_answer = True
            case CommitFault.BROKER_STOPPED:
                if self._number in pids:
                    os.kill(pids[self._number], signal.SIGSTOP)
        return True

    async def _held_up(self, frame: bytes) -> None:
        """The transaction's records, which come behind it on the same connection, pass it meanwhile."""
        await asyncio.sleep(_AMID_SECONDS)
        with suppress(ConnectionError):
            self._requests.write(frame)
            await self._requests.drain()

    async def _late(self, amid_next: asyncio.Event, frame: bytes) -> None:
        with suppress(TimeoutError):
            await asyncio.wait_for(amid_next.wait(), _LATE_SECONDS_MAX)
        await asyncio.sleep(_AMID_SECONDS / 2)
        self._requests.write(frame)
        await self._requests.drain()
        await asyncio.sleep(2)  # its answer is nobody's; the connection stays until the broker has read it
        self._requests.close()


def _transactional_id(frame: bytes, version: int, key: int) -> bytes:
    """The first field after the request's header; a flexible version has tags after the client's id and compact strings."""
    (client_length,) = struct.unpack_from(">h", frame, _HEADER.size)
    at = _HEADER.size + 2 + max(0, client_length)
    is_flexible = version >= 3  # the same for both of these requests
    assert key in (END_TRANSACTION, COMMIT_OFFSETS)
    if is_flexible:
        at += 1  # no tags
        length = frame[at] - 1  # shorter than 127: one byte
        return frame[at + 1 : at + 1 + length]
    (length,) = struct.unpack_from(">h", frame, at)
    return frame[at + 2 : at + 2 + length]
