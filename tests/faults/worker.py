"""What a process that is to be killed runs: a machine that comes to rest whenever it is asked to."""

import os
from multiprocessing.connection import Connection
from pathlib import Path

from sauma_services.machine import Machine
from sauma_services.runtime import failpoints
from sauma_services.runtime.settings import load


def settle_when_asked(asked: "Connection[bool, bool]", configuration: Path, failpoint: str) -> None:
    """Answer each True with True, at rest; end at False. Dies at the failpoint, as SAUMA_FAILPOINT would name it."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
    # The process is a copy of one that has read the variable already.
    failpoints._armed = failpoints.parse(failpoint)
    machine = Machine(load(configuration))
    while asked.recv():
        machine.settle()
        asked.send(True)
    machine.close()
