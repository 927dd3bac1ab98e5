"""docker-compose.yml fits the compose specification, and every command and file that it names is there."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from sauma_services.machine.places import places_of
from sauma_services.machine.share import connectors, endpoints_of
from sauma_services.machine.topics_of import topics_of
from sauma_services.runtime.settings import load

TOP = Path(__file__).parents[2]
SCHEMA = Path(__file__).parent / "compose_spec" / "compose-spec.json"
SAUMA = Path(sys.executable).parent / "sauma"
INSIDE, OUTSIDE = "/etc/sauma/sauma.toml", TOP / "deploy" / "docker" / "sauma.toml"


def compose() -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load((TOP / "docker-compose.yml").read_text(encoding="utf-8"))
    return found


def commands() -> list[tuple[str, list[str]]]:
    return [(name, one["command"]) for name, one in compose()["services"].items() if "command" in one]


def wrong_with(content: dict[str, Any]) -> list[str]:
    validator = jsonschema.Draft7Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    return [error.message for error in validator.iter_errors(content)]


def test_it_fits_the_compose_specification() -> None:
    assert wrong_with(compose()) == []


def test_the_specification_would_tell_of_a_mistake() -> None:
    content = compose()
    content["services"]["intake"]["comand"] = ["intake"]
    assert wrong_with(content)


def test_it_runs_a_kafka_two_routers_and_all_else_that_the_line_needs() -> None:
    said = [" ".join(words) for _, words in commands()]
    assert sum(words.startswith("router ") for words in said) == 2
    for first in ("topics apply", "intake", "connector run", "agencies"):
        assert any(words.startswith(first) for words in said), first
    assert compose()["services"]["kafka"]["environment"]["KAFKA_PROCESS_ROLES"] == "broker,controller"


@pytest.mark.parametrize(("name", "words"), commands())
def test_each_command_is_one_of_ours_and_takes_these_options(name: str, words: list[str]) -> None:
    at = words.index(INSIDE)
    done = subprocess.run(
        [str(SAUMA), *words[:at], "--help"],
        capture_output=True,
        text=True,
        check=False,
        env={"COLUMNS": "200", "NO_COLOR": "1"},
    )
    assert done.returncode == 0, name
    assert "config" in done.stdout.lower()
    assert all(word in done.stdout for word in words[at:] if word.startswith("--"))


def test_the_configuration_loads_and_every_connector_in_it_runs() -> None:
    settings = load(OUTSIDE)
    (said,) = (words for _, words in commands() if words[:2] == ["connector", "run"])
    assert connectors(settings, said[3:]).endpoints == frozenset(endpoints_of(settings))
    assert settings.log.kind == "kafka"
    assert settings.log.bootstrap == "kafka:9092"
    assert len(topics_of(settings, places_of(settings))) > 50


def test_members_that_run_side_by_side_have_names_of_their_own() -> None:
    routers = [words for _, words in commands() if words[0] == "router"]
    assert len({words[words.index("--instance") + 1] for words in routers}) == len(routers)


def test_what_the_broker_keeps_is_in_its_volume() -> None:
    kafka = compose()["services"]["kafka"]
    assert kafka["environment"]["KAFKA_LOG_DIRS"] in [volume.partition(":")[2] for volume in kafka["volumes"]]


def test_the_image_that_all_share_is_built_once() -> None:
    services = {name: one for name, one in compose()["services"].items() if one["image"] == "sauma:local"}
    builders = [name for name, one in services.items() if "build" in one]
    assert len(builders) == 1
    assert {one["pull_policy"] for name, one in services.items() if name not in builders} == {"never"}


def test_every_file_and_service_that_it_names_is_there() -> None:
    services = compose()["services"]
    for one in services.values():
        for volume in one.get("volumes", ()):
            source = volume.partition(":")[0]
            assert (TOP / source).exists() if source.startswith(".") else source in compose()["volumes"]
        assert set(one.get("depends_on", ())) <= services.keys()
        if "build" in one:
            assert (TOP / one["build"]["context"] / one["build"]["dockerfile"]).is_file()
