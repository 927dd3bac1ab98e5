"""What of a configuration one process runs: all of it, or one of the parts that can run apart."""

import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from sauma.ids import EndpointId
from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.settings import Settings

_NAME_MAX = 100
"""Bytes of a process's name."""


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
    return Share(_name_of(sorted(mine)), has_intake=False, has_router=False, endpoints=mine)


def _name_of(endpoints: Sequence[EndpointId]) -> str:
    """By all of them where that is short enough for the name of a folder, which may have 255 bytes."""
    name = f"connector-{'+'.join(endpoints)}"
    if len(name) <= _NAME_MAX:
        return name
    digest = hashlib.sha256(name.encode()).hexdigest()[:8]
    return f"connector-{endpoints[0]}+{len(endpoints) - 1}-{digest}"
