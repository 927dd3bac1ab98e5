"""Wires the log, intake, router, keyring and connectors of one configuration together, and turns them; decides nothing."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

from sauma.ids import EndpointId
from sauma.resources import load_laws
from sauma.rulefile import Laws
from sauma_connectors.sdk.contract import Connector
from sauma_connectors.sdk.runner import Runner
from sauma_connectors.sdk.settings import RunnerSettings
from sauma_connectors.sdk.waiting import Wait
from sauma_services.intake import Intake
from sauma_services.keyring import FileKeyring, KeyringFiles
from sauma_services.machine.channel import LogChannel
from sauma_services.machine.places import places_of
from sauma_services.machine.releases import StateReleases
from sauma_services.machine.share import Share, endpoints_of, everything
from sauma_services.machine.topics_of import DELIVERY_PARTITIONS, topics_of
from sauma_services.router import Router
from sauma_services.runtime import logging as log
from sauma_services.runtime.clock import Clock, SystemClock
from sauma_services.runtime.errors import Failure, NeedsOperator, TryAgain
from sauma_services.runtime.failpoints import failpoint
from sauma_services.runtime.health import Health, State
from sauma_services.runtime.loop import Loop
from sauma_services.runtime.open_log import open_log
from sauma_services.runtime.ports import Topology
from sauma_services.runtime.settings import Settings

POLL_SECONDS = 0.5
"""How often an idle connector looks at its agency's folder and its deliveries; a person waits for neither."""


@dataclass(frozen=True, slots=True)
class Part:
    """One thing that takes turns: its name, and its turn (True when it did something)."""

    name: str
    turn: Callable[[], bool]


