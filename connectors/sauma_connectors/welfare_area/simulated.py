"""A simulated welfare area: two registers over one folder, and what their clerks do in the area's own systems.

It knows its own folder, and nothing of how its files travel. Time is told to it; the same acts in the same order write
the same bytes. One process at a time acts.
"""

from collections.abc import Iterable
from pathlib import Path

from sauma.fact import Moment
from sauma_connectors.sdk.contract import Holding
from sauma_connectors.sdk.files import make_folder
from sauma_connectors.welfare_area import folder, wire
from sauma_connectors.welfare_area.simulated_register import SimulatedRegister
from sauma_connectors.welfare_area.terms import register_of
from sauma_connectors.welfare_area.validator import Unfit, read

PIRKANMAA = "1.2.246.10.32213086.10.0"


class SimulatedWelfareArea(SimulatedRegister):
    """An area. Its acts are those of social care, except those that only health care has; `health` has all of its own."""

    def __init__(self, root: Path, area_code: str = "08", *, organisation_oid: str | None = None) -> None:
        """`organisation_oid` defaults to Pirkanmaa's for area 08; without one, resources name no source."""
        if organisation_oid is None and area_code == "08":
            organisation_oid = PIRKANMAA
        make_folder(root / folder.EXPORT)
        source = f"urn:oid:{organisation_oid}" if organisation_oid else None
        super().__init__(root, register_of(f"social-{area_code}"), source)
        self.health = SimulatedRegister(root, register_of(f"health-{area_code}"), source)

    def register(self, name: str) -> SimulatedRegister:
        """The register by its name: social, which is the area itself, or health."""
        return self.health if name == "health" else self

    def capacity(
        self,
        hetu: str,
        conclusion: str,
        limits: str,
        *,
        at: Moment,
        valid_until: str = "",
        necessary_for: Iterable[str] | None = None,
        affects: bool = False,
        row: str | None = None,
    ) -> str:
        """A functional conclusion about capacity for work, in the health-care register."""
        return self.health.capacity(
            hetu,
            conclusion,
            limits,
            at=at,
            valid_until=valid_until,
            necessary_for=necessary_for,
            affects=affects,
            row=row,
        )

    def health_note(
        self,
        hetu: str,
        text: str,
        *,
        handling: str,
        at: Moment,
        necessary_for: Iterable[str] | None = None,
        affects: bool = False,
        row: str | None = None,
    ) -> str:
        """What a health professional wrote, in the health-care register."""
        return self.health.health_note(
            hetu, text, handling=handling, at=at, necessary_for=necessary_for, affects=affects, row=row
        )

    def holdings(self, hetu: str, register: str = "social") -> list[Holding]:
        """What one register, social or health, holds of a client."""
        return self.health.holdings(hetu) if register == "health" else super().holdings(hetu)

    def notices(self) -> list[wire.OperationOutcome]:
        """What the clerks of both registers have been told, by file name."""
        found: list[wire.OperationOutcome] = []
        for file in folder.files(self.root, folder.INCOMING, "OperationOutcome"):
            try:
                resource = read(folder.load(file))
            except (Unfit, folder.Gone):
                continue
            if isinstance(resource, wire.OperationOutcome):
                found.append(resource)
        return found
