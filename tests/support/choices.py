"""Bytes that choose: one number or one option after the other."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TypeVar

T = TypeVar("T")


@dataclass
class Choices:
    """Used up from the front; after the end every choice is the first one."""

    data: bytes
    used: int = 0

    @property
    def are_left(self) -> bool:
        """Whether there is anything left to choose by."""
        return self.used < len(self.data)

    def number(self) -> int:
        """0 to 255."""
        self.used += 1
        return self.data[self.used - 1] if self.used <= len(self.data) else 0

    def of(self, options: Sequence[T]) -> T:
        """One of these; there has to be one."""
        return options[self.number() % len(options)]

    def some(self, options: Sequence[T]) -> tuple[T, ...]:
        """Any of up to eight of these, or none."""
        bits = self.number()
        return tuple(option for index, option in enumerate(options[:8]) if bits >> index & 1)

    def one_in(self, count: int) -> bool:
        """Now and then; never once the choices are used up."""
        return self.number() % count == count - 1
