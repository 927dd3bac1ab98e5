"""How many random histories each property is tried on."""

import os

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st

_CHOSEN = os.environ.get("SAUMA_PROPERTY_EXAMPLES")
_EXAMPLES = int(_CHOSEN or 220)

HISTORIES = st.binary(min_size=60, max_size=140)
"""About six bytes a record; min_size is what decides hypothesis's usual size, and zeros shrink to nothing happening."""


def examples(weight: float = 1.0) -> settings:
    """Settings of one property; no deadline, since this machine may be busy."""
    return settings(
        max_examples=int(_EXAMPLES * weight),
        derandomize=_CHOSEN is None,
        deadline=None,
        database=None,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    )
