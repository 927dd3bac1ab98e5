"""What can happen next when something outside fails: as for connectors, and one more that only a log knows."""

from sauma_connectors.sdk.errors import Failure, GiveUp, NeedsOperator, TryAgain

__all__ = ["Failure", "Fenced", "GiveUp", "NeedsOperator", "TryAgain"]


class Fenced(Failure):
    """Another process has taken this one's place. It must end without writing, and must not reopen."""
