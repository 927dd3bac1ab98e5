"""Translates one resource of the export into statements; what it cannot read it answers with a fault, never with a guess."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from sauma.content import CATEGORY_OF, CONTENT_OF, Content
from sauma.fact import HANDLING, KINDS, NEVER, ROLES, Moment
from sauma.henkilotunnus import Valid, check
from sauma.ids import FactId
from sauma_connectors.sdk.contract import FactRow, Mark, Own, Person, Reference, Shared
from sauma_connectors.sdk.moments import moment_of
from sauma_connectors.welfare_area import wire
from sauma_connectors.welfare_area.contents import content_of
from sauma_connectors.welfare_area.terms import (
    ACT_CODE,
    CONFIDENTIALITY,
    HANDLING_OF_ACT_CODE,
    PERSON,
    SECURITY_LABEL,
    Register,
)
from sauma_connectors.welfare_area.validator import Unfit
from sauma_connectors.welfare_area.wire import CodeableConcept, Coding, Extension, Resource

NOT_YET, OPEN, CLOSED, ERROR = "not-yet", "open", "closed", "error"

STATUS: Mapping[str, Mapping[str, str]] = {
    "Observation": {
        "registered": NOT_YET,
        "preliminary": NOT_YET,
        "final": OPEN,
        "amended": OPEN,
        "corrected": OPEN,
        "cancelled": CLOSED,
        "entered-in-error": ERROR,
    },
    "ClinicalImpression": {"in-progress": NOT_YET, "completed": OPEN, "entered-in-error": ERROR},
    "ServiceRequest": {
        "draft": NOT_YET,
        "active": OPEN,
        "on-hold": OPEN,
        "revoked": CLOSED,
        "completed": CLOSED,
        "entered-in-error": ERROR,
    },
    "Goal": {
        "proposed": NOT_YET,
        "planned": OPEN,
        "accepted": OPEN,
        "active": OPEN,
        "on-hold": OPEN,
        "completed": CLOSED,
        "cancelled": CLOSED,
        "entered-in-error": ERROR,
    },
}
"""What FHIR's own statuses mean here; a status that is not in the table makes the resource unreadable."""


@dataclass(frozen=True, slots=True)
class Patients:
    """The patients of the register's export, by their place in it."""

    by_reference: Mapping[str, wire.Patient] = field(repr=False)

    def code(self, patient: wire.Patient) -> str | None:
        """The patient's henkilötunnus as written, or None."""
        return next((i.value for i in patient.identifier if i.system == PERSON), None)

    def of(self, person: Person) -> wire.Patient | None:
        """The patient who is this person, or None."""
        return next((p for p in self.by_reference.values() if self.code(p) == person.henkilotunnus), None)


@dataclass(frozen=True, slots=True)
class Reading:
    """What a translation needs besides the resource."""

    register: Register
    patients: Patients

    def url(self, name: str) -> str:
        """The URL of an extension of this area."""
        return self.register.terms.extension(name)

    def code(self, concept: CodeableConcept | None, system: str) -> str | None:
        """The concept's code in one of the area's own systems, or None."""
        codings = concept.coding if concept else []
        return next((c.code for c in codings if c.system == self.register.terms.codes(system)), None)

    def identifier(self, reference: wire.Reference | None, system: str) -> str | None:
        """The value of a reference by one of the area's own identifier systems, or None."""
        identifier = reference.identifier if reference else None
        is_of_it = identifier is not None and identifier.system == self.register.terms.identifiers(system)
        return identifier.value if identifier and is_of_it else None

    def person(self, reference: wire.Reference, where: str) -> Person:
        """Whom a resource is about, by henkilötunnus or by a patient of the export; raises Unfit."""
        identifier = reference.identifier
        named = identifier.value if identifier and identifier.system == PERSON else None
        found = None
        if reference.reference is not None:
            patient = self.patients.by_reference.get(reference.reference)
            if patient is None and named is None:
                raise Unfit("wrong-shape", where, "names no patient of this register's export; export that patient too")
            found = self.patients.code(patient) if patient else None
        if named is not None and found is not None and named != found:
            raise Unfit("wrong-shape", where, "names two different persons; correct one of them")
        return checked_person(named or found, where)


def checked_person(code: str | None, where: str) -> Person:
    """The person; raises Unfit where the henkilötunnus is missing or wrong in form."""
    checked = check(code or "")
    if not isinstance(checked, Valid):
        wrong = f"is no personal identity code ({checked.reason}); write it as the population register does"
        raise Unfit("malformed-henkilotunnus", where, wrong)
    return Person(checked.text)


def key_of(resource: Resource) -> str:
    """The resource's local key."""
    return f"{resource.resource_type}/{resource.id}"


def changed_at(resource: Resource) -> Moment:
    """When the resource was last changed; raises Unfit."""
    if resource.meta.last_updated is None:
        raise Unfit("wrong-shape", f"{resource.resource_type}.meta.lastUpdated", "is missing")
    return moment_of(resource.meta.last_updated)


