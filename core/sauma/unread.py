"""Records that are kept as their bytes until somebody looks at them: most parts of a client are carried through a step unread.

An unread record is an instance of a subclass that adds no field. Its bytes lie in the slot of its first field; the first
look at any field reads them into all slots and makes it a plain instance, so that from then on nothing is in the way.
"""

import dataclasses
from collections.abc import Callable
from types import new_class
from typing import Any, TypeVar

from sauma.making import looks

T = TypeVar("T")

_become = object.__dict__["__class__"].__set__
"""What assigning to `__class__` does, where a record is frozen."""


def unread(record: type[T], read: Callable[[bytes], T]) -> Callable[[bytes], T]:
    """Makes unread records of a type that is `cheap_to_make`; `read` gives the record in the bytes and must not fail."""
    names = [field.name for field in dataclasses.fields(record)]  # type: ignore[arg-type] # a dataclass, says the docstring
    slots = [record.__dict__[name] for name in names]
    first = slots[0]

    def look(self: Any) -> None:
        found = read(first.__get__(self))
        for slot in slots:
            slot.__set__(self, slot.__get__(found))
        _become(self, record)

    def looked_at(name: str) -> property:
        def value(self: Any) -> Any:
            look(self)
            return getattr(self, name)

        return property(value)

    def equal(self: Any, other: object) -> bool:
        look(self)
        return bool(self == other)

    kind = new_class(f"Unread{record.__name__}", (record,), {}, lambda own: own.update(__eq__=equal, __hash__=None))
    for name in names:
        setattr(kind, name, looked_at(name))
    looks[kind] = look
    others = (None,) * (len(names) - 1)
    return lambda data: kind(data, *others)
