"""Decides whether the router's releases let a cell be opened; it must never know a key."""

import hmac
from dataclasses import dataclass
from typing import Protocol

from sauma.ids import EndpointId, FactId, SubjectId
from sauma_connectors.sdk.keyring import NotReleased, Superseded


@dataclass(frozen=True, slots=True)
class Release:
    """What the router last gave one endpoint of one fact: the version, the digest of what it was sealed as, and
    whether the right to it still holds."""

    version: int
    digest: bytes
    is_live: bool


class Releases(Protocol):
    """The router's releases, as the keyring reads them."""

    def release_of(self, subject: SubjectId, fact: FactId, endpoint: EndpointId) -> Release | None:
        """The last release, ended or not; None if there never was one.

        Asked once for every cell to be opened, from any thread, and never from within a transaction of the keyring.
        The answer must be of committed state: what it says is acted upon at once.
        """
        ...


def refusal(release: Release | None, *, version: int, digest: bytes) -> NotReleased | Superseded | None:
    """Why a cell of this version, sealed as `digest` says, may not be opened; None if it may."""
    if release is None:
        return NotReleased("no-release")
    if not release.is_live:
        return NotReleased("right-ended")
    if release.version > version:
        return Superseded(release.version)
    if release.version < version:
        return NotReleased("not-yet-released")
    if not hmac.compare_digest(release.digest, digest):
        return NotReleased("other-content")
    return None
