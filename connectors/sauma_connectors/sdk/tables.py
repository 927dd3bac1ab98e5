"""Reads and writes tables (CSV) and plain files in an agency's folder, whole or not at all; knows no agency and no column.

A reader answers with values: a bad row is a `Fault` among the rows, a file that cannot be read is one `Fault`. No fault
repeats anything from the file. What is written is written beside and moved into place, so that nobody reads half a file.
"""

import csv
import io
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from hashlib import blake2b
from pathlib import Path
from typing import Final

from sauma import henkilotunnus

BYTES_MAX: Final = 32 * 1024 * 1024
"""A list of 150 000 rows of 200 characters is 30 MB; a larger one fills the memory of a small machine when parsed."""
ROWS_MAX: Final = 250_000
"""Far above any list that an agency sends in a night; 32 MiB of empty lines would be millions of rows."""
HALF_WRITTEN: Final = (".tmp", ".part")
"""How files end while somebody is still writing them: not read."""

# What a spreadsheet takes for a formula, also in its full-width forms.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001 - the full-width ones are meant
_GUARDED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001 - as above


@dataclass(frozen=True, slots=True)
class Fault:
    """A row, or with line 0 the whole file, that cannot be used."""

    file: str
    line: int
    """The line on which the row begins; the header is line 1."""
    reason: str
    """A code: no-file, not-a-file, file-too-large, wrong-shape, unreadable-row, not-utf-8, list-truncated, list-too-long."""
    detail: str
    """What is wrong, where, and what to do; never a value from the file."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row by column name, with formula guards taken off."""

    line: int
    cells: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, slots=True)
class Table:
    """What a file held. `is_whole`: every row's beginning and end is known, so that a row that is not here is not there."""

    file: str
    rows: tuple[Row | Fault, ...]
    is_whole: bool


def guard(value: str) -> str:
    """The value as a spreadsheet may open it: what begins like a formula gets an apostrophe in front."""
    return "'" + value if _FORMULA.match(value) else value


def restore(value: str) -> str:
    """The value that `guard` was given; a leading apostrophe of the text's own stays."""
    return value[1:] if _GUARDED.match(value) else value


# --- plain files --------------------------------------------------------------------------------------------------


def make_folder(folder: Path) -> None:
    """Make the folder, for its owner only. Raises OSError also where the last step of its path is a symlink."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink():
        raise NotADirectoryError(f"{folder.name} is a symlink")


def files_in(folder: Path, suffix: str) -> list[Path]:
    """The finished files of a folder, by name; nothing where it is missing or a symlink. Symlinks are left out."""
    if folder.is_symlink() or not folder.is_dir():
        return []
    return sorted(
        path
        for path in folder.iterdir()
        if path.name.endswith(suffix) and not path.name.startswith(".") and not path.is_symlink() and path.is_file()
    )


def read_file(path: Path, *, bytes_max: int = BYTES_MAX) -> bytes | Fault:
    """The file's bytes. A symlink, a device or a file over the cap is a fault; so is a missing one (`no-file`)."""
    if path.name.endswith(HALF_WRITTEN):
        return Fault(path.name, 0, "no-file", f"{path.name}: still being written; rename it when it is finished")
    try:
        # O_NONBLOCK: opening a named pipe would wait for a writer for ever.
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        return Fault(path.name, 0, "no-file", f"{path.name}: is missing; export it again")
    except OSError as error:
        return Fault(
            path.name, 0, "not-a-file", f"{path.name}: cannot be opened ({error.strerror}); it has to be a file"
        )
    if not stat.S_ISREG(os.fstat(handle).st_mode):  # asked before `fdopen`, which raises for a folder
        os.close(handle)
        return Fault(path.name, 0, "not-a-file", f"{path.name}: is not a regular file; put a file in its place")
    with os.fdopen(handle, "rb") as file:
        data = file.read(bytes_max + 1)
    if len(data) > bytes_max:
        return Fault(path.name, 0, "file-too-large", f"{path.name}: has more than {bytes_max} bytes; divide the list")
    return data


def write_file(path: Path, data: bytes) -> None:
    """Put the file in place, whole and durably, readable by its owner only. A symlink at `path` is replaced, not followed.

    One writer at a time per path. Raises OSError; then what stood at `path` before still stands there.
    """
    beside = path.with_name(f".{path.name}.part")
    beside.unlink(missing_ok=True)
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    os.replace(beside, path)  # noqa: PTH105 - the call whose promise is needed
    _settle(path.parent)


