"""The hunter finds what is planted: in every disguise, and in every place where a fault in the program could put it."""

import base64
import bz2
import gzip
import io
import json
import lzma
import sqlite3
import tarfile
import unicodedata
import urllib.parse
import zipfile
import zlib
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from sauma.codec import Codec
from sauma.decision import Decision
from sauma.delivery import Rejection
from sauma.event import Correction, Event
from sauma.fact import Moment
from sauma.ids import EndpointId, EventId, FactId, SubjectId
from sauma_services.demo.cast import client
from sauma_services.intake.checks import ADVICE
from sauma_services.runtime import crash
from sauma_services.runtime import logging as log
from sauma_services.runtime.clock import SystemClock
from sauma_services.runtime.health import Health, State
from sauma_services.runtime.ports import Append, StatePart
from sauma_services.runtime.sqlite_log import SqliteLog
from sauma_services.runtime.topics import DECISIONS, JOURNAL, REJECTED
from support.canaries import Canaries, of_person

PERSON = client(1)
HETU, FAMILY, GIVEN = PERSON.henkilotunnus, PERSON.family_name, PERSON.given_names
NOTE = "Pelkää naapurin koiraa iltaisin"
CANARIES = Canaries({*of_person(PERSON), NOTE})
TEXT = f"prefix {NOTE}; {GIVEN} {FAMILY} {HETU} suffix"
ALL = set(CANARIES.secrets)
KELA, SUBJECT = EndpointId("kela"), SubjectId("0" * 32)


def _zip(data: bytes, method: int) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", method) as archive:
        archive.writestr("rows.csv", data)
    return file.getvalue()


def _tar(data: bytes) -> bytes:
    file = io.BytesIO()
    with tarfile.open(fileobj=file, mode="w:gz") as archive:
        member = tarfile.TarInfo("rows.csv")
        member.size = len(data)
        archive.addfile(member, io.BytesIO(data))
    return file.getvalue()


def _raw_after_a_wrong_checksum(data: bytes) -> bytes:
    return zlib.compress(data)[:-4] + bytes(4)


DISGUISES: dict[str, Callable[[str], bytes]] = {
    "UTF-8": str.encode,
    "decomposed accents": lambda text: unicodedata.normalize("NFD", text).encode(),
    "latin-1": lambda text: text.encode("latin-1"),
    "lower case": lambda text: text.lower().encode(),
    "upper case": lambda text: text.upper().encode(),
    "UTF-16, little end first": lambda text: text.encode("utf-16-le"),
    "UTF-16, big end first": lambda text: text.encode("utf-16-be"),
    "UTF-32": lambda text: text.encode("utf-32"),
    "base64": lambda text: base64.b64encode(text.encode()),
    "base64, one byte on": lambda text: base64.b64encode(b"x" + text.encode()),
    "base64, two bytes on": lambda text: base64.b64encode(b"xy" + text.encode()),
    "base64, safe in an address": lambda text: base64.urlsafe_b64encode(text.encode()).rstrip(b"="),
    "base64 in lines": lambda text: base64.encodebytes(text.encode() * 3),
    "base64 of UTF-16": lambda text: base64.b64encode(text.encode("utf-16")),
    "base64 after letters": lambda text: b"key-" + base64.b64encode(text.encode()),
    "hexadecimal digits": lambda text: text.encode().hex().encode(),
    "hexadecimal digits, upper case": lambda text: text.encode().hex().upper().encode(),
    "hexadecimal digits of latin-1": lambda text: text.encode("latin-1").hex().encode(),
    "percent signs": lambda text: urllib.parse.quote(text).encode(),
    "percent signs and plus signs, partly lower case": lambda text: (
        urllib.parse.quote_plus(text).encode().replace(b"%C3%A4", b"%c3%a4")
    ),
    "percent signs for every letter": lambda text: "".join(f"%{byte:02x}" for byte in text.encode()).encode(),
    "JSON": lambda text: json.dumps({"name": text}).encode(),
    "JSON, upper case": lambda text: json.dumps(text).replace("\\u00e4", "\\u00E4").encode(),
    "a repr of bytes": lambda text: repr(text.encode()).encode(),
    "zlib": lambda text: zlib.compress(text.encode()),
    "zlib without compression": lambda text: zlib.compress(text.encode(), 0),
    "zlib with a wrong checksum": lambda text: _raw_after_a_wrong_checksum(text.encode()),
    "gzip": lambda text: gzip.compress(text.encode()),
    "gzip with a wrong checksum": lambda text: gzip.compress(text.encode())[:-8] + bytes(8),
    "gzip cut off": lambda text: gzip.compress(text.encode())[:-9],
    "gzip of UTF-16": lambda text: gzip.compress(text.encode("utf-16")),
    "zip": lambda text: _zip(text.encode(), zipfile.ZIP_DEFLATED),
    "zip with bzip2": lambda text: _zip(text.encode(), zipfile.ZIP_BZIP2),
    "zip with LZMA": lambda text: _zip(text.encode(), zipfile.ZIP_LZMA),
    "bzip2": lambda text: bz2.compress(text.encode()),
    "xz": lambda text: lzma.compress(text.encode()),
    "LZMA alone": lambda text: lzma.compress(text.encode(), format=lzma.FORMAT_ALONE),
    "tar in gzip": lambda text: _tar(text.encode()),
    "gzip in gzip": lambda text: gzip.compress(gzip.compress(text.encode())),
    "gzip in base64": lambda text: base64.b64encode(gzip.compress(text.encode())),
    "zlib in hexadecimal digits": lambda text: zlib.compress(text.encode()).hex().encode(),
    "base64 in zlib in base64": lambda text: base64.b64encode(zlib.compress(base64.b64encode(text.encode()))),
}


