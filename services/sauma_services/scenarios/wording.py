"""What a scenario may say, as a closed form: statements, wills, expected outcomes. It knows no rule and runs nothing."""

import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from sauma.fact import CATEGORIES, HANDLING, KINDS, ROLES
from sauma_services.scenarios.registers import is_municipality, register

HOME = "837"
"""Where the client of a scenario lives unless it says otherwise: Tampere."""


class Wording(BaseModel):
    """Keys are written with hyphens; a key that is not known is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=lambda name: name.replace("_", "-"))


def _one_of(names: Any, what: str) -> AfterValidator:
    def known(value: Any) -> Any:
        if value not in names:
            raise ValueError(f"{value!r} is no {what}; write one of: {', '.join(str(name) for name in sorted(names))}")
        return value

    return AfterValidator(known)


def _register(name: str) -> str:
    if register(name, HOME) is None:
        roles = ", ".join(sorted(ROLES))
        raise ValueError(f"{name!r} is no register; write a role ({roles}), role@municipality, or an endpoint's id")
    return name


def _municipality(code: str) -> str:
    if code != "unknown" and not is_municipality(code):
        raise ValueError(f"{code!r} is no municipality that is served; write three digits in quotes, or unknown")
    return code


def _moment(written: Any) -> Any:
    """`2026-05-01` is noon of that day, `2026-05-01 00:00` a minute of it."""
    return f"{written} 12:00" if isinstance(written, str) and len(written) == len("2026-05-01") else written


def _many(written: Any) -> Any:
    return written if isinstance(written, list) else [written]


Role = Annotated[str, _one_of(ROLES, "role")]
Kind = Annotated[str, _one_of(KINDS, "kind of fact")]
Category = Annotated[int, _one_of(CATEGORIES, "category")]
Handling = Annotated[str, _one_of(HANDLING, "handling class")]
Register = Annotated[str, AfterValidator(_register)]
Municipality = Annotated[str, AfterValidator(_municipality)]
When = Annotated[datetime.datetime, BeforeValidator(_moment)]
"""By the clock in Helsinki."""
Name = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]*$")]


class Said(Wording):
    """Something that a register says, so many days after what was said before it."""

    by: Register
    after_days: int = Field(default=0, ge=0)


class Marked(Said):
    """What a professional has decided about a fact."""

    fact: Name
    necessary: tuple[Role, ...] = ()
    """For these roles, for the multi-sector model."""
    for_task: dict[Role, str] = {}
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


class Outcome(Wording):
    """What one recipient has of one fact after a statement; one of these, and what belongs to it."""

    gets: str | None = None
    """The discloser's paragraph."""
    rests_on: str | None = None
    """It holds the same version, from now on by this paragraph."""
    keeps: str | None = None
    """It goes on holding the fact by this paragraph, and nothing leaves."""
    withheld: str | None = None
    """The reason."""
    missing: str | None = None
    """Undecided: what is not known."""
    taken_back: Literal["stop", "erase", "error"] | None = None
    to_keep_by: str | None = None
    """The recipient's paragraph, with gets or rests-on."""
    will: Name | None = None
    """The will it rests on, with gets or rests-on."""
    because: str | None = None
    """The reason, with taken-back."""
    owner_shown_as: str | None = None
    """With gets: what the recipient is told of whose it is."""

    @model_validator(mode="after")
    def _is_one(self) -> "Outcome":
        outcomes = (self.gets, self.rests_on, self.keeps, self.withheld, self.missing, self.taken_back)
        if sum(one is not None for one in outcomes) != 1:
            raise ValueError(
                "not one outcome; write exactly one of gets, rests-on, keeps, withheld, missing, taken-back"
            )
        if (self.to_keep_by or self.will) and not (self.gets or self.rests_on):
            raise ValueError("what belongs together; to-keep-by and will belong to gets or rests-on")
        if (self.because and not self.taken_back) or (self.owner_shown_as and not self.gets):
            raise ValueError("what belongs together; because belongs to taken-back, owner-shown-as to gets")
        return self


def _each_on_its_own(written: Any) -> Any:
    """`kela, employment: ...` says the same of both."""
    if not isinstance(written, dict):
        return written
    found: dict[str, Any] = {}
    for names, said in written.items():
        for name in (part.strip() for part in names.split(",")):
            if name in found:
                raise ValueError(f"{name!r} stands twice; keep one of them")
            found[name] = said
    return found


OfFacts = Annotated[dict[Name, Outcome], BeforeValidator(_each_on_its_own)]


class Happens(Wording):
    """A statement, and everything that comes of it."""

    when: Statement
    then: Annotated[dict[Register, OfFacts], BeforeValidator(_each_on_its_own)] = {}
    """A recipient that is not named gets nothing."""
    told: Annotated[dict[Register, tuple[str, ...]], BeforeValidator(_each_on_its_own)] = {}
    """Notices: a code and its reason."""
    refused: str | None = None
    """The statement has no effect, for this reason."""


class ClientBefore(Wording):
    """The client when the story begins."""

    municipality: Municipality = HOME
    relationship: Literal["nobody-knows-the-client", "referred", "assessing", "taking-part", "active", "ended"] = (
        "referred"
    )
    age: int | None = Field(default=None, ge=15, le=120)
    """For the reader and for the wills below: no rule asks it, since TSL 5 § does not reach the tasks of authorities."""
    has_guardian: bool = False


class Scenario(Happens):
    """One story with its outcome."""

    scenario: str = Field(min_length=10)
    row: Annotated[tuple[Annotated[int, Field(ge=1, le=25)], ...], BeforeValidator(_many)] = ()
    """Of the table of rows in docs/scenarios.md."""
    law: str = Field(min_length=3)
    """The paragraph it comes from."""
    date: Annotated[tuple[When, ...], BeforeValidator(_many), Field(min_length=1)]
    """When the story begins; with several dates it is told for each."""
    client: ClientBefore = ClientBefore()
    given: tuple[Statement, ...] = ()
    """What was said before; only that it was accepted is checked."""
    later: tuple[Happens, ...] = ()
    """What happens after that, each with its own outcome."""
    note: str = ""

    @property
    def happens(self) -> tuple[Happens, ...]:
        """Every statement that has an outcome, in order."""
        return (self, *self.later)

    @model_validator(mode="after")
    def _guardians_are_of_somebody(self) -> "Scenario":
        said = [*self.given, *(one.when for one in self.happens)]
        wills = [one for one in said if isinstance(one, GiveWill)]
        is_minor = self.client.age is not None and self.client.age < 18
        if any(will.given_by == "guardian" for will in wills) and not (is_minor or self.client.has_guardian):
            raise ValueError(
                "a guardian's will of somebody who has none; write client: {age: under 18}, or client: {has-guardian: true}"
            )
        if any("guardian" in will.to for will in wills) and not is_minor:
            raise ValueError("only a minor forbids a guardian (ATL 40 and 51 §); write client: {age: under 18}")
        return self
