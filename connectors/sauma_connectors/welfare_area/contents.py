"""Content of facts as FHIR elements, and back without loss; which resource a kind of content is written in.

Texts that are empty are left out, as FHIR demands, and read back as empty.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Any, cast

from sauma.content import CONTENT_OF, Contact, Content, Goal, HealthNote, Identity, PlanItem, Referral
from sauma_connectors.welfare_area import wire
from sauma_connectors.welfare_area.terms import BCP_47, PERSON, Terms
from sauma_connectors.welfare_area.validator import Unfit
from sauma_connectors.welfare_area.wire import CodeableConcept, Coding, Extension, Identifier, Reference, Resource

RESOURCE_OF: Mapping[str, str] = {
    "identity": "Patient",
    "contact": "Patient",
    "background": "Observation",
    "social-situation": "Observation",
    "capacity": "Observation",
    "service-need": "Observation",
    "measurement": "Observation",
    "health-note": "ClinicalImpression",
    "plan-item": "ServiceRequest",
    "referral": "ServiceRequest",
    "goal": "Goal",
    "client-relationship": "Basic",
    "job-search-obligation": "Basic",
    "review": "Basic",
    "approval": "Basic",
}
"""The resource type of each kind of content."""

_KIND_OF: Mapping[type[Content], str] = {content: kind for kind, content in CONTENT_OF.items()}


def kind_of(content: Content) -> str:
    """The kind of fact that this type of content belongs to."""
    return _KIND_OF[type(content)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Envelope:
    """What a resource has besides its content."""

    id: str
    person: str = field(repr=False)
    meta: wire.Meta
    identifier: tuple[Identifier, ...] = ()
    extension: tuple[Extension, ...] = ()
    status: str = ""
    """In the words of the resource type; empty for its ordinary one."""
    intent: str = "plan"
    based_on: tuple[Reference, ...] = ()
    replaces: tuple[Reference, ...] = ()


def person_reference(person: str) -> Reference:
    """The subject of a resource, by henkilötunnus."""
    return Reference(identifier=Identifier(system=PERSON, value=person))


def coded(system: str, code: str) -> CodeableConcept:
    """A concept of one code."""
    return CodeableConcept(coding=[Coding(system=system, code=code)])


def resource_of(content: Content, about: Envelope, terms: Terms) -> Resource:
    """The content in its resource."""
    kind = kind_of(content)
    common: dict[str, Any] = {
        "id": about.id,
        "meta": about.meta,
        "identifier": list(about.identifier),
        "extension": list(about.extension),
    }
    subject = person_reference(about.person)
    code = coded(terms.codes("joint-kind"), kind)
    match content:
        case Identity() | Contact():
            common["identifier"] = [Identifier(system=PERSON, value=about.person), *about.identifier]
            return wire.Patient(**common, **patient_elements(content))
        case PlanItem() | Referral():
            return wire.ServiceRequest(
                **common,
                status=about.status or "active",
                intent=about.intent,
                category=[code],
                subject=subject,
                based_on=list(about.based_on),
                replaces=list(about.replaces),
                **_service_elements(content, terms),
            )
        case HealthNote(text):
            return wire.ClinicalImpression(
                **common, status=about.status or "completed", code=code, subject=subject, summary=text
            )
        case Goal(goal):
            described = CodeableConcept(coding=code.coding, text=goal)
            return wire.Goal(
                **common,
                lifecycle_status=about.status or "active",
                category=[code],
                description=described,
                subject=subject,
            )
        case _ if RESOURCE_OF[kind] == "Observation":
            components = [
                wire.Component(code=coded(terms.codes("field"), name), value_string=value)
                for name, value in _texts(content)
                if value
            ]
            return wire.Observation(
                **common, status=about.status or "final", code=code, subject=subject, component=components
            )
        case _:
            common["extension"] = [*_field_extensions(content, terms), *about.extension]
            return wire.Basic(**common, code=code, subject=subject)


def content_of(resource: Resource, kind: str, terms: Terms) -> Content:
    """The content of a resource of this kind; raises Unfit where the resource cannot hold it."""
    match resource, kind:
        case wire.Patient(), "identity":
            return identity_in(resource)
        case wire.Patient(), "contact":
            return contact_of(resource)
        case wire.ServiceRequest(), "plan-item":
            coding = next(iter(resource.code.coding), Coding()) if resource.code else Coding()
            timing = resource.occurrence_timing
            return PlanItem(
                service_code=coding.code or "",
                service=_text(resource.code),
                goal=_first_text(resource.reason_code),
                place=_first_text(resource.location_code),
                schedule=_text(timing.code) if timing else "",
            )
        case wire.ServiceRequest(), "referral":
            who = resource.requester
            return Referral(_text(resource.code), _first_text(resource.reason_code), (who and who.display) or "")
        case wire.ClinicalImpression(), "health-note":
            return HealthNote(resource.summary or "")
        case wire.Goal(), "goal":
            return Goal(_text(resource.description))
        case wire.Observation(), _ if RESOURCE_OF.get(kind) == "Observation":
            return _from_components(resource, kind, terms)
        case wire.Basic(), _ if RESOURCE_OF.get(kind) == "Basic":
            return _from_extensions(resource, kind, terms)
        case _:
            raise Unfit("unknown-code", resource.resource_type, "does not hold this kind of content")


def patient_elements(content: Identity | Contact) -> dict[str, Any]:
    """The elements of a Patient that say this."""
    if isinstance(content, Identity):
        given = content.given_names.split(" ")
        return {
            "name": [
                wire.HumanName(
                    use="official",
                    family=content.family_name or None,
                    given=given if all(given) else [content.given_names],
                )
            ]
        }
    return {
        "address": [
            wire.Address(
                line=[content.street_address],
                postal_code=content.postal_code or None,
                city=content.town or None,
            )
        ],
        "telecom": [wire.ContactPoint(system="phone", value=content.telephone or None)],
        "communication": [wire.Communication(language=coded(BCP_47, content.language))] if content.language else [],
    }


def identity_in(patient: wire.Patient) -> Identity:
    """The patient's official name and henkilötunnus."""
    name = next((n for n in patient.name if n.use in (None, "official")), wire.HumanName())
    code = next((i.value for i in patient.identifier if i.system == PERSON), None)
    return Identity(code or "", name.family or "", " ".join(name.given))


