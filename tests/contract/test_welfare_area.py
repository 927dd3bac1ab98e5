"""The welfare area's connector: samples read as they should, a bad resource costs itself only, and what arrives is held without loss."""

import json
import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import fields, replace
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sauma_connectors.welfare_area
from sauma.content import (
    CATEGORY_OF,
    CONTENT_OF,
    Approval,
    Capacity,
    Contact,
    Content,
    Goal,
    HealthNote,
    Identity,
    PlanItem,
    Referral,
    ServiceNeed,
    SocialSituation,
)
from sauma.delivery import Basis
from sauma.event import Scope
from sauma.fact import KINDS, Moment
from sauma.henkilotunnus import for_test
from sauma.ids import EndpointId, FactId
from sauma_connectors.sdk.contract import (
    Answered,
    ClientApproved,
    ClientChanged,
    Confirmed,
    Corrected,
    Done,
    Erased,
    FactRow,
    Holding,
    Mark,
    Own,
    Person,
    PlanDeclared,
    Proposed,
    Put,
    Rebase,
    ReferralAnswered,
    ReferralMade,
    Refuse,
    RelationshipStep,
    Retry,
    Shared,
    Snapshot,
    Statement,
    TakeBack,
    Told,
    Unreadable,
    WillGiven,
    WillWithdrawn,
)
from sauma_connectors.sdk.errors import NeedsOperator
from sauma_connectors.sdk.files import Damaged, is_plain_name
from sauma_connectors.welfare_area import WelfareAreaConnector
from sauma_connectors.welfare_area.simulated import SimulatedWelfareArea
from sauma_connectors.welfare_area.validator import read
from support.arrivals import AT, DIGEST, by_row, contents, fact, files, put, unreadable

SAMPLES = Path(sauma_connectors.welfare_area.__file__).parent / "samples"
HETU = for_test(date(1985, 3, 14), 912)
OTHER = for_test(date(1990, 1, 1), 913)
PERSON = Person(HETU)
ITEM = PlanItem("KT-02", "Kuntouttava työtoiminta", "Arjen rytmi", "Hervannan työpaja", "2 pv/vko")
CHANGED = replace(ITEM, place="Kalevan työpaja")
SOCIAL, HEALTH = EndpointId("social-08"), EndpointId("health-08")


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return tmp_path / "area"


@pytest.fixture
def area(root: Path) -> SimulatedWelfareArea:
    return SimulatedWelfareArea(root)


@pytest.fixture
def social(root: Path, area: SimulatedWelfareArea) -> WelfareAreaConnector:
    assert area.notices() == []
    return WelfareAreaConnector(SOCIAL, root)


@pytest.fixture
def health(root: Path, area: SimulatedWelfareArea) -> WelfareAreaConnector:
    assert area.notices() == []
    return WelfareAreaConnector(HEALTH, root)


def edit(root: Path, key: str, change: Callable[[dict[str, Any]], None]) -> None:
    path = root / "out" / f"{key}.json"
    tree = json.loads(path.read_text())
    change(tree)
    path.write_text(json.dumps(tree))


# --- the samples --------------------------------------------------------------------------------------------------


def do_every_act(area: SimulatedWelfareArea) -> None:
    """Each act of the clerks once, one second apart: the samples of what is read."""
    times = (Moment(AT + 1000 * number) for number in range(100))
    area.client(HETU, family_name="Koe", given_names="Testi Aino", municipality="837", at=next(times))
    area.refer(
        HETU, "kela", service="Kuntoutus", grounds="Pitkä työttömyys", contact_person="Sosiaalityö", at=next(times)
    )
    area.answer_referral(HETU, fact(1), "accepted", None, next(times))
    area.answer_referral(HETU, fact(2), "declined", "other-area", next(times))
    area.take_part(HETU, next(times))
    area.social_situation(
        HETU, "Velkajärjestely", at=next(times), necessary_for=["employment"], affects=True, row="situation-1"
    )
    area.fact(
        HETU, ServiceNeed("Työkyky", "Keskustelu"), at=next(times), necessary_for=["kela"], affects=True, row="need-1"
    )
    item = area.plan_item(
        HETU,
        fact(80),
        ITEM,
        at=next(times),
        necessary_for=["employment", "kela"],
        starts=Moment(AT + 86_400_000),
        ends=Moment(AT + 90 * 86_400_000),
        row="item-1",
    )
    area.plan_item(HETU, fact(80), ITEM, at=next(times), adopts=fact(81), row="item-2")
    area.fact(HETU, Goal("Osa-aikatyö"), at=next(times), plan_id=fact(80), row="goal-1")
    area.fact(
        HETU,
        Approval((f"{fact(82)}@1",), "Hyväksytty", "2026-03-02"),
        at=next(times),
        plan_id=fact(80),
        row="approval-1",
    )
    area.confirm(HETU, fact(83), 2, DIGEST, next(times))
    area.approve(HETU, fact(83), "archive-12", next(times))
    area.propose(HETU, fact(84), 3, CHANGED, next(times))
    area.decline(HETU, fact(85), item, next(times))
    area.accept(HETU, fact(86), item, CHANGED, next(times))
    area.consent(
        HETU,
        ["provider-valmennus"],
        facts=[fact(87)],
        rows=[item],
        evidence="archive-13",
        at=next(times),
        row="consent-1",
    )
    withdrawn = area.consent(
        HETU, ["provider-valmennus"], rows=[item], evidence="archive-14", at=next(times), row="consent-2"
    )
    area.withdraw(withdrawn, next(times))
    area.contact(
        HETU,
        street_address="Koekatu 1",
        postal_code="33100",
        town="Tampere",
        telephone="000 000 000",
        language="fi",
        necessary_for=["employment"],
        at=next(times),
    )
    area.non_disclosure(HETU, Moment(AT + 365 * 86_400_000), next(times))
    area.relationship(HETU, "end-confirmed", next(times), evidence="archive-15")
    area.capacity(
        HETU,
        "Kevyt työ",
        "Ei nostoja",
        at=next(times),
        necessary_for=["employment", "kela"],
        affects=True,
        row="capacity-1",
    )
    area.health_note(
        HETU, "Käynti", handling="mental-health", at=next(times), necessary_for=["employment"], row="note-1"
    )
    area.health.permit(
        HETU,
        ["social-care"],
        read_at=next(times),
        age_ms_max=86_400_000,
        kinds=["capacity"],
        categories=[5],
        at=next(times),
        row="permit-1",
    )
    area.entered_in_error(
        area.capacity(HETU, "Väärä asiakas", "", at=next(times), necessary_for=["kela"], row="capacity-2"), next(times)
    )
    area.health.died(HETU, next(times))


