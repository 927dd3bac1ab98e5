"""Makes frozen records cheap to make, to change and to keep: declared as dataclasses, made as msgspec's structs.

The `__init__` of a frozen dataclass goes through `object.__setattr__`, by name, for every field. A step makes some eighty
records with five hundred fields, and that was two fifths of its time; a struct is filled in C. It is frozen all the same,
and Python's collector, which would look for cycles in millions of them, does not know of it: records hold none.
"""

import dataclasses
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

__all__ = ["cheap_to_make", "looks", "replace"]

T = TypeVar("T")

_MADE_BY_DATACLASS = frozenset(
    {"__init__", "__eq__", "__hash__", "__setattr__", "__delattr__", "__getstate__", "__setstate__"}
    | {"__slots__", "__match_args__", "__dict__", "__weakref__"}
)


def cheap_to_make(record: type[T]) -> type[T]:
    """The same frozen dataclass with slots, as a struct; still a dataclass to whoever asks for its fields.

    The record has no fields that are left out of `__init__` or only given by keyword; `replace` does not check it again.
    """
    fields = dataclasses.fields(record)  # type: ignore[arg-type] # a dataclass, says the docstring
    names = {field.name for field in fields}
    own = {name: value for name, value in vars(record).items() if name not in _MADE_BY_DATACLASS | names}
    struct = msgspec.defstruct(
        record.__name__,
        [_field(field) for field in fields],
        namespace=own,
        module=record.__module__,
        frozen=True,
        gc=False,
    )
    struct.__qualname__ = record.__qualname__
    return struct  # type: ignore[return-value] # to the type checker it stays the dataclass


def _field(field: "dataclasses.Field[Any]") -> Any:
    if field.default is not dataclasses.MISSING:
        return field.name, field.type, field.default
    if field.default_factory is not dataclasses.MISSING:
        return field.name, field.type, msgspec.field(default_factory=field.default_factory)
    return field.name, field.type


looks: dict[type, Callable[[Any], None]] = {}
"""What has to be done to a record of such a type before its fields are there (`sauma.unread`)."""

if TYPE_CHECKING:
    from dataclasses import replace  # the type checker knows its fields
else:

    def replace(record: T, /, **changes: object) -> T:
        """The same record with these fields changed: `dataclasses.replace`, quicker for what is `cheap_to_make`."""
        if isinstance(record, msgspec.Struct):
            if record.__class__ in looks:
                looks[record.__class__](record)
            return msgspec.structs.replace(record, **changes)
        return dataclasses.replace(record, **changes)
