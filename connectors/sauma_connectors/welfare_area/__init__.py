"""The welfare area's connector: one for its social-care register, one for its health-care register, over one FHIR folder."""

from sauma_connectors.welfare_area.connector import WelfareAreaConnector

__all__ = ["WelfareAreaConnector"]
