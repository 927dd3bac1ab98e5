"""Kela's connector: every sample reads as it should, every bad row costs itself only, and what arrives is held without loss."""

import shutil
import stat
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sauma_connectors.kela
from sauma.content import CATEGORY_OF, CONTENT_OF, Capacity, Content, Identity, PlanItem, ServiceNeed
from sauma.delivery import Basis
from sauma.fact import Moment
from sauma.henkilotunnus import for_test
from sauma.ids import EndpointId, FactId
from sauma_connectors.kela import KelaConnector, SimulatedKela, wire
from sauma_connectors.kela.answers import ANSWERS, STOPPED, WRONG, read_answers
from sauma_connectors.kela.links import LINKS, Link, read_links
from sauma_connectors.kela.outbound import OWN_LAW
from sauma_connectors.sdk.contract import (
    Answered,
    ClientChanged,
    Confirmed,
    Done,
    Erased,
    FactRow,
    Kept,
    Mark,
    Person,
    Proposed,
    Put,
    Rebase,
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
)
from sauma_connectors.sdk.files import Damaged, make_name_key, own_name
from sauma_connectors.sdk.tables import format_table
from support.arrivals import ANY_CONTENT, AT, AWKWARD, DIGEST, by_row, contents, fact, files, put, unreadable

SAMPLES = Path(sauma_connectors.kela.__file__).parent / "samples"
HETU = for_test(date(1985, 3, 14), 912)
OTHER = for_test(date(1990, 1, 1), 913)
PERSON = Person(HETU)
ITEM = PlanItem("KKRL-6", "Ammatillinen kuntoutus", "Paluu työhön", "Tampere", "2 pv/vko")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "kela"


@pytest.fixture
def kela(folder: Path) -> SimulatedKela:
    return SimulatedKela(folder)


@pytest.fixture
def connector(folder: Path, kela: SimulatedKela) -> KelaConnector:
    assert kela.notices() == []
    return KelaConnector(EndpointId("kela"), folder)


def plan_item(kela: SimulatedKela, *, row: str = "K-1", place: str = "Tampere", at: Moment = AT) -> str:
    return kela.plan_item(
        HETU,
        plan_id=fact(80),
        service_code="KKRL-6",
        service="Ammatillinen kuntoutus",
        goal="Paluu työhön",
        place=place,
        schedule="2 pv/vko",
        necessary_for=["employment", "social-care"],
        at=at,
        row=row,
    )


# --- lists in -----------------------------------------------------------------------------------------------------


def test_every_sample_list_reads_as_its_statements() -> None:
    snapshot = KelaConnector(EndpointId("kela"), SAMPLES).source.read()

    assert snapshot.is_complete
    assert {one.person.henkilotunnus for one in snapshot.rows if isinstance(one, Statement)} == {HETU}
    mark = Mark("employment", Moment(AT + 2000))
    item = FactRow(
        "plan-item",
        7,
        replace(ITEM, place="Nokia", schedule="3 pv/vko"),
        necessary_for=(mark, replace(mark, role="social-care")),
        plan=Shared(fact(0x50)),
        starts=Moment(AT + 86_400_000),
        ends=Moment(AT + 90 * 86_400_000),
    )
    said = by_row(snapshot)
    assert list(said) == [
        "lahetteet/L-1",
        "toimintakyky/T-1",
        "palvelutarve/P-1",
        "yhteistyo/000001",
        "suunnitelman_vahvistukset/000001",
        "ehdotukset/E-1",
        "vastaukset/000001",
        "kuntoutus/K-1",
        "yhteistyo/000002",
        "muutokset/000001",
        "muutokset/000002",
    ]
    made = said["lahetteet/L-1"]
    assert isinstance(made, ReferralMade)
    assert (made.to_role, made.municipality) == ("employment", "837")
    assert made.identity.content == Identity(HETU, "Esimerkki", "Aino Maria")
    assert said["toimintakyky/T-1"] == FactRow(
        "capacity",
        5,
        Capacity("Kykenee kevyeen työhön 4 h/pv", "ei raskaita nostoja", "2026-12-31"),
        necessary_for=(Mark("employment", Moment(AT + 1000)),),
        affects_employment_at=Moment(AT + 1000),
    )
    need = said["palvelutarve/P-1"]
    assert isinstance(need, FactRow)
    assert need.content == ServiceNeed("Kuntoutuksen tuki", "yhteinen arviointi")
    assert said["yhteistyo/000001"] == RelationshipStep("taking-part")
    assert said["suunnitelman_vahvistukset/000001"] == Confirmed(fact(0x14), 1, DIGEST)
    proposed = said["ehdotukset/E-1"]
    assert isinstance(proposed, Proposed)
    assert (proposed.about, proposed.about_version, proposed.category) == (fact(0x10), 1, 7)
    assert said["vastaukset/000001"] == Answered("accept", fact(0x13), "kuntoutus/K-1", item)
    assert said["kuntoutus/K-1"] == item
    assert said["yhteistyo/000002"] == RelationshipStep("end-confirmed")
    assert said["muutokset/000001"] == ClientChanged("moved", "297")
    assert said["muutokset/000002"] == ClientChanged("died")


