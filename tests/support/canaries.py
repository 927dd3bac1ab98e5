"""Hunts for what may stand only at the agencies: names, personal identity codes and cell text, in any disguise.

A secret is found as it is, in lower and upper case, in nine encodings of its text, and inside base64, hexadecimal digits
and compressed streams that begin anywhere in the bytes, one within another. What is encrypted is not found, as it should be.
"""

import ast
import base64
import bz2
import lzma
import re
import shutil
import sqlite3
import sys
import tempfile
import unicodedata
import zlib
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from contextlib import closing, suppress
from functools import partial
from pathlib import Path

from sauma import content
from sauma_services.demo import story
from sauma_services.demo.cast import Client

LAYERS_MAX = 3
"""Gzip in base64 in gzip is found; a fourth wrapping would be somebody's intention, not an accident."""

_PREFIX = 4
"""Bytes by which a needle is looked up before it is searched for. No secret may be shorter."""

_INFLATED_MAX = 4 * 1024 * 1024
_PIECE = 4096
_LZMA_MEMORY_MAX = 64 * 1024 * 1024


class Canaries:
    """A set of secrets, and the hunt for them."""

    def __init__(self, secrets: Iterable[str]) -> None:
        """Raises ValueError for a secret so short that it would be found by chance."""
        self.secrets = frozenset(secrets)
        self._needles: dict[int, dict[bytes, str]] = {}
        for secret in self.secrets:
            if len(secret) < _PREFIX:
                raise ValueError("a secret of under four characters stands in any file by chance")
            for spelling in _spellings(secret):
                for needle in _encodings(spelling):
                    prefix = int.from_bytes(needle[:_PREFIX], sys.byteorder)
                    self._needles.setdefault(prefix, {})[needle] = secret
        self._prefixes = frozenset(self._needles)

    def hunt(self, data: bytes) -> set[str]:
        """The secrets that are in the data."""
        return self._hunt(data, LAYERS_MAX)

    def hunt_file(self, path: Path) -> set[str]:
        """As `hunt`, and for a database that nobody writes also in its values: long ones lie in pieces in the file."""
        data = path.read_bytes()
        found = self.hunt(data)
        if data.startswith(b"SQLite format 3\0"):
            found |= self.hunt(b"\0".join(_values(path)))
        return found

    def hunt_tree(self, folder: Path, *, leave_out: Path | None = None) -> dict[str, set[str]]:
        """What is found in each file of the folder, by its path in it; files in which nothing is found are left out."""
        files = [path for path in sorted(folder.rglob("*")) if path.is_file()]
        if leave_out is not None:
            files = [path for path in files if not path.is_relative_to(leave_out)]
        found = {str(path.relative_to(folder)): self.hunt_file(path) for path in files}
        return {name: secrets for name, secrets in found.items() if secrets}

    def hunt_names(self, folder: Path, *, leave_out: Collection[Path] = ()) -> set[str]:
        """The secrets in the names of the folder's files and folders."""
        paths = [path for path in folder.rglob("*") if path not in leave_out]
        return self.hunt("\n".join(str(path.relative_to(folder)) for path in paths).encode())

    def _hunt(self, data: bytes, layers: int) -> set[str]:
        found = self._in_plain(data)
        # Base64 of a mail or a key file is broken into lines.
        if b"\n" in data:
            found |= self._in_plain(data.translate(None, b"\r\n"))
        if layers and (inner := b"\0\0".join(_layers(data))):
            found |= self._hunt(inner, layers - 1)
        return found

    def _in_plain(self, data: bytes) -> set[str]:
        there: set[int] = set()
        for start in range(_PREFIX):
            # Four bytes at a time as a number: several times faster than slices, and there are megabytes.
            whole = memoryview(data)[start : start + (len(data) - start) // _PREFIX * _PREFIX]
            there |= self._prefixes.intersection(whole.cast("I")) if len(whole) >= _PREFIX else set()
        return {secret for prefix in there for needle, secret in self._needles[prefix].items() if needle in data}


def of_person(person: Client) -> set[str]:
    """What names a person."""
    return {person.henkilotunnus, person.family_name, person.given_names}


def of_story() -> set[str]:
    """Every text that the story's clerks write into a cell, read from the story's source so that none is forgotten.

    Left out are days, which any time stamp may hold, and words that the story's own titles and the endpoints' ids tell.
    """
    fields = {name for kind in content.CONTENT_OF.values() for name in kind.__dataclass_fields__}
    told = " ".join(line.title for line in (*story.BEFORE_THE_END, *story.THE_END)) + " employment-tampereen-seutu"
    found: set[str] = set()
    for node in ast.walk(ast.parse(Path(story.__file__).read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            is_item = isinstance(node.func, ast.Name) and node.func.id in {
                k.__name__ for k in content.CONTENT_OF.values()
            }
            values = [*(node.args if is_item else ()), *(k.value for k in node.keywords if k.arg in fields)]
            found |= {v.value for v in values if isinstance(v, ast.Constant) and isinstance(v.value, str)}
    is_day = re.compile(r"\d{4}-\d\d-\d\d")
    return {
        text for text in found if len(text) >= 6 and not is_day.fullmatch(text) and text.lower() not in told.lower()
    }


# --- how a secret may be written ------------------------------------------------------------------------------------

_HENKILOTUNNUS = re.compile(r"(\d{6})[-+A-Z](\d{3}[0-9A-Z])")


def _spellings(secret: str) -> set[str]:
    found = {secret, unicodedata.normalize("NFD", secret)}
    if parts := _HENKILOTUNNUS.fullmatch(secret):
        found.add("".join(parts.groups()))  # without its sign
    return found | {one.lower() for one in found} | {one.upper() for one in found}


def _encodings(text: str) -> Iterator[bytes]:
    """The text in every form in which it may lie in a file; forms that came out under four bytes are none."""
    raw = {text.encode("utf-8"), *(text.encode(c) for c in ("utf-16-le", "utf-16-be", "utf-32-le", "utf-32-be"))}
    with suppress(UnicodeEncodeError):  # a decomposed accent: latin-1 has none
        raw.add(text.encode("latin-1"))
    for one in raw:
        yield one
        yield from (one.hex().encode(), one.hex().upper().encode())
        yield from (needle for needle in _base64(one) if len(needle) > _PREFIX)
    yield text.replace(" ", "+").encode()  # in an address; the rest of its escapes are read as a layer


def _base64(raw: bytes) -> Iterator[bytes]:
    """The characters that the bytes alone decide, wherever among the three alignments they begin."""
    for before in range(3):
        begin, end = -(-before * 8 // 6), (before + len(raw)) * 8 // 6
        text = base64.b64encode(bytes(before) + raw)[begin:end]
        yield from (text, text.translate(bytes.maketrans(b"+/", b"-_")))


# --- what may lie inside other bytes --------------------------------------------------------------------------------


def _layers(data: bytes) -> Iterator[bytes]:
    for run in re.finditer(rb"[A-Za-z0-9+/_-]{8,}", data):
        text = run[0].translate(bytes.maketrans(b"-_", b"+/"))
        # Where it begins is not known: letters before it may look like a part of it.
        for start in range(4):
            yield base64.b64decode(text[start:] + b"A" * (-(len(text) - start) % 4))
    for run in re.finditer(rb"[0-9A-Fa-f]{8,}", data):
        for start in range(2):
            text = run[0][start:]
            yield bytes.fromhex(text[: len(text) // 2 * 2].decode())
    for hit in _ESCAPE.finditer(data):
        yield _ESCAPE.sub(_meant, data[max(0, hit.start() - _AROUND) : hit.end() + _AROUND])
    for at, open_stream in _streams(data):
        yield _unpacked(open_stream, data, at)


_ESCAPE = re.compile(rb"%([0-9A-Fa-f]{2})|\\x([0-9A-Fa-f]{2})|\\u([0-9A-Fa-f]{4})")
_AROUND = 400
"""Bytes on either side of an escape that are read with it: more than any secret, each of its letters escaped."""


def _meant(escape: re.Match[bytes]) -> bytes:
    """The bytes that a percent sign, a repr or JSON stands for; those of JSON in UTF-8."""
    percent, of_repr, of_json = escape.groups()
    if of_json is not None:
        return chr(int(of_json, 16)).encode("utf-8", "surrogatepass")
    return bytes.fromhex((percent or of_repr).decode())


Decompress = Callable[[bytes], bytes]
"""Takes a piece and gives what became of it; raises where it is no such stream, EOFError after its end."""


def _streams(data: bytes) -> Iterator[tuple[int, Callable[[], Decompress]]]:
    """Where a compressed stream may begin, and what would read it; most of what looks so is none."""
    for hit in re.finditer(rb"[\x08\x18\x28\x38\x48\x58\x68\x78](?=(.))", data, re.DOTALL):
        if int.from_bytes(hit[0] + hit[1]) % 31 == 0:
            # Read as raw deflate after the header: so a copy that is cut off, or whose checksum is wrong, is found too.
            yield hit.start() + (6 if hit[1][0] & 0x20 else 2), lambda: _inflate(-15)
    for hit in re.finditer(rb"\x1f\x8b\x08", data):
        yield hit.start(), lambda: _inflate(31)
        yield hit.start() + 10, lambda: _inflate(-15)  # as it is with a plain head; a wrong checksum hides nothing
    for hit in re.finditer(rb"BZh[1-9]1AY&SY", data):
        yield hit.start(), _bunzip
    for hit in re.finditer(rb"\xfd7zXZ\0", data):
        yield hit.start(), lambda: _unlzma(b"")
    for hit in re.finditer(rb"\x5d\0\0", data):
        yield hit.start(), lambda: _unlzma(b"")
    yield from _zipped(data)


def _zipped(data: bytes) -> Iterator[tuple[int, Callable[[], Decompress]]]:
    """The members of zip archives, by their own heads: an archive that is cut off has no list of them."""
    for hit in re.finditer(rb"PK\x03\x04(?=.{26})", data, re.DOTALL):
        head = data[hit.start() : hit.start() + 30]
        begin = hit.start() + 30 + int.from_bytes(head[26:28], "little") + int.from_bytes(head[28:30], "little")
        method = int.from_bytes(head[8:10], "little")
        if method == 8:
            yield begin, lambda: _inflate(-15)
        elif method == 14:
            # A zip's LZMA begins with a version and a size; the plain format has the length there, here unknown.
            yield begin + 9, partial(_unlzma, data[begin + 4 : begin + 9] + b"\xff" * 8)


def _inflate(window: int) -> Decompress:
    stream = zlib.decompressobj(window)

    def piece(data: bytes) -> bytes:
        if stream.eof:
            raise EOFError
        return stream.decompress(data, _INFLATED_MAX)

    return piece


def _bunzip() -> Decompress:
    stream = bz2.BZ2Decompressor()
    return lambda data: stream.decompress(data, _INFLATED_MAX)


def _unlzma(head: bytes) -> Decompress:
    stream = lzma.LZMADecompressor(memlimit=_LZMA_MEMORY_MAX)
    if head:
        stream.decompress(head)
    return lambda data: stream.decompress(data, _INFLATED_MAX)


def _unpacked(open_stream: Callable[[], Decompress], data: bytes, at: int) -> bytes:
    """What the stream gives, up to where it ends or turns out to be broken."""
    found: list[bytes] = []
    begin, size = at, _PIECE
    while True:
        # What a piece gave is lost with the piece that breaks: then once more, and byte by byte where it broke.
        try:
            found, read = [], open_stream()
            found.append(read(data[begin:at]) if at > begin else b"")
            while at < len(data) and sum(map(len, found)) < _INFLATED_MAX:
                found.append(read(data[at : at + size]))
                at += size
        except Exception:  # noqa: BLE001 - each library has its own names for "no such stream"
            if size == 1:
                break
            size = 1
        else:
            break
    return b"".join(found)


def _values(path: Path) -> list[bytes]:
    """Every value of every table, from a copy: the file itself is left as it is."""
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / path.name
        for suffix in ("", "-wal"):
            beside = path.with_name(path.name + suffix)
            if beside.exists():
                shutil.copyfile(beside, copy.with_name(copy.name + suffix))
        with closing(sqlite3.connect(copy)) as opened:
            opened.text_factory = bytes
            tables = [
                name.decode() for (name,) in opened.execute("SELECT name FROM sqlite_master WHERE type = 'table'")
            ]
            return [
                value if isinstance(value, bytes) else str(value).encode()
                for table in tables
                for row in opened.execute(f'SELECT * FROM "{table}"')  # noqa: S608 - the table's own name
                for value in row
                if value is not None
            ]


def shown(found: Mapping[str, set[str]]) -> str:
    """For a failure's message: which secrets lie where."""
    return "; ".join(f"{where}: {', '.join(sorted(secrets))}" for where, secrets in found.items())
