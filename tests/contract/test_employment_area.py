"""The employment areas' connector: its samples, every kind of bad row, contents there and back, and taking back."""

import os
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import fields, replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sauma.content import (
    CATEGORY_OF,
    CONTENT_OF,
    Background,
    Capacity,
    Contact,
    Content,
    Goal,
    HealthNote,
    JobSearchObligation,
    PlanItem,
    Review,
    content_schema,
)
from sauma.delivery import Basis
from sauma.event import Scope
from sauma.fact import HANDLING, KINDS, ROLES, Moment
from sauma.henkilotunnus import for_test
from sauma.ids import EndpointId, FactId
from sauma_connectors.employment_area import EmploymentArea, codes, wire
from sauma_connectors.employment_area.contents import CONTENTS, join_list, split_list
from sauma_connectors.employment_area.simulated import SimulatedEmploymentArea
from sauma_connectors.sdk.columns import KIND_OF
from sauma_connectors.sdk.contract import (
    Answered,
    Arrival,
    ClientApproved,
    ClientChanged,
    Confirmed,
    Corrected,
    Done,
    Erased,
    FactRow,
    Kept,
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
    WillGiven,
    WillWithdrawn,
)
from support import arrivals
from support.arrivals import ANY_CONTENT, AWKWARD, DIGEST, contents, files, unreadable

ENDPOINT = EndpointId("employment-tampereen-seutu")
HETU = for_test(date(1985, 3, 14), 901)
OTHER = for_test(date(2001, 11, 2), 944)
CLIENT = Person(HETU)
START = 1_778_000_400_000
SAMPLES = Path(wire.__file__).parent / "samples"
COACHING = PlanItem("071", "Työhönvalmennus", "Löytää työ", 'Tampere; "Koppari"', "ti ja to")


def at(minutes: int) -> Moment:
    return Moment(START + minutes * 60_000)


@pytest.fixture
def area(tmp_path: Path) -> SimulatedEmploymentArea:
    return SimulatedEmploymentArea(tmp_path, ENDPOINT)


@pytest.fixture
def connector(area: SimulatedEmploymentArea) -> EmploymentArea:
    return EmploymentArea(ENDPOINT, area.folder)


def put(fact: str, content: Content | None, **changes: object) -> Put:
    kind = KIND_OF[type(content)] if content is not None else "relationship"
    category = CATEGORY_OF[content_schema(content)][0] if content is not None else 2
    stated: dict[str, object] = {
        "fact": FactId(fact),
        "category": category,
        "handling": KINDS[kind].handling or "ordinary",
        "owner": "social-08",
        "digest": b"\x01\xff",
    }
    return replace(arrivals.put(content, kind=kind), **{**stated, **changes})  # type: ignore[arg-type] # Put's fields


def says(snapshot: Snapshot) -> dict[str, object]:
    return {row.row: row.says for row in snapshot.rows if isinstance(row, Statement)}


def held(connector: EmploymentArea, person: Person = CLIENT) -> dict[str, tuple[int, str, Content | None]]:
    return {one.fact: (one.version, one.status, one.content) for one in connector.sink.holdings(person)}


# --- samples ------------------------------------------------------------------------------------------------------


