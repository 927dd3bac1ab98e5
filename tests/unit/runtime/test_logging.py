"""A log line is one of a closed list of events, with fields of a closed list, as JSON on stderr."""

import json
from typing import Any

import pytest

from sauma_services.runtime.logging import Event, tell


def test_a_line_is_json_on_stderr_with_its_fields(capsys: pytest.CaptureFixture[str]) -> None:
    tell(Event.COMMIT_IN_DOUBT, part="router", reason="no answer", attempt=2)

    written = capsys.readouterr()
    line = json.loads(written.err)
    assert written.out == ""
    assert line.pop("timestamp").endswith("Z")
    assert line == {
        "event": "commit-in-doubt",
        "level": "warning",
        "part": "router",
        "reason": "no answer",
        "attempt": 2,
    }


def test_a_field_that_is_not_allowed_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    sneaked: dict[str, Any] = {"name": "Maija Meikäläinen"}

    with pytest.raises(TypeError, match="no such log fields: name"):
        tell(Event.LOOP_STARTED, **sneaked)
    assert capsys.readouterr().err == ""


def test_every_event_has_its_own_name_and_a_meaning() -> None:
    assert len({event.label for event in Event}) == len(list(Event))
    assert all(event.meaning.endswith(".") for event in Event)
