"""Reads one register's resources out of the area's export folder, all of them each time, and says them in their order."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from sauma_connectors.sdk.contract import (
    Answered,
    FactRow,
    Person,
    RelationshipStep,
    Snapshot,
    Statement,
    Unreadable,
)
from sauma_connectors.welfare_area import folder, wire
from sauma_connectors.welfare_area.inbound import (
    Patients,
    Reading,
    key_of,
)
from sauma_connectors.welfare_area.links import links
from sauma_connectors.welfare_area.patients import patient, person_of
from sauma_connectors.welfare_area.shared import everything
from sauma_connectors.welfare_area.statements import order, statements_of
from sauma_connectors.welfare_area.terms import REGISTER_SYSTEM, Register
from sauma_connectors.welfare_area.validator import Unfit, parse, validate
from sauma_connectors.welfare_area.wire import Resource

READ = (
    "Patient",
    "Observation",
    "ClinicalImpression",
    "ServiceRequest",
    "CarePlan",
    "Goal",
    "Basic",
    "Task",
    "Consent",
)
"""The folders of the export that are read; any other is left alone."""


@dataclass(slots=True)
class _Read:
    """What one reading has found so far."""

    resources: list[tuple[str, Resource]] = field(default_factory=list)
    bad: list[Unreadable] = field(default_factory=list)
    is_whole: bool = True

    def refuse(self, shown: str, error: Unfit) -> None:
        """One bad resource, by its place: under the key that it has as a good one, so that it is not taken for gone."""
        row = shown.removeprefix(f"{folder.EXPORT}/").removesuffix(".json")
        self.bad.append(Unreadable(row, error.fault.reason, f"{shown}: {error.fault.detail}"))


@dataclass(frozen=True, slots=True)
class WelfareAreaSource:
    """The export folder's resources of one register. It remembers nothing between readings."""

    register: Register
    root: Path

    def read(self) -> Snapshot:
        """All rows of this register, oldest first; not complete where a folder could not be read or a file was just going.

        A resource that cannot be read is one bad row, under the key that it has as a good one.
        """
        found = self._resources()
        patients = {key_of(r): r for _, r in found.resources if isinstance(r, wire.Patient)}
        reading = Reading(self.register, Patients(patients))
        statements: list[Statement] = []
        for shown, resource in found.resources:
            if isinstance(resource, wire.Patient):
                continue
            try:
                statements += _told_by_key(statements_of(reading, resource))
            except Unfit as error:
                found.refuse(shown, error)
        statements += self._of_patients(reading, found, statements)
        statements = list(_with_answers(statements, found))
        rows: list[Statement | Unreadable] = [*sorted(statements, key=order), *found.bad]
        return Snapshot(rows, is_complete=found.is_whole)

    def _resources(self) -> _Read:
        """The register's own resources; those of the other register, and what came from outside, are left out."""
        found = _Read()
        if not (self.root / folder.EXPORT).is_dir():
            found.is_whole = False
            missing = Unfit("unreadable-row", "the export folder", "is missing; is the share mounted?")
            found.refuse(folder.EXPORT, missing)
        for resource_type in READ:
            try:
                for file in folder.files(self.root, folder.EXPORT, resource_type):
                    self._one(found, file, resource_type)
            except Unfit as error:
                found.is_whole = False
                found.refuse(f"{folder.EXPORT}/{resource_type}", error)
        return found

    def _one(self, found: _Read, file: folder.Found, resource_type: str) -> None:
        try:
            value = parse(folder.load(file))
            if value.get("resourceType") != resource_type:
                raise Unfit("wrong-shape", "resourceType", "is another than the folder's")
            if not _is_ours(value, self.register) or not _is_of(value, self.register):
                return
            resource = validate(value)
            if f"{resource.id}.json" != file.path.name:
                raise Unfit("wrong-shape", f"{resource_type}.id", "must be the file's name without .json")
            if resource.modifier_extension or resource.implicit_rules:
                where = f"{resource_type}.modifierExtension or implicitRules"
                raise Unfit("unknown-code", where, "changes the meaning in a way not known here; nothing was sent")
            if not _is_from_outside(resource, self.register):
                found.resources.append((file.shown, resource))
        except folder.Gone:
            found.is_whole = False
        except Unfit as error:
            found.refuse(file.shown, error)

    def _of_patients(self, reading: Reading, found: _Read, said: list[Statement]) -> Iterator[Statement]:
        """What patients say, for persons dealt with jointly: this register says something of them, or was given something."""
        started = {s.person for s in said if s.says == RelationshipStep("started")}
        joint, told = {s.person for s in said}, set[str]()
        try:
            joint |= {Person(received.person) for received in everything(self.root, self.register)}
            told |= {link.row for link in links(self.root, self.register)}
        except Unfit as error:
            found.is_whole = False
            found.refuse(folder.INCOMING, error)
        for shown, resource in found.resources:
            if not isinstance(resource, wire.Patient):
                continue
            is_told = f"{key_of(resource)}#contact" in told
            is_marked = any(e.url == reading.url("necessary-for") for e in resource.extension)
            try:
                person = person_of(reading, resource)
                if person in joint or is_marked:
                    yield from _told_by_key(
                        patient(reading, resource, has_started=person in started, is_contact_shared=is_told)
                    )
            except Unfit as error:
                found.refuse(shown, error)