def remove_file(path: Path) -> bool:
    """Remove the file durably; False where there was none."""
    try:
        path.unlink()
    except FileNotFoundError:
        return False
    _settle(path.parent)
    return True


def _settle(folder: Path) -> None:
    # A rename is durable only when the folder is on disk too.
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


# --- names of our own ---------------------------------------------------------------------------------------------

_NAME_KEY: Final = ".name-key"
_NAME_KEY_BYTES: Final = 32


def name_key(folder: Path) -> bytes | None:
    """The key by which this folder's file names are computed, or None where nothing has been named yet.

    Names computed with it are the same each time, and a listing of the folder tells nobody about whom its files are.
    """
    data = read_file(folder / _NAME_KEY)
    return data if isinstance(data, bytes) and len(data) == _NAME_KEY_BYTES else None


def make_name_key(folder: Path) -> bytes:
    """The folder's key, drawn if there is none. Raises OSError; a key that is there but broken is never drawn anew."""
    make_folder(folder)
    key = name_key(folder)
    if key is None:
        beside = folder / f"{_NAME_KEY}.{secrets.token_hex(8)}"
        write_file(beside, secrets.token_bytes(_NAME_KEY_BYTES))
        try:
            # A link, unlike a rename, does not replace what another process has put there meanwhile.
            os.link(beside, folder / _NAME_KEY)
        except FileExistsError:
            pass
        finally:
            remove_file(beside)
        key = name_key(folder)
    if key is None:
        raise OSError(f"{_NAME_KEY} in {folder.name} is damaged: restore it from a backup")
    return key


def own_name(key: bytes, text: str) -> str:
    """32 hexadecimal digits: the name of the file for `text`, which may be anything, a path of somebody else's too."""
    return blake2b(text.encode(), key=key, digest_size=16).hexdigest()


_PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]{1,80}")
_LIKE_HENKILOTUNNUS = re.compile(r"(?=([0-9]{6}[-+A-FU-Y][0-9]{3}[0-9A-Z]))")


def is_plain_name(text: str) -> bool:
    """Whether a row's key or a file's name from outside may be shown in notices and logs: short, and names no person.

    A personal identity code counts also where it is mistyped, as long as its date could be one.
    """
    found = (henkilotunnus.check(like) for like in _LIKE_HENKILOTUNNUS.findall(text.upper()))
    return bool(_PLAIN_NAME.fullmatch(text)) and not any(
        isinstance(one, henkilotunnus.Valid) or one.reason in ("check-character", "individual-number") for one in found
    )


# --- tables -------------------------------------------------------------------------------------------------------


def read_table(
    path: Path,
    columns: Sequence[str],
    *,
    delimiter: str = ";",
    trailer: str | None = None,
    bytes_max: int = BYTES_MAX,
    rows_max: int = ROWS_MAX,
) -> Table:
    """The rows of a UTF-8 table with a header that has at least these columns, in any order, and perhaps others.

    With `trailer`, the last line has to be `<trailer><delimiter><number of rows>`. A list without it may be cut in the
    middle of a word, so that nothing of it is used: the table then holds one fault only.
    """
    data = read_file(path, bytes_max=bytes_max)
    if isinstance(data, Fault):
        return Table(path.name, (data,), is_whole=False)
    return parse_table(path.name, data, columns, delimiter=delimiter, trailer=trailer, rows_max=rows_max)


def parse_table(
    file: str,
    data: bytes,
    columns: Sequence[str],
    *,
    delimiter: str = ";",
    trailer: str | None = None,
    rows_max: int = ROWS_MAX,
) -> Table:
    """As `read_table`, for bytes at hand; `file` is the name that faults give."""

    records = _records(file, data.removeprefix(b"\xef\xbb\xbf"), delimiter)
    _, header = next(records, (1, None))
    wrong = _wrong_header(header, columns)
    if wrong or not isinstance(header, list):
        return _nothing(file, "wrong-shape", wrong)
    rows: list[Row | Fault] = []
    is_whole, counted = True, None
    for line, record in records:
        if counted is not None:
            return _nothing(
                file, "list-truncated", f"line {line}: rows follow the {trailer} line; export the list again"
            )
        if isinstance(record, list) and record[0] == trailer:
            counted = record[1:]
            continue
        rows.append(_row(file, line, record, header))
        is_whole = is_whole and record is not None
        if len(rows) > rows_max:
            return _nothing(file, "list-too-long", f"has more than {rows_max} rows; divide the list")
    if trailer is not None and counted is None:
        return _nothing(file, "list-truncated", f"does not end with a {trailer} line; export the list again")
    if counted is not None and counted != [str(len(rows))]:
        return _nothing(file, "list-truncated", f"the {trailer} line counts other than {len(rows)} rows; export again")
    return Table(file, tuple(rows), is_whole)