GOOD = {
    "lahetteet": {"kohde": "TYO", "kuntanumero": "837", "sukunimi": "Esimerkki", "etunimet": "Aino"},
    "toimintakyky": {"tila": "voimassa"},
    "kuntoutus": {"tila": "voimassa", "suunnitelma": "p1"},
    "palvelutarve": {"tila": "voimassa"},
    "suunnitelman_vahvistukset": {"tieto": "f1", "versio": "1", "tiiviste": "00" * 32},
    "ehdotukset": {"kohde": "f1", "kohdeversio": "1", "tietoryhma": "7", "sisalto": "palvelu"},
    "vastaukset": {"vastaus": "hyvaksytty", "ehdotus": "f1", "oma_rivi": "kuntoutus/own", "sisalto": "palvelu"},
    "yhteistyo": {"vaihe": "osallistuu"},
    "muutokset": {"muutos": "muutto", "kuntanumero": "837"},
}
BAD = [
    ("lahetteet", "henkilotunnus", HETU[:-1] + "0", "malformed-henkilotunnus"),
    ("lahetteet", "henkilotunnus", HETU.lower(), "malformed-henkilotunnus"),
    ("lahetteet", "kohde", "XXX", "unknown-code"),
    ("lahetteet", "kuntanumero", "999", "unknown-municipality"),
    ("lahetteet", "kuntanumero", "478", "unknown-municipality"),
    ("lahetteet", "sukunimi", "", "wrong-shape"),
    ("lahetteet", "kirjattu", "2026-03-02T09:15:01", "wrong-shape"),
    ("lahetteet", "kirjattu", "eilen", "wrong-shape"),
    ("lahetteet", "rivitunnus", "../etc", "wrong-shape"),
    ("lahetteet", "rivitunnus", HETU, "wrong-shape"),
    ("toimintakyky", "rivitunnus", "", "wrong-shape"),
    ("toimintakyky", "tila", "auki", "unknown-code"),
    ("toimintakyky", "tarpeellinen", "TYO XXX", "unknown-code"),
    ("toimintakyky", "tarpeellinen", "TYO", "wrong-shape"),
    ("toimintakyky", "vaikutus_kirjattu", "on", "wrong-shape"),
    ("kuntoutus", "suunnitelma", "", "wrong-shape"),
    ("palvelutarve", "tila", "", "unknown-code"),
    ("suunnitelman_vahvistukset", "tiiviste", "abc", "wrong-shape"),
    ("suunnitelman_vahvistukset", "versio", "0", "wrong-shape"),
    ("suunnitelman_vahvistukset", "versio", "²", "wrong-shape"),
    ("ehdotukset", "sisalto", "", "wrong-shape"),
    ("ehdotukset", "sisalto", "muu", "unknown-code"),
    ("ehdotukset", "tietoryhma", "8", "unknown-code"),
    ("vastaukset", "vastaus", "ehka", "unknown-code"),
    ("vastaukset", "oma_rivi", "kuntoutus/none", "unknown-row"),
    ("vastaukset", "sisalto", "tavoite", "wrong-shape"),
    ("yhteistyo", "vaihe", "started", "unknown-code"),
    ("muutokset", "muutos", "moved", "unknown-code"),
    ("muutokset", "kuntanumero", "", "wrong-shape"),
]


