"""The employment areas' connector: table exports of the client information system in, its inbox files out."""

from sauma_connectors.employment_area.connector import EmploymentArea

__all__ = ["EmploymentArea"]
