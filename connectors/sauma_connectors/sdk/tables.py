"""Reads and writes tables (CSV) in an agency's folder, whole or not at all; knows no agency and no column.

A reader answers with values: a bad row is a `Fault` among the rows, a file that cannot be read is one `Fault`. No fault
repeats anything from the file.
"""

import csv
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final

from sauma_connectors.sdk.files import BYTES_MAX, Fault, read_file, write_file

ROWS_MAX: Final = 250_000
"""Far above any list that an agency sends in a night; 32 MiB of empty lines would be millions of rows."""

# What a spreadsheet takes for a formula, also in its full-width forms.
_FORMULA = re.compile(r"'*[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001 - the full-width ones are meant
_GUARDED = re.compile(r"'+[=+\-@\t\r\n＝＋－＠]")  # noqa: RUF001 - as above


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
