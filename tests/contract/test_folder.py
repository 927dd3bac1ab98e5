"""Plain folders: what arrives is held without loss, erased for real, and withdrawals are read strictly."""

import json
import shutil
import stat
import tempfile
from dataclasses import replace
from datetime import UTC, date, datetime
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import sauma_connectors.folder
from sauma.content import CONTENT_OF, Capacity, Content, PlanItem
from sauma.delivery import Basis
from sauma.fact import Moment
from sauma.henkilotunnus import for_test
from sauma.ids import EndpointId, FactId
from sauma_connectors.folder import FolderConnector, SimulatedKeha, SimulatedProvider
from sauma_connectors.folder.wire import (
    DeletionFile,
    FactFile,
    NoticeFile,
    SettingsFile,
    content_of,
    read_model,
)
from sauma_connectors.sdk.contract import (
    Done,
    Erased,
    Kept,
    Person,
    Put,
    Rebase,
    Refuse,
    Retry,
    Shared,
    Snapshot,
    Statement,
    TakeBack,
    Told,
    Unreadable,
    WillWithdrawn,
)
from sauma_connectors.sdk.files import Damaged
from support import arrivals
from support.arrivals import ANY_CONTENT, AT, AWKWARD, fact, files

SAMPLES = Path(sauma_connectors.folder.__file__).parent / "samples"
HETU = for_test(date(1985, 3, 14), 912)
PERSON = Person(HETU)
STATUTE = Basis("provider-statute", "JTPL 380/2023 116.4 §", "JTPL 380/2023 116.4 §", "employment-service")
CONSENT = Basis("provider-will", "JulkL 26 §", "JulkL 29 §", "employment-service", "w1")
ITEM = PlanItem("TV-12", "Työhönvalmennus", "Avoimet työmarkkinat", "Tampere", "ma-ke")
CAPACITY = Capacity("4 h/pv", "ei nostoja", "")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "provider"


@pytest.fixture
def provider(folder: Path) -> SimulatedProvider:
    return SimulatedProvider(folder, EndpointId("provider-valmennus"))


@pytest.fixture
def connector(folder: Path) -> FolderConnector:
    return FolderConnector(EndpointId("provider-valmennus"), folder)


put = partial(arrivals.put, basis=CONSENT)


@settings(max_examples=150, deadline=None)
@given(
    content=ANY_CONTENT,
    clear=st.dictionaries(AWKWARD, AWKWARD, max_size=2),
)
def test_every_content_is_held_as_it_arrived(content: Content, clear: dict[str, str]) -> None:
    kind = next(name for name, of in CONTENT_OF.items() if of is type(content))
    with tempfile.TemporaryDirectory() as folder:
        sink = FolderConnector(EndpointId("keha"), Path(folder) / "keha").sink
        assert sink.apply(PERSON, replace(put(content, kind=kind), clear=clear, starts=Moment(10**17))) == Done()
        (held,) = sink.holdings(PERSON)
        (file,) = SimulatedKeha(Path(folder) / "keha").kept(HETU)
    assert (held.fact, held.version, held.status, held.content) == (fact(16), 1, "open", content)
    assert (file.clear, file.starts_ms) == (clear, 10**17)


def test_every_sample_reads_as_its_model(folder: Path, connector: FolderConnector) -> None:
    file = read_model(SAMPLES / "fact.json", FactFile)
    assert isinstance(file, FactFile)
    assert content_of(file) == ITEM
    assert file.basis.will == "will-1"
    assert isinstance(read_model(SAMPLES / "notice.json", NoticeFile), NoticeFile)
    assert isinstance(read_model(SAMPLES / "settings.json", SettingsFile), SettingsFile)
    deletion = read_model(SAMPLES / "deletion.json", DeletionFile)
    assert isinstance(deletion, DeletionFile)
    assert deletion.delete_all_at == "2030-03-02T09:15:00+00:00"

    (folder / "out/withdrawals").mkdir(parents=True)
    shutil.copyfile(SAMPLES / "withdrawal.json", folder / "out/withdrawals/any.json")
    said = Statement("withdrawals/W-1", PERSON, WillWithdrawn(Shared("will-1")), AT)
    assert connector.source.read() == Snapshot((said,), is_complete=True)


