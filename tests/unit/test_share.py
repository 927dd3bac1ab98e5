"""What of a configuration one process runs, and the name by which its folder is told from others."""

from itertools import combinations
from pathlib import Path

import pytest

from sauma.resources import load_places
from sauma_services.machine import Machine
from sauma_services.machine.share import connectors, endpoints_of
from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.settings import Settings, load

TABLE = """
[[connector]]
kind = "employment-area"
endpoints = ["{}"]
folder = "agencies"
"""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    areas = [one.id for one in load_places().endpoints.values() if one.role == "employment"]
    path = tmp_path / "sauma.toml"
    path.write_text('[machine]\ndata = "data"\n' + "".join(map(TABLE.format, areas)), encoding="utf-8")
    return load(path)


def test_connectors_of_many_registers_run_in_one_process(settings: Settings) -> None:
    everyone = connectors(settings, endpoints_of(settings))
    assert len(everyone.endpoints) > 40

    machine = Machine(settings, share=everyone)

    assert (settings.machine.data / "processes" / everyone.name).is_dir()
    machine.close()


def test_other_registers_are_another_process_by_name(settings: Settings) -> None:
    known = sorted(endpoints_of(settings))
    shares = [known[:1], known[:2], known[:12], known[:13], [known[0], *known[2:13]]]
    names = [connectors(settings, share).name for share in shares]

    assert names[0] == f"connector-{known[0]}"
    assert all(one != other for one, other in combinations(names, 2))
    assert max(map(len, names)) <= 100


def test_a_register_without_a_connector_is_refused(settings: Settings) -> None:
    with pytest.raises(NeedsOperator, match="has the endpoint 'kela'"):
        connectors(settings, ["kela"])
