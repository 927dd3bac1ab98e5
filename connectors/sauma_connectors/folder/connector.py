"""A plain folder's way in and out, for the joint data set (role keha) and for a service provider (role provider)."""

from pathlib import Path
from typing import Literal

from sauma.ids import EndpointId
from sauma_connectors.folder import inbound
from sauma_connectors.folder.outbound import FolderSink
from sauma_connectors.sdk.contract import Snapshot

Role = Literal["keha", "provider"]


class FolderSource:
    """Reads `out/` anew at each call and remembers nothing."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def read(self) -> Snapshot:
        """All withdrawals; see `inbound.read`."""
        return inbound.read(self._folder)


class SilentSource:
    """The joint data set says nothing about clients: it only receives."""

    def read(self) -> Snapshot:
        """No rows, and none are missed."""
        return Snapshot((), is_complete=True)


class FolderConnector:
    """Source and sink of one register over a folder. Without a role, the endpoint `keha` is keha and any other a provider."""

    def __init__(self, endpoint: EndpointId, folder: Path, *, role: Role | None = None) -> None:
        is_joint_data_set = (role or endpoint) == "keha"
        self.endpoint = endpoint
        self.source = SilentSource() if is_joint_data_set else FolderSource(folder)
        self.sink = FolderSink(folder, is_joint_data_set=is_joint_data_set)