@pytest.mark.parametrize("disguise", DISGUISES)
def test_a_planted_text_is_found(disguise: str) -> None:
    planted = b"\x00\xffsome bytes\x07" + DISGUISES[disguise](TEXT) + b"\xfemore\x00"
    assert CANARIES.hunt(planted) == ALL


@pytest.mark.parametrize("secret", sorted(ALL))
def test_each_secret_is_found_alone_and_nothing_beside_it(secret: str) -> None:
    for disguise, write in DISGUISES.items():
        assert CANARIES.hunt(write(secret)) == {secret}, disguise


def test_a_code_without_its_sign_and_in_lower_case_is_found() -> None:
    assert CANARIES.hunt(f"row {HETU.replace('-', '')}.csv".encode()) == {HETU}
    assert CANARIES.hunt(f"row {HETU.replace('-', '').lower()}.csv".encode()) == {HETU}


def test_nothing_is_found_where_nothing_is() -> None:
    innocent = Canaries({"Nobody Atall", "111111-999X"})
    for write in DISGUISES.values():
        assert innocent.hunt(write(TEXT)) == set()


def test_a_secret_too_short_to_hunt_is_refused() -> None:
    with pytest.raises(ValueError, match="under four characters"):
        Canaries({"Aki"})


# --- in the places where a fault would put it ----------------------------------------------------------------------


def _published(folder: Path, append: Append) -> None:
    written = SqliteLog(folder / "log.sqlite3")
    written.publisher().publish(append.topic, [append])
    written.close()


def _topic_key(folder: Path) -> None:
    _published(folder, Append(JOURNAL.name, HETU.encode(), b"\x00"))


def _event(folder: Path) -> None:
    said = Event(EventId("e"), KELA, SUBJECT, "a", 1, Moment(0), Correction(FactId("f"), f"it was {GIVEN}"))
    _published(folder, Append("in.kela", SUBJECT.encode(), Codec(Event).encode(said)))


def _header(folder: Path) -> None:
    _published(folder, Append("in.kela", SUBJECT.encode(), b"\x00", (("of", FAMILY.encode("utf-16")),)))


def _refusal_detail(folder: Path) -> None:
    detail = f"{ADVICE['unknown-code']}: {NOTE}"
    refused = Rejection(KELA, "unknown-code", detail, position=0, size_bytes=1, sha256=bytes(32))
    _published(folder, Append(REJECTED.name, b"kela", Codec(Rejection).encode(refused)))


def _decision_reason(folder: Path) -> None:
    decided = Decision(SUBJECT, 1, "e", KELA, Moment(0), "law", "refused", reason=f"not {FAMILY}'s")
    assert CANARIES.hunt(Codec(Decision).encode(replace(decided, reason="not-a-party"))) == set()
    _published(folder, Append(DECISIONS.name, SUBJECT.encode(), Codec(Decision).encode(decided)))


def _state_part(folder: Path) -> None:
    written = SqliteLog(folder / "log.sqlite3")
    loop = written.loop("router", [JOURNAL.name])
    loop.assigned()
    loop.commit([], [], {0: [StatePart(b"head", f"in clear: {NOTE}".encode())]})
    loop.close()
    written.close()