def write_rows(folder: Path, name: str, rows: list[dict[str, str]]) -> None:
    columns = (*wire.LISTS[name], wire.ORIGIN)
    every = {"rivitunnus": "own", "henkilotunnus": HETU, "kirjattu": "2026-03-02T09:15:00Z"}
    whole = [{**dict.fromkeys(columns, ""), **every, **GOOD[name], **row} for row in rows]
    (folder / f"{name}.csv").write_bytes(format_table(columns, whole, trailer=wire.TRAILER))


@pytest.mark.parametrize(("name", "column", "value", "reason"), BAD)
def test_a_bad_row_costs_itself_only_and_repeats_no_value(
    connector: KelaConnector, folder: Path, name: str, column: str, value: str, reason: str
) -> None:
    if name == "vastaukset":
        write_rows(folder, "kuntoutus", [{}])
    write_rows(folder, name, [{column: value, **({} if column == "rivitunnus" else {"rivitunnus": "bad"})}, {}])

    snapshot = connector.source.read()

    assert by_row(snapshot)[f"{name}/own"] != reason
    (bad,) = [one for one in snapshot.rows if isinstance(one, Unreadable)]
    assert bad.reason == reason
    assert bad.row == (f"{name}.csv:2" if column == "rivitunnus" else f"{name}/bad")
    assert f"{name}.csv line 2" in bad.detail
    assert HETU not in bad.detail
    assert len(value) < 4 or value not in bad.detail
    assert snapshot.is_complete == (column != "rivitunnus" or name not in wire.STANDING)


def test_rows_that_are_no_rows_cost_themselves_only(connector: KelaConnector, folder: Path) -> None:
    write_rows(folder, "palvelutarve", [{}])
    path = folder / "palvelutarve.csv"
    head, row, _ = path.read_bytes().split(b"\r\n", 2)
    lines = [head, row, b'"a";"b"', b'"a"b;c', row.replace(b'"own"', b'"\xff"'), b"LOPPU;4", b""]
    path.write_bytes(b"\r\n".join(lines))

    snapshot = connector.source.read()

    said = by_row(snapshot)
    assert isinstance(said.pop("palvelutarve/own"), FactRow)
    assert said == {
        "palvelutarve.csv:3": "wrong-shape",
        "palvelutarve.csv:4": "unreadable-row",
        "palvelutarve.csv:5": "not-utf-8",
    }
    assert not snapshot.is_complete


def test_the_second_of_two_rows_with_one_key_is_refused(connector: KelaConnector, folder: Path) -> None:
    write_rows(folder, "yhteistyo", [{}, {"vaihe": "poistunut"}])
    said = by_row(connector.source.read())
    assert said == {"yhteistyo/own": RelationshipStep("taking-part"), "yhteistyo.csv:3": "duplicate-row"}


