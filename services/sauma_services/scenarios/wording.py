"""A whole scenario in its closed form: the client, what is said, and what is expected of it. It knows no rule and runs nothing."""

from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, model_validator

from sauma_services.scenarios.forms import HOME, Many, Municipality, Name, Register, When, Wording
from sauma_services.scenarios.statements import GiveWill, Statement


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


EachOnItsOwn = BeforeValidator(_each_on_its_own)
OfFacts = Annotated[Mapping[Name, Outcome], EachOnItsOwn]


class Happens(Wording):
    """A statement, and everything that comes of it."""

    when: Statement
    then: Annotated[Mapping[Register, OfFacts], EachOnItsOwn] = Field(default_factory=dict)
    """A recipient that is not named gets nothing."""
    told: Annotated[Mapping[Register, tuple[str, ...]], EachOnItsOwn] = Field(default_factory=dict)
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
    row: Annotated[tuple[Annotated[int, Field(ge=1, le=25)], ...], Many] = ()
    """Of the table of rows in docs/scenarios.md."""
    law: str = Field(min_length=3)
    """The paragraph it comes from."""
    date: Annotated[tuple[When, ...], Many, Field(min_length=1)]
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
