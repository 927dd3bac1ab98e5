"""Says where an unforeseen exception arose and of what type it is; never its text, which may repeat what a record holds."""

import sys
import threading
import traceback
from pathlib import Path


def tell_crash(bug: BaseException) -> None:
    """Write the exception's type and its places in the code to stderr, and those of the exceptions that led to it."""
    sys.stderr.write(
        "\n".join(["sauma: a fault in the program; its text is left out, it may be personal", *_told(bug)])
    )
    sys.stderr.write("\n")


def install() -> None:
    """From now on no exception that nobody caught, in any thread of this process, prints its text."""
    sys.excepthook = lambda _kind, bug, _places: tell_crash(bug)
    threading.excepthook = lambda told: tell_crash(told.exc_value) if told.exc_value is not None else None
    sys.unraisablehook = lambda told: tell_crash(told.exc_value) if told.exc_value is not None else None


def _told(bug: BaseException) -> list[str]:
    found: list[str] = []
    seen: set[int] = set()
    link: BaseException | None = bug
    while link is not None and id(link) not in seen:
        seen.add(id(link))
        found.append(f"{'after ' if len(seen) > 1 else ''}{type(link).__name__}")
        # The lines of the source are left out too: they stand in the code, and nothing is lost.
        found += [
            f"  {'/'.join(Path(place.filename).parts[-3:])}:{place.lineno} in {place.name}"
            for place in traceback.extract_tb(link.__traceback__, limit=None)
        ]
        link = link.__cause__ or link.__context__
    return found