@pytest.mark.parametrize("step", ["hyvaksytty", "hylatty", "ratkaistu"])
def test_an_answer_about_another_clients_row_is_refused(connector: KelaConnector, folder: Path, step: str) -> None:
    write_rows(folder, "kuntoutus", [{"henkilotunnus": OTHER}])
    write_rows(folder, "vastaukset", [{"vastaus": step}])

    snapshot = connector.source.read()

    assert by_row(snapshot)["vastaukset/own"] == "unknown-row"
    assert not any(code in repr(unreadable(snapshot)) for code in (HETU, OTHER))


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (lambda data: data[: len(data) // 2], "list-truncated"),
        (lambda data: data.rsplit(b"\r\n", 2)[0], "list-truncated"),
        (lambda data: data.replace(b"LOPPU;1", b"LOPPU;2"), "list-truncated"),
        (lambda data: data.replace(b"LOPPU;1", b"LOPPU"), "list-truncated"),
        (lambda data: data + b'"more"\r\n', "list-truncated"),
        (lambda data: data.replace(b'"tila"', b'"state"'), "wrong-shape"),
        (lambda _: b"", "wrong-shape"),
        (lambda _: b"\xff\xfe\x00", "wrong-shape"),
        (lambda _: b"x" * (32 * 1024 * 1024 + 1), "file-too-large"),
        (lambda _: None, "no-file"),
    ],
)
def test_a_list_that_cannot_be_read_whole_is_not_used_and_closes_nothing(
    connector: KelaConnector, kela: SimulatedKela, folder: Path, damage: Callable[[bytes], bytes | None], reason: str
) -> None:
    plan_item(kela)
    kela.relationship(HETU, "taking-part", at=AT)
    path = folder / "kuntoutus.csv"
    damaged = damage(path.read_bytes())
    path.unlink()
    if damaged is not None:
        path.write_bytes(damaged)

    snapshot = connector.source.read()

    assert not snapshot.is_complete
    assert by_row(snapshot) == {"yhteistyo/000001": RelationshipStep("taking-part"), "kuntoutus.csv": reason}


def test_symlinks_and_half_written_lists_are_not_read(
    connector: KelaConnector, kela: SimulatedKela, folder: Path
) -> None:
    plan_item(kela)
    (folder / "kuntoutus.csv").rename(folder / "elsewhere")
    (folder / "kuntoutus.csv").symlink_to(folder / "elsewhere")
    (folder / "kuntoutus.csv.part").write_bytes(b"half")

    assert by_row(connector.source.read()) == {"kuntoutus.csv": "not-a-file"}


def test_a_row_that_came_from_outside_is_not_sent_again(connector: KelaConnector, folder: Path) -> None:
    write_rows(folder, "palvelutarve", [{wire.ORIGIN: fact(1)}, {"rivitunnus": "ours"}])
    snapshot = connector.source.read()
    assert list(by_row(snapshot)) == ["palvelutarve/ours"]
    assert snapshot.is_complete


def test_reading_twice_says_the_same(connector: KelaConnector, kela: SimulatedKela) -> None:
    plan_item(kela)
    assert connector.source.read() == connector.source.read()


def test_closing_and_marking_anew_change_a_row_and_removing_it_makes_it_gone(
    connector: KelaConnector, kela: SimulatedKela
) -> None:
    key = plan_item(kela)
    kela.mark(key, necessary_for=["employment"], affects=True, at=Moment(AT + 5))
    kela.close(key, at=Moment(AT + 6))
    row = by_row(connector.source.read())[key]
    assert isinstance(row, FactRow)
    assert row.necessary_for == (Mark("employment", Moment(AT + 5)),)
    assert (row.affects_employment_at, row.is_closed, row.content) == (AT + 5, True, ITEM)

    kela.remove(key)
    assert connector.source.read() == Snapshot((), is_complete=True)


# --- answer files out ---------------------------------------------------------------------------------------------


@settings(max_examples=150, deadline=None)
@given(content=ANY_CONTENT, clear=st.dictionaries(st.sampled_from(["state", "x"]), AWKWARD), kind=st.booleans())
def test_every_content_is_held_as_it_arrived(content: Content, clear: dict[str, str], kind: bool) -> None:
    own_kind = next(name for name, of in CONTENT_OF.items() if of is type(content))
    arriving = replace(
        put(content, kind="proposal" if kind else own_kind),
        category=CATEGORY_OF[type(content).__name__][0],
        clear=clear,
        about=fact(1) if kind else None,
        about_version=3 if kind else 0,
        starts=Moment(1),
        ends=Moment(253_402_300_799_999),
    )
    with folder_of_ours() as folder:
        sink = KelaConnector(EndpointId("kela"), folder).sink
        assert sink.apply(PERSON, arriving) == Done()

        (held,) = sink.holdings(PERSON)
        (row,) = read_answers(folder, HETU).values()
    assert (held.fact, held.version, held.status, held.content) == (fact(16), 1, "open", content)
    assert (row.selkotiedot, row.tiiviste, row.alkaa, row.paattyy) == (clear, DIGEST, 1, 253_402_300_799_999)


