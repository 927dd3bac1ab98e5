"""Translates a consent of the export: a consent given here, or a disclosure permit or prohibition as read from Kanta."""

from collections.abc import Mapping

from sauma.event import Scope
from sauma.fact import CATEGORIES, KINDS
from sauma.ids import FactId
from sauma_connectors.sdk.contract import Own, Reference, Shared, Statement, WillGiven, WillWithdrawn
from sauma_connectors.sdk.moments import moment_of
from sauma_connectors.welfare_area import wire
from sauma_connectors.welfare_area.inbound import Reading, changed_at, key_of
from sauma_connectors.welfare_area.validator import Unfit

KIND: Mapping[str, str] = {"suostumus": "consent", "luovutuslupa": "permit", "luovutuskielto": "prohibition"}
"""The terms of the act (ATL 703/2023) and what they are called here."""

CAPACITY = ("client", "guardian", "proxy")


def is_will(reading: Reading, resource: wire.Consent) -> bool:
    """Whether the consent is one of those that are told; others are the area's own affair."""
    return _category(reading, resource) is not None


def will(reading: Reading, resource: wire.Consent) -> Statement | None:
    """What a consent says, or None for one that is not in force yet or was a slip; raises Unfit."""
    kind = KIND.get(_category(reading, resource) or "")
    if kind is None:
        raise Unfit("unknown-code", "Consent.category", f"is none of {', '.join(KIND)}")
    person = reading.person(resource.patient, "Consent.patient")
    key, at = key_of(resource), changed_at(resource)
    match resource.status:
        case "active":
            return Statement(key, person, _given(reading, resource, kind), at)
        case "inactive" | "entered-in-error":
            # A will that was recorded in error gave nobody a right: as much a withdrawal as one that was taken back.
            return Statement(f"{key}#withdrawn", person, WillWithdrawn(_which(reading, resource, key), kind), at)
        case "draft" | "proposed" | "rejected":
            return None
        case _:
            raise Unfit(
                "unknown-code",
                "Consent.status",
                "is none of draft, proposed, active, rejected, inactive, entered-in-error",
            )


def _category(reading: Reading, resource: wire.Consent) -> str | None:
    return next((code for c in resource.category if (code := reading.code(c, "will"))), None)


def _which(reading: Reading, resource: wire.Consent, key: str) -> Reference:
    """The will as it is known elsewhere, where the consent says so; else this register's own."""
    system = reading.register.terms.identifiers("shared-will")
    shared = next((i.value for i in resource.identifier if i.system == system and i.value), None)
    return Shared(shared) if shared else Own(key)


def _given(reading: Reading, resource: wire.Consent, kind: str) -> WillGiven:
    provision = resource.provision
    if provision is None:
        raise Unfit("wrong-shape", "Consent.provision", "is missing; a will that names nothing covers nothing")
    if (provision.type == "deny") != (kind == "prohibition"):
        raise Unfit("wrong-shape", "Consent.provision.type", "does not fit Consent.category")
    is_read = kind != "consent"
    if is_read and resource.date_time is None:
        raise Unfit("wrong-shape", "Consent.dateTime", "is missing; write when the will was read from Kanta")
    period = provision.period or wire.Period()
    age = next((e.value_duration for e in resource.extension if e.url == reading.url("age-max")), None)
    source = resource.source_reference.identifier if resource.source_reference else None
    facts = [reading.identifier(d.reference, "shared-fact") for d in provision.data]
    rows = [d.reference.reference for d in provision.data]
    if any(fact is None and row is None for fact, row in zip(facts, rows, strict=True)):
        raise Unfit("wrong-shape", "Consent.provision.data", "names neither an own row nor a shared fact")
    return WillGiven(
        kind=kind,
        recipients=tuple(_recipient(reading, actor, n) for n, actor in enumerate(provision.actor)),
        scope=Scope(
            facts=tuple(FactId(fact) for fact in facts if fact),
            kinds=_classes(reading, provision, "joint-kind"),
            categories=tuple(int(code) for code in _classes(reading, provision, "category")),
        ),
        rows=tuple(row for row, fact in zip(rows, facts, strict=True) if row and not fact),
        valid_from=moment_of(period.start) if period.start else None,
        valid_until=moment_of(period.end) if period.end else None,
        given_by=_given_by(reading, resource),
        evidence=source.value if source else None,
        read_at=moment_of(resource.date_time) if is_read and resource.date_time else None,
        age_ms_max=age.value if age else None,
    )


def _recipient(reading: Reading, actor: wire.Actor, number: int) -> str:
    partner = reading.identifier(actor.reference, "partner")
    if partner is None:
        raise Unfit("wrong-shape", f"Consent.provision.actor[{number}]", "names no partner of the area")
    return partner


def _classes(reading: Reading, provision: wire.Provision, name: str) -> tuple[str, ...]:
    allowed = KINDS if name == "joint-kind" else {str(category) for category in CATEGORIES}
    found: list[str] = []
    for number, coding in enumerate(provision.class_):
        if coding.system != reading.register.terms.codes(name):
            continue
        if coding.code is None or coding.code not in allowed:
            raise Unfit("unknown-code", f"Consent.provision.class[{number}]", f"is no known {name}")
        found.append(coding.code)
    return tuple(found)


def _given_by(reading: Reading, resource: wire.Consent) -> str:
    extension = next((e for e in resource.extension if e.url == reading.url("given-by")), None)
    capacity = extension.value_code if extension else "client"
    if capacity not in CAPACITY:
        raise Unfit("unknown-code", "Consent.extension(given-by)", f"is none of {', '.join(CAPACITY)}")
    return capacity
