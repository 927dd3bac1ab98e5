"""FHIR R4 resources as the area's systems export them, and a validator that says where a shape is wrong, never what it held.

Only what is needed is checked; any other element is allowed, as FHIR demands, and kept when a resource is written again.
"""

import base64
import binascii
import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from sauma_connectors.sdk.moments import moment_of

_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")  # FHIR's own form of an id


def _instant(text: str) -> str:
    try:
        moment_of(text if _INSTANT.fullmatch(text) else "")
    except ValueError:
        raise PydanticCustomError(
            "fhir", "must be a date, time and offset, for example 2026-05-04T09:00:00+03:00"
        ) from None
    return text


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise PydanticCustomError("fhir", "must be 1 to 64 letters, digits, '-' or '.'")
    return text


def _base64(text: str) -> str:
    try:
        base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        raise PydanticCustomError("fhir", "must be base64") from None
    return text


Instant = Annotated[str, AfterValidator(_instant)]
Id = Annotated[str, AfterValidator(_id)]
Base64 = Annotated[str, AfterValidator(_base64)]
PositiveInt = Annotated[int, Field(ge=1, le=2**31 - 1)]


class Element(BaseModel):
    """Any element. Its repr is empty: an element may end in a log, a value may not."""

    model_config = ConfigDict(
        strict=True,
        frozen=True,
        extra="allow",
        hide_input_in_errors=True,
        alias_generator=lambda name: to_camel(name.rstrip("_")),
        validate_by_name=True,
        validate_by_alias=True,
    )

    def __repr_args__(self) -> list[tuple[str, Any]]:  # what pydantic shows
        """Nothing."""
        return []


class Coding(Element):
    """A code of a system."""

    system: str | None = None
    code: str | None = None
    display: str | None = None
    extension: list["Extension"] = []


class CodeableConcept(Element):
    """A concept by codes, by text, or by both."""

    coding: list[Coding] = []
    text: str | None = None


class Identifier(Element):
    """A value that a system gave."""

    system: str | None = None
    value: str | None = None


class Reference(Element):
    """Another resource, by its place in the export or by an identifier."""

    reference: str | None = None
    identifier: Identifier | None = None
    display: str | None = None


class Period(Element):
    """From start on, up to end."""

    start: Instant | None = None
    end: Instant | None = None


class Duration(Element):
    """An amount of time; only whole milliseconds are read."""

    value: PositiveInt
    system: str | None = None
    code: Literal["ms"]


class Extension(Element):
    """An extension: a value, or further extensions."""

    url: str
    value_string: str | None = None
    value_code: str | None = None
    value_positive_int: PositiveInt | None = None
    value_boolean: bool | None = None
    value_instant: Instant | None = None
    value_base64_binary: Base64 | None = None
    value_coding: Coding | None = None
    value_reference: Reference | None = None
    value_duration: Duration | None = None
    extension: list["Extension"] = []


class Meta(Element):
    """About the resource: when last changed, of which register, how to be handled."""

    last_updated: Instant | None = None
    source: str | None = None
    security: list[Coding] = []
    tag: list[Coding] = []


class Resource(Element):
    """What every resource has."""

    resource_type: str
    id: Id
    meta: Meta = Meta()
    identifier: list[Identifier] = []
    extension: list[Extension] = []
    implicit_rules: str | None = None
    modifier_extension: list[Extension] = []


class HumanName(Element):
    """A person's name."""

    use: str | None = None
    family: str | None = None
    given: list[str] = []


class ContactPoint(Element):
    """A telephone number or the like."""

    system: str | None = None
    value: str | None = None


class Address(Element):
    """A postal address."""

    use: str | None = None
    line: list[str] = []
    postal_code: str | None = None
    city: str | None = None


class Communication(Element):
    """A language of the patient."""

    language: CodeableConcept


class Patient(Resource):
    """The client or patient: who, where, and the security label of a non-disclosure order."""

    resource_type: Literal["Patient"] = "Patient"
    name: list[HumanName] = []
    telecom: list[ContactPoint] = []
    address: list[Address] = []
    communication: list[Communication] = []
    deceased_boolean: bool | None = None
    deceased_date_time: str | None = None


class Component(Element):
    """One part of an observation."""

    code: CodeableConcept
    value_string: str | None = None


class Observation(Resource):
    """A conclusion of a professional."""

    resource_type: Literal["Observation"] = "Observation"
    status: str
    code: CodeableConcept
    subject: Reference
    component: list[Component] = []