def write_samples(folder: Path) -> None:
    """Everything that the package reads and writes, once. The committed samples are what this writes."""
    area = SimulatedEmploymentArea(folder, ENDPOINT)
    sink = EmploymentArea(ENDPOINT, folder).sink
    (folder / wire.INBOX).mkdir(mode=0o700, parents=True)
    (folder / wire.INBOX / ".name-key").write_bytes(b"for samples only, known to all..")
    for number, kind in enumerate(sorted(CONTENT_OF)):
        content = _sample_content(CONTENT_OF[kind])
        about = {"kind": "proposal", "about": FactId("item"), "about_version": 2} if kind == "measurement" else {}
        sink.apply(CLIENT, put(f"fact-{number:02}", content, plan="plan-shared", **about))
    sink.apply(
        CLIENT, put("fact-status", None, kind="referral-status", status="accepted", clear={"status": "accepted"})
    )
    sink.apply(CLIENT, Told("refused", "unknown-plan", "event-1", row="A"))
    area.own_referral(
        HETU,
        names=("Testinen", "Åsa Öden"),
        municipality="837",
        to_role="social-care",
        service="Sosiaalinen kuntoutus",
        grounds="Yhteinen arvio tarpeen",
        contact="Työkykykoordinaattori",
        at=at(0),
    )
    area.client(OTHER, family_name="Esimerkki", given_names="Eino", at=at(1), opens=True)
    area.answer_referral(HETU, "referral-shared", "accepted", at(2), reason="")
    area.relationship(HETU, "started", at(3))
    area.contact(
        HETU,
        street_address="Koekatu 1",
        postal_code="33100",
        town="Tampere",
        telephone="+358 000",
        language="sv",
        at=at(4),
        necessary_for=["social-care"],
    )
    area.dealings(HETU, dealings="Työnhaku voimassa", special_arrangements="Tulkki", at=at(5))
    area.background(
        HETU,
        education="=Merkonomi",
        work_history="Kauppa\nVarasto",
        skills="Trukkikortti",
        at=at(6),
        necessary_for=["social-care", "kela"],
    )
    area.service_need(HETU, need="Valmennus", grounds="Pitkä työttömyys", at=at(7), necessary_for=["kela"])
    area.plan(HETU, "plan-1", at=at(8), makers=[ENDPOINT, "social-08", "kela"], review_on="2026-08-05")
    area.plan_item(HETU, "plan-1", COACHING, at=at(9), necessary_for=["social-care", "kela"], row="A")
    area.plan_item(HETU, "plan-1", Goal("Työllistyä"), at=at(10))
    area.plan_item(HETU, "plan-1", JobSearchObligation("4 hakua kuukaudessa", waived=False, grounds=""), at=at(11))
    area.plan_item(HETU, "plan-1", Review("Kolmen kuukauden välein", "2026-08-05"), at=at(12))
    area.approval(HETU, "plan-1", covers=["b@1", "a@2"], statement="Hyväksymme", signed_on="2026-05-06", at=at(13))
    area.client_approved(HETU, "hyvaksynnat-1", "arkisto-17", at(14))
    area.propose(HETU, "item", 2, COACHING, at(15))
    area.accept(HETU, "proposal-1", "A", PlanItem("071", "Työhönvalmennus", "Löytää työ", "Nokia", "ma"), at(16))
    area.confirm(HETU, "goal-shared", 3, DIGEST, at(17))
    area.consent(
        HETU,
        "suostumus-1",
        recipients=["provider-valmennus"],
        facts=["capacity-shared"],
        kinds=["identity"],
        evidence="arkisto-18",
        at=at(18),
    )
    area.withdraw(HETU, "suostumus-1", at(19))
    area.moved(HETU, "297", at(20))
    area.correct(HETU, "tausta-1", "wrong-person", at(21))
    sink.shared(CLIENT, "A", FactId("a"), 1)


def _sample_content(type_: type[Content]) -> Content:
    texts = {"covers": ("a@2", "b@1"), "waived": True}
    names = type_.__dataclass_fields__
    return type_(**{name: texts.get(name, f"esimerkki: {name}") for name in names})  # type: ignore[arg-type] # by name


def test_the_samples_are_what_the_simulated_area_and_the_sink_write(tmp_path: Path) -> None:
    write_samples(tmp_path)

    written = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*.csv")}
    kept = {path.relative_to(SAMPLES): path.read_bytes() for path in SAMPLES.rglob("*.csv")}
    assert written == kept
    assert {path.name for path in kept if path.parent.name == wire.EXPORT} == {table.TAULU for table in wire.TABLES}
    assert all(content.count(b"\r\n") > 1 for content in kept.values())


def test_the_samples_say_what_was_done() -> None:
    snapshot = EmploymentArea(ENDPOINT, SAMPLES).source.read()

    assert unreadable(snapshot) == []
    assert snapshot.is_complete
    read = says(snapshot)
    moved = PlanItem("071", "Työhönvalmennus", "Löytää työ", "Nokia", "ma")
    item = FactRow(
        kind="plan-item",
        category=7,
        content=moved,
        necessary_for=(Mark("kela", at(9)), Mark("social-care", at(9))),
        plan=Own("plan-1"),
    )
    made = read["lahetteet-1"]
    assert isinstance(made, ReferralMade)
    assert (made.to_role, made.municipality) == ("social-care", "837")
    assert (made.identity.kind, made.identity.category, made.referral.kind) == ("identity", 1, "referral")
    assert read["lahetteet-2"] == ReferralAnswered(Shared("referral-shared"), "accepted")
    assert read["asiakkuus-1"] == RelationshipStep("started")
    assert "asiakkaat-1" not in read
    opened = read["asiakkaat-2"]
    assert isinstance(opened, FactRow)
    assert opened.kind == "identity"
    contact = read["yhteystiedot-1"]
    assert isinstance(contact, FactRow)
    assert (contact.handling, contact.content) == (
        "locality",
        Contact("Koekatu 1", "33100", "Tampere", "+358 000", "sv"),
    )
    assert read["tausta-1"] == FactRow(
        kind="background",
        category=3,
        content=Background("=Merkonomi", "Kauppa\nVarasto", "Trukkikortti"),
        necessary_for=(Mark("kela", at(6)), Mark("social-care", at(6))),
    )
    need = read["palvelutarve-1"]
    assert isinstance(need, FactRow)
    assert (need.category, need.affects_employment_at) == (6, at(7))
    assert read["toimsuunnitelmat-1"] == PlanDeclared(
        Own("plan-1"), (ENDPOINT, EndpointId("social-08"), EndpointId("kela"))
    )
    assert read["A"] == item
    kinds = [row.kind for row in (read["toimet-2"], read["toimet-3"], read["toimet-4"]) if isinstance(row, FactRow)]
    assert kinds == ["goal", "job-search-obligation", "review"]
    assert read["hyvaksynnat-2"] == ClientApproved(None, "hyvaksynnat-1", "arkisto-17")
    assert read["ehdotukset-1"] == Proposed(FactId("item"), 2, COACHING)
    assert read["vastaukset-1"] == Answered("accept", FactId("proposal-1"), "A", item)
    assert read["vastaukset-2"] == Confirmed(FactId("goal-shared"), 3, DIGEST)
    assert read["suostumus-1"] == WillGiven(
        "consent",
        ("provider-valmennus",),
        Scope(facts=(FactId("capacity-shared"),), kinds=("identity",)),
        evidence="arkisto-18",
    )
    assert read["suostumukset-2"] == WillWithdrawn(Own("suostumus-1"))
    assert read["muutot-1"] == ClientChanged("moved", "297")
    assert read["korjaukset-1"] == Corrected("tausta-1", "wrong-person")


