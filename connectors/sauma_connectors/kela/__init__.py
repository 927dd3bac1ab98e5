"""Kela: complete CSV lists in, answer files out. `BEHAVIOUR.md` says what surprises."""

from sauma_connectors.kela.connector import KelaConnector
from sauma_connectors.kela.simulated import SimulatedKela

__all__ = ["KelaConnector", "SimulatedKela"]
