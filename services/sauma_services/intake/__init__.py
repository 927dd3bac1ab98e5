"""Lets an agency's records into the journal, or says why not."""

from sauma_services.intake.topology import Intake

__all__ = ["Intake"]
