"""Takes the journal again and compares: the same records under the same rules must give the same bytes."""

from sauma_services.replay.verify import Difference, Verified, verify

__all__ = ["Difference", "Verified", "verify"]