def _told_by_key(statements: Iterator[Statement]) -> list[Statement]:
    """All that a resource says, or nothing: a key is told in notices and logs, so it may not name the person."""
    said = list(statements)
    if any(one.person.henkilotunnus in one.row.upper() for one in said):
        raise Unfit("wrong-shape", "the id", "holds the personal identity code; give the resource another id")
    return said


def _with_answers(statements: list[Statement], found: _Read) -> Iterator[Statement]:
    """An answer newer than the item's own resource says how the item reads: the two files are written one after the other."""
    answers: dict[str, Statement] = {}
    for said in sorted(statements, key=order):
        if isinstance(said.says, Answered) and said.says.fact is not None:
            answers[said.says.row] = said
    for said in statements:
        answer = answers.get(said.row)
        if answer is None or not isinstance(said.says, FactRow) or not isinstance(answer.says, Answered):
            yield said
        elif answer.person != said.person:
            found.refuse(answer.row, Unfit("wrong-shape", "Task.reasonReference", "names another person's row"))
        elif answer.says.fact is not None and answer.occurred_at > said.occurred_at:
            yield replace(said, says=answer.says.fact, occurred_at=answer.occurred_at)
        else:
            yield said


def _is_ours(value: dict[str, Any], register: Register) -> bool:
    """Whether the resource speaks in the area's joint codes at all; others are the area's own affair."""
    if value.get("resourceType") == "Patient":
        return True
    base = register.terms.codes("")
    return any(_codes_below(value.get(name), base) for name in ("code", "category"))


def _codes_below(value: object, base: str) -> bool:
    if isinstance(value, list):
        return any(_codes_below(item, base) for item in value)
    if not isinstance(value, dict):
        return False
    system = value.get("system")
    return (isinstance(system, str) and system.startswith(base)) or _codes_below(value.get("coding"), base)


def _is_of(value: dict[str, Any], register: Register) -> bool:
    """Whose the resource is, by its tags; raises Unfit where they do not tell. Only a patient may be of both registers."""
    meta = value.get("meta")
    tags = meta.get("tag") if isinstance(meta, dict) else None
    systems = [tag.get("system") for tag in tags if isinstance(tag, dict)] if isinstance(tags, list) else []
    named = [system for system in REGISTER_SYSTEM.values() if system in systems]
    if not named or (len(named) > 1 and value.get("resourceType") != "Patient"):
        where = f"{value.get('resourceType')}.meta.tag"
        raise Unfit("wrong-shape", where, f"must name one register, by one of {', '.join(REGISTER_SYSTEM.values())}")
    return register.system in named


def _is_from_outside(resource: Resource, register: Register) -> bool:
    """No echo: what was received carries its origin, and is dropped should the area's system export it again."""
    return any(i.system == register.terms.identifiers("shared-fact") for i in resource.identifier)
