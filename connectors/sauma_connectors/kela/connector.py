"""Kela's way in and out: its complete lists and its answer files in one folder."""

from pathlib import Path

from sauma.ids import EndpointId
from sauma.places import Places
from sauma.resources import load_places
from sauma_connectors.kela import inbound
from sauma_connectors.kela.outbound import KelaSink
from sauma_connectors.sdk.contract import Snapshot


class KelaSource:
    """Reads the lists anew at each call and remembers nothing."""

    def __init__(self, folder: Path, places: Places) -> None:
        self._folder = folder
        self._places = places

    def read(self) -> Snapshot:
        """All rows of all lists; see `inbound.read`."""
        return inbound.read(self._folder, self._places)


class KelaConnector:
    """Source and sink of Kela's register over a folder; `places` are those that came with the code unless given."""

    def __init__(self, endpoint: EndpointId, folder: Path, *, places: Places | None = None) -> None:
        self.endpoint = endpoint
        self.source = KelaSource(folder, places or load_places())
        self.sink = KelaSink(folder)
