"""What a clerk's screen shows of one fact that was delivered: for the simulated agencies, which act on it."""

from dataclasses import dataclass, field

from sauma.content import Content


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """One fact as it was given, and on which ground."""

    fact: str
    version: int
    status: str
    kind: str
    digest: bytes
    plan: str | None
    referral: str | None
    about: str | None
    about_version: int
    owner: str
    rule: str
    will: str | None
    """The will that it rests on, or None where it rests on statute."""
    content: Content | None = field(repr=False)
