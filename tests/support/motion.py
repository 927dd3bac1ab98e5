"""What tests of a law in motion share: the day of the change, rule sets with one thing corrected, a line worked through."""

import itertools
from collections.abc import Callable

from sauma.client import Head
from sauma.codec import Codec
from sauma.ids import SubjectId
from sauma.resources import names, read_text
from sauma.rulefile import Laws, read_laws
from sauma_services.router.motion import PAUSE_MS
from support.line import Line

MIDNIGHT = 1_777_582_800_000
"""1 May 2026 in Helsinki: 30 April 21:00 UTC."""
DAY_MS = 86_400_000
TEXTS = {name: read_text("law", "fi", name) for name in names("law", "fi") if name.endswith(".toml")}
LAWS = read_laws(TEXTS)
HEAD = Codec(Head)


def corrected(rule: str, old: str, new: str) -> Laws:
    """The rule sets with one thing in one rule corrected, in each."""
    texts = {}
    for name, text in TEXTS.items():
        before, start, after = text.partition(f'id = "{rule}"')
        assert old in after.split("[[rule]]")[0]
        texts[name] = before + start + after.replace(old, new, 1)
    return read_laws(texts)


def subject(number: int) -> SubjectId:
    return SubjectId(f"{number:032x}")


def work_through(line: Line, turn: Callable[[], None] = lambda: None) -> int:
    """Let the slices run until none is due; returns how many turns it took."""
    for turns in itertools.count():
        assert turns < 500, "the slices never end"
        line.clock.advance(PAUSE_MS + 1)
        line.settle()
        turn()
        if not line.router.behind:
            return turns
    raise AssertionError


def judged_by(line: Line) -> dict[str, str]:
    heads = [HEAD.decode(value) for key, value in line.state().items() if b"/head/" in key]
    return {head.subject: head.law for head in heads}