def _store_row(folder: Path) -> None:
    with closing(sqlite3.connect(folder / "kela.sqlite3")) as store:
        store.execute("CREATE TABLE fact_row (row TEXT)")
        store.execute("INSERT INTO fact_row VALUES (?)", [f"toimintakyky/{HETU}"])
        store.commit()


def _deleted_store_row(folder: Path) -> None:
    _store_row(folder)
    with closing(sqlite3.connect(folder / "kela.sqlite3")) as store:
        store.execute("PRAGMA secure_delete = OFF")
        store.execute("DELETE FROM fact_row")
        store.commit()
        assert store.execute("SELECT count(*) FROM fact_row").fetchone() == (0,)


def _health_reason(folder: Path) -> None:
    Health(folder, SystemClock()).change("kela", State.FAILED, reason=f"cannot read the row of {GIVEN}")


def _compressed_copy(folder: Path) -> None:
    (folder / "log.1.gz").write_bytes(gzip.compress(b"old lines\n" * 999 + TEXT.encode()))


PLACES: dict[Callable[[Path], None], set[str]] = {
    _topic_key: {HETU},
    _event: {GIVEN},
    _header: {FAMILY},
    _refusal_detail: {NOTE},
    _decision_reason: {FAMILY},
    _state_part: {NOTE},
    _store_row: {HETU},
    _deleted_store_row: {HETU},
    _health_reason: {GIVEN},
    _compressed_copy: ALL,
}


@pytest.mark.parametrize("plant", PLACES, ids=lambda plant: plant.__name__.strip("_"))
def test_a_leak_planted_in_a_file_is_found(plant: Callable[[Path], None], tmp_path: Path) -> None:
    (tmp_path / "innocent.txt").write_text("nothing")
    plant(tmp_path)
    found = CANARIES.hunt_tree(tmp_path)
    assert set().union(*found.values()) == PLACES[plant]


def test_a_leak_in_a_write_ahead_log_is_found(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "log.sqlite3")) as database:
        database.execute("PRAGMA journal_mode = WAL")
        database.execute("CREATE TABLE record (value)")
        database.execute("INSERT INTO record VALUES (?)", [NOTE])
        database.commit()
        assert CANARIES.hunt((tmp_path / "log.sqlite3-wal").read_bytes()) == {NOTE}


def test_a_long_value_is_found_also_where_the_database_breaks_it_in_two(tmp_path: Path) -> None:
    path = tmp_path / "log.sqlite3"
    # SQLite fills the last page of a long value: counted from its end, the border of two pages is at 2 x 4092 bytes.
    for length in range(8_140, 8_200, 4):
        path.unlink(missing_ok=True)
        with closing(sqlite3.connect(path)) as database:
            database.execute("PRAGMA synchronous = OFF")
            database.execute("CREATE TABLE record (value)")
            database.execute("INSERT INTO record VALUES (?)", [b"." * 9_000 + NOTE.encode() + b"." * length])
            database.commit()
        if not CANARIES.hunt(path.read_bytes()):
            break
    else:
        pytest.fail("no length broke the text in two")
    assert CANARIES.hunt_file(path) == {NOTE}


def test_a_leak_in_a_file_name_is_found_and_in_a_folder_left_out_it_is_not(tmp_path: Path) -> None:
    (tmp_path / "agencies" / HETU).mkdir(parents=True)
    (tmp_path / "agencies" / HETU / "plan.json").write_text(TEXT)
    assert CANARIES.hunt_names(tmp_path) == {HETU}
    assert CANARIES.hunt_tree(tmp_path, leave_out=tmp_path / "agencies") == {}
    assert CANARIES.hunt_tree(tmp_path) == {f"agencies/{HETU}/plan.json": ALL}


def test_a_leak_in_a_log_line_is_found(capsys: pytest.CaptureFixture[str]) -> None:
    log.tell(log.Event.RECORD_REFUSED, endpoint="kela", reason=f"no such code: {GIVEN}")
    assert CANARIES.hunt(capsys.readouterr().err.encode()) == {GIVEN}


def test_a_leak_in_an_exceptions_text_is_found_and_the_crash_report_has_none(
    capsys: pytest.CaptureFixture[str],
) -> None:
    bug = ValueError(f"cannot seal {FAMILY}")
    assert CANARIES.hunt(str(bug).encode()) == {FAMILY}
    crash.tell_crash(bug)
    told = capsys.readouterr().err
    assert "ValueError" in told
    assert CANARIES.hunt(told.encode()) == set()