def test_applying_twice_changes_nothing_and_an_older_version_is_passed_over(
    folder: Path, connector: FolderConnector
) -> None:
    newer = put(ITEM, version=2)
    assert [connector.sink.apply(PERSON, newer) for _ in "12"] == [Done(), Done()]
    before = files(folder)
    assert connector.sink.apply(PERSON, put(replace(ITEM, goal="older"))) == Done()
    assert files(folder) == before


def test_a_provider_sees_what_it_received_and_on_which_will(
    connector: FolderConnector, provider: SimulatedProvider
) -> None:
    connector.sink.apply(PERSON, replace(put(ITEM), plan="p1", about=fact(3), about_version=2))
    (received,) = provider.received(HETU, "plan-item")
    assert (received.fact, received.plan, received.about, received.about_version) == (fact(16), "p1", fact(3), 2)
    assert (received.content, received.will, received.digest) == (ITEM, "w1", bytes(range(32)))
    assert provider.wills(HETU) == ["w1"]

    assert connector.sink.apply(PERSON, Rebase(fact(16), 1, STATUTE)) == Done()
    assert provider.wills(HETU) == []
    assert connector.sink.apply(PERSON, Rebase(fact(16), 2, STATUTE)) == Refuse("not-held")
    assert connector.sink.apply(PERSON, Rebase(fact(17), 1, STATUTE)) == Refuse("not-held")


def test_erase_removes_the_content_for_real(folder: Path, connector: FolderConnector) -> None:
    connector.sink.apply(PERSON, put(ITEM))
    connector.sink.apply(PERSON, put(CAPACITY, kind="capacity", number=2))

    assert [connector.sink.apply(PERSON, TakeBack(fact(2), "erase", "will-withdrawn")) for _ in "12"] == [Erased()] * 2
    assert [one.content for one in connector.sink.holdings(PERSON)] == [ITEM]
    assert b"ei nostoja" not in b"".join(files(folder).values())

    connector.sink.apply(PERSON, TakeBack(fact(16), "erase", "will-withdrawn"))
    assert list((folder / "facts").iterdir()) == []


def test_stopped_and_wrong_facts_stay_but_are_not_held(connector: FolderConnector, provider: SimulatedProvider) -> None:
    for number in (1, 2):
        connector.sink.apply(PERSON, put(ITEM, number=number))
    connector.sink.apply(PERSON, TakeBack(fact(1), "stop", "relationship-ended"))
    connector.sink.apply(PERSON, TakeBack(fact(2), "error", "corrected"))
    assert provider.holdings(HETU) == []
    assert [file.updates for file in provider.kept(HETU)] == ["stopped", "wrong"]


def test_settings_refuse_a_kind_and_keep_another_under_a_paragraph(
    connector: FolderConnector, provider: SimulatedProvider
) -> None:
    provider.refuse("health-note", "no-such-field")
    provider.keep_under("capacity", "KKRL 566/2005 63 §")
    assert connector.sink.apply(PERSON, replace(put(None), kind="health-note")) == Refuse("no-such-field")
    connector.sink.apply(PERSON, put(CAPACITY, kind="capacity"))

    for _ in "12":
        assert connector.sink.apply(PERSON, TakeBack(fact(16), "erase", "will-withdrawn")) == Kept("KKRL 566/2005 63 §")

    (file,) = provider.kept(HETU)
    assert (file.updates, file.kept_under, provider.holdings(HETU)) == ("kept", "KKRL 566/2005 63 §", [])


def relationship(state: str, *, number: int = 1, version: int = 1, ended_at: int | None = None) -> Put:
    clear = {"state": state} if ended_at is None else {"state": state, "ended_at": str(ended_at)}
    return replace(put(None, kind="relationship", number=number, version=version), status=state, clear=clear)


def test_keha_notes_when_all_has_to_be_deleted_and_keeps_stopped_facts_until_then(tmp_path: Path) -> None:
    keha, sink = SimulatedKeha(tmp_path / "keha"), FolderConnector(EndpointId("keha"), tmp_path / "keha").sink
    sink.apply(PERSON, relationship("active"))
    sink.apply(PERSON, put(ITEM))
    assert keha.delete_all_at(HETU) is None

    sink.apply(PERSON, relationship("ended", version=2, ended_at=AT))
    sink.apply(PERSON, TakeBack(fact(16), "stop", "relationship-ended"))
    sink.apply(PERSON, TakeBack(fact(1), "stop", "relationship-ended"))

    assert keha.delete_all_at(HETU) == "2030-03-02T09:15:00+00:00"
    assert [file.updates for file in keha.kept(HETU)] == ["stopped", "stopped"]
    assert keha.holdings(HETU) == []

    sink.apply(PERSON, relationship("assessing", number=2))
    assert keha.delete_all_at(HETU) is None
    sink.apply(PERSON, relationship("ended", number=2, version=2, ended_at=AT + 86_400_000))
    assert keha.delete_all_at(HETU) == "2030-03-03T09:15:00+00:00"


