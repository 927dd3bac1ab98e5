"""Makes what every recipient has been given equal to what it may hold."""

from sauma_services.router.topology import Router

__all__ = ["Router"]
