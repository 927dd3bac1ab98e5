"""Named places where a test can kill the process as a power cut would: no clean-up, no last words.

`SAUMA_FAILPOINT=router.before-commit` kills at the first hit of that place, `router.before-commit:3` at the third.
The variable is read once, when this module is loaded.
"""

import itertools
import os
import signal

LOOPS = ("intake", "router")
"""The topologies whose loop has failpoints; any other runs without."""

NAMES = (
    "intake.after-read",
    "intake.after-step",
    "intake.before-commit",
    "intake.after-commit",
    "router.after-read",
    "router.after-step",
    "router.before-commit",
    "router.after-commit",
    "connector.outbox-written",
    "connector.published",
    "connector.sink-applied",
    "connector.receipt-sent",
)
"""All there are. A name that is not here is an error in the code or in the variable."""

_KNOWN = frozenset(NAMES)


def failpoint(name: str) -> None:
    """Die here by SIGKILL if this is the hit that SAUMA_FAILPOINT asks for; else do nothing, in about 50 ns.

    Raises ValueError for an unknown name also when nothing is asked for, so that a typo shows in any test.
    """
    if name not in _KNOWN:
        raise ValueError(f"unknown failpoint {name!r}; the known ones are {', '.join(NAMES)}")
    if _armed is not None and name == _armed[0] and next(_hits) == _armed[1]:
        os.kill(os.getpid(), signal.SIGKILL)


def parse(text: str | None) -> tuple[str, int] | None:
    """What SAUMA_FAILPOINT asks for: the name and which hit of it, from 1. None when unset or empty."""
    if not text:
        return None
    name, colon, count = text.partition(":")
    if name not in _KNOWN:
        raise ValueError(f"SAUMA_FAILPOINT names {name!r}; the known ones are {', '.join(NAMES)}")
    if colon and not (count.isascii() and count.isdigit() and int(count) >= 1):
        raise ValueError(f"SAUMA_FAILPOINT={text!r}: what follows the colon is which hit, 1 or more")
    return name, int(count) if colon else 1


_armed = parse(os.environ.get("SAUMA_FAILPOINT"))
_hits = itertools.count(1)
