"""A damaged file of one client's is told to operators by a code and its name, and stops nothing of any other client's."""

import json
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from sauma.fact import Moment
from sauma.ids import EndpointId
from sauma_connectors.kela.links import LINKS
from sauma_services.demo.cast import Agencies, Client, agencies, client, prepare
from sauma_services.machine import Machine
from sauma_services.runtime.clock import ManualClock
from sauma_services.runtime.health import read_health
from sauma_services.runtime.settings import load

AT = 1_780_000_000_000
KELA = EndpointId("kela")
HARMED, OTHER = client(0), client(1)
IN_SPITE_OF_SECONDS = 60
"""Far beyond what a busy machine needs, so that only what never comes fails."""


@dataclass
class Office:
    """The machine of the demo's configuration, and the agencies beside it."""

    machine: Machine
    clock: ManualClock
    at: Agencies
    kela: Path

    def refer(self, who: Client, *, row: str) -> str:
        """Kela refers a client to employment."""
        return self.at.kela.refer(
            who.henkilotunnus,
            family_name=who.family_name,
            given_names=who.given_names,
            municipality="837",
            to_role="employment",
            service="arviointi",
            grounds="työkyky",
            contact_person="K",
            at=Moment(AT),
            row=row,
        )

    def links(self, who: Client) -> dict[str, int]:
        """Which own rows of a client Kela knows as shared facts, and in which version."""
        return {link.oma_rivi: link.versio for link in self.at.kela.shared(who.henkilotunnus)}


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    clock = ManualClock(AT)
    machine = Machine(load(prepare(tmp_path / "data")), clock=clock)
    yield Office(machine, clock, agencies(tmp_path / "data"), tmp_path / "data" / "agencies" / "kela")
    machine.close()


def _damaged_links(office: Office) -> tuple[Path, bytes]:
    """Kela has referred one client, whose file of links is then spoilt; what it held."""
    office.refer(HARMED, row="L-1")
    office.machine.settle()
    (path,) = (office.kela / LINKS).iterdir()
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    return path, whole


def _waits(said: str) -> list[dict[str, object]]:
    lines = [json.loads(line) for line in said.splitlines()]
    return [line for line in lines if line["event"] == "connector-waits"]


def test_a_damaged_file_of_links_is_told_by_a_code_and_stops_no_other_client(
    office: Office, capsys: pytest.CaptureFixture[str]
) -> None:
    path, whole = _damaged_links(office)
    capsys.readouterr()

    need = office.at.kela.service_need(HARMED.henkilotunnus, need="tuki", grounds="syy", at=Moment(AT + 1), row="P-1")
    office.refer(OTHER, row="L-2")
    office.machine.settle()
    office.machine.settle()

    assert office.links(OTHER) == {"lahetteet/L-2#identity": 1, "lahetteet/L-2#referral": 1}
    assert [r.kind for r in office.at.employment.received(OTHER.henkilotunnus, "referral")] == ["referral"]
    said = capsys.readouterr().err
    (wait,) = _waits(said)  # once, and not with every poll
    assert (wait["endpoint"], wait["reason"], wait["file"]) == (KELA, "file-damaged", f"{LINKS}/{path.name}")
    assert wait["subject"] == office.machine.keyring.subject_of(HARMED.henkilotunnus)
    assert office.machine.runners[KELA].waits_for() == ("file-damaged",)
    for personal in (HARMED.henkilotunnus, HARMED.family_name, HARMED.given_names, "syy"):
        assert personal not in said
    assert path.read_bytes() == whole[: len(whole) // 2]

    path.write_bytes(whole)
    office.machine.settle()
    assert office.links(HARMED).keys() >= {need, "lahetteet/L-1#referral"}
    assert office.machine.runners[KELA].waits_for() == ()


def test_health_names_what_a_connector_waits_for_until_it_is_mended(office: Office, tmp_path: Path) -> None:
    path, whole = _damaged_links(office)
    office.at.kela.service_need(HARMED.henkilotunnus, need="tuki", grounds="syy", at=Moment(AT + 1), row="P-1")
    stop = threading.Event()
    running = threading.Thread(target=office.machine.run, args=(stop,))
    running.start()
    try:
        assert _reason_becomes("file-damaged", tmp_path)
        path.write_bytes(whole)
        assert _reason_becomes(None, tmp_path)
    finally:
        stop.set()
        running.join()


def _reason_becomes(reason: str | None, tmp_path: Path) -> bool:
    end = time.monotonic() + IN_SPITE_OF_SECONDS
    while time.monotonic() < end:
        found = read_health(tmp_path / "data").get(KELA)
        if found is not None and found.state == "running" and found.reason == reason:
            return True
        time.sleep(0.05)
    return False