def test_rows_come_in_the_order_in_which_they_came_to_be() -> None:
    rows = [row for row in EmploymentArea(ENDPOINT, SAMPLES).source.read().rows if isinstance(row, Statement)]

    assert [row.occurred_at for row in rows] == sorted(row.occurred_at for row in rows)
    keys = [row.row for row in rows]
    assert keys.index("vastaukset-1") + 1 == keys.index("A"), "an answer is said before the row that it changed"


# --- bad rows -----------------------------------------------------------------------------------------------------

CANARY = "Kanarialintu"
WHEN = "2026-05-05T09:00:00.000Z"

BAD_ROWS: dict[str, tuple[str, dict[str, str], str]] = {
    "henkilotunnus": ("tausta.csv", {"henkilotunnus": "140385-901X" + CANARY}, "malformed-henkilotunnus"),
    "moment": ("tausta.csv", {"kirjattu": CANARY}, "wrong-shape"),
    "moment-without-zone": ("tausta.csv", {"kirjattu": "2026-05-05T09:00:00"}, "wrong-shape"),
    "moment-without-end": ("tausta.csv", {"muutettu": "0001-01-01T00:00:00+23:59"}, "wrong-shape"),
    "mark": ("tausta.csv", {"valttamaton": f"{CANARY} {WHEN}"}, "unknown-code"),
    "mark-twice": ("tausta.csv", {"valttamaton": f"kela {WHEN}, kela {WHEN}"}, "wrong-shape"),
    "handling": ("tausta.csv", {"kasittelyluokka": CANARY}, "unknown-code"),
    "contact-not-locality": ("yhteystiedot.csv", {"kasittelyluokka": "tavanomainen"}, "wrong-shape"),
    "closed": ("tausta.csv", {"suljettu": CANARY}, "unknown-code"),
    "key": ("tausta.csv", {"rivi": CANARY + "/../x"}, "wrong-shape"),
    "key-of-a-person": ("tausta.csv", {"rivi": f"t-{HETU}"}, "wrong-shape"),
    "key-of-a-person-mistyped": (
        "tausta.csv",
        {"rivi": f"t-{HETU[:-1]}{'A' if HETU[-1] != 'A' else 'B'}"},
        "wrong-shape",
    ),
    "duplicate": ("tausta.csv", {"rivi": "good"}, "duplicate-row"),
    "plan-kind": ("toimsuunnitelmat.csv", {"toimsuunlaji": CANARY}, "unknown-code"),
    "plan-both": ("toimsuunnitelmat.csv", {"jaettu_suunnitelma": "x"}, "wrong-shape"),
    "maker": ("toimsuunnitelmat.csv", {"laatijat": CANARY}, "wrong-shape"),
    "action-kind": ("toimet.csv", {"tietolaji": CANARY}, "unknown-code"),
    "action-code": ("toimet.csv", {"toimikoodi": CANARY}, "unknown-code"),
    "action-079": ("toimet.csv", {"toimikoodi": "079"}, "wrong-shape"),
    "action-plan": ("toimet.csv", {"suunnitelma": CANARY}, "unknown-plan"),
    "action-of-another": ("toimet.csv", {"henkilotunnus": OTHER}, "wrong-shape"),
    "waived": (
        "toimet.csv",
        {"tietolaji": "tyonhakuvelvollisuus", "toimikoodi": "079", "velvollisuus_poistettu": CANARY},
        "unknown-code",
    ),
    "review-day": ("toimet.csv", {"tietolaji": "seuranta", "toimviimpvm": CANARY}, "wrong-shape"),
    "approval-kind": ("hyvaksynnat.csv", {"laji": CANARY}, "unknown-code"),
    "approval-without-paper": ("hyvaksynnat.csv", {"laji": "asiakas", "hyvaksynta_tieto": "f"}, "wrong-shape"),
    "proposal-content": ("ehdotukset.csv", {"sisalto": CANARY}, "unknown-code"),
    "proposal-version": ("ehdotukset.csv", {"koskee_versio": "0"}, "wrong-shape"),
    "proposal-category": ("ehdotukset.csv", {"luokka": "8"}, "unknown-code"),
    "answer-step": ("vastaukset.csv", {"vaihe": CANARY}, "unknown-code"),
    "answer-row": ("vastaukset.csv", {"kohderivi": CANARY}, "unknown-row"),
    "answer-of-another": ("vastaukset.csv", {"henkilotunnus": OTHER}, "unknown-row"),
    "confirm-half-a-digest": (
        "vastaukset.csv",
        {"vaihe": "vahvistettu", "versio": "1", "tiiviste": DIGEST.hex()[:32]},
        "wrong-shape",
    ),
    "confirm-digest": ("vastaukset.csv", {"vaihe": "vahvistettu", "versio": "1", "tiiviste": CANARY}, "wrong-shape"),
    "referral-step": ("lahetteet.csv", {"vaihe": CANARY}, "unknown-code"),
    "referral-role": ("lahetteet.csv", {"kohde": CANARY}, "unknown-code"),
    "referral-municipality": ("lahetteet.csv", {"kuntakoodi": "999"}, "unknown-municipality"),
    "referral-client": ("lahetteet.csv", {"henkilotunnus": OTHER}, "unknown-client"),
    "relationship-step": ("asiakkuus.csv", {"vaihe": CANARY}, "unknown-code"),
    "will-kind": ("suostumukset.csv", {"laji": CANARY}, "unknown-code"),
    "will-step": ("suostumukset.csv", {"tapahtuma": CANARY}, "unknown-code"),
    "will-recipient": ("suostumukset.csv", {"saajat": CANARY}, "wrong-shape"),
    "will-giver": ("suostumukset.csv", {"antaja": CANARY}, "unknown-code"),
    "will-age": ("suostumukset.csv", {"enimmaisika_ms": CANARY}, "wrong-shape"),
    "will-withdrawn": ("suostumukset.csv", {"tapahtuma": "peruttu"}, "wrong-shape"),
    "change": ("muutot.csv", {"muutos": CANARY}, "unknown-code"),
    "move": ("muutot.csv", {"kuntakoodi": CANARY}, "unknown-municipality"),
    "correction": ("korjaukset.csv", {"kohderivi": CANARY}, "unknown-row"),
    "correction-reason": ("korjaukset.csv", {"syy": ""}, "wrong-shape"),
}

