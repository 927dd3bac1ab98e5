"""The places that a configuration works with: those of the country, and the endpoints that it adds."""

from sauma.ids import EndpointId
from sauma.places import Endpoint, Places
from sauma.resources import load_places
from sauma_services.runtime.settings import Settings


def places_of(settings: Settings) -> Places:
    """The places of these settings; raises `sauma.places.PlacesError` where an added endpoint cannot be right."""
    return load_places().with_endpoints(
        [
            Endpoint(id=EndpointId(one.id), role=one.role, organiser=one.organiser, name_fi=one.name)
            for one in settings.endpoint
        ]
    )
