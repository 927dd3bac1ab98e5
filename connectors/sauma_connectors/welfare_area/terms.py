"""The names a welfare area's FHIR resources use: national identifiers, and the area's own documented URLs; nothing of Sauma's."""

import re
from dataclasses import dataclass, field

from sauma_connectors.sdk.errors import NeedsOperator

PERSON = "urn:oid:1.2.246.21"
"""Identifier system of the henkilötunnus (Finnish base profiles)."""

MUNICIPALITY_URL = "https://hl7.fi/fhir/finnish-base-profiles/StructureDefinition/municipality-code"
MUNICIPALITY = "urn:oid:1.2.246.537.6.21"
"""Municipality codes; a version may follow, as in `urn:oid:1.2.246.537.6.21.2003`."""

SECURITY_LABEL = "https://hl7.fi/fhir/finnish-base-profiles/CodeSystem/fi-base-security-label-cs"
TURVAKIELTO = "TURVAKIELTO"

REGISTER_SYSTEM = {"social": "urn:oid:1.2.246.537.6.1264", "health": "urn:oid:1.2.246.537.5.40150"}
"""Register identifiers of documents: of social care, of patient records. One as a `meta.tag` says whose a resource is."""

ROLE = {"social": "social-care", "health": "health-care"}

CONFIDENTIALITY = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
HANDLING_OF_ACT_CODE = {
    "MH": "mental-health",
    "PSY": "mental-health",
    "ETH": "substance-use",
    "SUD": "substance-use",
    "GDIS": "genetics",
    "PSYTHPN": "therapy-note",
}
"""HL7's sensitivity labels that have a handling class; any other one makes a resource unreadable, never ordinary."""

BCP_47 = "urn:ietf:bcp:47"

_ENDPOINT = re.compile(r"(social|health)-([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Terms:
    """The URLs of one area, all below its own base."""

    area: str
    base: str = field(init=False)

    def __post_init__(self) -> None:
        """Derive the base from the area's code."""
        object.__setattr__(self, "base", f"https://welfare-{self.area}.example/fhir")

    def extension(self, name: str) -> str:
        """The URL of one of the area's extensions."""
        return f"{self.base}/StructureDefinition/{name}"

    def codes(self, name: str) -> str:
        """The URL of one of the area's code systems."""
        return f"{self.base}/CodeSystem/{name}"

    def identifiers(self, name: str) -> str:
        """The URL of one of the area's identifier systems."""
        return f"{self.base}/sid/{name}"


@dataclass(frozen=True, slots=True)
class Register:
    """One of the two registers of an area; `name` is social or health."""

    name: str
    terms: Terms

    @property
    def role(self) -> str:
        """The role this register fills."""
        return ROLE[self.name]

    @property
    def system(self) -> str:
        """The tag system that marks this register's resources."""
        return REGISTER_SYSTEM[self.name]


def register_of(endpoint: str) -> Register:
    """The register behind an endpoint's id; raises NeedsOperator for an id that is no welfare register's."""
    parts = _ENDPOINT.fullmatch(endpoint)
    if parts is None:
        raise NeedsOperator("a welfare register's endpoint is social-NN or health-NN, for example social-08")
    return Register(parts[1], Terms(parts[2]))
