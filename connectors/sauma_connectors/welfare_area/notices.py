"""Notices to the area's clerks, as FHIR OperationOutcome resources, which they read in in/OperationOutcome/."""

from pathlib import Path

from sauma_connectors.sdk.contract import Told
from sauma_connectors.welfare_area import folder, wire
from sauma_connectors.welfare_area.contents import person_reference
from sauma_connectors.welfare_area.terms import Register
from sauma_connectors.welfare_area.wire import CodeableConcept, Coding, Extension, Reference

_INFORMATIVE = frozenset({"will-effective", "inventory-answered"})
_SEVERITY = {"refused": "error", "waiting": "warning", "clock-due": "warning"}
_ISSUE_TYPE = {"refused": "business-rule", "waiting": "incomplete", "clock-due": "business-rule"}


def notice(root: Path, register: Register, person: str | None, told: Told) -> wire.OperationOutcome:
    """The notice as a resource; the same notice again is the same file. Raises OSError."""
    terms = register.terms
    parts = (register.name, person or "", told.code, told.reason, told.reference, told.row or "")
    name = folder.own_name(root, "told", *parts)
    extension = [Extension(url=terms.extension("reference"), value_string=told.reference)] if told.reference else []
    if person is not None:
        extension.append(Extension(url=terms.extension("person"), value_reference=person_reference(person)))
    if told.row is not None:
        extension.append(Extension(url=terms.extension("own-row"), value_reference=Reference(reference=told.row)))
    code = CodeableConcept(coding=[Coding(system=terms.codes("notice"), code=told.code)], text=told.reason or told.code)
    return wire.OperationOutcome(
        id=name,
        meta=wire.Meta(tag=[Coding(system=register.system, code="1")]),
        extension=extension,
        issue=[
            wire.Issue(
                severity="information" if told.code in _INFORMATIVE else _SEVERITY.get(told.code, "warning"),
                code="informational" if told.code in _INFORMATIVE else _ISSUE_TYPE.get(told.code, "processing"),
                details=code,
            )
        ],
    )
