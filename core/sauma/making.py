"""Makes frozen records cheap to make and to change: frozen for the type checker, plain slots when it runs.

The `__init__` of a frozen dataclass goes through `object.__setattr__`, by name, for every field. A step makes some eighty
records with five hundred fields, and that was two fifths of its time. mypy, in strict mode over everything that touches
these records, refuses an assignment to a field; so nothing has to refuse it again, each time, while the router runs.
"""

import dataclasses
from typing import TYPE_CHECKING, Any, TypeVar

__all__ = ["cheap_to_make", "replace"]

T = TypeVar("T")


def cheap_to_make(record: type[T]) -> type[T]:
    """The same frozen dataclass with slots, with an `__init__` that assigns, and a `replace` that copies. For records made at every step.

    The record has no fields that are left out of `__init__` or only given by keyword; `replace` does not check it again.
    """
    scope: dict[str, Any] = {"absent": object(), "new": object.__new__, "record": record}
    parameters, lines, copies = [], [], []
    for field in dataclasses.fields(record):  # type: ignore[arg-type] # a dataclass, says the docstring
        name = field.name
        value, parameter = name, name
        if field.default is not dataclasses.MISSING:
            scope[f"default_{name}"], parameter = field.default, f"{name}=default_{name}"
        elif field.default_factory is not dataclasses.MISSING:
            scope[f"new_{name}"], parameter = field.default_factory, f"{name}=absent"
            value = f"new_{name}() if {name} is absent else {name}"
        parameters.append(parameter)
        lines.append(f" self.{name} = {value}")
        copies.append(f" copy.{name} = self.{name}")
    if hasattr(record, "__post_init__"):
        lines.append(" self.__post_init__()")
    make = f"def __init__(self, {', '.join(parameters)}):\n" + "\n".join(lines)
    copy = "def _copy(self):\n copy = new(record)\n" + "\n".join(copies) + "\n return copy"
    exec(f"{make}\n{copy}", scope)  # noqa: S102 - the record's own names
    del record.__setattr__, record.__delattr__  # those that refuse
    setattr(record, "__init__", scope["__init__"])  # noqa: B010 - mypy takes an assignment for a mistake
    _COPIES[record] = scope["_copy"]
    return record


_COPIES: dict[type, Any] = {}

if TYPE_CHECKING:
    from dataclasses import replace  # the type checker knows its fields
else:

    def replace(record: T, /, **changes: object) -> T:
        """The same record with these fields changed: `dataclasses.replace`, quicker for what is `cheap_to_make`."""
        copy = _COPIES.get(record.__class__)
        if copy is None:
            return dataclasses.replace(record, **changes)
        changed = copy(record)
        for name, value in changes.items():
            setattr(changed, name, value)
        return changed
