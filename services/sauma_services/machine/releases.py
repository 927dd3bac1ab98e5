"""Tells the keyring what the router has released, from the router's committed state and nothing else."""

import threading

from sauma.client import FactState
from sauma.codec import Codec
from sauma.ids import EndpointId, FactId, SubjectId
from sauma.sealing import digest
from sauma_services.keyring import Release
from sauma_services.router.clients import FACT, part_key
from sauma_services.router.topology import Router
from sauma_services.runtime.ports import Reader

_FACT = Codec(FactState)


class StateReleases:
    """Releases as they stand in the committed state: a right that has ended ended with the commit that ended it."""

    def __init__(self, reader: Reader) -> None:
        self._reader = reader
        # A reader is for one thread at a time; connectors open cells from theirs.
        self._one_at_a_time = threading.Lock()

    def release_of(self, subject: SubjectId, fact: FactId, endpoint: EndpointId) -> Release | None:
        """What was last released of this fact to this endpoint, or None."""
        with self._one_at_a_time:
            value = self._reader.state_part(Router.name, part_key(subject, FACT, fact))
        if value is None:
            return None
        state = _FACT.decode_trusted(value)
        given = state.given.get(endpoint)
        if given is None or state.fact.sealed_as is None:
            return None
        return Release(version=given.version, digest=digest(state.fact.sealed_as), is_live=given.is_live)