@settings(max_examples=60, deadline=None)
@given(content=st.one_of(contents(PlanItem), contents(Capacity), contents(ServiceNeed)))
def test_own_content_goes_out_as_the_clerk_wrote_it(content: Content) -> None:
    with folder_of_ours() as folder:
        kela = SimulatedKela(folder)
        kela.propose(HETU, about=fact(1), about_version=1, content=content, at=AT)
        (one,) = KelaConnector(EndpointId("kela"), folder).source.read().rows
    assert isinstance(one, Statement)
    assert one.says == Proposed(fact(1), 1, content)


def test_a_folder_that_is_a_symlink_is_not_written_into_and_the_reason_is_told(
    connector: KelaConnector, folder: Path, tmp_path: Path
) -> None:
    (tmp_path / "outside").mkdir()
    (folder / ANSWERS).symlink_to(tmp_path / "outside")

    assert connector.sink.apply(PERSON, put(ITEM)) == Retry("not-a-folder", ANSWERS)
    assert list((tmp_path / "outside").iterdir()) == []


def test_a_moment_from_before_1970_is_kept_as_it_was_given(connector: KelaConnector) -> None:
    early = replace(put(ITEM), starts=Moment(-1))

    assert connector.sink.apply(PERSON, early) == Done()
    assert [one.content for one in connector.sink.holdings(PERSON)] == [ITEM]


@contextmanager
def folder_of_ours() -> Iterator[Path]:
    """A folder for one example of a property: a fixture's would be the same for all."""
    with tempfile.TemporaryDirectory() as folder:
        yield Path(folder) / "kela"


def test_the_sample_answer_file_is_held_as_it_says(folder: Path) -> None:
    folder.mkdir()
    name = f"{own_name(make_name_key(folder), HETU)}.csv"
    for part in (ANSWERS, LINKS):
        (folder / part).mkdir()
        shutil.copyfile(SAMPLES / part / "asiakas.csv", folder / part / name)
    for path in SAMPLES.glob("*.csv"):
        shutil.copyfile(path, folder / path.name)

    kela = SimulatedKela(folder)

    held = {one.fact: (one.version, one.status, type(one.content).__name__) for one in kela.holdings(HETU)}
    assert held == {
        fact(0x11): (1, "open", "Identity"),
        fact(0x12): (1, "active", "NoneType"),
        fact(0x13): (1, "made", "PlanItem"),
        fact(0x14): (1, "pending", "Approval"),
        fact(1): (1, "open", "Referral"),
        fact(3): (1, "open", "PlanItem"),
    }
    assert read_answers(folder, HETU)[fact(0x10)].paivitys == STOPPED
    assert kela.notices() == [
        {"henkilotunnus": HETU, "koodi": "refused", "syy": "unknown-code", "viite": "", "oma_rivi": "kuntoutus/K-2"}
    ]


def test_applying_twice_changes_nothing_and_an_older_version_is_passed_over(
    connector: KelaConnector, folder: Path
) -> None:
    newer = put(ITEM, version=2)
    assert [connector.sink.apply(PERSON, newer) for _ in range(2)] == [Done(), Done()]
    before = files(folder)

    assert connector.sink.apply(PERSON, put(replace(ITEM, goal="older"))) == Done()

    assert files(folder) == before