def arrivals() -> list[Put]:
    """One fact of each kind that a register may be given: the samples of what is written."""
    contents: dict[str, Content] = {
        kind: type_(**{f.name: _sample_value(f.name, f.type) for f in fields(type_)})  # type: ignore[arg-type]
        for kind, type_ in CONTENT_OF.items()
    }
    contents["identity"] = Identity(HETU, "Koe", "Testi Aino")
    puts = [put(content, kind=kind, number=n) for n, (kind, content) in enumerate(contents.items(), 1)]
    moments = {"starts": Moment(AT), "ends": Moment(AT + 1)}
    about = {"about": fact(3), "about_version": 4}
    return [
        *puts,
        replace(put(ITEM, kind="proposal", number=40), **about, plan=fact(80), **moments),  # type: ignore[arg-type]
        replace(put(ITEM, kind="conflict", number=41), **about),  # type: ignore[arg-type]
        replace(put(None, kind="relationship", number=42), clear={"state": "assessing", "taking_part": ""}),
        replace(
            put(None, kind="referral-status", number=43), referral=fact(90), status="declined", clear={"reason": "full"}
        ),
        replace(put(None, kind="non-disclosure", number=44), clear={"in_force": "yes"}),
    ]


def _sample_value(name: str, type_: object) -> object:
    return True if type_ is bool else name if type_ is str else (f"{fact(1)}@1", f"{fact(2)}@3")


NOTICES = (
    Told("refused", "stale-base", reference="event-1", row="ServiceRequest/item-1"),
    Told("will-effective", "withdrawn", reference="will-1"),
)


def write_samples(root: Path) -> None:
    """Everything that is read and written, into a folder that must not exist yet."""
    area = SimulatedWelfareArea(root)
    do_every_act(area)
    (root / "in").mkdir(mode=0o700)
    (root / "in" / ".name-key").write_bytes(b"samples: not a secret of anybody")
    sink = WelfareAreaConnector(SOCIAL, root).sink
    for arrival in arrivals():
        assert sink.apply(PERSON, arrival) == Done()
    for told in NOTICES:
        assert sink.apply(PERSON, told) == Done()
    sink.shared(PERSON, "ServiceRequest/item-1", fact(95), 2)


def test_the_samples_are_what_the_area_and_the_connector_write(tmp_path: Path) -> None:
    write_samples(tmp_path / "area")

    assert files(tmp_path / "area") == files(SAMPLES)


def test_every_social_sample_reads_as_its_statement() -> None:
    snapshot = WelfareAreaConnector(SOCIAL, SAMPLES).source.read()

    assert snapshot.is_complete
    assert unreadable(snapshot) == []
    assert {one.person for one in snapshot.rows if isinstance(one, Statement)} == {PERSON}
    said = by_row(snapshot)
    plan = Shared(fact(80))
    situation, need = Mark("employment", Moment(AT + 5000)), Mark("kela", Moment(AT + 6000))
    marks = tuple(Mark(role, Moment(AT + 7000)) for role in ("employment", "kela"))
    item = FactRow(
        "plan-item",
        7,
        CHANGED,
        necessary_for=marks,
        plan=plan,
        starts=Moment(AT + 86_400_000),
        ends=Moment(AT + 90 * 86_400_000),
    )
    referral = Referral("Kuntoutus", "Pitkä työttömyys", "Sosiaalityö")
    assert list(said.values()) == [
        ReferralMade(
            "kela", "837", FactRow("referral", 6, referral), FactRow("identity", 1, Identity(HETU, "Koe", "Testi Aino"))
        ),
        ReferralAnswered(Shared(fact(1)), "accepted", None),
        ReferralAnswered(Shared(fact(2)), "declined", "other-area"),
        RelationshipStep("taking-part"),
        FactRow(
            "social-situation",
            4,
            SocialSituation("Velkajärjestely"),
            necessary_for=(situation,),
            affects_employment_at=Moment(AT + 5000),
        ),
        FactRow(
            "service-need",
            6,
            ServiceNeed("Työkyky", "Keskustelu"),
            necessary_for=(need,),
            affects_employment_at=Moment(AT + 6000),
        ),
        FactRow("plan-item", 7, ITEM, plan=plan, adopts=fact(81)),
        FactRow("goal", 7, Goal("Osa-aikatyö"), plan=plan),
        FactRow("approval", 7, Approval((f"{fact(82)}@1",), "Hyväksytty", "2026-03-02"), plan=plan),
        Confirmed(fact(83), 2, DIGEST),
        ClientApproved(fact(83), None, "archive-12"),
        Proposed(fact(84), 3, CHANGED),
        Answered("decline", fact(85), "ServiceRequest/item-1"),
        Answered("accept", fact(86), "ServiceRequest/item-1", item),
        item,
        WillGiven(
            "consent",
            ("provider-valmennus",),
            Scope(facts=(fact(87),)),
            rows=("ServiceRequest/item-1",),
            evidence="archive-13",
        ),
        WillWithdrawn(Own("Consent/consent-2"), "consent"),
        ClientChanged("non-disclosure", until=Moment(AT + 365 * 86_400_000)),
        FactRow(
            "contact",
            1,
            Contact("Koekatu 1", "33100", "Tampere", "000 000 000", "fi"),
            handling="locality",
            necessary_for=(Mark("employment", Moment(AT + 19_000)),),
        ),
        RelationshipStep("end-confirmed", "archive-15"),
    ]
    assert list(said)[4] == "Observation/situation-1"


def test_every_health_sample_reads_as_its_statement() -> None:
    snapshot = WelfareAreaConnector(HEALTH, SAMPLES).source.read()

    assert unreadable(snapshot) == []
    said = by_row(snapshot)
    marks = tuple(Mark(role, Moment(AT + 22_000)) for role in ("employment", "kela"))
    note = FactRow(
        "health-note",
        5,
        HealthNote("Käynti"),
        handling="mental-health",
        necessary_for=(Mark("employment", Moment(AT + 23_000)),),
    )
    capacity = Capacity("Kevyt työ", "Ei nostoja", "")
    permit = WillGiven(
        "permit",
        ("social-care",),
        Scope(kinds=("capacity",), categories=(5,)),
        read_at=Moment(AT + 24_000),
        age_ms_max=86_400_000,
    )
    assert said == {
        "Observation/capacity-1": FactRow(
            "capacity", 5, capacity, necessary_for=marks, affects_employment_at=Moment(AT + 22_000)
        ),
        "ClinicalImpression/note-1": note,
        "Consent/permit-1": permit,
        "Observation/capacity-2#entered-in-error": Corrected("Observation/capacity-2", "entered-in-error"),
        "Patient/health-client-1#died": ClientChanged("died"),
    }


