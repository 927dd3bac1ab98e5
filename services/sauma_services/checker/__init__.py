"""Checks, from the log and from the agencies' own stores alone, that nothing happened that may never happen.

It shares no deciding code with the core: the law is written a second time here, slowly and by hand. Where the two
disagree, one of them is wrong, and a test fails.
"""

from sauma_services.checker.checker import check
from sauma_services.checker.snapshot import Holding, LogSnapshot, Report, Violation

__all__ = ["Holding", "LogSnapshot", "Report", "Violation", "check"]
