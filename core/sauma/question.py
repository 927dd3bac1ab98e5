"""The question that the law is asked, and the three values of an answer to a part of it."""

from collections.abc import Callable
from dataclasses import dataclass

from sauma.client import Client, Given, WillState
from sauma.fact import Fact, Moment
from sauma.making import cheap_to_make
from sauma.places import Endpoint


@dataclass(frozen=True, slots=True)
class Unknown:
    """The answer hangs on something that nobody has told yet."""

    missing: str


Truth = bool | Unknown


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Question:
    """May this recipient hold this fact now? `disclosers` has more than one endpoint for a joint fact only."""

    client: Client
    fact: Fact
    disclosers: tuple[Endpoint, ...]
    recipient: Endpoint
    given: Given | None
    now: Moment


Predicate = Callable[[Question, WillState | None], Truth]
