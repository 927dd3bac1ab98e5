"""`make faults`: a run of the fault suite, its report in var/faults/report.json, and 1 where anything is not as it must be."""

import argparse
import json
import random
import shutil
import sys
from pathlib import Path

from faults.kafka.running import RunSettings, Teller, run

FOLDER = Path("var/faults")

_EVENTS_A_MINUTE = 20_000
"""What a run has to take in: 200,000 in ten minutes, on two cores that brokers and routers share."""


def main() -> int:
    """Run, report, and say what came of it."""
    parser = argparse.ArgumentParser(prog="python -m faults.kafka", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--seed", type=int, default=None, help="drawn, and printed, where none is given")
    parser.add_argument("--rate", type=float, default=450.0, help="events a second that the agencies say")
    parser.add_argument("--events-min", type=int, default=None, help="fewer fail the run; 20,000 a minute")
    chosen = parser.parse_args()
    seed = chosen.seed if chosen.seed is not None else random.SystemRandom().randrange(10**6)
    sys.stdout.write(f"SEED={seed}\n")
    folder = FOLDER / "run"
    shutil.rmtree(folder, ignore_errors=True)
    settings = RunSettings(
        seed=seed,
        minutes=chosen.minutes,
        rate=chosen.rate,
        events_min=chosen.events_min if chosen.events_min is not None else int(_EVENTS_A_MINUTE * chosen.minutes),
    )
    report = run(folder, settings, Teller(_say))
    text = json.dumps(report, indent=1)
    (FOLDER / "report.json").write_text(text + "\n", encoding="utf-8")
    sys.stdout.write(text + "\n")
    return 1 if report["failures"] else 0


def _say(words: str) -> None:
    sys.stdout.write(words)
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
