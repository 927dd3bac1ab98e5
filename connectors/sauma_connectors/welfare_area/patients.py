"""Translates a patient of the export: identity, contact, an order for non-disclosure (turvakielto), a death.

A patient says something only of a person who is dealt with jointly already: that somebody is a client or patient of the
area never leaves it by itself.
"""

from collections.abc import Iterator

from sauma.content import Identity
from sauma_connectors.sdk.contract import ClientChanged, FactRow, Person, Statement
from sauma_connectors.sdk.moments import moment_of
from sauma_connectors.welfare_area import wire
from sauma_connectors.welfare_area.contents import identity_in
from sauma_connectors.welfare_area.inbound import Reading, changed_at, checked_person, fact_row, key_of, stated_content
from sauma_connectors.welfare_area.terms import MUNICIPALITY, MUNICIPALITY_URL, SECURITY_LABEL, TURVAKIELTO
from sauma_connectors.welfare_area.validator import Unfit


def patient(
    reading: Reading, resource: wire.Patient, *, has_started: bool, is_contact_shared: bool
) -> Iterator[Statement]:
    """What a patient says. `has_started`: this register itself started the assessment, so it opens the client.

    `is_contact_shared`: the contact was told before, so that taking its marks away must be told too. Raises Unfit.
    """
    person = person_of(reading, resource)
    key, at = key_of(resource), changed_at(resource)
    if has_started:
        yield Statement(f"{key}#identity", person, FactRow("identity", 1, identity_in(resource)), at)
    yield from _non_disclosure(reading, resource, person)
    if resource.deceased_boolean or resource.deceased_date_time is not None:
        yield Statement(f"{key}#died", person, ClientChanged("died"), at)
    is_marked = any(e.url == reading.url("necessary-for") for e in resource.extension)
    if resource.address and (is_marked or is_contact_shared):
        contact = fact_row(reading, resource, "contact", stated_content(reading, resource, "contact"))
        yield Statement(f"{key}#contact", person, contact, at)


def person_of(reading: Reading, resource: wire.Patient) -> Person:
    """Who the patient is; raises Unfit."""
    return checked_person(reading.patients.code(resource), "Patient.identifier")


def identity_of(reading: Reading, person: Person) -> Identity:
    """The identity of a person as this register's patient resource says it; raises Unfit where there is none."""
    resource = reading.patients.of(person)
    if resource is None:
        raise Unfit("wrong-shape", "ServiceRequest.subject", "has no patient in this register's export")
    return identity_in(resource)


def municipality_of(reading: Reading, person: Person) -> str:
    """The home municipality of a person, three digits; raises Unfit."""
    resource = reading.patients.of(person)
    extensions = resource.extension if resource else []
    coding = next((e.value_coding for e in extensions if e.url == MUNICIPALITY_URL), None)
    code = coding.code if coding and (coding.system or "").startswith(MUNICIPALITY) else None
    if code is None or not (len(code) == 3 and code.isascii() and code.isdigit()):
        raise Unfit("unknown-municipality", "Patient.extension(municipality-code)", "must have a code of three digits")
    return code


def _non_disclosure(reading: Reading, resource: wire.Patient, person: Person) -> Iterator[Statement]:
    key, at = key_of(resource), changed_at(resource)
    lifted = next((e for e in resource.extension if e.url == reading.url("non-disclosure-lifted")), None)
    label = next((c for c in resource.meta.security if (c.system, c.code) == (SECURITY_LABEL, TURVAKIELTO)), None)
    if label is not None:
        until = next((e.value_instant for e in label.extension if e.url == reading.url("non-disclosure-until")), None)
        recorded = next(
            (e.value_instant for e in label.extension if e.url == reading.url("non-disclosure-recorded")), None
        )
        says = ClientChanged("non-disclosure", until=moment_of(until) if until else None)
        # An act is said once: a renewal is another order, so what tells orders apart is part of the key.
        yield Statement(f"{key}#non-disclosure@{recorded or ''}/{until or ''}", person, says, at)
    elif lifted is not None:
        if lifted.value_instant is None:
            where = "Patient.extension(non-disclosure-lifted).valueInstant"
            raise Unfit("wrong-shape", where, "is missing; write when the order was lifted")
        says = ClientChanged("non-disclosure-lifted")
        yield Statement(f"{key}#non-disclosure-lifted@{lifted.value_instant}", person, says, at)
