"""Everything one machine runs, in one process: the log, intake, router, keyring and the connectors of a configuration."""

from sauma_services.machine.machine import Machine

__all__ = ["Machine"]
