"""What every recipient holds, as its deliveries, its own statements and its receipts imply; it knows no law."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from sauma.delivery import Delivered, Rebased, Retracted
from sauma.event import Receipt
from sauma.ids import FactId
from sauma_services.checker.reference import OWN, TYM_8, Copy, Ground


@dataclass(slots=True)
class Held:
    """One recipient's copy of one fact."""

    version: int
    ground: Ground | None
    """None: the recipient says it holds it, and nobody knows why."""
    state: str = "live"
    """live, refused, stopped, erasing, erased, kept or error."""
    by_will_only: bool = False
    """Whether it never rested on anything but a will."""
    told_void: bool = False
    is_own: bool = False
    """Whether the recipient wrote this version itself."""
    since: int = 0
    """When it was given, or rested on another ground."""

    @property
    def is_live(self) -> bool:
        """Whether the copy is kept up to date."""
        return self.state == "live"

    @property
    def copy(self) -> Copy:
        """What the reference law asks about it."""
        return Copy(self.is_live, self.version)


@dataclass(slots=True)
class Ledger:
    """All copies of one client's facts, by fact and recipient."""

    facts: dict[FactId, dict[str, Held]] = field(default_factory=dict)
    written: dict[FactId, tuple[str, int]] = field(default_factory=dict)
    """By fact, who wrote its latest version of an agency's own, and which that is."""

    def held(self, recipient: str, fact: FactId) -> Held | None:
        """The copy, live or not, or None where there never was one."""
        return self.facts.get(fact, {}).get(recipient)

    def live(self, recipient: str) -> Iterator[tuple[FactId, Held]]:
        """The live copies of one recipient."""
        for fact, copies in self.facts.items():
            held = copies.get(recipient)
            if held is not None and held.is_live:
                yield fact, held

    def wrote(self, author: str, fact: FactId, version: int) -> None:
        """An author holds what it wrote."""
        self.facts.setdefault(fact, {})[author] = Held(version, OWN, is_own=True)
        self.written[fact] = (author, version)

    def put(self, recipient: str, item: Delivered, *, is_void: bool, now: int) -> None:
        """The recipient was sent a version."""
        ground = Ground(item.basis.discloser, item.basis.will)
        before = self.held(recipient, item.fact)
        by_will_only = ground.will is not None and (before is None or before.by_will_only)
        # The word that a relationship is over is the last one: nothing is kept up to date after it.
        state = "stopped" if ground.paragraph == TYM_8 else "live"
        self.facts.setdefault(item.fact, {})[recipient] = Held(
            item.version, ground, state, by_will_only, is_void, since=now
        )

    def rebase(self, recipient: str, moved: Rebased, *, now: int) -> None:
        """The same copy on another ground."""
        held = self.held(recipient, moved.fact)
        if held is not None:
            held.ground, held.since = Ground(moved.basis.discloser, moved.basis.will), now
            held.by_will_only = held.by_will_only and held.ground.will is not None

    def retract(self, recipient: str, back: Retracted, *, is_void: bool) -> None:
        """The recipient was asked to stop, erase or treat as an error."""
        held = self.held(recipient, back.fact)
        if held is not None:
            held.state = {"erase": "erasing", "error": "error"}.get(back.ask, "stopped")
            held.told_void = held.told_void or is_void

    def answered(self, recipient: str, body: Receipt) -> None:
        """The recipient's own word about what it holds."""
        named = {held.fact: held.version for held in body.facts}
        if body.kind != "inventory":
            for answered in body.facts:
                copy = self.held(recipient, answered.fact)
                if copy is not None:
                    copy.state = body.kind
            return
        for fact, copies in self.facts.items():
            held, version = copies.get(recipient), named.get(fact)
            if version is None:
                if held is not None and held.is_live:
                    del copies[recipient]
            elif held is None:
                is_own = self.written.get(fact) == (recipient, version)
                copies[recipient] = Held(version, OWN if is_own else None, is_own=is_own)
            elif not held.is_live or held.version != version:
                held.version, held.state, held.told_void = version, "live", False
