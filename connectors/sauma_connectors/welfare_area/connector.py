"""Composes the way in and the way out of one welfare register over the area's FHIR folder."""

from dataclasses import dataclass
from pathlib import Path

from sauma.ids import EndpointId
from sauma_connectors.welfare_area.outbound import WelfareAreaSink
from sauma_connectors.welfare_area.source import WelfareAreaSource
from sauma_connectors.welfare_area.terms import register_of


@dataclass(frozen=True, slots=True)
class WelfareAreaConnector:
    """The connector of `social-NN` or `health-NN`. Both registers of an area share one folder; each reads only its own.

    Raises NeedsOperator at once for an endpoint that is no welfare register's.
    """

    endpoint: EndpointId
    folder: Path

    def __post_init__(self) -> None:
        """Refuse an endpoint of another kind before anything is read."""
        register_of(self.endpoint)

    @property
    def source(self) -> WelfareAreaSource:
        """The register's way out of the area."""
        return WelfareAreaSource(register_of(self.endpoint), self.folder)

    @property
    def sink(self) -> WelfareAreaSink:
        """The register's way in."""
        return WelfareAreaSink(register_of(self.endpoint), self.folder)
