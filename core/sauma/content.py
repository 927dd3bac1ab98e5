"""What is inside cells: one content type per kind of fact. Only connectors make and read these; the router never sees them.

Each type says in `CATEGORY_OF` which category of TYM 381/2023 11.2 § it belongs to: one cell, one category.
Texts are the agency's own words, in its own language; codes are national ones where there are any.
"""

from collections.abc import Mapping
from dataclasses import dataclass, fields

from sauma.codec import Codec, Registry, Undecodable


@dataclass(frozen=True, slots=True)
class Identity:
    """Who the client is."""

    henkilotunnus: str
    family_name: str
    given_names: str


@dataclass(frozen=True, slots=True)
class Contact:
    """How to reach the client; locality."""

    street_address: str
    postal_code: str
    town: str
    telephone: str
    language: str
    """ISO 639-1."""


@dataclass(frozen=True, slots=True)
class ClientRelationship:
    """The client's dealings with the agency, and special arrangements such as an interpreter."""

    dealings: str
    special_arrangements: str


@dataclass(frozen=True, slots=True)
class Background:
    """Education, work history and skills."""

    education: str
    work_history: str
    skills: str


@dataclass(frozen=True, slots=True)
class SocialSituation:
    """The social situation, as far as it bears on employment."""

    summary: str


@dataclass(frozen=True, slots=True)
class Capacity:
    """A functional conclusion about capacity for work; never a diagnosis."""

    conclusion: str
    limits: str
    valid_until: str
    """ISO 8601 date, or empty."""


@dataclass(frozen=True, slots=True)
class HealthNote:
    """What a health professional wrote."""

    text: str


@dataclass(frozen=True, slots=True)
class ServiceNeed:
    """What the client needs."""

    need: str
    grounds: str


@dataclass(frozen=True, slots=True)
class PlanItem:
    """One service of the plan."""

    service_code: str
    """National code of the service: it may reveal more than its category, so it lives in the cell."""
    service: str
    goal: str
    place: str
    schedule: str


@dataclass(frozen=True, slots=True)
class Goal:
    """A goal that the makers share."""

    goal: str


@dataclass(frozen=True, slots=True)
class JobSearchObligation:
    """The client's job-search obligation (JTPL 380/2023 chapter 5), or that it is waived (48 §)."""

    obligation: str
    waived: bool
    grounds: str


@dataclass(frozen=True, slots=True)
class Review:
    """What was agreed on follow-up and review."""

    agreed: str
    next_on: str


@dataclass(frozen=True, slots=True)
class Approval:
    """The plan's approval: which versions of which facts the makers and the client approved."""

    covers: tuple[str, ...]
    """`<fact>@<version>`, sorted."""
    statement: str
    signed_on: str


@dataclass(frozen=True, slots=True)
class Referral:
    """What is asked for, why, and whom to call."""

    service: str
    grounds: str
    contact_person: str


@dataclass(frozen=True, slots=True)
class Measurement:
    """That and when something was measured; the values stay where they were measured."""

    instrument: str
    measured_on: str


Content = (
    Identity
    | Contact
    | ClientRelationship
    | Background
    | SocialSituation
    | Capacity
    | HealthNote
    | ServiceNeed
    | PlanItem
    | Goal
    | JobSearchObligation
    | Review
    | Approval
    | Referral
    | Measurement
)

CONTENT_OF: Mapping[str, type[Content]] = {
    "identity": Identity,
    "contact": Contact,
    "client-relationship": ClientRelationship,
    "background": Background,
    "social-situation": SocialSituation,
    "capacity": Capacity,
    "health-note": HealthNote,
    "service-need": ServiceNeed,
    "plan-item": PlanItem,
    "goal": Goal,
    "job-search-obligation": JobSearchObligation,
    "review": Review,
    "approval": Approval,
    "referral": Referral,
    "measurement": Measurement,
}
"""The content type of each kind; a proposal or a conflict holds the content of the item it is about."""

CATEGORY_OF: Mapping[str, tuple[int, ...]] = {
    "Identity": (1,),
    "Contact": (1,),
    "ClientRelationship": (2,),
    "Background": (3,),
    "SocialSituation": (4,),
    "Capacity": (5,),
    "HealthNote": (5,),
    "ServiceNeed": (6,),
    "Referral": (6,),
    "Measurement": (4, 5),
    "PlanItem": (7,),
    "Goal": (7,),
    "JobSearchObligation": (7,),
    "Review": (7,),
    "Approval": (7,),
}


@dataclass(frozen=True, slots=True)
class Sealed:
    """The plain bytes of a cell: which content type, and its bytes."""

    schema: str
    content: bytes


# A namespace of their own: an event has a Referral too. The category stands in each type's schema.
CONTENT_REGISTRY = Registry(
    namespace="sauma.content", properties={name: {"category": list(held)} for name, held in CATEGORY_OF.items()}
)

_SEALED = Codec(Sealed)
_BY_NAME: Mapping[str, type[Content]] = {kind.__name__: kind for kind in CONTENT_OF.values()}
_CODECS: Mapping[str, Codec[Content]] = {name: Codec(kind, CONTENT_REGISTRY) for name, kind in _BY_NAME.items()}


def content_schema(content: Content) -> str:
    """The name of the content's type: what the seal binds."""
    return type(content).__name__


def write_content(content: Content) -> bytes:
    """The content as a cell's plain bytes."""
    name = content_schema(content)
    return _SEALED.encode(Sealed(name, _CODECS[name].encode(content)))


def read_content(data: bytes) -> Content:
    """The content in a cell's plain bytes; raises `sauma.codec.Undecodable`, also for a type unknown here."""
    sealed = _SEALED.decode(data)
    codec = _CODECS.get(sealed.schema)
    if codec is None:
        raise Undecodable("unknown content type")
    return codec.decode(sealed.content)


def as_text(content: Content) -> dict[str, str]:
    """The content's fields as text, for comparing what two systems hold."""
    values = ((field.name, getattr(content, field.name)) for field in fields(content))
    return {name: " ".join(value) if isinstance(value, tuple) else str(value) for name, value in values}
