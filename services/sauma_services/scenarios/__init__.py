"""Scenarios: tests of the law that a lawyer reads and writes, told to the real core event by event; no log, no writing."""

from sauma_services.scenarios.reading import ScenarioError, Written, read_scenarios
from sauma_services.scenarios.running import Mismatch, run, run_on

__all__ = ["Mismatch", "ScenarioError", "Written", "read_scenarios", "run", "run_on"]