class Machine:
    """Everything that one machine runs. `settle` turns all parts in this thread; `run` gives each a thread of its own."""

    def __init__(
        self,
        settings: Settings,
        *,
        clock: Clock | None = None,
        laws: Laws | None = None,
        share: Share | None = None,
        instance: str | None = None,
    ) -> None:
        """`share`: what of the configuration runs here, by default all. `instance`: see `open_log`."""
        share = share or everything(settings)
        self.settings = settings
        self.clock = clock or SystemClock()
        self.data = settings.machine.data
        self.data.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.places = places_of(settings)
        self.log = open_log(settings, clock=self.clock, instance=instance)
        self._check_topics(is_apart=bool(share.name))
        self._keyring: FileKeyring | None = None
        self._topologies = self._taken(share, laws)
        self._loops: list[Loop] = []
        self.connectors = self._connected(share)
        self.runners = {endpoint: self._runner(connector) for endpoint, connector in self.connectors.items()}
        self.reader = self.log.reader()
        health = self.data / "processes" / share.name if share.name else self.data
        health.mkdir(parents=True, exist_ok=True, mode=0o700)
        self.health = Health(health, self.clock)

    @property
    def partitions(self) -> int:
        """How many partitions any topic of this machine has at most."""
        return self.settings.log.partitions_or_default

    @property
    def keyring(self) -> FileKeyring:
        """The keyring in the data folder; opened when it is first asked for, since only connectors need it."""
        if self._keyring is None:
            self._keyring = FileKeyring(KeyringFiles.under(self.data / "keyring"), StateReleases(self.log.reader()))
        return self._keyring

    def settle(self) -> None:
        """Turn every part until none has anything to do. For the demo and for tests: one thread, one order.

        The whole configuration must run here, and nothing else beside it.
        """
        parts = self.parts()
        while any([part.turn() for part in parts]) or any(loop.is_behind() for loop in self._loops):  # noqa: C419 - every part takes its turn, also after one that worked
            pass

    def parts(self) -> Sequence[Part]:
        """All parts, in the order of the line: agency to journal, journal to deliveries, deliveries to agency."""
        polls = [Part(f"{endpoint} poll", runner.poll) for endpoint, runner in self.runners.items()]
        receives = [Part(f"{endpoint} receive", runner.receive) for endpoint, runner in self.runners.items()]
        return [
            *polls,
            *(Part(t.name, loop.turn) for t, loop in zip(self._topologies, self._opened(), strict=True)),
            *receives,
        ]

    def run(self, stop: threading.Event) -> bool:
        """Run until `stop` is set; every part finishes its turn first. False where a part of the line failed by itself."""
        log.tell(log.Event.PROCESS_STARTED)
        failed = threading.Event()

        def guarded(loop: Loop) -> None:
            try:
                loop.run(stop)
            except Failure:  # the loop has told the reason; nothing more can be said of it
                failed.set()
                stop.set()
            except BaseException:
                failed.set()
                stop.set()
                raise

        threads = [
            threading.Thread(target=guarded, args=(loop,), name=t.name)
            for t, loop in zip(self._topologies, self._opened(), strict=True)
        ]
        threads += [
            threading.Thread(target=self._run_connector, args=(endpoint, runner, stop), name=endpoint)
            for endpoint, runner in self.runners.items()
        ]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        log.tell(log.Event.PROCESS_STOPPED)
        return not failed.is_set()

    def close(self) -> None:
        """Close what was opened; the parts must have stopped."""
        for runner in self.runners.values():
            runner.close()
        if self._keyring is not None:
            self._keyring.close()
        self.log.close()

    def _check_topics(self, *, is_apart: bool) -> None:
        """One process that is the whole line makes its topics. One of several does not: a wrong prefix would be a new line."""
        rows = topics_of(self.settings, self.places)
        if is_apart and (missing := self.log.lacks(rows)):
            raise NeedsOperator(
                f"{len(missing)} topics are missing, {missing[0]} is one: run `sauma topics apply`, or correct [log] prefix"
            )
        self.log.create(rows)

    def _taken(self, share: Share, laws: Laws | None) -> Sequence[Topology]:
        taken: list[Topology] = []
        if share.has_intake:
            taken.append(Intake(endpoints_of(self.settings)))
        if share.has_router:
            taken.append(Router(laws=laws or load_laws(), places=self.places))
        return taken

    def _connected(self, share: Share) -> dict[EndpointId, Connector]:
        if not share.endpoints:
            return {}
        # Half of the time that a process takes to start; a router that was killed is waited for.
        from sauma_services.machine.connectors import connectors  # noqa: PLC0415

        return {
            made.endpoint: made
            for one in self.settings.connector
            if share.endpoints.intersection(one.endpoints)
            for made in connectors(one)
            if made.endpoint in share.endpoints
        }

    def _opened(self) -> list[Loop]:
        if not self._loops:
            self._loops = [
                Loop(self.log.loop(t.name, t.inputs), t, self.clock, self.settings.batch.for_loop(), health=self.health)
                for t in self._topologies
            ]
        return self._loops

    def _runner(self, connector: Connector) -> Runner:
        store = self.data / "connectors" / f"{connector.endpoint}.sqlite3"
        store.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        channel = LogChannel(self.log, connector.endpoint, partitions=DELIVERY_PARTITIONS)
        said = next(one for one in self.settings.connector if connector.endpoint in one.endpoints)
        settings = RunnerSettings(
            accept_shrunk=said.accept_shrunk,
            acts_confirmed=frozenset(said.acts_confirmed),
            failpoint=failpoint,
            waits=partial(_tell_wait, connector.endpoint),
        )
        return Runner(connector, channel, self.keyring, store, self.clock.now, settings)

    def _run_connector(self, endpoint: EndpointId, runner: Runner, stop: threading.Event) -> None:
        """Turn one connector; when it breaks, wait and try again: its trouble stays its own."""
        log.tell(log.Event.CONNECTOR_STARTED, endpoint=endpoint)
        self.health.change(endpoint, State.RUNNING)
        pause_seconds, waits_for = POLL_SECONDS, ""
        while not stop.is_set():
            try:
                worked = runner.poll() | runner.receive()
            except Exception as broken:  # noqa: BLE001 - whatever an agency's system does, the others go on
                pause_seconds = min(pause_seconds * 2, 60.0)
                # The text of an unforeseen exception may hold what must not be logged; that of a failure is for a person.
                reason = broken.reason if isinstance(broken, Failure) else type(broken).__name__
                log.tell(log.Event.CONNECTOR_FAILED, endpoint=endpoint, reason=reason)
                is_over = not isinstance(broken, TryAgain)
                self.health.change(endpoint, State.FAILED if is_over else State.WAITING, reason=reason)
                stop.wait(pause_seconds)
                continue
            waited_for, waits_for = waits_for, ", ".join(runner.waits_for())
            if pause_seconds > POLL_SECONDS or waits_for != waited_for:
                self.health.change(endpoint, State.RUNNING, reason=waits_for or None)
            if worked:
                self.health.progress(endpoint)
            else:
                self.health.turned(endpoint)
                stop.wait(POLL_SECONDS)
            pause_seconds = POLL_SECONDS
        log.tell(log.Event.CONNECTOR_STOPPED, endpoint=endpoint)
        self.health.change(endpoint, State.STOPPED)


def _tell_wait(endpoint: EndpointId, wait: Wait) -> None:
    fields: log.Fields = {"endpoint": endpoint, "reason": wait.reason}
    if wait.subject is not None:
        fields["subject"] = wait.subject
    if wait.delivery is not None:
        fields["delivery"] = wait.delivery
    if wait.attempt:
        fields["attempt"] = wait.attempt
    if wait.file:
        fields["file"] = wait.file
    log.tell(log.Event.CONNECTOR_WAITS, **fields)