def contact_of(patient: wire.Patient) -> Contact:
    """The patient's first address and telephone, and language."""
    address = next(iter(patient.address), wire.Address())
    telephone = next((point.value for point in patient.telecom if point.system == "phone"), None)
    language = next((c.code for spoken in patient.communication for c in spoken.language.coding), None)
    return Contact(
        ", ".join(address.line), address.postal_code or "", address.city or "", telephone or "", language or ""
    )


def _service_elements(content: PlanItem | Referral, terms: Terms) -> dict[str, Any]:
    if isinstance(content, Referral):
        return {
            "code": CodeableConcept(text=content.service),
            "reason_code": [CodeableConcept(text=content.grounds)],
            "requester": Reference(display=content.contact_person),
        }
    codes = [Coding(system=terms.codes("service"), code=content.service_code)] if content.service_code else []
    return {
        "code": CodeableConcept(coding=codes, text=content.service),
        "reason_code": [CodeableConcept(text=content.goal)],
        "location_code": [CodeableConcept(text=content.place)],
        "occurrence_timing": wire.Timing(code=CodeableConcept(text=content.schedule)),
    }


def _texts(content: Content) -> list[tuple[str, str]]:
    return [(_name(f.name), cast("str", getattr(content, f.name))) for f in fields(content)]


def _name(attribute: str) -> str:
    return attribute.replace("_", "-")


def _field_extensions(content: Content, terms: Terms) -> list[Extension]:
    found: list[Extension] = []
    for each in fields(content):
        value, url = getattr(content, each.name), terms.extension(_name(each.name))
        if isinstance(value, bool):
            found.append(Extension(url=url, value_boolean=value))
        else:
            texts = value if isinstance(value, tuple) else (value,)
            found += [Extension(url=url, value_string=text) for text in texts if text]
    return found


def _from_components(resource: wire.Observation, kind: str, terms: Terms) -> Content:
    known = {_name(f.name): f.name for f in fields(CONTENT_OF[kind])}
    found = dict.fromkeys(known.values(), "")
    for number, component in enumerate(resource.component):
        code = next((c.code for c in component.code.coding if c.system == terms.codes("field")), None)
        if code is None:
            continue
        path = f"Observation.component[{number}]"
        if code not in known:
            raise Unfit("unknown-code", f"{path}.code", f"is no field of {kind}; use {', '.join(known)}")
        if found[known[code]]:
            raise Unfit("wrong-shape", path, "says a field twice; say it once")
        if component.value_string is None:
            raise Unfit("wrong-shape", f"{path}.valueString", "is missing")
        found[known[code]] = component.value_string
    return CONTENT_OF[kind](**found)  # type: ignore[arg-type] # all of these have only text fields


def _from_extensions(resource: wire.Basic, kind: str, terms: Terms) -> Content:
    found: dict[str, Any] = {}
    for each in fields(CONTENT_OF[kind]):
        here = [e for e in resource.extension if e.url == terms.extension(_name(each.name))]
        if each.type is bool:
            found[each.name] = any(e.value_boolean for e in here)
        elif each.type is str:
            found[each.name] = next((e.value_string for e in here if e.value_string), "")
        else:
            found[each.name] = tuple(e.value_string for e in here if e.value_string)
    return CONTENT_OF[kind](**found)


def _text(concept: CodeableConcept | None) -> str:
    return (concept and concept.text) or ""


def _first_text(concepts: list[CodeableConcept]) -> str:
    return _text(next(iter(concepts), None))
