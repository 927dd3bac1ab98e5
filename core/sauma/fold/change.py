"""What folding one record into a client gives: the changed client and what was touched, or a refusal. Nothing else changes a client."""

from dataclasses import dataclass

from sauma.client import Client, FactState, Head
from sauma.delivery import Notice
from sauma.event import Event
from sauma.fact import THE_THREE, Moment
from sauma.ids import EndpointId, FactId
from sauma.making import cheap_to_make
from sauma.places import Endpoint, Places


@dataclass(frozen=True, slots=True)
class Refusal:
    """The record has no effect, and its source is told this reason."""

    reason: str


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Telling:
    """A notice for one recipient."""

    to: EndpointId
    notice: Notice


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Context:
    """What a fold is told besides the client: the event, who speaks, the effective time, the places."""

    event: Event
    source: Endpoint
    now: Moment
    places: Places


@cheap_to_make
@dataclass(frozen=True, slots=True)
class Change:
    """A client on its way through one record."""

    client: Client
    touched: frozenset[FactId] = frozenset()
    bears_on_rights: bool = False
    """Whether every fact must be asked again, not only those touched."""
    tellings: tuple[Telling, ...] = ()

    def head(self, **changes: object) -> "Change":
        """The same change with a changed head."""
        return Change(self.client.with_head(**changes), self.touched, self.bears_on_rights, self.tellings)

    def facts(self, *states: FactState) -> "Change":
        """The same change with these facts put in, and touched."""
        touched = self.touched | {state.fact.id for state in states}
        return Change(self.client.with_facts(*states), touched, self.bears_on_rights, self.tellings)

    def rights(self) -> "Change":
        """The same change, after which everything must be asked again."""
        return Change(self.client, self.touched, bears_on_rights=True, tellings=self.tellings)

    def tell(self, to: EndpointId, notice: Notice) -> "Change":
        """The same change with one more notice."""
        return Change(self.client, self.touched, self.bears_on_rights, (*self.tellings, Telling(to, notice)))


Folded = Change | Refusal


def may_speak(head: Head, source: Endpoint, places: Places) -> bool:
    """Whether the source is one that serves the client: a party while the relationship is open, else by residence.

    An area that the client has left may not speak any more; with the municipality unknown, any of the three may.
    """
    if source.role not in THE_THREE:
        return False
    if head.is_in_relationship:
        return source.id in head.parties
    return (
        source.role == "kela"
        or head.municipality is None
        or (places.role_at(head.municipality, source.role) == source.id)
    )