def test_four_years_after_a_leap_day_without_its_like_is_not_a_day_early(tmp_path: Path) -> None:
    sink = FolderConnector(EndpointId("keha"), tmp_path / "keha").sink
    for version, day, deleted in ((1, 28, "2100-02-28"), (2, 29, "2100-03-01")):
        ended_at = int(datetime(2096, 2, day, tzinfo=UTC).timestamp() * 1000)
        sink.apply(PERSON, relationship("ended", version=version, ended_at=ended_at))
        assert SimulatedKeha(tmp_path / "keha").delete_all_at(HETU) == f"{deleted}T00:00:00+00:00"


def test_a_provider_notes_no_deletion_and_keha_says_nothing(
    tmp_path: Path, connector: FolderConnector, folder: Path
) -> None:
    connector.sink.apply(PERSON, relationship("ended", ended_at=AT))
    assert list(folder.rglob("deletion.json")) == []

    SimulatedProvider(tmp_path / "keha", EndpointId("keha")).withdraw(HETU, "w1", at=AT)
    assert FolderConnector(EndpointId("keha"), tmp_path / "keha").source.read() == Snapshot((), is_complete=True)


def test_a_withdrawal_is_said_with_its_will(connector: FolderConnector, provider: SimulatedProvider) -> None:
    assert connector.source.read() == Snapshot((), is_complete=True)
    provider.withdraw(HETU, "w2", at=Moment(AT + 1))
    provider.withdraw(HETU, "w1", at=AT, row="first")
    provider.withdraw(HETU, "w1", at=AT, row="first")
    assert [one for one in connector.source.read().rows if isinstance(one, Statement)] == [
        Statement("withdrawals/first", PERSON, WillWithdrawn(Shared("w1")), AT),
        Statement("withdrawals/000001", PERSON, WillWithdrawn(Shared("w2")), Moment(AT + 1)),
    ]


GOOD = {"row": "W-1", "henkilotunnus": HETU, "will": "w1", "kind": "consent", "at": "2026-03-02T09:15:00Z"}
BAD = [
    (json.dumps({**GOOD, "henkilotunnus": HETU[:-1] + "0"}), "malformed-henkilotunnus"),
    (json.dumps({**GOOD, "kind": "other"}), "wrong-shape"),
    (json.dumps({**GOOD, "extra": "x"}), "wrong-shape"),
    (json.dumps({**GOOD, "will": 1}), "wrong-shape"),
    (json.dumps({**GOOD, "will": "../w"}), "wrong-shape"),
    (json.dumps({**GOOD, "row": HETU}), "wrong-shape"),
    (json.dumps({**GOOD, "at": "2026-03-02"}), "wrong-shape"),
    (json.dumps([GOOD]), "wrong-shape"),
    ('{"row": "a", "row": "b"}', "unreadable-row"),
    ("{", "unreadable-row"),
    ("[" * 100_000, "unreadable-row"),
    ('{"row": NaN}', "unreadable-row"),
    ("", "unreadable-row"),
    (" " * 300_000, "file-too-large"),
]


@pytest.mark.parametrize(("text", "reason"), BAD)
def test_a_bad_withdrawal_costs_itself_only_and_repeats_no_value(
    connector: FolderConnector, provider: SimulatedProvider, folder: Path, text: str, reason: str
) -> None:
    provider.withdraw(HETU, "w1", at=AT, row="good")
    (folder / "out/withdrawals" / f"{HETU}.json").write_text(text)

    good, bad = connector.source.read().rows

    assert isinstance(good, Statement)
    assert isinstance(bad, Unreadable)
    assert bad.reason == reason
    assert HETU not in bad.row + bad.detail