def test_every_sample_of_what_arrived_is_held() -> None:
    sink = WelfareAreaConnector(SOCIAL, SAMPLES).sink

    held = {holding.fact: holding for holding in sink.holdings(PERSON)}
    assert held.pop(fact(95)) == Holding(fact(95), 2, "open", CHANGED)
    assert held == {p.fact: Holding(p.fact, p.version, p.status, p.content) for p in arrivals()}


def test_no_sample_holds_a_real_persons_number() -> None:
    codes = {
        identifier["value"]
        for path in SAMPLES.rglob("*.json")
        for identifier in _identifiers(json.loads(path.read_text()))
        if identifier.get("system") == "urn:oid:1.2.246.21"
    }

    assert codes == {HETU}
    assert HETU[7] == "9"


def _identifiers(value: object) -> Iterator[dict[str, str]]:
    if isinstance(value, dict):
        if {"system", "value"} <= value.keys():
            yield value
        for item in value.values():
            yield from _identifiers(item)
    elif isinstance(value, list):
        for item in value:
            yield from _identifiers(item)


# --- reading ------------------------------------------------------------------------------------------------------


def test_a_register_reads_only_its_own_resources(
    area: SimulatedWelfareArea, social: WelfareAreaConnector, health: WelfareAreaConnector
) -> None:
    area.social_situation(HETU, "Asunto kunnossa", at=AT)
    area.capacity(HETU, "Kevyt työ", "", at=AT)

    assert [type(s.says.content) for s in _facts(social)] == [SocialSituation]
    assert [type(s.says.content) for s in _facts(health)] == [Capacity]


def _facts(connector: WelfareAreaConnector) -> list[Any]:
    rows = connector.source.read().rows
    return [one for one in rows if isinstance(one, Statement) and isinstance(one.says, FactRow)]


def test_reading_twice_says_the_same(area: SimulatedWelfareArea, social: WelfareAreaConnector) -> None:
    do_every_act(area)

    assert social.source.read() == social.source.read()


def test_the_same_row_again_is_a_changed_one_and_keeps_its_marks(
    area: SimulatedWelfareArea, health: WelfareAreaConnector
) -> None:
    row = area.capacity(HETU, "Kevyt työ", "", at=AT, necessary_for=["kela"], affects=True)
    area.capacity(HETU, "Puolipäivätyö", "", at=Moment(AT + 1), row=row)

    (said,) = _facts(health)
    assert (said.row, said.says.content.conclusion) == (row, "Puolipäivätyö")
    assert (said.says.necessary_for, said.says.affects_employment_at) == ((Mark("kela", AT),), AT)


