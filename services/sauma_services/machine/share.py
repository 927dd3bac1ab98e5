"""What of a configuration one process runs: all of it, or one of the parts that can run apart."""

from collections.abc import Iterable
from dataclasses import dataclass

from sauma.ids import EndpointId
from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.settings import Settings


@dataclass(frozen=True, slots=True)
class Share:
    """A part of the work. `name` tells the process from others on the same data folder; empty for the whole."""

    name: str
    has_intake: bool
    has_router: bool
    endpoints: frozenset[EndpointId]
    """Whose connectors run here."""


def endpoints_of(settings: Settings) -> list[EndpointId]:
    """All endpoints that have a connector in these settings, in their order."""
    return [EndpointId(name) for one in settings.connector for name in one.endpoints]


def everything(settings: Settings) -> Share:
    """The whole configuration in one process."""
    return Share("", has_intake=True, has_router=True, endpoints=frozenset(endpoints_of(settings)))


def intake(instance: str) -> Share:
    """Only intake, under the instance's name."""
    return Share(f"intake-{instance}", has_intake=True, has_router=False, endpoints=frozenset())


def router(instance: str) -> Share:
    """Only the router, under the instance's name."""
    return Share(f"router-{instance}", has_intake=False, has_router=True, endpoints=frozenset())


def connectors(settings: Settings, endpoints: Iterable[str]) -> Share:
    """Only these endpoints' connectors. Raises NeedsOperator for one that the settings do not have."""
    mine = frozenset(EndpointId(endpoint) for endpoint in endpoints)
    known = endpoints_of(settings)
    for endpoint in sorted(mine - set(known)):
        raise NeedsOperator(f"no [[connector]] has the endpoint {endpoint!r}: the settings have {', '.join(known)}")
    return Share(f"connector-{'+'.join(sorted(mine))}", has_intake=False, has_router=False, endpoints=mine)
