"""Reads scenario files, or says everything that is wrong with them: file, line, and what to do. It runs nothing."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, get_args

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from sauma_services.scenarios import wording
from sauma_services.scenarios.statements import Mark, Put, Statement
from sauma_services.scenarios.text import Fault, Path, ScenarioError, Text, read_text
from sauma_services.scenarios.wording import Scenario

__all__ = ["ScenarioError", "Written", "read_scenarios"]

_FILE = {"about", "date", "scenarios"}


@dataclass(frozen=True, slots=True)
class Written:
    """A scenario, and where it stands."""

    scenario: Scenario
    text: Text
    place: Path

    @property
    def file(self) -> str:
        """The file that it stands in."""
        return self.text.file

    def line(self, *path: str | int) -> int:
        """The line of a part of it, or of the whole."""
        return self.text.line(*self.place, *path)


def read_scenarios(files: Mapping[str, str], *, purposes: Iterable[str]) -> tuple[Written, ...]:
    """The scenarios in these texts, by file name. `purposes` are those of all rules: a mark for another one does nothing.

    Raises `ScenarioError` with every fault of every file.
    """
    known, faults, found = frozenset(purposes), list[Fault](), list[Written]()
    for name, content in sorted(files.items()):
        try:
            for written in _of_file(read_text(name, content)):
                faults += _unknown_purposes(written, known)
                found.append(written)
        except ScenarioError as error:
            faults += error.faults
    names: dict[str, Written] = {}
    for written in found:
        first = names.setdefault(written.scenario.scenario, written)
        if first is not written:
            what = f"a second scenario of this name, after {first.file}:{first.line()}"
            faults.append(Fault(written.file, written.line("scenario"), what, "give each a name of its own"))
    if not files:
        faults.append(Fault("scenarios", 1, "no scenario file at all", "add one that ends in .yaml"))
    if faults:
        raise ScenarioError(faults)
    return tuple(found)


def _of_file(text: Text) -> list[Written]:
    data = text.data
    if not isinstance(data, dict) or not isinstance(data.get("scenarios"), list):
        do = "begin with about: and scenarios:, and write each scenario as an item below"
        raise ScenarioError([Fault(text.file, 1, "no list of scenarios", do)])
    faults = [
        Fault(text.file, text.line(key), f"unknown key {key!r}", f"remove it; known: {', '.join(sorted(_FILE))}")
        for key in data.keys() - _FILE
    ]
    found: list[Written] = []
    default = {"date": data["date"]} if "date" in data else {}
    for index, item in enumerate(data["scenarios"]):
        try:
            stated = {**default, **item} if isinstance(item, dict) else item
            found.append(Written(Scenario.model_validate(stated), text, ("scenarios", index)))
        except ValidationError as error:
            faults += [_fault(text, ("scenarios", index), detail) for detail in error.errors()]
    if faults:
        raise ScenarioError(sorted(set(faults), key=lambda fault: fault.line))
    return found


def _fault(text: Text, place: Path, detail: ErrorDetails) -> Fault:
    line = text.line(*place, *detail["loc"])
    where = detail["loc"][-1] if detail["loc"] else "scenario"
    match detail["type"]:
        case "extra_forbidden":
            known = ", ".join(sorted(_keys_beside(detail["loc"])))
            return Fault(text.file, line, f"unknown key {where!r}", f"remove it; known here: {known}")
        case "missing":
            return Fault(text.file, line, f"no {where}", f"add {where}:")
        case "union_tag_invalid" | "union_tag_not_found":
            said = detail.get("ctx", {}).get("tag")
            what = f"a statement does {said!r}" if said else "a statement without does"
            return Fault(text.file, line, what, f"write does: one of {', '.join(sorted(_VERBS))}")
        case "value_error":
            what, _, do = str(detail["ctx"]["error"]).partition("; ")
            do = do or "see docs/scenarios.md"
            return Fault(text.file, line, what, do)
        case _:
            return Fault(text.file, line, f"{where}: {detail['msg']}", "write it as docs/scenarios.md shows")


def _verbs() -> dict[str, type[BaseModel]]:
    """By what a statement does, its form."""
    union = get_args(Statement)[0]
    forms: tuple[type[BaseModel], ...] = get_args(union)
    return {verb: form for form in forms for verb in get_args(form.model_fields["does"].annotation)}


_VERBS = _verbs()


_BELOW: Mapping[str, type[BaseModel]] = {
    "then": wording.Outcome,
    "client": wording.ClientBefore,
    "later": wording.Happens,
}


def _keys_beside(loc: tuple[int | str, ...]) -> set[str]:
    """The keys that are known where this one was not."""
    form: type[BaseModel] = Scenario
    for part in loc[:-1]:
        form = _VERBS.get(str(part)) or _BELOW.get(str(part), form)
    return {field.alias or name for name, field in form.model_fields.items()}


def _unknown_purposes(written: Written, known: frozenset[str]) -> list[Fault]:
    scenario = written.scenario
    said: list[tuple[Path, Any]] = [(("given", index), one) for index, one in enumerate(scenario.given)]
    said += [
        (("when",) if index == 0 else ("later", index - 1, "when"), one.when)
        for index, one in enumerate(scenario.happens)
    ]
    return [
        Fault(
            written.file,
            written.line(*path, "for-task"),
            f"{purpose!r} is the purpose of no rule",
            f"write one of: {', '.join(sorted(known))}",
        )
        for path, one in said
        if isinstance(one, Put | Mark)
        for purpose in one.for_task.values()
        if purpose not in known
    ]