def _nothing(file: str, reason: str, what: str) -> Table:
    return Table(file, (Fault(file, 0, reason, f"{file}: {what}"),), is_whole=False)


def _wrong_header(header: list[str] | Fault | None, columns: Sequence[str]) -> str:
    if not isinstance(header, list):
        return "has no readable header; the first line names the columns"
    missing = [column for column in columns if column not in header]
    if missing:
        return f"lacks the columns {', '.join(missing)}; correct the header"
    return "names a column twice; correct the header" if len(set(header)) != len(header) else ""


def _row(file: str, line: int, record: list[str] | Fault | None, header: list[str]) -> Row | Fault:
    if record is None:
        return _fault(file, line, "unreadable-row", "a quotation mark is not closed, and all after it is unread")
    if isinstance(record, Fault):
        return record
    if len(record) != len(header):
        return _fault(file, line, "wrong-shape", f"{len(record)} cells where the header has {len(header)}")
    return Row(line, {name: restore(cell) for name, cell in zip(header, record, strict=True)})


def format_table(
    columns: Sequence[str], rows: Iterable[Mapping[str, str]], *, delimiter: str = ";", trailer: str | None = None
) -> bytes:
    """The table as bytes that `parse_table` reads back without loss; every cell is quoted, formulas are guarded.

    Raises KeyError for a row that lacks a column.
    """
    text = io.StringIO(newline="")
    writer = csv.writer(text, delimiter=delimiter, quoting=csv.QUOTE_ALL, lineterminator="\r\n")
    writer.writerow(columns)
    count = 0
    for row in rows:
        writer.writerow([guard(row[column]) for column in columns])
        count += 1
    if trailer is not None:
        text.write(f"{trailer}{delimiter}{count}\r\n")
    return text.getvalue().encode()


def write_table(
    path: Path,
    columns: Sequence[str],
    rows: Iterable[Mapping[str, str]],
    *,
    delimiter: str = ";",
    trailer: str | None = None,
) -> None:
    """Put the whole table in place of the file; see `format_table` and `write_file`."""
    write_file(path, format_table(columns, rows, delimiter=delimiter, trailer=trailer))


def _fault(file: str, line: int, reason: str, what: str) -> Fault:
    return Fault(file, line, reason, f"{file} line {line}: {what}; correct the row and export again")


def _records(file: str, data: bytes, delimiter: str) -> Iterator[tuple[int, list[str] | Fault | None]]:
    """Each record with the line it begins on; None where reading cannot go on. Empty lines are skipped."""
    # What is not UTF-8 becomes lone surrogates, so that it costs its own row and not the file.
    lines = _Lines(io.StringIO(data.decode("utf-8", "surrogateescape"), newline=""))
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    while True:
        line = lines.count + 1
        lines.is_open = False
        try:
            record = next(reader)
        except StopIteration:
            return
        except csv.Error:
            if lines.is_open:
                yield line, None
                return
            yield line, _fault(file, line, "unreadable-row", "quotation marks do not match, or a cell is far too long")
            continue
        if any("\ud800" <= character <= "\udfff" for cell in record for character in cell):
            yield line, _fault(file, line, "not-utf-8", "the text is not UTF-8")
        elif record:
            yield line, record


class _Lines:
    """Physical lines, counted, and whether the record so far has an odd number of quotation marks.

    After a record that is broken but even, the next line begins a record. After an odd one, it may be the inside of a
    text, and a text must not be taken for rows.
    """

    def __init__(self, text: io.StringIO) -> None:
        self._text = text
        self.count = 0
        self.is_open = False

    def __iter__(self) -> "_Lines":
        return self

    def __next__(self) -> str:
        line = next(self._text)
        self.count += 1
        self.is_open ^= line.count('"') % 2 == 1
        return line
