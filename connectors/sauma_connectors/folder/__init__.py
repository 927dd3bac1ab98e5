"""Plain JSON folders, for KEHA's joint data set and for service providers. `BEHAVIOUR.md` says what surprises."""

from sauma_connectors.folder.connector import FolderConnector
from sauma_connectors.folder.simulated import SimulatedKeha, SimulatedProvider

__all__ = ["FolderConnector", "SimulatedKeha", "SimulatedProvider"]