def test_stop_keeps_error_marks_and_erase_removes_for_real(connector: KelaConnector, folder: Path) -> None:
    planted = "Erittäin erityinen tavoite"
    for number in (1, 2, 3):
        connector.sink.apply(PERSON, put(replace(ITEM, goal=f"{planted} {number}"), number=number))

    assert connector.sink.apply(PERSON, TakeBack(fact(1), "stop", "relationship-ended")) == Done()
    assert connector.sink.apply(PERSON, TakeBack(fact(2), "error", "corrected")) == Done()
    assert [connector.sink.apply(PERSON, TakeBack(fact(3), "erase", "will-withdrawn")) for _ in "12"] == [Erased()] * 2

    assert list(connector.sink.holdings(PERSON)) == []
    assert {f: row.paivitys for f, row in read_answers(folder, HETU).items()} == {fact(1): STOPPED, fact(2): WRONG}
    written = b"".join(files(folder).values()).decode(errors="replace")
    assert f"{planted} 1" in written
    assert f"{planted} 3" not in written

    assert connector.sink.apply(PERSON, put(ITEM, number=1)) == Done()
    assert [held.fact for held in connector.sink.holdings(PERSON)] == [fact(1)]


def test_the_last_fact_erased_takes_the_file_with_it(connector: KelaConnector, folder: Path) -> None:
    connector.sink.apply(PERSON, put(ITEM))
    connector.sink.apply(PERSON, TakeBack(fact(16), "erase", "will-withdrawn"))
    assert list((folder / ANSWERS).iterdir()) == []


def test_a_rebase_changes_the_ground_and_nothing_else(connector: KelaConnector, folder: Path) -> None:
    connector.sink.apply(PERSON, put(ITEM, version=2))
    consent = Basis("provider-will", "JulkL 26 §", "JulkL 29 §", "employment-service", "w1")

    assert connector.sink.apply(PERSON, Rebase(fact(16), 2, consent)) == Done()

    row = read_answers(folder, HETU)[fact(16)]
    assert (row.saanto, row.tahdonilmaisu, row.sisalto, row.versio) == ("provider-will", "w1", ITEM, 2)
    assert connector.sink.apply(PERSON, Rebase(fact(16), 3, consent)) == Refuse("not-held")
    assert connector.sink.apply(PERSON, Rebase(fact(99), 1, consent)) == Refuse("not-held")


def test_a_kind_that_is_not_known_is_refused(connector: KelaConnector) -> None:
    assert connector.sink.apply(PERSON, replace(put(None), kind="new-kind")) == Refuse("unknown-kind")
    assert connector.sink.apply(PERSON, replace(put(None), starts=Moment(10**15))) == Refuse("moment-out-of-range")


def test_a_notice_stands_once_where_the_clerk_reads_it(connector: KelaConnector, kela: SimulatedKela) -> None:
    told = Told("refused", "stale-base", "=cmd", row="kuntoutus/K-1")
    assert [connector.sink.apply(person, told) for person in (PERSON, PERSON, None)] == [Done()] * 3
    assert [notice["henkilotunnus"] for notice in kela.notices()] == [HETU, ""]
    assert kela.notices()[0]["viite"] == "=cmd"


def test_files_are_for_their_owner_only_and_their_names_tell_nothing(connector: KelaConnector, folder: Path) -> None:
    connector.sink.apply(Person("../../outside"), put(ITEM, number=1))
    connector.sink.apply(PERSON, replace(put(ITEM), fact=FactId("../../" + HETU)))
    connector.sink.shared(PERSON, "kuntoutus/K-1", fact(2), 1)

    written = [path for part in (ANSWERS, LINKS) for path in (folder / part).iterdir()]
    assert len(written) == 3
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    assert all(HETU not in path.name for path in folder.rglob("*"))
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("data", [b"", b"rubbish", b'"henkilotunnus"\r\nLOPPU;0\r\n'])
def test_a_damaged_answer_file_is_never_written_over(connector: KelaConnector, folder: Path, data: bytes) -> None:
    connector.sink.apply(PERSON, put(ITEM))
    (path,) = (folder / ANSWERS).iterdir()
    path.write_bytes(data)

    assert connector.sink.apply(PERSON, put(ITEM, number=1)) == Retry("file-damaged", f"{ANSWERS}/{path.name}")
    with pytest.raises(Damaged):
        connector.sink.holdings(PERSON)

    assert path.read_bytes() == data
    assert connector.sink.apply(Person(OTHER), put(ITEM)) == Done()


