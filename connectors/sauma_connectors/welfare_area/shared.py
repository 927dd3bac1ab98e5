"""What came from outside, as the register keeps it: one resource a fact, marked with its origin and its version."""

import base64
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sauma.content import Content
from sauma.delivery import Basis
from sauma.fact import Moment
from sauma_connectors.sdk.moments import moment_of, text_of
from sauma_connectors.welfare_area import folder, wire
from sauma_connectors.welfare_area.contents import (
    RESOURCE_OF,
    Envelope,
    coded,
    content_of,
    kind_of,
    person_reference,
    resource_of,
)
from sauma_connectors.welfare_area.terms import PERSON, SECURITY_LABEL, TURVAKIELTO, Register
from sauma_connectors.welfare_area.validator import Unfit, read
from sauma_connectors.welfare_area.wire import Coding, Extension, Identifier, Reference, Resource

TYPES = ("Patient", "Observation", "ClinicalImpression", "ServiceRequest", "Goal", "Basic", "Task")
"""Every resource type that a fact can be kept in."""

UPDATES = ("current", "stopped", "error")


@dataclass(frozen=True, slots=True)
class Received:
    """One fact of another register, or a version of an own one that was made elsewhere."""

    person: str = field(repr=False)
    fact: str
    kind: str
    category: int
    handling: str
    version: int
    status: str
    owner: str
    basis: Basis
    digest: bytes
    content: Content | None = field(repr=False)
    clear: tuple[tuple[str, str], ...] = ()
    plan: str | None = None
    referral: str | None = None
    about: str | None = None
    about_version: int = 0
    starts: Moment | None = None
    ends: Moment | None = None
    updates: str = "current"
    """current, stopped (kept, no longer updated) or error."""


def place(root: Path, register: Register, fact: str, resource_type: str) -> Path:
    """Where a fact is kept. Raises OSError."""
    return root / folder.INCOMING / register.name / resource_type / f"{name_of(root, fact)}.json"


def name_of(root: Path, fact: str) -> str:
    """The id of the resource that keeps a fact. Raises OSError."""
    return folder.own_name(root, "fact", fact)


def resource_type_of(received: Received) -> str:
    """The resource type that a fact is kept in."""
    if received.content is not None:
        return RESOURCE_OF[kind_of(received.content)]
    return {"non-disclosure": "Patient", "referral-status": "Task"}.get(received.kind, "Basic")


def to_resource(received: Received, register: Register, name: str) -> Resource:
    """The fact as a resource; raises OverflowError for a moment that no calendar has."""
    terms = register.terms
    resource_type = resource_type_of(received)
    flagged = received.kind == "non-disclosure" and received.status == "open"
    about = Envelope(
        id=name,
        person=received.person,
        meta=wire.Meta(
            tag=[Coding(system=register.system, code="1")],
            security=[Coding(system=SECURITY_LABEL, code=TURVAKIELTO)] if flagged else [],
        ),
        identifier=(Identifier(system=terms.identifiers("shared-fact"), value=received.fact),),
        extension=(_extension(received, register),),
        status=_fhir_status(resource_type, received),
        intent="proposal" if received.kind in ("proposal", "conflict") else "plan",
        based_on=_plan_reference(received, register),
    )
    if received.content is not None:
        return resource_of(received.content, about, terms)
    return _without_content(received, about, register, resource_type)


def from_resource(resource: Resource, register: Register) -> Received:
    """The fact that a resource keeps; raises Unfit."""
    terms = register.terms
    extension = next((e for e in resource.extension if e.url == terms.extension("shared-fact")), None)
    if extension is None:
        raise Unfit("wrong-shape", f"{resource.resource_type}.extension", "does not tell which shared fact this is")
    texts = {e.url: e.value_string for e in extension.extension if e.value_string}
    numbers = {e.url: e.value_positive_int for e in extension.extension if e.value_positive_int}
    moments = {e.url: moment_of(e.value_instant) for e in extension.extension if e.value_instant}
    digest = next((e.value_base64_binary for e in extension.extension if e.url == "digest"), None)
    person = next((e.value_reference for e in extension.extension if e.url == "person"), None)
    kind = texts.get("content")
    return Received(
        person=(person and person.identifier and person.identifier.value) or "",
        fact=texts.get("fact", ""),
        kind=texts.get("kind", ""),
        category=numbers.get("category", 0),
        handling=texts.get("handling", ""),
        version=numbers.get("version", 0),
        status=texts.get("status", ""),
        owner=texts.get("owner", ""),
        basis=Basis(
            rule=texts.get("rule", ""),
            discloser=texts.get("discloser", ""),
            recipient=texts.get("recipient", ""),
            purpose=texts.get("purpose", ""),
            will=texts.get("will"),
        ),
        digest=base64.b64decode(digest) if digest else b"",
        content=content_of(resource, kind, terms) if kind else None,
        clear=tuple(_clear(e) for e in extension.extension if e.url == "clear"),
        plan=texts.get("plan"),
        referral=texts.get("referral"),
        about=texts.get("about"),
        about_version=numbers.get("about-version", 0),
        starts=moments.get("starts"),
        ends=moments.get("ends"),
        updates=texts.get("updates", "current"),
    )


