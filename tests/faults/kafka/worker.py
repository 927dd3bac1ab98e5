"""What a process of the fault suite runs: intake or a router over one configuration, as `sauma intake` and `sauma router` do.

A copy of a process that has loaded the code, so that members can come and go every few seconds on two cores.
"""

import faulthandler
import os
import signal
import threading
from collections.abc import Callable, Mapping
from pathlib import Path

from faults.kafka.plants import PLANTS
from sauma_services.machine import Machine
from sauma_services.machine.share import Share, intake, router
from sauma_services.runtime import failpoints
from sauma_services.runtime.errors import TryAgain
from sauma_services.runtime.settings import load

SHARES: Mapping[str, Callable[[str], Share]] = {"intake": intake, "router": router}


def work(configuration: Path, part: str, instance: str, failpoint: str, plant: str, log: Path) -> None:
    """Until SIGTERM, or as long as it goes; the exit status is that of the command."""
    os.dup2(os.open(log, os.O_CREAT | os.O_WRONLY | os.O_APPEND, 0o600), 2)
    faulthandler.register(signal.SIGUSR1)  # where every thread stands, into the log: for one that does not end
    os.setpgid(0, 0)  # a Ctrl-C is for the one that started it
    # The process is a copy of one that has read the variable already.
    failpoints._armed = failpoints.parse(failpoint)
    stop = threading.Event()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    if plant:
        PLANTS[plant](configuration.parent)
    try:
        machine = Machine(load(configuration), share=SHARES[part](instance), instance=instance)
        try:
            is_well = machine.run(stop)
        finally:
            machine.close()
    except TryAgain:  # nobody answered while it opened; the command says so, and a supervisor starts it again
        raise SystemExit(2) from None
    raise SystemExit(0 if is_well else 1)
