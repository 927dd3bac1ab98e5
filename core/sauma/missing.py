"""What an undecided ruling may be missing, and who can supply it; codes only, nothing about any client."""

from collections.abc import Mapping
from dataclasses import dataclass

OWNER = "owner"
"""Stands for the register that owns the fact."""
RECIPIENT = "recipient"
"""Stands for the register that would be given it."""


@dataclass(frozen=True, slots=True)
class Missing:
    """One thing that is not known, and what makes it known."""

    what: str
    who: tuple[str, ...]
    """Roles, or `OWNER`, or `RECIPIENT`: any of them can."""
    by: str
    """What they record; the fact is decided anew in that very step."""


_READERS = ("social-care", "health-care")
"""The registers that read the national service of expressions of will (ATL 703/2023 72 §)."""
_AGENCIES = ("employment", "social-care", "health-care", "kela")


def _read_again(kind: str) -> Missing:
    return Missing(f"a {kind} was read longer ago than it is good for", _READERS, f"the {kind}, read again")


def _unreadable(kind: str) -> Missing:
    return Missing(f"there is a {kind}, and what it speaks of could not be read", _READERS, f"the {kind}, read again")


MISSING: Mapping[str, Missing] = {
    "permit": Missing("whether the client has given a disclosure permit", _READERS, "the permit, as read"),
    "permit-read-again": _read_again("permit"),
    "permit-unreadable": _unreadable("permit"),
    "consent-read-again": Missing(
        "a consent was read longer ago than it is good for", _AGENCIES, "the consent, read again"
    ),
    "consent-unreadable": Missing(
        "there is a consent, and what it speaks of could not be read", _AGENCIES, "the consent, read again"
    ),
    "prohibition-unreadable": _unreadable("prohibition"),
    "service-task-of-fact": Missing(
        "in which service task the fact lies", (OWNER,), "the fact's next version, with its token"
    ),
    "document-of-fact": Missing("in which document the fact lies", (OWNER,), "the fact's next version, with its token"),
    "plan-kind": Missing("which kind of plan the fact belongs to", (OWNER,), "the plan, with its makers and kind"),
    "municipality": Missing("where the client lives", _AGENCIES, "a referral with the municipality, or a move"),
    "client-relationship": Missing(
        "whether the recipient has the client (ATL 703/2023 9 §)", (RECIPIENT,), "any fact of its own about the client"
    ),
}
"""By the code that a decision gives as its reason."""