def find(root: Path, register: Register, fact: str) -> Received | None:
    """The fact as kept, or None; also None where its file cannot be read, so that it is written anew."""
    for resource_type in TYPES:
        path = place(root, register, fact, resource_type)
        if path.is_file():
            try:
                return from_resource(read(folder.load(folder.Found(path, resource_type))), register)
            except (Unfit, folder.Gone):
                return None
    return None


def everything(root: Path, register: Register) -> Iterator[Received]:
    """Every fact that the register keeps from outside; what cannot be read is passed over."""
    for resource_type in TYPES:
        for found in folder.files(root, folder.INCOMING, register.name, resource_type):
            try:
                yield from_resource(read(folder.load(found)), register)
            except (Unfit, folder.Gone):
                continue


def _extension(received: Received, register: Register) -> Extension:
    texts = {
        "fact": received.fact,
        "kind": received.kind,
        "content": kind_of(received.content) if received.content is not None else None,
        "handling": received.handling,
        "status": received.status,
        "owner": received.owner,
        "rule": received.basis.rule,
        "discloser": received.basis.discloser,
        "recipient": received.basis.recipient,
        "purpose": received.basis.purpose,
        "will": received.basis.will,
        "plan": received.plan,
        "referral": received.referral,
        "about": received.about,
        "updates": received.updates,
    }
    numbers = {"version": received.version, "category": received.category, "about-version": received.about_version}
    moments = {"starts": received.starts, "ends": received.ends}
    digest = base64.b64encode(received.digest).decode()
    return Extension(
        url=register.terms.extension("shared-fact"),
        extension=[
            Extension(url="person", value_reference=person_reference(received.person)),
            *(Extension(url=name, value_string=text) for name, text in texts.items() if text),
            *(Extension(url=name, value_positive_int=number) for name, number in numbers.items() if number),
            *(Extension(url=name, value_instant=text_of(m)) for name, m in moments.items() if m is not None),
            *([Extension(url="digest", value_base64_binary=digest)] if digest else []),
            *(
                Extension(
                    url="clear",
                    extension=[
                        Extension(url="name", value_string=name),
                        *([Extension(url="value", value_string=value)] if value else []),
                    ],
                )
                for name, value in received.clear
            ),
        ],
    )


def _clear(extension: Extension) -> tuple[str, str]:
    texts = {e.url: e.value_string or "" for e in extension.extension}
    return texts.get("name", ""), texts.get("value", "")


def _plan_reference(received: Received, register: Register) -> tuple[Reference, ...]:
    if received.plan is None:
        return ()
    plan = Identifier(system=register.terms.identifiers("shared-plan"), value=received.plan)
    return (Reference(identifier=plan),)


_ORDINARY_STATUS = {"Observation": "final", "ClinicalImpression": "completed"}
_CLOSED_STATUS = {"ServiceRequest": "completed", "Goal": "completed", "Observation": "final"}


def _fhir_status(resource_type: str, received: Received) -> str:
    """FHIR's nearest word, for whoever reads the folder with other tools; the exact status stands in the extension."""
    if received.updates == "error":
        return "cancelled" if resource_type == "Goal" else "entered-in-error"
    if received.status in ("closed", "declined", "accepted", "settled", "cancelled"):
        return _CLOSED_STATUS.get(resource_type, "completed")
    return _ORDINARY_STATUS.get(resource_type, "active")


_TASK_STATUS = {
    "received": "received",
    "accepted": "accepted",
    "declined": "rejected",
    "cancelled": "cancelled",
    "started": "in-progress",
    "interrupted": "on-hold",
    "completed": "completed",
}


def _without_content(received: Received, about: Envelope, register: Register, resource_type: str) -> Resource:
    """A fact that says all it has in the clear."""
    terms, subject = register.terms, person_reference(received.person)
    identifier, extension = list(about.identifier), list(about.extension)
    if resource_type == "Patient":
        identifier.insert(0, Identifier(system=PERSON, value=received.person))
        return wire.Patient(id=about.id, meta=about.meta, identifier=identifier, extension=extension)
    code = coded(terms.codes("joint-kind"), received.kind)
    if resource_type == "Task":
        referral = Identifier(system=terms.identifiers("shared-referral"), value=received.referral)
        return wire.Task(
            id=about.id,
            meta=about.meta,
            identifier=identifier,
            extension=extension,
            status=_TASK_STATUS.get(received.status, "completed"),
            intent="order",
            code=code,
            focus=Reference(identifier=referral),
            for_=subject,
        )
    return wire.Basic(
        id=about.id, meta=about.meta, identifier=identifier, extension=extension, code=code, subject=subject
    )
