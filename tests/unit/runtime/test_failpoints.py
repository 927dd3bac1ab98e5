"""A failpoint kills at the hit asked for, does nothing otherwise, and knows no other names."""

import os
import signal
import subprocess
import sys

import pytest

from sauma_services.runtime.failpoints import NAMES, failpoint, parse

HIT_THREE_TIMES = """
from sauma_services.runtime.failpoints import failpoint
for n in range(3):
    failpoint("router.after-read")
    print(n, flush=True)
    failpoint("router.before-commit")
"""


def run(armed: str) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-c", HIT_THREE_TIMES],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "SAUMA_FAILPOINT": armed},
    )


@pytest.mark.parametrize(
    ("armed", "lines"), [("router.after-read", 0), ("router.before-commit", 1), ("router.before-commit:2", 2)]
)
def test_the_process_is_killed_at_the_hit_asked_for(armed: str, lines: int) -> None:
    ended = run(armed)

    assert ended.returncode == -signal.SIGKILL
    assert ended.stdout.splitlines() == [str(n) for n in range(lines)]


@pytest.mark.parametrize("armed", ["", "router.after-read:4", "connector.published"])
def test_the_process_lives_where_no_hit_is_asked_for(armed: str) -> None:
    assert run(armed).returncode == 0


def test_an_unknown_name_in_the_variable_is_an_error() -> None:
    ended = run("router.no-such-place")

    assert ended.returncode == 1
    assert "router.no-such-place" in ended.stderr


def test_an_unknown_name_in_the_code_is_an_error() -> None:
    with pytest.raises(ValueError, match="unknown failpoint"):
        failpoint("router.no-such-place")


@pytest.mark.parametrize("text", ["router.after-read:0", "router.after-read:", "router.after-read:x", "router:2"])
def test_a_malformed_variable_is_an_error(text: str) -> None:
    with pytest.raises(ValueError, match="SAUMA_FAILPOINT"):
        parse(text)


def test_names_are_given_once() -> None:
    assert len(set(NAMES)) == len(NAMES)
