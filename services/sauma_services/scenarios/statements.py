"""What a scenario lets agencies say, one form for each thing that can be said. It knows no rule and runs nothing."""

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from sauma.fact import KINDS
from sauma_services.scenarios.forms import Category, Handling, Kind, Municipality, Name, Register, Role, When, Wording


class Said(Wording):
    """Something that a register says, so many days after what was said before it."""

    by: Register
    after_days: int = Field(default=0, ge=0)


class Marked(Said):
    """What a professional has decided about a fact."""

    fact: Name
    necessary: tuple[Role, ...] = ()
    """For these roles, for the multi-sector model."""
    for_task: Mapping[Role, str] = Field(default_factory=dict)
    """For these roles, each for a task by another act: the purpose of its rule."""
    affects: bool = False
    """Affects employment."""


class Put(Marked):
    """A fact, new or in its next version."""

    does: Literal["put"]
    kind: Kind | None = None
    """Left out: the fact's name."""
    category: Category | None = None
    """Left out: the one that the kind has."""
    handling: Handling | None = None
    keep_marks: bool = False
    """The marks stand as they were decided before."""
    plan: Name | None = None
    addressed: Register | None = None
    task: str | None = None
    document: str | None = None

    @model_validator(mode="after")
    def _has_a_kind(self) -> "Put":
        kind = KINDS.get(self.kind or self.fact)
        if kind is None:
            raise ValueError(f"no kind; write kind:, or name the fact by its kind: {', '.join(sorted(KINDS))}")
        if self.category is None and len(kind.categories) > 1:
            raise ValueError(f"{kind.name} is of several categories; write category: one of {sorted(kind.categories)}")
        return self


class Mark(Marked):
    """A professional decides anew about a fact; the fact stays as it is."""

    does: Literal["mark"]


class OfFact(Said):
    """Its owner closes a fact, voids it or says that it was wrong; a maker confirms it; the client's approval is recorded."""

    does: Literal["close", "void", "correct", "confirm", "approve"]
    fact: Name


class Plan(Said):
    """Who makes a plan, who provides its services."""

    does: Literal["plan"]
    plan: Name
    kind: Literal["03", "04", "07"] | None = None
    makers: tuple[Register, ...] = ()
    providers: tuple[Register, ...] = ()


class Propose(Said):
    """A change to another's item."""

    does: Literal["propose"]
    fact: Name
    about: Name


class Answer(Said):
    """The owner of an item accepts or declines what was proposed."""

    does: Literal["accept", "decline"]
    proposal: Name


class Refer(Said):
    """A referral; the client's identity and the referral itself go with it."""

    does: Literal["refer"]
    to: Role
    referral: Name = "referral"
    municipality: Municipality | None = None
    """Left out: where the client lives."""
    identity: bool = False


class OfReferral(Said):
    """A further step of a referral."""

    does: Literal["receive", "take-on", "decline-referral", "begin", "complete", "cancel"]
    referral: Name = "referral"


class OfRelationship(Said):
    """A step of the client relationship of multi-sector support."""

    does: Literal[
        "start",
        "take-part",
        "join",
        "leave",
        "review",
        "propose-end",
        "confirm-end",
        "object-to-end",
        "withdraw-end",
        "annul",
        "confirm-annul",
    ]
    on_behalf_of: Register | None = None
    """With confirm-end: the agency that is not connected, for which this one records it with evidence."""


class GiveWill(Said):
    """A consent, a disclosure permit or a prohibition; what it names is what it speaks of."""

    does: Literal["consent", "permit", "prohibit"]
    will: Name | None = None
    """Left out: named by what it is."""
    to: tuple[Register | Literal["guardian"], ...] = ()
    to_role: tuple[Role, ...] = ()
    """Whoever has this role, and no register by name."""
    everything: bool = False
    categories: tuple[Category, ...] = ()
    kinds: tuple[Kind, ...] = ()
    facts: tuple[Name, ...] = ()
    registers: tuple[Register, ...] = ()
    tasks: tuple[str, ...] = ()
    documents: tuple[str, ...] = ()
    valid_from: When | None = None
    valid_until: When | None = None
    given_by: Literal["client", "guardian", "proxy"] = "client"
    in_writing: bool = True
    """There is a document of it in the archive of whoever records it."""
    is_read: bool = False
    """Read from the national service of expressions of will at this moment."""
    good_for_days: int | None = None
    """A reading is as good as it is fresh: for so many days."""
    is_readable: bool = True
    again: bool = False
    """The same will, as the national service has it now."""


class Withdraw(Said):
    """A will is withdrawn; anyone may record that."""

    does: Literal["withdraw"]
    will: Name


class Move(Said):
    """The client moves."""

    does: Literal["move"]
    to: Municipality


class OfClient(Said):
    """The client dies, or gets or loses an order for non-disclosure (turvakielto)."""

    does: Literal["die", "non-disclosure", "lift-non-disclosure"]
    until: When | None = None


class Wait(Wording):
    """Nobody says anything, and time passes."""

    does: Literal["wait"]
    until: When | None = None
    days: int = Field(default=0, ge=0)


Statement = Annotated[
    Put
    | Mark
    | OfFact
    | Plan
    | Propose
    | Answer
    | Refer
    | OfReferral
    | OfRelationship
    | GiveWill
    | Withdraw
    | Move
    | OfClient
    | Wait,
    Field(discriminator="does"),
]
