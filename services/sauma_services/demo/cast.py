"""Who plays in the demo: the simulated agencies with their own folders, one client, and the machine between them."""

import datetime
import re
import shutil
from dataclasses import dataclass
from pathlib import Path

from sauma.henkilotunnus import for_test
from sauma.ids import EndpointId
from sauma_connectors.employment_area.simulated import SimulatedEmploymentArea
from sauma_connectors.folder.simulated import SimulatedKeha, SimulatedProvider
from sauma_connectors.kela.simulated import SimulatedKela
from sauma_connectors.welfare_area.simulated import SimulatedWelfareArea
from sauma_services.runtime.errors import NeedsOperator

PROVIDER = EndpointId("provider-valmennus")

EMBEDDED = """[log]
kind = "sqlite"
"""

ON_KAFKA = """[log]
kind = "kafka"
bootstrap = "{bootstrap}"
prefix = "{prefix}"
replicas = 1
"""

_WRITTEN_BY = "# Written by `sauma demo`"

CONFIGURATION = f"""{_WRITTEN_BY}: what one machine runs between the folders of seven simulated organisations.
[machine]
data = "."

{EMBEDDED}
[[endpoint]]
id = "provider-valmennus"
role = "provider"
organiser = "valmennus"
name = "Valmennus Oy (simulated)"

[[connector]]
kind = "kela"
endpoints = ["kela"]
folder = "agencies/kela"

[[connector]]
kind = "employment-area"
endpoints = ["employment-tampereen-seutu"]
folder = "agencies/employment-tampereen-seutu"

[[connector]]
kind = "employment-area"
endpoints = ["employment-kuopio"]
folder = "agencies/employment-kuopio"

[[connector]]
kind = "welfare-area"
endpoints = ["social-08", "health-08"]
folder = "agencies/welfare-08"

[[connector]]
kind = "welfare-area"
endpoints = ["social-13", "health-13"]
folder = "agencies/welfare-13"

[[connector]]
kind = "folder"
endpoints = ["keha"]
folder = "agencies/keha"

[[connector]]
kind = "folder"
endpoints = ["provider-valmennus"]
folder = "agencies/provider-valmennus"
"""

CONFIGURATION_NAME = "sauma.toml"


@dataclass(frozen=True, slots=True)
class Client:
    """A client of the demo: never a real person, the individual number is in 900-999."""

    henkilotunnus: str
    family_name: str
    given_names: str


def client(number: int) -> Client:
    """The n-th client."""
    # Long and unlike any word or code: a search for them in what the machine writes must not meet them by chance.
    names = (
        "Ainokaisa",
        "Väinökaarlo",
        "Siskoliisa",
        "Onniaukusti",
        "Lempihelmi",
        "Toivojuhani",
        "Impimaria",
        "Urhokalevi",
    )
    families = ("Koetapaus", "Esimerkki", "Testinen", "Mallikas", "Kokeilija", "Harjoitus", "Näyte")
    birth = datetime.date(1968 + number % 37, 1 + number % 12, 1 + number % 28)
    hetu = for_test(birth, 900 + number % 100)
    return Client(hetu, families[number % len(families)], names[number % len(names)])


@dataclass(frozen=True, slots=True)
class Agencies:
    """The agencies' own systems: they know their folders, and nothing of Sauma."""

    kela: SimulatedKela
    employment: SimulatedEmploymentArea
    employment_kuopio: SimulatedEmploymentArea
    welfare: SimulatedWelfareArea
    welfare_kuopio: SimulatedWelfareArea
    keha: SimulatedKeha
    provider: SimulatedProvider


def agencies(data: Path) -> Agencies:
    """The agencies over the folders that the configuration names."""
    folder = data / "agencies"
    return Agencies(
        kela=SimulatedKela(folder / "kela"),
        employment=SimulatedEmploymentArea(
            folder / "employment-tampereen-seutu", EndpointId("employment-tampereen-seutu")
        ),
        employment_kuopio=SimulatedEmploymentArea(folder / "employment-kuopio", EndpointId("employment-kuopio")),
        welfare=SimulatedWelfareArea(folder / "welfare-08", "08"),
        welfare_kuopio=SimulatedWelfareArea(folder / "welfare-13", "13"),
        keha=SimulatedKeha(folder / "keha"),
        provider=SimulatedProvider(folder / "provider-valmennus", PROVIDER),
    )


def prepare(data: Path) -> Path:
    """An empty data folder with the demo's configuration in it. Never empties a folder that the demo did not make."""
    configuration = data / CONFIGURATION_NAME
    if data.exists() and any(data.iterdir()):
        if not configuration.exists() or not _is_the_demos(configuration):
            raise NeedsOperator(f"{data} is not empty and not the demo's: choose another folder with --data")
        shutil.rmtree(data)
    data.mkdir(parents=True, exist_ok=True, mode=0o700)
    for line in CONFIGURATION.splitlines():
        if line.startswith("folder = "):
            (data / line.split('"')[1]).mkdir(parents=True, exist_ok=True, mode=0o700)
    configuration.write_text(CONFIGURATION, encoding="utf-8")
    return configuration


def _is_the_demos(configuration: Path) -> bool:
    """Whether the demo wrote it, with whichever log; what its first line says has changed from release to release."""
    text = re.sub(r"\[log\]\n(?:\w.*\n)+", lambda _: EMBEDDED, configuration.read_text(encoding="utf-8"), count=1)
    first, _, rest = text.partition("\n")
    return first.startswith(_WRITTEN_BY) and rest == CONFIGURATION.partition("\n")[2]


def use_kafka(configuration: Path, bootstrap: str, prefix: str) -> None:
    """Let the demo's configuration use the cluster at `bootstrap`, apart from whatever else is there by `prefix`."""
    text = CONFIGURATION.replace(EMBEDDED, ON_KAFKA.format(bootstrap=bootstrap, prefix=prefix))
    configuration.write_text(text, encoding="utf-8")
