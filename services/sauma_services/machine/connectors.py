"""Finds the connector that a configuration names, and makes one for each of its registers."""

from collections.abc import Callable, Mapping
from pathlib import Path

from sauma.ids import EndpointId
from sauma_connectors.employment_area import EmploymentArea
from sauma_connectors.folder import FolderConnector
from sauma_connectors.kela import KelaConnector
from sauma_connectors.sdk.contract import Connector
from sauma_connectors.welfare_area import WelfareAreaConnector
from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.settings import ConnectorSettings

Make = Callable[[EndpointId, Path], Connector]

KINDS: Mapping[str, Make] = {
    "welfare-area": WelfareAreaConnector,
    "employment-area": EmploymentArea,
    "kela": KelaConnector,
    "folder": FolderConnector,
}
"""The kinds of connector that `[[connector]] kind = ...` may name."""


def connectors(settings: ConnectorSettings) -> list[Connector]:
    """One connector for each endpoint of one `[[connector]]` table. Raises NeedsOperator for what cannot be made."""
    make = KINDS.get(settings.kind)
    if make is None:
        raise NeedsOperator(f"connector kind {settings.kind!r} is not known: use one of {', '.join(sorted(KINDS))}")
    if settings.folder is None:
        raise NeedsOperator(f'connector {settings.kind} has no folder: add folder = "..." to its table')
    if settings.options:
        unknown = ", ".join(sorted(settings.options))
        raise NeedsOperator(f"connector {settings.kind}: unknown keys {unknown}: remove them or correct their spelling")
    return [make(EndpointId(endpoint), settings.folder) for endpoint in settings.endpoints]
