"""The demo: one client's story between seven simulated organisations, through everything that one machine really runs."""

from sauma_services.demo.play import tell

__all__ = ["tell"]
