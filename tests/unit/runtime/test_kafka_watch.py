"""A process whose call into the library hangs ends and says so; one whose calls come back goes on."""

import json
import subprocess
import sys

from sauma_services.runtime.kafka_watch import EXIT_STATUS

CALLS = """
import time
from sauma_services.runtime.kafka_watch import Watch
watch = Watch("router-1")
for _ in range(3):
    with watch.within({limit}, "sending positions"):
        time.sleep({takes})
print("went on")
"""


def ran(*, limit: float, takes: float) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", CALLS.format(limit=limit, takes=takes)]
    return subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)


def test_a_call_that_does_not_come_back_ends_the_process() -> None:
    done = ran(limit=0.1, takes=600)

    assert done.returncode == EXIT_STATUS
    (told,) = map(json.loads, done.stderr.splitlines())
    assert (told["event"], told["part"]) == ("loop-failed", "router-1")
    assert told["reason"] == "Kafka, sending positions: the library does not come back"


def test_calls_that_come_back_a_little_late_are_left_alone() -> None:
    done = ran(limit=0.5, takes=0.8)

    assert (done.returncode, done.stdout.strip()) == (0, "went on")