def test_a_patient_nobody_deals_with_jointly_is_not_spoken_of(
    area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    area.client(HETU, family_name="Koe", given_names="Testi", at=AT)
    area.non_disclosure(HETU, None, AT)
    area.died(HETU, AT)

    assert social.source.read().rows == []

    social.sink.apply(PERSON, put(Identity(HETU, "Koe", "Testi"), kind="identity"))
    assert {type(one.says) for one in social.source.read().rows if isinstance(one, Statement)} == {ClientChanged}


def test_who_starts_the_assessment_says_who_the_client_is(
    area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    area.client(HETU, family_name="Koe", given_names="Testi", at=AT)
    area.relationship(HETU, "started", Moment(AT + 1))

    identity = FactRow("identity", 1, Identity(HETU, "Koe", "Testi"))
    assert identity in by_row(social.source.read()).values()


def test_a_renewed_order_is_another_order_and_a_lifted_one_is_told(
    area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    area.take_part(HETU, AT)
    area.non_disclosure(HETU, Moment(AT + 10), AT)
    first = set(by_row(social.source.read()))
    area.non_disclosure(HETU, Moment(AT + 20), Moment(AT + 5))
    second = set(by_row(social.source.read()))
    area.non_disclosure_lifted(HETU, Moment(AT + 7))

    assert len(second - first) == 1
    assert ClientChanged("non-disclosure-lifted") in by_row(social.source.read()).values()


def test_between_the_two_files_of_an_answer_the_item_reads_as_answered(
    root: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    row = area.plan_item(HETU, fact(80), ITEM, at=AT, necessary_for=["kela"])
    before = (root / "out" / f"{row}.json").read_bytes()
    area.accept(HETU, fact(86), row, CHANGED, Moment(AT + 1))
    whole = by_row(social.source.read())
    (root / "out" / f"{row}.json").write_bytes(before)

    assert by_row(social.source.read()) == whole
    assert whole[row] == replace(_facts(social)[0].says, content=CHANGED)


def test_an_answer_comes_before_the_item_it_changes(area: SimulatedWelfareArea, social: WelfareAreaConnector) -> None:
    row = area.plan_item(HETU, fact(80), ITEM, at=AT)
    area.settle(HETU, fact(86), row, CHANGED, Moment(AT + 1))

    kinds = [type(one.says) for one in social.source.read().rows if isinstance(one, Statement)]
    assert kinds == [Answered, FactRow]


def test_a_closed_row_stands_as_closed(area: SimulatedWelfareArea, social: WelfareAreaConnector) -> None:
    row = area.plan_item(HETU, fact(80), ITEM, at=AT)
    area.close(row, Moment(AT + 1))

    assert [said.says.is_closed for said in _facts(social)] == [True]


def test_what_came_from_outside_does_not_go_out_again(root: Path, social: WelfareAreaConnector) -> None:
    social.sink.apply(PERSON, put(ITEM))
    (file,) = (root / "in" / "social" / "ServiceRequest").iterdir()
    (root / "out" / "ServiceRequest").mkdir()
    tree = json.loads(file.read_text())
    tree["meta"]["lastUpdated"] = "2026-03-02T09:15:00Z"
    (root / "out" / "ServiceRequest" / file.name).write_text(json.dumps(tree))

    assert social.source.read() == Snapshot([], is_complete=True)


def test_the_areas_own_affairs_are_left_alone(root: Path, social: WelfareAreaConnector) -> None:
    folder = root / "out" / "Observation"
    folder.mkdir()
    laboratory = {"resourceType": "Observation", "code": {"coding": [{"system": "http://loinc.org", "code": "718-7"}]}}
    (folder / "lab.json").write_text(json.dumps(laboratory))
    (folder / "half.json.part").write_text("{")
    (root / "out" / "Appointment").mkdir()
    (root / "out" / "Appointment" / "a.json").write_text("no json")

    assert social.source.read() == Snapshot([], is_complete=True)


def test_a_missing_export_closes_nothing(root: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector) -> None:
    area.take_part(HETU, AT)
    shutil.rmtree(root / "out")
    snapshot = social.source.read()

    assert (snapshot.is_complete, [one.reason for one in unreadable(snapshot)]) == (False, ["unreadable-row"])


def test_a_folder_behind_a_symbolic_link_is_not_read(
    root: Path, tmp_path: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    area.social_situation(HETU, "Asunto kunnossa", at=AT)
    (root / "out" / "Observation").rename(tmp_path / "elsewhere")
    (root / "out" / "Observation").symlink_to(tmp_path / "elsewhere")
    snapshot = social.source.read()

    assert _facts(social) == []
    assert not snapshot.is_complete
    assert [one.row for one in unreadable(snapshot)] == ["Observation"]


# --- bad resources ------------------------------------------------------------------------------------------------


def _set(*path: Any, to: object) -> Callable[[dict[str, Any]], None]:
    def change(tree: Any) -> None:
        for part in path[:-1]:
            tree = tree[part]
        tree[path[-1]] = to

    return change


def _drop(*path: Any) -> Callable[[dict[str, Any]], None]:
    def change(tree: Any) -> None:
        for part in path[:-1]:
            tree = tree[part]
        del tree[path[-1]]

    return change


BASE = "https://welfare-08.example/fhir"
BAD = [
    ("no status", _drop("status"), "wrong-shape", "Observation.status"),
    ("unknown status", _set("status", to="SECRET"), "unknown-code", "Observation.status"),
    ("status is a number", _set("status", to=1), "wrong-shape", "Observation.status"),
    ("no change time", _drop("meta", "lastUpdated"), "wrong-shape", "Observation.meta.lastUpdated"),
    ("a day only", _set("meta", "lastUpdated", to="2026-03-02"), "wrong-shape", "Observation.meta.lastUpdated"),
    ("no offset", _set("meta", "lastUpdated", to="2026-03-02T09:15:00"), "wrong-shape", "Observation.meta.lastUpdated"),
    ("29 February", _set("meta", "lastUpdated", to="2026-02-29T09:15:00Z"), "wrong-shape", "meta.lastUpdated"),
    ("no register", _drop("meta", "tag"), "wrong-shape", "Observation.meta.tag"),
    ("null", _set("note", to=None), "wrong-shape", "resource.note"),
    ("empty text", _set("issued", to=""), "wrong-shape", "resource.issued"),
    ("empty array", _set("note", to=[]), "wrong-shape", "resource.note"),
    ("half a character", _set("note", to=[{"text": "\ud800"}]), "wrong-shape", "resource.note[0].text"),
    ("another id", _set("id", to="other"), "wrong-shape", "Observation.id"),
    ("a person as id", _set("id", to=HETU), "wrong-shape", "Observation.id"),
    ("another type", _set("resourceType", to="Patient"), "wrong-shape", "resourceType"),
    ("code is a text", _set("subject", to="SECRET"), "wrong-shape", "Observation.subject"),
    ("unknown kind", _set("code", "coding", 0, "code", to="SECRET"), "unknown-code", "Observation"),
    ("not this register's kind", _set("code", "coding", 0, "code", to="capacity"), "unknown-code", "Observation"),
    ("unknown field", _set("component", 0, "code", "coding", 0, "code", to="SECRET"), "unknown-code", "component[0]"),
    ("no text", _drop("component", 0, "valueString"), "wrong-shape", "component[0].valueString"),
    ("a number for a text", _set("component", 0, "valueString", to=5), "wrong-shape", "component[0].valueString"),
    ("nothing said", _drop("component"), "wrong-shape", "Observation"),
    ("nobody", _drop("subject", "identifier", "value"), "malformed-henkilotunnus", "Observation.subject"),
    ("wrong check", _set("subject", "identifier", "value", to="140385-912X"), "malformed-henkilotunnus", "subject"),
    ("an unknown patient", _set("subject", to={"reference": "Patient/SECRET"}), "wrong-shape", "Observation.subject"),
    ("unknown role", _set("extension", 0, "extension", 0, "valueCode", to="SECRET"), "unknown-code", "role"),
    ("undated mark", _drop("extension", 0, "extension", 1), "wrong-shape", "recorded"),
    (
        "undated effect",
        _set("extension", 1, to={"url": f"{BASE}/StructureDefinition/affects-employment"}),
        "wrong-shape",
        "affects",
    ),
    (
        "unknown label",
        _set("meta", "security", to=[{"system": "urn:SECRET", "code": "X"}]),
        "unknown-code",
        "security[0]",
    ),
    ("changed meaning", _set("modifierExtension", to=[{"url": "urn:SECRET"}]), "unknown-code", "modifierExtension"),
]


@pytest.mark.parametrize(("change", "reason", "where"), [b[1:] for b in BAD], ids=[b[0] for b in BAD])
def test_a_bad_resource_costs_itself_only_and_its_values_are_not_told(
    root: Path,
    area: SimulatedWelfareArea,
    social: WelfareAreaConnector,
    change: Callable[[dict[str, Any]], None],
    reason: str,
    where: str,
) -> None:
    row = area.social_situation(HETU, "SECRET", at=AT, necessary_for=["kela"], affects=True)
    good = area.social_situation(OTHER, "Asunto kunnossa", at=AT)
    edit(root, row, change)

    snapshot = social.source.read()
    assert [said.row for said in _facts(social)] == [good]
    (refused,) = unreadable(snapshot)
    assert (refused.reason, refused.row) == (reason, row)
    assert where in refused.detail
    assert "SECRET" not in refused.detail
    assert HETU not in repr(refused)
    assert snapshot.is_complete, "the row stands, unreadable: nothing is taken for gone"


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "unreadable-row"),
        (b"{", "unreadable-row"),
        (b"\xff\xfe", "unreadable-row"),
        (b"[]", "wrong-shape"),
        (b'{"resourceType": "Task", "status": "a", "status": "b"}', "wrong-shape"),
        (b'{"resourceType": "Task", "priority": NaN}', "wrong-shape"),
        (b'{"resourceType": "Task", "priority": ' + b"9" * 5000 + b"}", "unreadable-row"),
        (b'{"resourceType": "Task", "a": ' + b'{"a": ' * 40 + b"1" + b"}" * 41, "wrong-shape"),
        (b"[" * 100_000, "unreadable-row"),
        (b" " * (1024 * 1024 + 1), "unreadable-row"),
    ],
    ids=["empty", "half", "utf-16", "array", "twice", "nan", "huge number", "deep", "very deep", "large"],
)
def test_a_file_that_is_no_resource_is_told(
    root: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector, data: bytes, reason: str
) -> None:
    good = area.take_part(OTHER, AT)
    (root / "out" / "Task" / "t-1.json").write_bytes(data)

    assert by_row(social.source.read()) == {good: RelationshipStep("taking-part"), "Task/t-1": reason}


def test_a_link_or_pipe_in_the_export_is_told_and_not_opened(
    root: Path, tmp_path: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    row = area.take_part(HETU, AT)
    (tmp_path / "elsewhere.json").write_bytes((root / "out" / f"{row}.json").read_bytes())
    (root / "out" / "Task" / "link.json").symlink_to(tmp_path / "elsewhere.json")
    (root / "out" / "Task" / "folder.json").mkdir()

    said = by_row(social.source.read())
    assert (said["Task/link"], said["Task/folder"], len(said)) == ("unreadable-row", "unreadable-row", 3)


def test_a_file_named_after_a_person_is_told_without_the_name(
    root: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    row = area.take_part(HETU, AT)
    edit(root, row, _set("id", to=HETU))
    (root / "out" / f"{row}.json").rename(root / "out" / "Task" / f"{HETU}.json")

    (unreadable,) = social.source.read().rows
    assert isinstance(unreadable, Unreadable)
    assert HETU not in repr(unreadable)
    assert "another id" in unreadable.detail


def test_an_id_that_looks_like_a_person_by_chance_is_no_fault(
    root: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    row = area.take_part(HETU, AT)
    identifier = f"e0c1f273-{OTHER.lower()}3a6113bc"
    edit(root, row, _set("id", to=identifier))
    (root / "out" / f"{row}.json").rename(root / "out" / "Task" / f"{identifier}.json")

    assert by_row(social.source.read()) == {f"Task/{identifier}": RelationshipStep("taking-part")}


@pytest.mark.parametrize("tag", [{"system": {"a": 1}}, {"system": ["a"]}, "a", 1, {"code": "1"}])
def test_a_tag_of_any_shape_is_a_fault_and_not_a_crash(
    root: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector, tag: object
) -> None:
    row = area.take_part(HETU, AT)
    edit(root, row, _set("meta", "tag", to=[tag]))

    assert by_row(social.source.read()) == {row: "wrong-shape"}


TASKS = [
    ("no step", _drop("businessStatus"), "unknown-code", "Task.businessStatus"),
    ("unknown code", _set("code", "coding", 0, "code", to="SECRET"), "unknown-code", "Task.code"),
    ("nobody", _drop("for"), "wrong-shape", "Task.for"),
    ("no fact", _drop("focus"), "wrong-shape", "Task.focus"),
    ("no row", _drop("reasonReference"), "wrong-shape", "Task.reasonReference"),
    ("no item", _drop("contained"), "wrong-shape", "Task.contained"),
    ("another row", _set("reasonReference", "reference", to="ServiceRequest/SECRET"), "wrong-shape", "contained[0]"),
    ("bad item", _drop("contained", 0, "status"), "wrong-shape", "ServiceRequest.status"),
    (
        "another person's item",
        _set("contained", 0, "subject", "identifier", "value", to=OTHER),
        "wrong-shape",
        "contained[0].subject",
    ),
]


@pytest.mark.parametrize(("change", "reason", "where"), [t[1:] for t in TASKS], ids=[t[0] for t in TASKS])
def test_a_bad_answer_leaves_the_item_as_its_own_resource_says(
    root: Path,
    area: SimulatedWelfareArea,
    social: WelfareAreaConnector,
    change: Callable[[dict[str, Any]], None],
    reason: str,
    where: str,
) -> None:
    row = area.plan_item(HETU, fact(80), ITEM, at=AT)
    task = area.accept(HETU, fact(86), row, CHANGED, Moment(AT + 1))
    edit(root, task, change)

    snapshot = social.source.read()
    assert [said.row for said in _facts(social)] == [row]
    (refused,) = unreadable(snapshot)
    assert (refused.row, refused.reason) == (task, reason)
    assert where in refused.detail


def write_plan(root: Path, *, maker: str, provider: str, providers: tuple[str, ...] = ("provider-valmennus",)) -> None:
    """A plan as the area's system exports it; `maker` and `provider` are identifier systems of the two it names."""

    def partner(system: str, value: str) -> dict[str, object]:
        return {"identifier": {"system": f"{BASE}/sid/{system}", "value": value}}

    provides = {"url": f"{BASE}/StructureDefinition/service-provider"}
    tree = {
        "resourceType": "CarePlan",
        "id": "plan-1",
        "meta": {"lastUpdated": "2026-03-02T09:15:00Z", "tag": [{"system": "urn:oid:1.2.246.537.6.1264", "code": "1"}]},
        "extension": [{**provides, "valueReference": partner(provider, name)} for name in providers],
        "status": "active",
        "intent": "plan",
        "category": [{"coding": [{"system": f"{BASE}/CodeSystem/joint-kind", "code": "plan"}]}],
        "subject": {"identifier": {"system": "urn:oid:1.2.246.21", "value": HETU}},
        "contributor": [partner(maker, "social-08")],
    }
    (root / "out" / "CarePlan").mkdir(parents=True, exist_ok=True)
    (root / "out" / "CarePlan" / "plan-1.json").write_text(json.dumps(tree))


def test_a_provider_added_to_a_plan_changes_what_the_same_row_declares(
    root: Path, social: WelfareAreaConnector
) -> None:
    for providers in (("provider-valmennus",), ("provider-valmennus", "provider-toinen")):
        write_plan(root, maker="partner", provider="partner", providers=providers)
        assert by_row(social.source.read()) == {
            "CarePlan/plan-1": PlanDeclared(
                Own("CarePlan/plan-1"), (SOCIAL,), tuple(EndpointId(name) for name in providers), is_kept_current=True
            )
        }


@pytest.mark.parametrize(
    ("maker", "provider", "where"),
    [
        ("archive", "partner", "CarePlan.contributor names"),
        ("partner", "archive", "CarePlan.extension(service-provider) names"),
    ],
)
def test_a_plan_that_names_a_stranger_is_refused_where_it_names_it(
    root: Path, social: WelfareAreaConnector, maker: str, provider: str, where: str
) -> None:
    write_plan(root, maker="partner", provider="partner")
    assert by_row(social.source.read()) == {
        "CarePlan/plan-1": PlanDeclared(
            Own("CarePlan/plan-1"), (SOCIAL,), (EndpointId("provider-valmennus"),), is_kept_current=True
        )
    }

    write_plan(root, maker=maker, provider=provider)
    (refused,) = unreadable(social.source.read())

    assert refused.reason == "wrong-shape"
    assert where in refused.detail


def test_a_referral_answer_needs_a_referral_and_its_reason_is_a_code(
    root: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    task = area.answer_referral(HETU, fact(1), "declined", "full", AT)
    edit(root, task, _set("statusReason", "coding", 0, "code", to="The client has a secret."))
    (first,) = unreadable(social.source.read())
    edit(root, task, _drop("focus"))
    (second,) = unreadable(social.source.read())
    edit(root, task, _set("status", to="failed"))
    (third,) = unreadable(social.source.read())

    assert [one.reason for one in (first, second, third)] == ["unknown-code", "wrong-shape", "unknown-code"]
    assert "secret" not in first.detail


def test_a_referral_needs_a_known_municipality(area: SimulatedWelfareArea, social: WelfareAreaConnector) -> None:
    area.client(HETU, family_name="Koe", given_names="Testi", municipality="83", at=AT)
    area.refer(HETU, "kela", service="Kuntoutus", grounds="Syy", contact_person="", at=AT)

    assert [one.reason for one in unreadable(social.source.read())] == ["unknown-municipality"]


WILLS = [
    ("no provision", _drop("provision"), "wrong-shape", "Consent.provision"),
    ("denies", _set("provision", "type", to="deny"), "wrong-shape", "Consent.provision.type"),
    ("neither", _set("provision", "type", to="SECRET"), "unknown-code", "Consent.provision.type"),
    ("never read", _drop("dateTime"), "wrong-shape", "Consent.dateTime"),
    ("no unit", _drop("extension", 0, "valueDuration", "code"), "wrong-shape", "valueDuration.code"),
    ("unknown kind", _set("provision", "class", 0, "code", to="SECRET"), "unknown-code", "class[0]"),
    ("no category", _set("provision", "class", 1, "code", to="8"), "unknown-code", "class[1]"),
    ("stranger", _drop("provision", "actor", 0, "reference", "identifier", "system"), "wrong-shape", "actor[0]"),
    ("unknown status", _set("status", to="SECRET"), "unknown-code", "Consent.status"),
    ("unknown will", _set("category", 0, "coding", 0, "code", to="SECRET"), "unknown-code", "Consent.category"),
]


@pytest.mark.parametrize(("change", "reason", "where"), [w[1:] for w in WILLS], ids=[w[0] for w in WILLS])
def test_a_bad_will_is_told(
    root: Path,
    area: SimulatedWelfareArea,
    social: WelfareAreaConnector,
    change: Callable[[dict[str, Any]], None],
    reason: str,
    where: str,
) -> None:
    row = area.permit(HETU, ["health-care"], read_at=AT, age_ms_max=1000, at=AT, kinds=["capacity"], categories=[5])
    edit(root, row, change)

    (refused,) = unreadable(social.source.read())
    assert (refused.row, refused.reason) == (row, reason)
    assert where in refused.detail
    assert "SECRET" not in refused.detail


def test_the_strictest_label_decides_the_handling(
    root: Path, area: SimulatedWelfareArea, health: WelfareAreaConnector
) -> None:
    row = area.health_note(HETU, "Käynti", handling="psychology", at=AT)
    system = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
    edit(root, row, lambda tree: tree["meta"]["security"].append({"system": system, "code": "PSYTHPN"}))

    assert [said.says.handling for said in _facts(health)] == ["therapy-note"]


def test_a_subject_may_be_a_patient_of_the_export_and_two_persons_are_refused(
    root: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    row = area.social_situation(HETU, "Asunto kunnossa", at=AT)
    edit(root, row, _set("subject", to={"reference": "Patient/social-client-1"}))
    assert [said.person for said in _facts(social)] == [PERSON]

    both = {"reference": "Patient/social-client-1", "identifier": {"system": "urn:oid:1.2.246.21", "value": OTHER}}
    edit(root, row, _set("subject", to=both))
    assert [one.reason for one in unreadable(social.source.read())] == ["wrong-shape"]


def test_only_a_welfare_register_has_this_connector(tmp_path: Path) -> None:
    with pytest.raises(NeedsOperator, match="social-NN or health-NN"):
        WelfareAreaConnector(EndpointId("kela"), tmp_path)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.just(HETU),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.text(max_size=5), inner, max_size=2),
    max_leaves=3,
)


def _paths(value: object, *path: Any) -> Iterator[tuple[Any, ...]]:
    if isinstance(value, dict | list):
        for key, item in value.items() if isinstance(value, dict) else enumerate(value):
            yield (*path, key)
            yield from _paths(item, *path, key)


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_no_resource_however_damaged_stops_the_reading_of_the_others(data: st.DataObject) -> None:
    file = data.draw(st.sampled_from(sorted((SAMPLES / "out").rglob("*.json"))))
    tree = json.loads(file.read_text())
    _set(*data.draw(st.sampled_from(list(_paths(tree)))), to=data.draw(json_values))(tree)
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        SimulatedWelfareArea(root).take_part(OTHER, AT)
        folder = root / "out" / file.parent.name
        folder.mkdir(exist_ok=True)
        (folder / file.name).write_text(json.dumps(tree))

        for endpoint in (SOCIAL, HEALTH):
            snapshot = WelfareAreaConnector(endpoint, root).source.read()
            assert all(HETU not in one.detail + one.row for one in unreadable(snapshot))
        others = by_row(WelfareAreaConnector(SOCIAL, root).source.read())
        assert RelationshipStep("taking-part") in others.values()


# --- what arrives -------------------------------------------------------------------------------------------------

# FHIR has no empty texts: an empty one in a list is left out.
WRITABLE = st.one_of(
    [contents(content).map(lambda one: replace(one, **_without_empty(one))) for content in CONTENT_OF.values()]
)


def _without_empty(content: Content) -> dict[str, Any]:
    """The lists of a content without empty texts; of an identity, the client's own number."""
    listed = {f.name: getattr(content, f.name) for f in fields(content)}
    kept: dict[str, Any] = {name: tuple(filter(None, v)) for name, v in listed.items() if isinstance(v, tuple)}
    return {**kept, "henkilotunnus": HETU} if isinstance(content, Identity) else kept


@contextmanager
def fresh(endpoint: EndpointId) -> Iterator[WelfareAreaConnector]:
    with tempfile.TemporaryDirectory() as name:
        yield WelfareAreaConnector(endpoint, Path(name))


@settings(max_examples=150, deadline=None)
@given(WRITABLE, st.sampled_from(["own", "proposal", "conflict"]), st.sampled_from([SOCIAL, HEALTH]))
def test_every_content_is_held_as_it_arrived(content: Content, how: str, endpoint: EndpointId) -> None:
    kind = next(k for k, t in CONTENT_OF.items() if t is type(content)) if how == "own" else how
    arrived = replace(put(content, kind=kind), category=CATEGORY_OF[type(content).__name__][0], plan=fact(80))
    with fresh(endpoint) as connector:
        assert connector.sink.apply(PERSON, arrived) == Done()

        assert list(connector.sink.holdings(PERSON)) == [Holding(fact(16), 1, "open", content)]


@settings(max_examples=100, deadline=None)
@given(WRITABLE)
def test_every_own_content_is_read_as_it_was_recorded(content: Content) -> None:
    kind = next(k for k, t in CONTENT_OF.items() if t is type(content))
    role = "health-care" if "social-care" not in KINDS[kind].owners else "social-care"
    said_something = any(getattr(content, f.name) for f in fields(content))
    if kind in ("identity", "contact", "referral") or role not in KINDS[kind].owners or not said_something:
        return
    with tempfile.TemporaryDirectory() as name:
        area = SimulatedWelfareArea(Path(name))
        area.register(role.partition("-")[0]).fact(HETU, content, at=AT)
        endpoint = HEALTH if role == "health-care" else SOCIAL

        assert [said.says.content for said in _facts(WelfareAreaConnector(endpoint, Path(name)))] == [content]


def test_incoming_is_kept_apart_by_register(
    root: Path, social: WelfareAreaConnector, health: WelfareAreaConnector
) -> None:
    social.sink.apply(PERSON, put(ITEM))

    assert list(health.sink.holdings(PERSON)) == []
    assert [path.name for path in (root / "in").iterdir() if path.is_dir()] == ["social"]


def test_twice_is_once_and_an_older_version_changes_nothing(root: Path, social: WelfareAreaConnector) -> None:
    newer = put(CHANGED, version=2)
    social.sink.apply(PERSON, newer)
    before = files(root)

    assert [social.sink.apply(PERSON, p) for p in (newer, put(ITEM))] == [Done(), Done()]
    assert files(root) == before


def test_files_are_for_their_owner_and_their_names_are_our_own(root: Path, social: WelfareAreaConnector) -> None:
    awkward = replace(put(ITEM), fact=FactId(f"../../{HETU}"))
    social.sink.apply(PERSON, awkward)
    social.sink.apply(PERSON, Told("refused", "stale-base"))

    paths = [path for path in root.rglob("*") if path.is_file()]
    assert {stat.S_IMODE(path.stat().st_mode) for path in paths} == {0o600}
    assert all(HETU not in str(path) and is_plain_name(path.name) for path in paths)
    assert [holding.fact for holding in social.sink.holdings(PERSON)] == [awkward.fact]


def test_a_symbolic_link_in_the_way_is_not_followed(root: Path, tmp_path: Path, social: WelfareAreaConnector) -> None:
    (root / "in").mkdir()
    (root / "in" / "social").symlink_to(tmp_path)

    assert social.sink.apply(PERSON, put(ITEM)) == Retry("not-a-folder", "social")
    assert not (tmp_path / "ServiceRequest").exists()


def test_a_folder_of_the_incoming_behind_a_link_is_an_operators_affair(
    root: Path, tmp_path: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    area.take_part(HETU, AT)
    social.sink.apply(PERSON, put(ITEM))
    (root / "in" / "social").rename(tmp_path / "elsewhere")
    (root / "in" / "social").symlink_to(tmp_path / "elsewhere")

    assert not social.source.read().is_complete
    with pytest.raises(Damaged, match="symbolic link"):
        social.sink.holdings(PERSON)


def test_a_damaged_file_is_not_held_and_written_anew(root: Path, social: WelfareAreaConnector) -> None:
    social.sink.apply(PERSON, put(ITEM))
    (file,) = (root / "in" / "social" / "ServiceRequest").iterdir()
    whole = file.read_bytes()
    file.write_bytes(whole[:-9])

    assert list(social.sink.holdings(PERSON)) == []
    social.sink.apply(PERSON, put(ITEM))
    assert file.read_bytes() == whole


def test_an_identity_of_another_person_is_refused(social: WelfareAreaConnector) -> None:
    answer = social.sink.apply(PERSON, put(Identity(OTHER, "Koe", "Testi"), kind="identity"))

    assert answer == Refuse("identity-of-another-person")


def test_a_moment_no_calendar_has_is_refused(social: WelfareAreaConnector) -> None:
    assert social.sink.apply(PERSON, replace(put(ITEM), starts=Moment(10**18))) == Refuse("moment-out-of-range")


def test_what_is_stopped_is_kept_but_not_held(root: Path, social: WelfareAreaConnector) -> None:
    social.sink.apply(PERSON, put(ITEM))

    assert social.sink.apply(PERSON, TakeBack(fact(16), "stop", "relationship-ended")) == Done()
    assert list(social.sink.holdings(PERSON)) == []
    (file,) = (root / "in" / "social" / "ServiceRequest").iterdir()
    assert ITEM.place in file.read_text()

    social.sink.apply(PERSON, put(ITEM))
    assert len(list(social.sink.holdings(PERSON))) == 1


def test_what_is_erased_is_gone(root: Path, social: WelfareAreaConnector) -> None:
    social.sink.apply(PERSON, put(ITEM))

    take_back = TakeBack(fact(16), "erase", "will-withdrawn")
    assert [social.sink.apply(PERSON, take_back) for _ in range(2)] == [Erased(), Erased()]
    assert not any(ITEM.place.encode() in data for data in files(root).values())


def test_what_was_wrong_is_marked_as_an_error_and_stays_so(root: Path, social: WelfareAreaConnector) -> None:
    social.sink.apply(PERSON, put(ITEM))
    social.sink.apply(PERSON, TakeBack(fact(16), "error", "void"))
    social.sink.apply(PERSON, TakeBack(fact(16), "stop", "relationship-ended"))

    (file,) = (root / "in" / "social" / "ServiceRequest").iterdir()
    assert json.loads(file.read_text())["status"] == "entered-in-error"
    assert list(social.sink.holdings(PERSON)) == []


def test_a_rebase_changes_the_ground_and_nothing_else(area: SimulatedWelfareArea, social: WelfareAreaConnector) -> None:
    social.sink.apply(PERSON, put(ITEM))
    basis = Basis("provider-statute", "JTPL 380/2023 116.4 §", "JTPL 380/2023 116.4 §", "employment-service", "will-1")
    before = area.received(HETU)[0]

    assert social.sink.apply(PERSON, Rebase(fact(16), 1, basis)) == Done()
    assert area.received(HETU) == [replace(before, basis=basis)]


def test_a_clerk_reads_in_the_area_what_was_told(area: SimulatedWelfareArea, social: WelfareAreaConnector) -> None:
    told = Told("refused", "stale-base", reference="event-1", row="ServiceRequest/item-1")
    social.sink.apply(PERSON, told)
    social.sink.apply(PERSON, told)
    social.sink.apply(None, Told("waiting", "gap"))

    codes = sorted((n.issue[0].details.coding[0].code, n.issue[0].details.text) for n in area.notices())
    assert codes == [("refused", "stale-base"), ("waiting", "gap")]
    rows = [
        e.value_reference.reference
        for n in area.notices()
        for e in n.extension
        if e.url.endswith("own-row") and e.value_reference
    ]
    assert rows == ["ServiceRequest/item-1"]


def test_what_arrived_is_valid_and_seen_by_the_clerk_with_all_that_was_delivered(
    root: Path, area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    for arrival in arrivals():
        social.sink.apply(PERSON, arrival)

    seen = {r.fact: r for r in area.received(HETU)}
    for p in arrivals():
        got = seen[p.fact]
        assert (got.version, got.status, got.digest, got.plan, got.referral, got.about, got.about_version, got.owner) == (
            p.version, p.status, p.digest, p.plan, p.referral, p.about, p.about_version, p.owner,
        )  # fmt: skip
        assert (got.starts, got.ends, dict(got.clear), got.basis) == (p.starts, p.ends, p.clear, p.basis)
    for path in (root / "in").rglob("*.json"):
        assert read(path.read_bytes()).id == path.stem


# --- own rows -----------------------------------------------------------------------------------------------------


def test_an_own_row_is_held_in_the_version_that_was_shared(
    area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    row = area.social_situation(HETU, "Asunto kunnossa", at=AT)
    assert list(social.sink.holdings(PERSON)) == []

    social.sink.shared(PERSON, row, fact(1), 3)
    content = SocialSituation("Asunto kunnossa")
    assert list(social.sink.holdings(PERSON)) == [Holding(fact(1), 3, "open", content)]
    assert list(social.sink.holdings(Person(OTHER))) == []
    assert area.link(row) == (fact(1), 3)


def test_an_own_row_brought_into_force_elsewhere_has_that_version_and_status(
    area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    row = area.fact(HETU, Goal("Osa-aikatyö"), at=AT, plan_id=fact(80))
    social.sink.shared(PERSON, row, fact(1), 1)
    pending = [holding.status for holding in social.sink.holdings(PERSON)]
    in_force = replace(put(Goal("Kokoaikatyö"), kind="goal", number=1, version=2), status="in-force", own_row=row)
    social.sink.apply(PERSON, in_force)

    assert pending == ["pending"]
    assert list(social.sink.holdings(PERSON)) == [Holding(fact(1), 2, "in-force", Goal("Kokoaikatyö"))]
    assert area.link(row) == (fact(1), 2)


def test_an_own_row_without_content_keeps_the_link_only(
    area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    row = area.propose(HETU, fact(84), 3, CHANGED, AT)
    social.sink.shared(PERSON, row, fact(1), 1)
    answered = replace(put(None, kind="proposal", number=1, version=2), status="accepted", own_row=row)
    social.sink.apply(PERSON, answered)

    assert list(social.sink.holdings(PERSON)) == [Holding(fact(1), 2, "accepted", CHANGED)]


def test_an_item_that_a_move_passed_on_is_held_once(area: SimulatedWelfareArea, social: WelfareAreaConnector) -> None:
    social.sink.apply(PERSON, replace(put(ITEM, version=3), owner=SOCIAL))
    row = area.plan_item(HETU, fact(80), CHANGED, adopts=fact(16), at=AT)
    social.sink.shared(PERSON, row, fact(16), 4)

    assert list(social.sink.holdings(PERSON)) == [Holding(fact(16), 4, "open", CHANGED)]


def test_an_own_row_whose_fact_was_passed_on_is_no_longer_held(
    area: SimulatedWelfareArea, social: WelfareAreaConnector
) -> None:
    row = area.plan_item(HETU, fact(80), ITEM, at=AT)
    social.sink.shared(PERSON, row, fact(16), 3)

    assert social.sink.apply(PERSON, TakeBack(fact(16), "stop", "recipient-is-owner")) == Done()
    assert list(social.sink.holdings(PERSON)) == []

    social.sink.shared(PERSON, row, fact(16), 4)
    assert list(social.sink.holdings(PERSON)) == [Holding(fact(16), 4, "open", ITEM)]


def test_both_facts_of_an_own_referral_are_held(area: SimulatedWelfareArea, social: WelfareAreaConnector) -> None:
    area.client(HETU, family_name="Koe", given_names="Testi", municipality="837", at=AT)
    row = area.refer(HETU, "kela", service="Kuntoutus", grounds="Syy", contact_person="Sosiaalityö", at=AT)
    social.sink.shared(PERSON, f"{row}#identity", fact(1), 1)
    social.sink.shared(PERSON, f"{row}#referral", fact(2), 1)

    assert [holding.content for holding in social.sink.holdings(PERSON)] == [
        Identity(HETU, "Koe", "Testi"),
        Referral("Kuntoutus", "Syy", "Sosiaalityö"),
    ]


def test_a_repr_shows_no_person_and_no_content(area: SimulatedWelfareArea, social: WelfareAreaConnector) -> None:
    area.social_situation(HETU, "Asunto kunnossa", at=AT)
    social.sink.apply(PERSON, put(ITEM))

    shown = repr([area.received(HETU), area.holdings(HETU), area.resource("Patient/social-client-1")])
    assert HETU not in shown
    assert ITEM.place not in shown
