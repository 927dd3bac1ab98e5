"""The `sauma` command."""

from sauma_services.cli.commands import main

__all__ = ["main"]
