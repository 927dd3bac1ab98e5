"""What only a person can decide reaches its own connector from the configuration, and no other."""

from pathlib import Path

from sauma.ids import EndpointId
from sauma_services.demo.cast import CONFIGURATION, prepare
from sauma_services.machine import Machine
from sauma_services.runtime.settings import load

FOLDER = 'folder = "agencies/kela"'


def test_what_an_operator_says_of_one_connector_is_that_connectors(tmp_path: Path) -> None:
    configuration = prepare(tmp_path / "data")
    said = f'{FOLDER}\naccept_shrunk = true\nacts_confirmed = ["yhteistyo/7"]'
    configuration.write_text(CONFIGURATION.replace(FOLDER, said), encoding="utf-8")
    machine = Machine(load(configuration))
    machine.close()
    kela = machine.runners[EndpointId("kela")]._parts.settings
    assert (kela.accept_shrunk, kela.acts_confirmed) == (True, frozenset({"yhteistyo/7"}))
    others = [runner._parts.settings for endpoint, runner in machine.runners.items() if endpoint != "kela"]
    assert not any(settings.accept_shrunk or settings.acts_confirmed for settings in others)
