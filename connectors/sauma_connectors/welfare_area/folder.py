"""The area's folder: whole files in, whole files out; symbolic links are not followed and half-written files are left alone."""

import os
import stat
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path

from sauma_connectors.welfare_area.validator import SIZE_BYTES_MAX, Unfit
from sauma_connectors.welfare_area.wire import is_like_a_person

_UNFINISHED = (".tmp", ".part")


def own_name(*parts: str) -> str:
    """A name of our own for a file, the same for the same parts: nothing that came from outside names a file."""
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return blake2b(text.encode(errors="surrogatepass"), digest_size=16).hexdigest()


@dataclass(frozen=True, slots=True)
class Found:
    """One file of a folder. `shown` is its place as it may be told: never with a henkilötunnus in it."""

    path: Path
    shown: str


class Gone(Exception):
    """The file was there a moment ago: the agency is writing; the next reading will see."""


def files(root: Path, *inner: str) -> Iterator[Found]:
    """The finished resource files below `root`, by name. Raises Unfit where a folder is a symbolic link."""
    folder = root
    for part in inner:
        folder /= part
        if folder.is_symlink():
            raise Unfit("unreadable-row", "/".join(inner), "is a symbolic link, which is not followed; use a folder")
    if not folder.is_dir():
        return
    for name in sorted(entry.name for entry in os.scandir(folder)):
        if name.startswith(".") or name.endswith(_UNFINISHED) or not name.endswith(".json"):
            continue
        is_tellable = name.isascii() and name.isprintable() and not is_like_a_person(name)
        yield Found(folder / name, "/".join((*inner, name if is_tellable else f"file-{own_name(name)[:8]}")))


def load(found: Found) -> bytes:
    """A file's bytes; raises Unfit for what is no plain file, Gone for one that has just been taken away."""
    try:
        # Without O_NONBLOCK a named pipe would hold up every other row.
        handle = os.open(found.path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    except FileNotFoundError:
        raise Gone from None
    except OSError:
        advice = "cannot be opened; it must be a plain file, no symbolic link, that the connector may read"
        raise Unfit("unreadable-row", found.shown, advice) from None
    with os.fdopen(handle, "rb") as file:
        if not stat.S_ISREG(os.fstat(handle).st_mode):
            raise Unfit("unreadable-row", found.shown, "is no plain file")
        return file.read(SIZE_BYTES_MAX + 1)


def save(path: Path, data: bytes) -> None:
    """Write beside and move into place, for the owner alone; durable on return. Raises OSError."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if path.parent.is_symlink():
        raise OSError("the folder is a symbolic link")
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".tmp")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(handle)
        Path(beside).replace(path)
    except BaseException:
        with suppress(FileNotFoundError):
            Path(beside).unlink()
        raise
    _settle(path.parent)


def remove(path: Path) -> None:
    """Take a file away for good; durable on return. Raises OSError, but not where there is none."""
    path.unlink(missing_ok=True)
    if path.parent.is_dir():
        _settle(path.parent)


def _settle(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
