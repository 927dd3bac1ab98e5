"""Carries a journal from one log to another in a file: everything that was told, in each client's order; it decides nothing.

The file is an Avro container: any Avro tool reads it, it is written and read in blocks, and the library sees to broken ones.
Its last record says how many came before it and what they hash to, since a container that ends between two blocks looks whole.
"""

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

import fastavro

from sauma.codec import Codec
from sauma.journal import Entry, Epoch
from sauma_services.router.epochs import EPOCH_KEY
from sauma_services.runtime.errors import NeedsOperator, TryAgain
from sauma_services.runtime.ports import Append, Log, Reader
from sauma_services.runtime.topics import JOURNAL

FORMAT = "1"

_ENTRY = Codec(Entry)

_SCHEMA = fastavro.parse_schema(
    [
        {
            "type": "record",
            "name": "sauma.JournalRecord",
            "doc": "One record of the journal as it stood: `value` is a sauma.Entry.",
            "fields": [{"name": "key", "type": "bytes"}, {"name": "value", "type": "bytes"}],
        },
        {
            "type": "record",
            "name": "sauma.JournalEnd",
            "doc": "The last record of the file. `sha256` is over length and bytes of each key and value before it.",
            "fields": [{"name": "records", "type": "long"}, {"name": "sha256", "type": "bytes"}],
        },
    ]
)
_RECORD, _END = "sauma.JournalRecord", "sauma.JournalEnd"

# An import writes so many at a time: fewer, and each costs a wait for the disk or the cluster; more is only memory.
_AT_ONCE = 1_000


@dataclass(slots=True)
class _Sum:
    """How many records there are, and what they hash to."""

    records: int = 0
    digest: Any = None

    def take(self, key: bytes, value: bytes) -> None:
        self.digest = self.digest or hashlib.sha256()
        self.records += 1
        for part in (key, value):
            self.digest.update(len(part).to_bytes(8, "big") + part)

    @property
    def sha256(self) -> bytes:
        return bytes(self.digest.digest()) if self.digest else b""


def write_journal(reader: Reader, path: Path, *, partitions: int) -> int:
    """Write the whole journal to a new file and return how many records it has.

    Raises NeedsOperator where a file is there, and where the journal goes on meanwhile: then no file is left.
    """
    total = _Sum()
    ends = _ends(reader, partitions)

    def records() -> Iterator[tuple[str, dict[str, object]]]:
        for partition in range(partitions):
            for record in reader.scan(JOURNAL.name, partition):
                total.take(record.key, record.value)
                yield _RECORD, {"key": record.key, "value": record.value}
        yield _END, {"records": total.records, "sha256": total.sha256}

    try:
        with path.open("xb") as file:
            path.chmod(0o600)
            fastavro.writer(file, _SCHEMA, records(), codec="deflate", metadata={"sauma.format": FORMAT})
    except FileExistsError as error:
        raise NeedsOperator(f"{path} is there already: give a new file's name") from error
    if _ends(reader, partitions) != ends:
        path.unlink()
        raise NeedsOperator("the journal went on while it was written: stop all processes of this log and export again")
    return total.records


def _ends(reader: Reader, partitions: int) -> list[int]:
    return [reader.end(JOURNAL.name, partition) for partition in range(partitions)]


def read_journal(path: Path, log: Log, *, partitions: int) -> int:
    """Append a file's journal to a log whose journal is empty, and return how many records of the file that is.

    An epoch record, the border between two rule sets, is a partition's own: what came after it may now lie in any
    partition, so it goes into each of them. The file is read through before the first record is written. Raises
    NeedsOperator for a file that is not whole.
    """
    for _ in _records(path):
        pass
    publisher = log.publisher()
    written = 0
    batch: list[Append] = []

    def publish() -> None:
        try:
            publisher.publish(JOURNAL.name, batch)
        except TryAgain as failed:
            raise NeedsOperator(
                f"the log failed at about record {written} ({failed.reason}): import again into an empty log"
            ) from failed
        batch.clear()

    for key, value in _records(path):
        batch += _everywhere(value, partitions) if key == EPOCH_KEY else [Append(JOURNAL.name, key, value)]
        written += 1
        if len(batch) >= _AT_ONCE:
            publish()
    if batch:
        publish()
    return written


def _everywhere(value: bytes, partitions: int) -> list[Append]:
    """An epoch record for every partition, each naming its own."""
    entry = _ENTRY.decode(value)
    if not isinstance(entry.what, Epoch):
        raise NeedsOperator("a record under the key of epochs is none: the file was altered")
    return [
        Append(
            JOURNAL.name, EPOCH_KEY, _ENTRY.encode(replace(entry, what=replace(entry.what, partition=n))), partition=n
        )
        for n in range(partitions)
    ]


def check_empty(reader: Reader, *, partitions: int) -> None:
    """Raise NeedsOperator where the log's journal holds anything."""
    if any(reader.end(JOURNAL.name, partition) for partition in range(partitions)):
        raise NeedsOperator("the log holds a journal already: import into a new data folder, or under a new prefix")


def _records(path: Path) -> Iterator[tuple[bytes, bytes]]:
    """The file's records. Raises NeedsOperator as soon as it shows that the file is not whole."""
    total = _Sum()
    end: dict[str, object] | None = None
    try:
        with path.open("rb") as file:
            found = fastavro.reader(file, return_record_name=True)
            if found.metadata.get("sauma.format") != FORMAT:
                raise NeedsOperator(f"{path} is no journal of format {FORMAT}: export it anew with this release")
            for name, record in cast("Iterable[tuple[str, dict[str, Any]]]", found):
                if end is not None:
                    raise NeedsOperator(f"{path} goes on after its end: export it anew")
                if name == _END:
                    end = record
                    continue
                total.take(record["key"], record["value"])
                yield record["key"], record["value"]
    except OSError as error:
        raise NeedsOperator(f"{path} cannot be read ({error.strerror}): correct the path") from error
    except (ValueError, EOFError, KeyError, TypeError, IndexError) as error:
        raise NeedsOperator(f"{path} is not whole ({type(error).__name__}): copy or export it anew") from error
    if end is None or (end["records"], end["sha256"]) != (total.records, total.sha256):
        raise NeedsOperator(f"{path} is not whole: copy or export it anew")
