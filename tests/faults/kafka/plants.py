"""Bugs to be planted in a process of the fault suite, each of which the checker must find; none is in the product."""

from collections.abc import Callable, Mapping

PLANTS: Mapping[str, Callable[[], None]] = {}
