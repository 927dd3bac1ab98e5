"""A journal's file is whole or is refused: before anything of it has been written to a log."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import fastavro
import pytest

from sauma.codec import Codec
from sauma.fact import Moment
from sauma.ids import SubjectId
from sauma.journal import Entry, Epoch
from sauma_services.replay.journal_file import check_empty, read_journal, write_journal
from sauma_services.router.epochs import EPOCH_KEY
from sauma_services.runtime.errors import NeedsOperator
from sauma_services.runtime.ports import Append, Record, StatePart
from sauma_services.runtime.sqlite_log import SqliteLog
from sauma_services.runtime.topics import JOURNAL

ENTRY = Codec(Entry)

# More than the library puts into one block of 16 KB, so that a file can be cut between two blocks.
RECORDS = [(b"client-%d" % (n % 7), bytes([n % 256]) * 300) for n in range(500)]


@pytest.fixture
def told(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "told.sqlite3")
    appends = [Append(JOURNAL.name, key, value) for key, value in RECORDS]
    log.publisher().publish(JOURNAL.name, appends)
    yield log
    log.close()


@pytest.fixture
def empty(tmp_path: Path) -> Iterator[SqliteLog]:
    log = SqliteLog(tmp_path / "empty.sqlite3")
    yield log
    log.close()


def journal(log: SqliteLog) -> list[tuple[bytes, bytes]]:
    return [(record.key, record.value) for record in log.reader().scan(JOURNAL.name, 0)]


def test_what_is_written_is_read_in_its_order(told: SqliteLog, empty: SqliteLog, tmp_path: Path) -> None:
    file = tmp_path / "journal.avro"

    assert write_journal(told.reader(), file, partitions=1) == len(RECORDS)
    assert read_journal(file, empty, partitions=1) == len(RECORDS)

    assert journal(empty) == RECORDS
    assert file.stat().st_mode & 0o777 == 0o600


def test_an_epoch_goes_into_every_partition_between_what_it_parts(
    told: SqliteLog, empty: SqliteLog, tmp_path: Path
) -> None:
    epoch = Entry(Moment(1), Epoch(SubjectId(""), 0, "1", "law", "places", "1", ("rules",)))
    after = [(b"client-%d" % n, b"after") for n in range(7)]
    appends = [(EPOCH_KEY, ENTRY.encode(epoch)), *after]
    told.publisher().publish(JOURNAL.name, [Append(JOURNAL.name, key, value) for key, value in appends])
    file = tmp_path / "journal.avro"
    write_journal(told.reader(), file, partitions=1)
    empty.create([replace(JOURNAL, partitions=3)])

    read_journal(file, empty, partitions=3)

    for partition in range(3):
        records = list(empty.reader().scan(JOURNAL.name, partition))
        (at,) = (number for number, record in enumerate(records) if record.key == EPOCH_KEY)
        own = ENTRY.decode(records[at].value).what
        assert isinstance(own, Epoch)
        assert (own.partition, own.law, own.rules) == (partition, "law", ("rules",))
        assert b"after" not in {record.value for record in records[:at]}
        assert {record.value for record in records[at + 1 :]} <= {b"after"}


def test_a_file_cut_anywhere_is_refused_and_nothing_of_it_is_written(
    told: SqliteLog, empty: SqliteLog, tmp_path: Path
) -> None:
    whole, cut = tmp_path / "journal.avro", tmp_path / "cut.avro"
    write_journal(told.reader(), whole, partitions=1)
    data = whole.read_bytes()
    marker = data[-16:]  # between two blocks: the container alone looks whole there
    ends = [at + 16 for at in range(len(data) - 16) if data.startswith(marker, at)]
    assert len(ends) > 1
    for end in (*ends, 10, len(data) // 2, len(data) - 1):
        cut.write_bytes(data[:end])
        with pytest.raises(NeedsOperator):
            read_journal(cut, empty, partitions=1)
    assert journal(empty) == []


def test_a_changed_byte_is_refused(told: SqliteLog, empty: SqliteLog, tmp_path: Path) -> None:
    file = tmp_path / "journal.avro"
    write_journal(told.reader(), file, partitions=1)
    with file.open("rb") as opened:
        found = fastavro.reader(opened, return_record_name=True)
        schema = found.writer_schema
        assert schema is not None
        records = cast("list[tuple[str, dict[str, bytes]]]", list(found))
    _, record = records[3]
    record["value"] = record["value"][:-1] + b"?"
    with file.open("wb") as opened:
        fastavro.writer(opened, schema, records, metadata={"sauma.format": "1"})

    with pytest.raises(NeedsOperator, match="not whole"):
        read_journal(file, empty, partitions=1)
    assert journal(empty) == []


def test_another_file_is_refused(empty: SqliteLog, tmp_path: Path) -> None:
    file = tmp_path / "other.avro"
    with file.open("wb") as opened:
        fastavro.writer(opened, fastavro.parse_schema({"type": "string"}), ["x"])

    with pytest.raises(NeedsOperator, match="no journal"):
        read_journal(file, empty, partitions=1)


def test_a_file_that_is_there_is_not_written_over(told: SqliteLog, tmp_path: Path) -> None:
    file = tmp_path / "journal.avro"
    file.write_bytes(b"kept")

    with pytest.raises(NeedsOperator, match="there already"):
        write_journal(told.reader(), file, partitions=1)
    assert file.read_bytes() == b"kept"


class GoingOn:
    """A reader of a log whose journal gets another record as soon as it is read."""

    def __init__(self, log: SqliteLog) -> None:
        self._log = log
        self._reader = log.reader()

    def scan(self, topic: str, partition: int, start: int = 0, stop: int | None = None) -> Iterator[Record]:
        self._log.publisher().publish(topic, [Append(topic, b"client-1", b"later")])
        return self._reader.scan(topic, partition, start, stop)

    def end(self, topic: str, partition: int) -> int:
        return self._reader.end(topic, partition)

    def state(self, group: str) -> Iterator[StatePart]:
        return self._reader.state(group)

    def state_part(self, group: str, key: bytes) -> bytes | None:
        return self._reader.state_part(group, key)


def test_a_journal_that_goes_on_while_it_is_written_leaves_no_file(told: SqliteLog, tmp_path: Path) -> None:
    file = tmp_path / "journal.avro"

    with pytest.raises(NeedsOperator, match="went on while it was written"):
        write_journal(GoingOn(told), file, partitions=1)
    assert not file.exists()


def test_a_journal_is_not_put_on_top_of_another(told: SqliteLog, empty: SqliteLog) -> None:
    check_empty(empty.reader(), partitions=1)
    with pytest.raises(NeedsOperator, match="holds a journal already"):
        check_empty(told.reader(), partitions=1)