IN_ORDER: dict[str, dict[str, str]] = {
    "asiakkaat.csv": {"sukunimi": "Testinen", "etunimet": "Åsa"},
    "tausta.csv": {},
    "yhteystiedot.csv": {},
    "toimsuunnitelmat.csv": {"toimsuunlaji": "07", "suunnitelma": "plan-1", "laatijat": "kela"},
    "toimet.csv": {"tietolaji": "toimi", "suunnitelma": "plan-1", "toimikoodi": "071"},
    "hyvaksynnat.csv": {"laji": "suunnitelma", "suunnitelma": "plan-1"},
    "ehdotukset.csv": {"koskee": "f", "koskee_versio": "1", "sisalto": "tavoite"},
    "vastaukset.csv": {"vaihe": "hylatty", "tieto": "p", "kohderivi": "good"},
    "lahetteet.csv": {"vaihe": "tehty", "kohde": "kela", "kuntakoodi": "837"},
    "asiakkuus.csv": {"vaihe": "alkanut"},
    "suostumukset.csv": {"laji": "suostumus", "tapahtuma": "annettu", "saajat": "kela"},
    "muutot.csv": {"muutos": "muutto", "kuntakoodi": "837"},
    "korjaukset.csv": {"kohderivi": "good", "syy": "wrong"},
}


def add_row(area: SimulatedEmploymentArea, file: str, key: str, cells: dict[str, str]) -> None:
    table = next(table for table in wire.TABLES if file == table.TAULU)
    blank = dict.fromkeys(table.columns(), "")
    row = {**blank, "rivi": key, "henkilotunnus": HETU, "kirjattu": WHEN, **IN_ORDER[file], **cells}
    area.add(table.of_cells(row))


@pytest.mark.parametrize("bad", sorted(BAD_ROWS))
def test_a_bad_row_costs_itself_and_nothing_else(
    bad: str, area: SimulatedEmploymentArea, connector: EmploymentArea
) -> None:
    file, cells, reason = BAD_ROWS[bad]
    add_row(area, "tausta.csv", "good", {})
    for needed in ("asiakkaat.csv", "toimsuunnitelmat.csv"):
        add_row(area, needed, f"needed-{needed}", {})
    add_row(area, file, "bad", cells)
    add_row(area, file, "after", {})

    snapshot = connector.source.read()

    (refused,) = unreadable(snapshot)
    assert refused.reason == reason
    assert refused.row == "bad" or refused.row.startswith(f"{file}:")
    assert file in refused.detail
    assert "line" in refused.detail
    assert not any(value in repr(refused) for value in (CANARY, HETU, OTHER))
    assert {"good", *(() if file == "asiakkaat.csv" else ("after",))} <= says(snapshot).keys()
    assert snapshot.is_complete == (refused.row == "bad")


