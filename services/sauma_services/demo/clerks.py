"""The simulated agencies' clerks at work beside processes that carry what they record: they know their folders, and no log."""

import threading
from collections.abc import Callable, Iterator
from itertools import count

from sauma_services.demo.cast import Agencies, agencies, client
from sauma_services.demo.story import BEFORE_THE_END, Stage
from sauma_services.runtime.clock import Clock
from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.settings import Settings

_ACT_SECONDS = 2.0
"""Between two acts: longer than what was done takes to be with the others, so that a reader can follow."""
_TRIES = 60
"""A clerk looks so often for what another agency has sent before it gives the client up."""


def clerks(settings: Settings, clock: Clock, stop: threading.Event) -> Iterator[str]:
    """One client after the other lives through the story up to its end; yields a sentence for each line, once acted.

    Over folders of an earlier run it goes on with the first client of whom they know nothing: the story told a second
    time would change the rows of the first, and wait for answers that have come long ago. Ends when `stop` is set.
    Raises NeedsOperator where the folders are not those that the agencies of the demo have.
    """
    folders = prepared(settings)
    # Every story begins with a referral, so whoever was begun with has one.
    first = next(number for number in count(1) if not folders.kela.has_referred(client(number).henkilotunnus))
    if first > 1:
        yield f"the folders are of an earlier run: going on with client {first}"
    for number in count(first):
        stage = Stage(folders, client(number), clock.now)
        for line in BEFORE_THE_END:
            if not all(_acted(act, stage, stop) for act in line.acts):
                if not stop.is_set():
                    yield f"client {number}: line {line.number} waited in vain for another agency; the next client comes"
                break
            yield f"client {number}: line {line.number} of the story"
        if stop.is_set():
            return


def prepared(settings: Settings) -> Agencies:
    """The agencies over the folders of the configuration, which are made where they are missing."""
    root = settings.machine.data / "agencies"
    strange = [str(one.folder) for one in settings.connector if one.folder is None or one.folder.parent != root]
    if strange:
        raise NeedsOperator(f"the simulated agencies have folders under {root}, and not {', '.join(strange)}")
    for one in settings.connector:
        if one.folder is not None:
            one.folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    return agencies(settings.machine.data)


def _acted(act: Callable[[Stage], None], stage: Stage, stop: threading.Event) -> bool:
    """Do it as soon as what it answers to has arrived; False where it never does, or the day is over."""
    for _ in range(_TRIES):
        if stop.wait(_ACT_SECONDS):
            return False
        try:
            act(stage)
        except (StopIteration, LookupError):
            continue
        return True
    return False