def state_of(resource: Resource) -> str:
    """Whether the resource is not yet, open, closed or an error; raises Unfit for a status unknown here."""
    words = STATUS.get(resource.resource_type)
    if words is None:
        return OPEN  # Patient and Basic have no status
    attribute = "lifecycle_status" if resource.resource_type == "Goal" else "status"
    state = words.get(getattr(resource, attribute))
    if state is None:
        where = f"{resource.resource_type}.{'lifecycleStatus' if attribute != 'status' else 'status'}"
        raise Unfit("unknown-code", where, f"is none of {', '.join(words)}")
    return state


def fact_row(
    reading: Reading, resource: Resource, kind: str, content: Content, *, labels: list[Coding] | None = None
) -> FactRow:
    """The standing row that a resource is; raises Unfit. `labels` stand for those of the resource where it may have none."""
    role, definition = reading.register.role, KINDS[kind]
    if role not in definition.owners:
        raise Unfit(
            "unknown-code", resource.resource_type, f"is of kind {kind}, which the {role} register does not own"
        )
    categories = CATEGORY_OF[type(content).__name__]
    plan, adopts, period = None, None, wire.Period()
    if isinstance(resource, wire.ServiceRequest):
        plan = plan_of(reading, resource.based_on)
        adopted = next((i for r in resource.replaces if (i := reading.identifier(r, "shared-fact"))), None)
        adopts = FactId(adopted) if adopted else None
        timing = resource.occurrence_timing
        period = (timing.repeat.bounds_period if timing and timing.repeat else None) or period
    else:
        plan = plan_of(reading, [e.value_reference for e in _all(reading, resource, "plan") if e.value_reference])
    return FactRow(
        kind=kind,
        # A measurement is of category 4 in social care and 5 in health care; every other content has one category.
        category=categories[-1] if role == "health-care" else categories[0],
        content=content,
        handling=definition.handling or handling_of(reading, resource, labels),
        necessary_for=tuple(_mark(resource, e) for e in _all(reading, resource, "necessary-for")),
        affects_employment_at=_affects(reading, resource),
        plan=plan,
        starts=moment_of(period.start) if period.start else None,
        ends=moment_of(period.end) if period.end else None,
        is_closed=state_of(resource) == CLOSED,
        adopts=adopts,
    )


def stated_content(reading: Reading, resource: Resource, kind: str) -> Content:
    """The content of an own resource; raises Unfit, also where the resource says nothing at all."""
    if kind not in CONTENT_OF:
        raise Unfit("unknown-code", resource.resource_type, "has a code of the area's joint kinds that is not known")
    content = content_of(resource, kind, reading.register.terms)
    if not any(getattr(content, name) for name in content.__slots__):
        raise Unfit("wrong-shape", resource.resource_type, f"holds no content of a {kind}")
    return content


def plan_of(reading: Reading, references: list[wire.Reference]) -> Reference | None:
    """The plan that the resource belongs to, or None."""
    for reference in references:
        if (shared := reading.identifier(reference, "shared-plan")) is not None:
            return Shared(shared)
        if reference.reference is not None and reference.reference.startswith("CarePlan/"):
            return Own(reference.reference)
    return None


def handling_of(reading: Reading, resource: Resource, labels: list[Coding] | None = None) -> str:
    """The strictest class that the security labels name. A label that is not understood is a fault, never 'ordinary'."""
    found: set[str] = set()
    for number, label in enumerate(resource.meta.security if labels is None else labels):
        if label.system in (CONFIDENTIALITY, SECURITY_LABEL):
            continue
        handling = label.code if label.system == reading.register.terms.codes("handling") else None
        if label.system == ACT_CODE:
            handling = HANDLING_OF_ACT_CODE.get(label.code or "")
        if handling not in HANDLING:
            where = f"{resource.resource_type}.meta.security[{number}]"
            raise Unfit("unknown-code", where, "is no handling class that is known here; nothing was sent")
        found.add(handling)
    found.discard("ordinary")
    return min(found, key=lambda name: (name not in NEVER, name), default="ordinary")


def _all(reading: Reading, resource: Resource, name: str) -> Iterator[Extension]:
    return (e for e in resource.extension if e.url == reading.url(name))


def _mark(resource: Resource, extension: Extension) -> Mark:
    where = f"{resource.resource_type}.extension({extension.url.rpartition('/')[2]})"
    parts = {e.url: e for e in extension.extension}
    role = parts["role"].value_code if "role" in parts else None
    recorded = parts["recorded"].value_instant if "recorded" in parts else None
    if role not in ROLES:
        raise Unfit("unknown-code", f"{where}.role", f"is no role; write one of {', '.join(sorted(ROLES))}")
    if recorded is None:
        raise Unfit("wrong-shape", f"{where}.recorded", "is missing; write when the professional decided")
    purpose = parts["purpose"].value_code if "purpose" in parts else None
    return Mark(role, moment_of(recorded), purpose or "multi-sector-support")


def _affects(reading: Reading, resource: Resource) -> Moment | None:
    extension = next(_all(reading, resource, "affects-employment"), None)
    if extension is None:
        return None
    if extension.value_instant is None:
        where = f"{resource.resource_type}.extension(affects-employment).valueInstant"
        raise Unfit("wrong-shape", where, "is missing; write when the professional decided")
    return moment_of(extension.value_instant)
