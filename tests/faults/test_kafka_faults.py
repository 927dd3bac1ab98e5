"""A short run of the fault suite on three brokers: each kind of fault at least once, and nothing lost, doubled or unlawful.

`make faults` is the same for as many minutes as wanted.
"""

import json
import os
import random
import sys
from pathlib import Path

import pytest

from faults.kafka.running import RunSettings, Teller, run

MINUTES = 0.75
"""One cycle: every kind of fault once, then a calm."""

RATE = 150.0
"""What a machine can take in that runs other tests beside; `make faults` is for size."""

EVENTS_MIN = 300
"""Enough that every fault had something to disturb; how much it really is depends on what else the machine does."""


@pytest.mark.timeout(600)  # a whole run: brokers' start, faults, draining and judging
def test_under_faults_of_every_kind_everything_is_routed_once_and_lawfully(tmp_path: Path) -> None:
    seed = int(os.environ.get("SAUMA_FAULT_SEED", random.SystemRandom().randrange(10**6)))
    sys.stdout.write(f"SAUMA_FAULT_SEED={seed}\n")
    settings = RunSettings(seed=seed, minutes=MINUTES, rate=RATE, events_min=EVENTS_MIN, cycle_seconds=MINUTES * 60)

    report = run(tmp_path, settings, Teller(sys.stdout.write))

    assert not report["failures"], json.dumps(report)