def test_clients_do_not_mix(connector: KelaConnector, folder: Path) -> None:
    connector.sink.apply(PERSON, put(ITEM))
    assert list(connector.sink.holdings(Person(OTHER))) == []
    (path,) = (folder / ANSWERS).iterdir()
    key = make_name_key(folder)
    path.rename(folder / ANSWERS / f"{own_name(key, OTHER)}.csv")
    with pytest.raises(Damaged):
        connector.sink.holdings(Person(OTHER))


# --- own rows -----------------------------------------------------------------------------------------------------


def test_own_rows_are_held_by_their_links(connector: KelaConnector, kela: SimulatedKela) -> None:
    referral = kela.refer(
        HETU,
        family_name="Esimerkki",
        given_names="Aino",
        municipality="837",
        to_role="employment",
        service="arviointi",
        grounds="työkyky",
        contact_person="K",
        at=AT,
        row="L-1",
    )
    item = plan_item(kela)
    plan_item(kela, row="never-shared")
    for number, row in enumerate([f"{referral}#referral", f"{referral}#identity", item]):
        connector.sink.shared(PERSON, row, fact(number), 1)

    held = {one.fact: one.content for one in connector.sink.holdings(PERSON)}

    assert type(held.pop(fact(0))).__name__ == "Referral"
    assert held == {fact(1): Identity(HETU, "Esimerkki", "Aino"), fact(2): ITEM}


def test_a_version_made_elsewhere_counts_until_kela_has_a_newer_one(
    connector: KelaConnector, kela: SimulatedKela, folder: Path
) -> None:
    key = plan_item(kela)
    connector.sink.shared(PERSON, key, fact(2), 1)
    elsewhere = replace(put(replace(ITEM, goal="elsewhere"), number=2, version=2), own_row=key)
    connector.sink.apply(PERSON, elsewhere)
    assert [(one.version, one.content) for one in connector.sink.holdings(PERSON)] == [(2, elsewhere.content)]
    assert read_links(folder, HETU)[fact(2)] == Link(key, fact(2), 2)

    plan_item(kela, place="Nokia", at=Moment(AT + 1))
    connector.sink.shared(PERSON, key, fact(2), 3)
    connector.sink.shared(PERSON, key, fact(2), 2)
    held = list(connector.sink.holdings(PERSON))
    assert [(one.version, one.content) for one in held] == [(3, replace(ITEM, place="Nokia"))]


@pytest.mark.parametrize("is_link_lost", [False, True])
def test_a_row_of_kelas_own_is_kept_where_erasure_is_asked_and_only_the_copy_goes(
    connector: KelaConnector, kela: SimulatedKela, folder: Path, is_link_lost: bool
) -> None:
    key = plan_item(kela)
    connector.sink.shared(PERSON, key, fact(2), 1)
    elsewhere = replace(put(replace(ITEM, goal="elsewhere"), number=2, version=2), own_row=key)
    connector.sink.apply(PERSON, elsewhere)
    before = connector.source.read()
    if is_link_lost:
        shutil.rmtree(folder / LINKS)

    answers = [connector.sink.apply(PERSON, TakeBack(fact(2), "erase", "right-ended")) for _ in "12"]

    assert answers == [Kept(OWN_LAW)] * 2
    assert connector.source.read() == before
    assert (list(connector.sink.holdings(PERSON)), read_answers(folder, HETU)) == ([], {})
    assert read_links(folder, HETU)[fact(2)] == Link(key, fact(2), 2, STOPPED)

    connector.sink.apply(PERSON, elsewhere)  # given anew
    assert [(one.version, one.content) for one in connector.sink.holdings(PERSON)] == [(2, elsewhere.content)]
    assert connector.sink.apply(PERSON, TakeBack(fact(2), "error", "void")) == Done()
    assert (list(connector.sink.holdings(PERSON)), read_links(folder, HETU)[fact(2)].paivitys) == ([], WRONG)