class ClinicalImpression(Resource):
    """What a health professional wrote."""

    resource_type: Literal["ClinicalImpression"] = "ClinicalImpression"
    status: str
    code: CodeableConcept
    subject: Reference
    summary: str | None = None


class Repeat(Element):
    """How long a timing lasts."""

    bounds_period: Period | None = None


class Timing(Element):
    """When a service is given: in words, and between which moments."""

    code: CodeableConcept | None = None
    repeat: Repeat | None = None


class ServiceRequest(Resource):
    """A service of the plan, a referral, or a proposal to change one."""

    resource_type: Literal["ServiceRequest"] = "ServiceRequest"
    status: str
    intent: str
    category: list[CodeableConcept] = []
    code: CodeableConcept | None = None
    subject: Reference
    based_on: list[Reference] = []
    replaces: list[Reference] = []
    requester: Reference | None = None
    performer_type: CodeableConcept | None = None
    occurrence_timing: Timing | None = None
    location_code: list[CodeableConcept] = []
    reason_code: list[CodeableConcept] = []


class CarePlan(Resource):
    """The multidisciplinary plan: who makes it."""

    resource_type: Literal["CarePlan"] = "CarePlan"
    status: str
    intent: str
    category: list[CodeableConcept] = []
    subject: Reference
    contributor: list[Reference] = []


class Goal(Resource):
    """A goal of the plan."""

    resource_type: Literal["Goal"] = "Goal"
    lifecycle_status: str
    category: list[CodeableConcept] = []
    description: CodeableConcept
    subject: Reference


class Basic(Resource):
    """What FHIR has no resource for."""

    resource_type: Literal["Basic"] = "Basic"
    code: CodeableConcept
    subject: Reference


class TaskInput(Element):
    """One thing a task needs to be told."""

    type: CodeableConcept
    value_string: str | None = None
    value_positive_int: PositiveInt | None = None
    value_base64_binary: Base64 | None = None


class TaskOutput(Element):
    """One thing a task gave."""

    type: CodeableConcept
    value_reference: Reference | None = None


class Task(Resource):
    """A step that a professional has taken."""

    resource_type: Literal["Task"] = "Task"
    status: str
    intent: str
    code: CodeableConcept
    business_status: CodeableConcept | None = None
    status_reason: CodeableConcept | None = None
    focus: Reference | None = None
    for_: Reference
    reason_reference: Reference | None = None
    input: list[TaskInput] = []
    output: list[TaskOutput] = []
    contained: list[dict[str, Any]] = []


class Actor(Element):
    """Whom a consent speaks of."""

    role: CodeableConcept
    reference: Reference


class ConsentData(Element):
    """What a consent speaks of."""

    meaning: str
    reference: Reference


class Provision(Element):
    """What a consent allows or forbids."""

    type: Literal["permit", "deny"]
    period: Period | None = None
    actor: list[Actor] = []
    class_: list[Coding] = []
    data: list[ConsentData] = []


class Consent(Resource):
    """The client's will: a consent, or a disclosure permit or prohibition as read from Kanta."""

    resource_type: Literal["Consent"] = "Consent"
    status: str
    scope: CodeableConcept
    category: list[CodeableConcept] = Field(min_length=1)
    patient: Reference
    date_time: Instant | None = None
    performer: list[Reference] = []
    source_reference: Reference | None = None
    policy_rule: CodeableConcept | None = None
    provision: Provision | None = None


class LinkageItem(Element):
    """One end of a link."""

    type: Literal["source", "alternate"]
    resource: Reference


class Linkage(Resource):
    """A row of this register and the shared fact that it is."""

    resource_type: Literal["Linkage"] = "Linkage"
    item: list[LinkageItem]


class Issue(Element):
    """One thing to be told."""

    severity: str
    code: str
    details: CodeableConcept
    diagnostics: str | None = None


class OperationOutcome(Resource):
    """A notice to the area's clerks."""

    resource_type: Literal["OperationOutcome"] = "OperationOutcome"
    issue: list[Issue]


RESOURCES: dict[str, type[Resource]] = {
    kind.__name__: kind
    for kind in (
        Patient,
        Observation,
        ClinicalImpression,
        ServiceRequest,
        CarePlan,
        Goal,
        Basic,
        Task,
        Consent,
        Linkage,
        OperationOutcome,
    )
}
