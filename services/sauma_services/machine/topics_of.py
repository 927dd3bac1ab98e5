"""Which topics a configuration needs, with their partition counts: the same list for every process, and for the operator."""

from dataclasses import replace

from sauma.places import Places
from sauma_services.machine.share import endpoints_of
from sauma_services.runtime.settings import Settings
from sauma_services.runtime.topics import FIXED, TopicRow, deliveries_row, inbound_row, narrowing_row

DELIVERY_PARTITIONS = 1
"""One reader takes a recipient's deliveries in their order, and there are a hundred recipients: more partitions would share
nothing, and every commit would have to mark more of them."""


def topics_of(settings: Settings, places: Places) -> list[TopicRow]:
    """Rows without the groups' states, which come with their groups.

    The inbound topics are those of this configuration's connectors: intake's processes must all read the same ones.
    """
    partitions = settings.log.partitions_or_default
    shared = [*FIXED, *(row(endpoint) for endpoint in endpoints_of(settings) for row in (inbound_row, narrowing_row))]
    deliveries = [deliveries_row(endpoint) for endpoint in sorted(places.endpoints)]
    return [
        *(replace(row, partitions=partitions) for row in shared),
        *(replace(row, partitions=DELIVERY_PARTITIONS) for row in deliveries),
    ]