def test_every_table_has_a_row_in_order_that_is_read(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    add_row(area, "tausta.csv", "good", {})
    for file in IN_ORDER:
        add_row(area, file, f"in-order-{file}", {})

    assert unreadable(connector.source.read()) == []


@pytest.mark.parametrize("line", ["bad;too;short", 'bad;"open', "bad;\udcff", ";" * 12])
def test_a_line_that_is_no_row_closes_nothing(
    line: str, area: SimulatedEmploymentArea, connector: EmploymentArea
) -> None:
    add_row(area, "tausta.csv", "good", {})
    path = area.path(wire.BackgroundRow)
    path.write_bytes(path.read_bytes() + line.encode("utf-8", "surrogateescape") + b"\r\n")
    add_row(area, "toimsuunnitelmat.csv", "other-table", {})

    snapshot = connector.source.read()

    assert len(unreadable(snapshot)) == 1
    assert not snapshot.is_complete
    assert {"good", "other-table"} <= says(snapshot).keys()


def test_a_file_that_cannot_be_read_closes_nothing(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    add_row(area, "toimsuunnitelmat.csv", "other-table", {})
    path = area.path(wire.BackgroundRow)
    whole = path.read_bytes()
    faults: list[Callable[[], object]] = [
        lambda: None,
        lambda: path.symlink_to(area.path(wire.PlanRow)),
        lambda: path.write_bytes(whole.replace(b"koulutus", b"koulu")),
        lambda: path.write_bytes(b""),
        path.mkdir,
    ]
    for fault in faults:
        path.unlink(missing_ok=True)
        fault()
        snapshot = connector.source.read()

        assert [row.row for row in unreadable(snapshot)] == ["tausta.csv"]
        assert not snapshot.is_complete
        assert set(says(snapshot)) == {"other-table"}


def test_an_export_folder_that_is_a_symlink_is_not_followed(tmp_path: Path) -> None:
    SimulatedEmploymentArea(tmp_path / "elsewhere", ENDPOINT)
    (tmp_path / "here").mkdir()
    (tmp_path / "here" / wire.EXPORT).symlink_to(tmp_path / "elsewhere" / wire.EXPORT)

    snapshot = EmploymentArea(ENDPOINT, tmp_path / "here").source.read()

    assert [row.reason for row in unreadable(snapshot)] == ["not-a-file"]
    assert not snapshot.is_complete


def test_half_written_files_are_not_read(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    path = area.path(wire.BackgroundRow)
    path.with_name("tausta.csv.tmp").write_text("half")
    connector.sink.apply(CLIENT, put("f1", Goal("tavoite")))
    (client_folder(area) / "f2.csv.part").write_text("half")

    assert connector.source.read() == Snapshot((), is_complete=True)
    assert set(held(connector)) == {"f1"}


# --- what is not shared -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("laji", ["01", "03", "04"])
def test_other_plans_stay_in_the_register(laji: str, area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    area.plan(HETU, "own-plan", at=at(0), laji=laji, makers=[ENDPOINT])
    area.plan_item(HETU, "own-plan", COACHING, at=at(1), row="A")

    assert connector.source.read() == Snapshot((), is_complete=True)


def test_a_plan_of_two_kinds_is_no_plan(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    area.plan(HETU, "plan-1", at=at(0), laji="01", makers=[ENDPOINT])
    area.plan(HETU, "plan-1", at=at(1), laji="07", makers=[ENDPOINT])
    area.plan_item(HETU, "plan-1", COACHING, at=at(2), row="A")

    snapshot = connector.source.read()

    assert says(snapshot) == {}
    assert {row.reason for row in unreadable(snapshot)} == {"unknown-plan"}


def test_what_came_from_outside_goes_nowhere(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    connector.sink.apply(CLIENT, put("f1", COACHING, plan="plan-shared"))
    add_row(area, "tausta.csv", "copied", {"alkupera": "f1", "koulutus": "Merkonomi"})

    assert connector.source.read() == Snapshot((), is_complete=True)


# --- contents there and back --------------------------------------------------------------------------------------


@settings(max_examples=120, deadline=None)
@given(ANY_CONTENT, st.sampled_from(["", "proposal", "conflict"]))
def test_every_content_is_read_back_from_the_inbox(content: Content, as_kind: str) -> None:
    with tempfile.TemporaryDirectory() as folder:
        connector = EmploymentArea(ENDPOINT, Path(folder))
        arrival = put(
            "f1", content, **({"kind": as_kind, "about": FactId("f0"), "about_version": 1} if as_kind else {})
        )

        assert connector.sink.apply(CLIENT, arrival) == Done()

        assert held(EmploymentArea(ENDPOINT, Path(folder))) == {"f1": (1, "open", content)}


@settings(max_examples=40, deadline=None)
@given(contents(Background), st.builds(PlanItem, st.just("084"), AWKWARD, AWKWARD, AWKWARD, AWKWARD), ANY_CONTENT)
def test_every_own_text_is_read_from_the_export(background: Background, item: PlanItem, proposed: Content) -> None:
    with tempfile.TemporaryDirectory() as folder:
        area = SimulatedEmploymentArea(Path(folder), ENDPOINT)
        connector = EmploymentArea(ENDPOINT, Path(folder))
        area.background(
            HETU,
            education=background.education,
            work_history=background.work_history,
            skills=background.skills,
            at=at(0),
        )
        area.plan_item(HETU, "plan-1", item, at=at(2), row="A")
        area.plan(HETU, "plan-1", at=at(1), makers=[ENDPOINT])
        area.propose(HETU, "f0", 1, proposed, at(3))
        for row, fact in (("tausta-1", "f1"), ("A", "f2"), ("ehdotukset-1", "f3")):
            connector.sink.shared(CLIENT, row, FactId(fact), 1)

        read = says(connector.source.read())

        assert [row.content for row in read.values() if isinstance(row, FactRow | Proposed)] == [
            background,
            item,
            proposed,
        ]
        assert [content for _, _, content in held(connector).values()] == [background, item, proposed]


@given(st.lists(AWKWARD))
def test_a_list_is_one_cell(members: list[str]) -> None:
    assert split_list(join_list(members)) == tuple(members)


def _columns_of(table: type[wire.Record]) -> tuple[str, ...]:
    return CONTENTS.columns_of(*(codes.KINDS[code] for code in table.SISALLOT)) if table.SISALLOT else ()


def test_tables_of_codes_are_whole_and_columns_are_told_apart() -> None:
    assert set(codes.ROLES.values()) == ROLES
    assert set(codes.HANDLING.values()) == HANDLING
    assert set(codes.KINDS.values()) == set(KINDS)
    assert CONTENTS.columns.keys() == CONTENT_OF.keys()
    assert all(len(CONTENTS.columns_of(kind)) == len(fields(type_)) for kind, type_ in CONTENT_OF.items())
    tables: tuple[type[wire.Record], ...] = (*wire.TABLES, wire.ReceivedRow, wire.LinkRow, wire.NoticeRow)
    for table in tables:
        assert len(set(table.columns())) == len(table.columns())
        assert len(table.columns()) == len(_columns_of(table)) + len(fields(table)) - 1


# --- what arrives -------------------------------------------------------------------------------------------------


def client_folder(area: SimulatedEmploymentArea) -> Path:
    (folder,) = (path for path in (area.folder / wire.INBOX).iterdir() if path.is_dir())
    return folder


def all_bytes(folder: Path) -> bytes:
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


def test_applying_twice_is_applying_once(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    arrivals: list[Arrival] = [
        put("f1", Goal("yksi")),
        put("f1", Goal("kaksi"), version=2),
        Told("refused", "stale-base", "e1", "A"),
    ]
    for arrival in arrivals:
        connector.sink.apply(CLIENT, arrival)
    once = all_bytes(area.folder)

    for arrival in arrivals:
        assert connector.sink.apply(CLIENT, arrival) == Done()

    assert all_bytes(area.folder) == once
    assert held(connector) == {"f1": (2, "open", Goal("kaksi"))}


def test_a_fact_without_a_cell_is_held_without_content(connector: EmploymentArea) -> None:
    connector.sink.apply(
        CLIENT, put("f1", None, status="active", clear={"state": "active", "parties": "kela employment"})
    )

    assert held(connector) == {"f1": (1, "active", None)}


def test_only_the_client_asked_for_is_shown(connector: EmploymentArea) -> None:
    connector.sink.apply(CLIENT, put("f1", Goal("yksi")))
    connector.sink.apply(Person(OTHER), put("f2", Goal("kaksi")))

    assert set(held(connector)) == {"f1"}
    assert set(held(connector, Person(OTHER))) == {"f2"}


def test_a_rebase_changes_the_ground_and_nothing_else(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    capacity = Capacity("Osittain työkykyinen", "", "")
    connector.sink.apply(CLIENT, put("f1", capacity))
    connector.sink.apply(CLIENT, Rebase(FactId("f1"), 1, Basis("provider-will", "a", "b", "c", "will-1")))

    (row,) = area.received(HETU, "capacity")
    assert (row.rule, row.will, row.content, row.digest) == ("provider-will", "will-1", capacity, b"\x01\xff")


def test_erased_content_is_on_disk_no_more(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    connector.sink.apply(CLIENT, put("f1", HealthNote(CANARY)))
    (client_folder(area) / ".f1.csv.part").write_text(CANARY)
    assert CANARY.encode() in all_bytes(area.folder)

    for _ in range(2):
        assert connector.sink.apply(CLIENT, TakeBack(FactId("f1"), "erase", "will-withdrawn")) == Erased()

    assert CANARY.encode() not in all_bytes(area.folder)
    assert held(connector) == {}
    assert [(notice.koodi, notice.syy, notice.viite) for notice in area.notices(HETU)] == [
        ("erased", "will-withdrawn", "f1")
    ]


@pytest.mark.parametrize(("ask", "tilanne"), [("stop", codes.NO_LONGER_UPDATED), ("error", codes.ERRONEOUS)])
def test_what_is_stopped_is_kept_and_marked(
    ask: str, tilanne: str, area: SimulatedEmploymentArea, connector: EmploymentArea
) -> None:
    connector.sink.apply(CLIENT, put("f1", Goal("yksi")))

    assert connector.sink.apply(CLIENT, TakeBack(FactId("f1"), ask, "relationship-ended")) == Done()

    (row,) = area.inbox.to_read(HETU).received_all()
    assert (row.tilanne, row.syy, row.tiedot["tavoite"]) == (tilanne, "relationship-ended", "yksi")
    assert held(connector) == {}
    assert area.received(HETU) == []

    connector.sink.apply(CLIENT, put("f1", Goal("yksi")))
    assert set(held(connector)) == {"f1"}, "what is given anew is kept up to date again"


def test_own_rows_are_not_erased_on_request(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    area.plan(HETU, "plan-1", at=at(0), makers=[ENDPOINT])
    area.plan_item(HETU, "plan-1", COACHING, at=at(1), row="A")
    connector.sink.shared(CLIENT, "A", FactId("f1"), 1)

    assert isinstance(connector.sink.apply(CLIENT, TakeBack(FactId("f1"), "erase", "moved")), Kept)

    assert held(connector) == {}
    assert "A" in says(connector.source.read())


def test_notices_reach_the_clerk_once(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    for _ in range(2):
        connector.sink.apply(CLIENT, Told("refused", "unknown-plan", "event-1", row="A"))
        connector.sink.apply(None, Told("rejected", "wrong-shape"))

    assert [(n.numero, n.koodi, n.syy, n.oma_rivi) for n in area.notices()] == [
        ("1", "refused", "unknown-plan", "A"),
        ("2", "rejected", "wrong-shape", ""),
    ]


def test_what_the_register_cannot_keep_is_refused(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    for fact in ("../outside", ".hidden", "linkit", "a/b", ""):
        assert connector.sink.apply(CLIENT, put(fact, Goal("x"))) == Refuse("malformed-fact-id")
    assert connector.sink.apply(CLIENT, put("f1", Goal("x"), kind="horoscope")) == Refuse("unknown-code")
    assert connector.sink.apply(CLIENT, put("f1", Goal("x"), starts=Moment(10**18))) == Refuse("moment-out-of-range")
    assert connector.sink.apply(None, put("f1", Goal("x"))) == Refuse("no-person")
    assert files(area.folder / wire.INBOX) == {}


def test_a_damaged_file_of_links_is_not_written_over(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    connector.sink.shared(CLIENT, "A", FactId("f1"), 1)
    links = client_folder(area) / wire.LINKS
    links.write_bytes(links.read_bytes() + b'"open')
    damaged = links.read_bytes()

    assert connector.sink.apply(CLIENT, put("f1", Goal("x"))) == Retry(
        "file-damaged", f"{links.parent.name}/{wire.LINKS}"
    )
    assert links.read_bytes() == damaged


def test_without_the_key_of_the_folders_names_nothing_is_written_elsewhere(
    area: SimulatedEmploymentArea, connector: EmploymentArea
) -> None:
    connector.sink.apply(CLIENT, put("f1", Goal("yksi")))
    key = area.folder / wire.INBOX / ".name-key"
    kept = key.read_bytes()
    key.unlink()

    erased = connector.sink.apply(CLIENT, TakeBack(FactId("f1"), "erase", "will-withdrawn"))
    assert erased == Retry("file-damaged", f"{wire.INBOX}/.name-key")

    key.write_bytes(kept)
    assert connector.sink.apply(CLIENT, TakeBack(FactId("f1"), "erase", "will-withdrawn")) == Erased()


def test_no_file_name_tells_whose_it_is(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    connector.sink.apply(CLIENT, put("f1", Goal("yksi")))

    assert not any(HETU in str(path) for path in area.folder.rglob("*"))


def test_files_are_the_owners_only_and_symlinks_are_replaced(area: SimulatedEmploymentArea, tmp_path: Path) -> None:
    connector = EmploymentArea(ENDPOINT, area.folder)
    connector.sink.apply(CLIENT, put("f1", Goal("yksi")))
    inbox = client_folder(area)
    outside = tmp_path / "outside.txt"
    outside.write_text("untouched")
    (inbox / "f2.csv").symlink_to(outside)

    connector.sink.apply(CLIENT, put("f2", Goal("kaksi")))

    assert outside.read_text() == "untouched"
    assert set(held(connector)) == {"f1", "f2"}
    assert {path.stat().st_mode & 0o777 for path in inbox.iterdir()} == {0o600}
    assert inbox.stat().st_mode & 0o777 == 0o700


def test_an_inbox_that_is_a_symlink_is_not_written_into(area: SimulatedEmploymentArea, tmp_path: Path) -> None:
    (tmp_path / "outside").mkdir()
    (area.folder / wire.INBOX).symlink_to(tmp_path / "outside")

    answer = EmploymentArea(ENDPOINT, area.folder).sink.apply(CLIENT, put("f1", Goal("x")))

    assert answer == Retry("not-a-folder", wire.INBOX)
    assert list((tmp_path / "outside").iterdir()) == []


# --- own rows -----------------------------------------------------------------------------------------------------


@pytest.fixture
def planned(area: SimulatedEmploymentArea) -> SimulatedEmploymentArea:
    area.plan(HETU, "plan-1", at=at(0), makers=[ENDPOINT, "social-08"])
    area.plan_item(HETU, "plan-1", COACHING, at=at(1), necessary_for=["kela"], row="A")
    return area


def test_own_rows_are_held_by_their_links(planned: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    assert held(connector) == {}

    connector.sink.shared(CLIENT, "A", FactId("f1"), 1)

    assert held(connector) == {"f1": (1, "open", COACHING)}
    assert planned.link(HETU, "A") == ("f1", 1)
    planned.close(HETU, "A", at(5))
    connector.sink.shared(CLIENT, "A", FactId("f1"), 2)
    assert held(connector) == {"f1": (2, "closed", COACHING)}


def test_a_version_made_elsewhere_keeps_its_number_with_the_link(
    planned: SimulatedEmploymentArea, connector: EmploymentArea
) -> None:
    row = planned.plan_item(HETU, "plan-1", Goal("Työllistyä"), at=at(2))
    connector.sink.shared(CLIENT, row, FactId("g"), 1)
    assert held(connector)["g"] == (1, "pending", Goal("Työllistyä"))

    changed = put("g", Goal("Opiskella"), version=3, status="in-force", owner=ENDPOINT, own_row=row)
    connector.sink.apply(CLIENT, changed)
    connector.sink.shared(CLIENT, row, FactId("g"), 1)
    assert held(connector)["g"] == (3, "in-force", Goal("Opiskella"))

    planned.change(HETU, row, Goal("Työllistyä ja opiskella"), at(3))
    connector.sink.shared(CLIENT, row, FactId("g"), 4)
    assert held(connector)["g"] == (4, "pending", Goal("Työllistyä ja opiskella"))
    connector.sink.apply(CLIENT, changed)
    assert held(connector)["g"][0] == 4, "an older version does not come back"


def test_an_item_passed_by_a_move_is_adopted_by_a_row(
    planned: SimulatedEmploymentArea, connector: EmploymentArea
) -> None:
    connector.sink.apply(CLIENT, put("f9", COACHING, version=4, owner=ENDPOINT, plan="plan-shared"))
    assert held(connector)["f9"] == (4, "open", COACHING)

    (passed,) = planned.received(HETU, "plan-item")
    assert passed.plan is not None
    here = PlanItem("071", "Työhönvalmennus", "Löytää työ", "Kuopio", "ke")
    planned.plan_item(HETU, passed.plan, here, at=at(9), row="B", adopts=passed.fact)
    row = says(connector.source.read())["B"]
    assert isinstance(row, FactRow)
    assert (row.adopts, row.plan, row.content) == ("f9", Shared("plan-shared"), here)

    connector.sink.shared(CLIENT, "B", FactId("f9"), 5)
    assert held(connector)["f9"] == (5, "open", here)


def test_a_referrals_two_facts_are_held(area: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    key = area.own_referral(
        HETU,
        names=("Testinen", "Åsa"),
        municipality="837",
        to_role="kela",
        service="Kuntoutus",
        grounds="",
        contact="",
        at=at(0),
    )
    connector.sink.shared(CLIENT, f"{key}#identity", FactId("i"), 1)
    connector.sink.shared(CLIENT, f"{key}#referral", FactId("r"), 1)

    made = says(connector.source.read())[key]
    assert isinstance(made, ReferralMade)
    assert held(connector) == {"i": (1, "open", made.identity.content), "r": (1, "made", made.referral.content)}


def test_marks_made_before_stand_until_they_are_made_anew(
    planned: SimulatedEmploymentArea, connector: EmploymentArea
) -> None:
    planned.plan_item(HETU, "plan-1", COACHING, at=at(5), necessary_for=["kela", "social-care"], row="A")
    row = says(connector.source.read())["A"]
    assert isinstance(row, FactRow)
    assert row.necessary_for == (Mark("kela", at(1)), Mark("social-care", at(5)))

    planned.mark(HETU, "A", ["kela"], at(6), affects=True)
    row = says(connector.source.read())["A"]
    assert isinstance(row, FactRow)
    assert (row.necessary_for, row.affects_employment_at) == ((Mark("kela", at(6)),), at(6))


def test_the_same_acts_write_the_same_bytes(tmp_path: Path) -> None:
    for name in ("one", "two"):
        write_samples(tmp_path / name)

    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_nothing_of_a_person_is_printed(planned: SimulatedEmploymentArea, connector: EmploymentArea) -> None:
    connector.sink.apply(CLIENT, put("f1", Goal(CANARY)))

    shown = [
        *planned.rows(wire.ActionRow),
        *planned.received(HETU),
        *planned.holdings(HETU),
        *connector.sink.holdings(CLIENT),
    ]

    assert len(shown) == 4
    assert not any(word in repr(one) for one in shown for word in (CANARY, HETU, COACHING.service))


@pytest.fixture(autouse=True)
def _narrow_umask() -> Iterator[None]:
    """Modes are asserted: whatever the umask of whoever runs the tests, the files are the owner's."""
    before = os.umask(0)
    yield
    os.umask(before)