@pytest.mark.parametrize("key", [None, b"short"])
def test_without_the_key_of_the_names_no_erasure_is_claimed_and_nothing_is_named_anew(
    connector: KelaConnector, folder: Path, key: bytes | None
) -> None:
    connector.sink.apply(PERSON, put(ITEM))
    path = folder / ".name-key"
    kept = path.read_bytes()
    path.unlink() if key is None else path.write_bytes(key)

    damaged = Retry("file-damaged", ".name-key")
    assert connector.sink.apply(PERSON, TakeBack(fact(16), "erase", "will-withdrawn")) == damaged
    assert connector.sink.apply(PERSON, put(ITEM, number=1)) == damaged
    with pytest.raises(Damaged):
        connector.sink.shared(PERSON, "kuntoutus/K-1", fact(2), 1)
    with pytest.raises(Damaged):
        connector.sink.holdings(PERSON)

    path.write_bytes(kept)
    assert connector.sink.apply(PERSON, TakeBack(fact(16), "erase", "will-withdrawn")) == Erased()
    assert list((folder / ANSWERS).iterdir()) == []


def test_links_of_an_earlier_build_are_current(connector: KelaConnector, kela: SimulatedKela, folder: Path) -> None:
    connector.sink.shared(PERSON, plan_item(kela), fact(2), 1)
    (path,) = (folder / LINKS).iterdir()
    path.write_bytes(path.read_bytes().replace(b';"paivitys"', b"").replace(b';"paivittyy"', b""))

    assert [one.fact for one in connector.sink.holdings(PERSON)] == [fact(2)]


def proposal(content: Content, *, number: int, about_version: int, kind: str = "proposal") -> Put:
    made = put(content, kind=kind, number=number)
    return replace(made, category=7, about=fact(2), about_version=about_version, status="made")


def test_answers_to_proposals_name_the_row_and_what_it_reads_from_now_on(
    connector: KelaConnector, kela: SimulatedKela
) -> None:
    key = plan_item(kela)
    connector.sink.shared(PERSON, key, fact(2), 1)
    first, second = replace(ITEM, place="Nokia"), replace(ITEM, schedule="ma")
    for number, content in ((30, first), (31, second)):
        connector.sink.apply(PERSON, proposal(content, number=number, about_version=1))
    (a, b) = kela.received(HETU, "proposal")
    assert (a.about, a.about_version, a.content, a.digest) == (fact(2), 1, first, DIGEST)

    kela.accept(HETU, a.fact, at=Moment(AT + 10))
    connector.sink.shared(PERSON, key, fact(2), 2)
    kela.accept(HETU, b.fact, at=Moment(AT + 20))
    kela.decline(HETU, b.fact, at=Moment(AT + 25))
    connector.sink.apply(PERSON, proposal(second, number=32, about_version=1, kind="conflict"))
    settled = replace(ITEM, place="Nokia", schedule="ma")
    kela.settle(HETU, fact(32), settled, at=Moment(AT + 30))

    says = [one.says for one in connector.source.read().rows if isinstance(one, Statement)]
    answers = [one for one in says if isinstance(one, Answered)]
    assert [(one.step, one.answers, one.row, one.fact and one.fact.content) for one in answers] == [
        ("accept", fact(30), key, first),
        ("accept", fact(31), key, second),
        ("decline", fact(31), key, None),
        ("settle", fact(32), key, settled),
    ]
    assert isinstance(says[-1], FactRow)
    assert says[-1].content == settled


def test_what_was_delivered_is_not_read_as_kelas_own(connector: KelaConnector, kela: SimulatedKela) -> None:
    plan_item(kela)
    before = connector.source.read()
    connector.sink.apply(PERSON, put(ITEM))
    connector.sink.apply(PERSON, Told("refused", "x"))
    assert connector.source.read() == before


def test_the_same_acts_make_the_same_lists(tmp_path: Path) -> None:
    def act(name: str) -> Iterator[bytes]:
        kela = SimulatedKela(tmp_path / name)
        plan_item(kela)
        kela.relationship(HETU, "taking-part", at=AT)
        kela.moved(HETU, "297", at=AT)
        return iter(files(tmp_path / name).values())

    assert sorted(act("one")) == sorted(act("two"))
