"""Links between own rows and shared facts, as FHIR Linkage resources: which row is which fact, in which version."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from sauma_connectors.welfare_area import folder, wire
from sauma_connectors.welfare_area.contents import person_reference
from sauma_connectors.welfare_area.terms import Register
from sauma_connectors.welfare_area.validator import Unfit, read, render
from sauma_connectors.welfare_area.wire import Coding, Extension, Identifier, Reference


@dataclass(frozen=True, slots=True)
class Link:
    """An own row, and the shared fact that it is, in the version last known; `status` only where it was told from outside."""

    person: str = field(repr=False)
    row: str
    fact: str
    version: int
    status: str | None = None
    is_ended: bool = False
    """Whether the row no longer speaks for the fact: a move passed it to another register, or it was taken back."""


def links(root: Path, register: Register) -> Iterator[Link]:
    """Every link of the register; what cannot be read is passed over."""
    for found in folder.files(root, folder.INCOMING, register.name, "Linkage"):
        try:
            resource = read(folder.load(found))
        except (Unfit, folder.Gone):
            continue
        link = _link(resource, register) if isinstance(resource, wire.Linkage) else None
        if link is not None:
            yield link


def link_of(root: Path, register: Register, row: str, fact: str) -> Link | None:
    """The link between this row and this fact, or None."""
    path = _place(root, register, row, fact)
    try:
        resource = read(folder.load(folder.Found(path, "Linkage")))
    except (Unfit, folder.Gone):
        return None
    return _link(resource, register) if isinstance(resource, wire.Linkage) else None


def keep(root: Path, register: Register, link: Link) -> None:
    """Write the link over its earlier version. Raises OSError."""
    terms = register.terms
    extension = [
        Extension(url=terms.extension("person"), value_reference=person_reference(link.person)),
        Extension(url=terms.extension("shared-version"), value_positive_int=link.version),
    ]
    if link.status:
        extension.append(Extension(url=terms.extension("shared-status"), value_string=link.status))
    if link.is_ended:
        extension.append(Extension(url=terms.extension("shared-ended"), value_boolean=True))
    fact = Identifier(system=terms.identifiers("shared-fact"), value=link.fact)
    path = _place(root, register, link.row, link.fact)
    linkage = wire.Linkage(
        id=path.stem,
        meta=wire.Meta(tag=[Coding(system=register.system, code="1")]),
        extension=extension,
        item=[
            wire.LinkageItem(type="source", resource=Reference(reference=link.row)),
            wire.LinkageItem(type="alternate", resource=Reference(identifier=fact)),
        ],
    )
    folder.save(root, path, render(linkage))


def _place(root: Path, register: Register, row: str, fact: str) -> Path:
    return root / folder.INCOMING / register.name / "Linkage" / f"{folder.own_name(root, 'link', row, fact)}.json"


def _link(linkage: wire.Linkage, register: Register) -> Link | None:
    extensions = {e.url: e for e in linkage.extension}
    terms = register.terms
    nothing = Extension(url="")
    person = extensions.get(terms.extension("person"), nothing).value_reference
    version = extensions.get(terms.extension("shared-version"), nothing).value_positive_int
    row = next((i.resource.reference for i in linkage.item if i.type == "source"), None)
    fact = next((i.resource.identifier for i in linkage.item if i.type == "alternate"), None)
    if not (person and person.identifier and person.identifier.value and version and row and fact and fact.value):
        return None
    status = extensions.get(terms.extension("shared-status"), nothing).value_string
    is_ended = extensions.get(terms.extension("shared-ended"), nothing).value_boolean or False
    return Link(person.identifier.value, row, fact.value, version, status, is_ended)
