"""Turns YAML text into plain data with the line of every key and item; it knows nothing of what they mean.

Every scalar stays a text, as it is written: YAML's own guesses would make a truth value of `no` and eight of `010`.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import yaml

Path = tuple[str | int, ...]
Plain = dict[str, "Plain"] | list["Plain"] | str

DEPTH_MAX = 12
"""Deeper than any scenario goes; a text that refers to itself would never end."""


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a scenario file."""

    file: str
    line: int
    what: str
    do: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.what}; {self.do}"


class ScenarioError(Exception):
    """Scenario files that cannot be used; `faults` has all that is wrong."""

    def __init__(self, faults: list[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


@dataclass(frozen=True, slots=True)
class Text:
    """What one file says, and where it says it."""

    file: str
    data: Plain
    lines: Mapping[Path, int]

    def line(self, *path: str | int) -> int:
        """The line of this place; parts of the path that the text does not have are passed over."""
        here: Path = ()
        for part in path:
            here = (*here, part) if (*here, part) in self.lines else self._among_several(here, part)
        return self.lines[here]

    def _among_several(self, here: Path, part: str | int) -> Path:
        """Where the part stands in a key that names several (`kela, employment: ...`), or `here`."""
        keys = (path for path in self.lines if path and path[:-1] == here)
        return next((path for path in keys if part in [name.strip() for name in str(path[-1]).split(",")]), here)


def read_text(file: str, text: str) -> Text:
    """The data in one text. Raises `ScenarioError`."""
    try:
        node = yaml.compose(text, Loader=yaml.BaseLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = mark.line + 1 if mark is not None else 1
        what = f"not YAML: {getattr(error, 'problem', None) or 'unreadable'}"
        raise ScenarioError([Fault(file, line, what, "mend the syntax there")]) from None
    if node is None:
        raise ScenarioError([Fault(file, 1, "nothing in it", "write at least one scenario, or remove the file")])
    faults: list[Fault] = []
    lines: dict[Path, int] = {(): 1}
    data = _plain(node, (), lines, file, faults)
    if faults:
        raise ScenarioError(faults)
    return Text(file, data, lines)


def _plain(node: yaml.Node, path: Path, lines: dict[Path, int], file: str, faults: list[Fault]) -> Plain:
    if len(path) > DEPTH_MAX:
        faults.append(Fault(file, node.start_mark.line + 1, "nested too deep", "write it flat"))
        return ""
    if isinstance(node, yaml.SequenceNode):
        for index, item in enumerate(node.value):
            lines[*path, index] = item.start_mark.line + 1
        return [_plain(item, (*path, index), lines, file, faults) for index, item in enumerate(node.value)]
    if not isinstance(node, yaml.MappingNode):
        return str(node.value)
    found: dict[str, Plain] = {}
    for key, value in node.value:
        name, line = str(key.value), key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            faults.append(Fault(file, line, "a key that is no word", "write key: value"))
        elif name in found:
            faults.append(Fault(file, line, f"{name!r} stands twice", "keep one of them"))
        else:
            lines[*path, name] = line
            found[name] = _plain(value, (*path, name), lines, file, faults)
    return found