def test_bytes_that_are_not_utf_8_half_written_files_and_symlinks(
    connector: FolderConnector, provider: SimulatedProvider, folder: Path
) -> None:
    provider.withdraw(HETU, "w1", at=AT)
    (good,) = connector.source.read().rows
    out = folder / "out/withdrawals"
    (out / "z.json").write_bytes(json.dumps(GOOD).encode("utf-16"))
    (out / "y.json.tmp").write_text("{")
    (out / "x.json.part").write_text("{")
    (out / "link.json").symlink_to(SAMPLES / "withdrawal.json")
    assert [one.row for one in connector.source.read().rows] == [good.row, "withdrawals/z.json"]


def test_a_name_that_is_not_ours_is_not_repeated(connector: FolderConnector, folder: Path) -> None:
    out = folder / "out/withdrawals"
    out.mkdir(parents=True)
    (out / "a.json").write_text(json.dumps({**GOOD, HETU: "x", "at": 1}))

    (one,) = connector.source.read().rows

    assert isinstance(one, Unreadable)
    assert one.detail == (
        "a.json: wrong or missing: a field that is not one of its own, at; correct the file and put it there again"
    )


def test_two_withdrawals_with_one_row_are_told_apart(connector: FolderConnector, folder: Path) -> None:
    out = folder / "out/withdrawals"
    out.mkdir(parents=True)
    for name in ("a.json", "b.json"):
        (out / name).write_text(json.dumps(GOOD))
    first, second = connector.source.read().rows
    assert isinstance(first, Statement)
    assert isinstance(second, Unreadable)
    assert (second.row, second.reason) == ("withdrawals/b.json", "duplicate-row")


def test_a_notice_stands_once(connector: FolderConnector, provider: SimulatedProvider) -> None:
    told = Told("will-effective", "withdrawn", "w1", row="withdrawals/W-1")
    assert [connector.sink.apply(person, told) for person in (PERSON, PERSON, None)] == [Done()] * 3
    assert sorted(notice.henkilotunnus or "" for notice in provider.notices()) == ["", HETU]


def test_files_are_for_their_owner_only_and_their_names_are_our_own(connector: FolderConnector, folder: Path) -> None:
    connector.sink.apply(Person("../../../outside"), put(ITEM))
    connector.sink.apply(PERSON, replace(put(ITEM), fact=FactId("../../../" + HETU)))
    written = [path for path in (folder / "facts").rglob("*") if path.is_file()]
    assert len(written) == 2
    assert {stat.S_IMODE(path.stat().st_mode) for path in written} == {0o600}
    assert all(HETU not in str(path) for path in folder.rglob("*"))
    assert list(folder.parent.iterdir()) == [folder]


@pytest.mark.parametrize("damage", ["", "{}", '{"content_type": 1}'])
def test_a_damaged_file_is_never_written_over(connector: FolderConnector, folder: Path, damage: str) -> None:
    connector.sink.apply(PERSON, put(ITEM))
    (path,) = (folder / "facts").rglob("*.json")
    path.write_text(damage)
    answer = connector.sink.apply(PERSON, put(ITEM, version=2))
    assert answer == Retry("file-damaged", path.name)
    with pytest.raises(Damaged, match="backup"):
        connector.sink.holdings(PERSON)
    assert path.read_text() == damage


@pytest.mark.parametrize("key", [None, b"short"])
def test_without_the_key_of_the_names_no_erasure_is_claimed_and_nothing_is_named_anew(
    connector: FolderConnector, folder: Path, key: bytes | None
) -> None:
    connector.sink.apply(PERSON, put(ITEM))
    path = folder / ".name-key"
    kept = path.read_bytes()
    path.unlink() if key is None else path.write_bytes(key)

    for arrival in (TakeBack(fact(16), "erase", "will-withdrawn"), put(ITEM, number=1), Told("refused", "x")):
        assert connector.sink.apply(PERSON, arrival) == Retry("file-damaged", ".name-key")
    with pytest.raises(Damaged):
        connector.sink.holdings(PERSON)

    path.write_bytes(kept)
    assert connector.sink.apply(PERSON, TakeBack(fact(16), "erase", "will-withdrawn")) == Erased()
    assert list((folder / "facts").iterdir()) == []


def test_content_of_another_type_than_it_says_is_damage(connector: FolderConnector, folder: Path) -> None:
    connector.sink.apply(PERSON, put(ITEM))
    (path,) = (folder / "facts").rglob("*.json")
    path.write_text(path.read_text().replace('"PlanItem"', '"Goal"'))
    with pytest.raises(Damaged):
        connector.sink.holdings(PERSON)
