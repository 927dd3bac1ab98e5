"""Composes the register's connector over a folder: the export on one side, the inbox on the other; holds no state."""

from functools import cached_property
from pathlib import Path

from sauma.ids import EndpointId
from sauma.places import Places
from sauma.resources import load_places
from sauma_connectors.employment_area.inbound import read_export
from sauma_connectors.employment_area.outbound import EmploymentSink
from sauma_connectors.sdk.contract import Snapshot


class ExportSource:
    """Reads the export anew at every poll."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> Snapshot:
        """All rows as they are now. Complete only where every file was readable and every row has a key of its own."""
        return read_export(self._folder, self._places)

    @cached_property
    def _places(self) -> Places:
        return load_places()


class EmploymentArea:
    """One employment area's register."""

    def __init__(self, endpoint: EndpointId, folder: Path) -> None:
        self.endpoint = endpoint
        self.source = ExportSource(folder)
        self.sink = EmploymentSink(folder)
