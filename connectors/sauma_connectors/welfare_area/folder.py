"""The area's folder: whole files in, whole files out; symbolic links are not followed and half-written files are left alone."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sauma_connectors.sdk.files import (
    HALF_WRITTEN,
    Fault,
    is_plain_name,
    make_folder,
    make_name_key,
    read_file,
    write_file,
)
from sauma_connectors.sdk.files import own_name as keyed_name
from sauma_connectors.welfare_area.validator import SIZE_BYTES_MAX, Unfit

INCOMING, EXPORT = "in", "out"

_LETTERS = str.maketrans("0123456789", "ghijklmnop")
"""Hexadecimal digits look like a henkilötunnus by chance, once in some thousand names; letters alone never do."""


@dataclass(frozen=True, slots=True)
class Found:
    """One file of a folder. `shown` is its place as it may be told: never with a henkilötunnus in it."""

    path: Path
    shown: str


class Gone(Exception):
    """The file was there a moment ago: the agency is writing; the next reading will see."""


def own_name(root: Path, *parts: str) -> str:
    """A name of our own, the same for the same parts: nothing from outside names a file. Raises OSError.

    It is keyed with a secret of the folder's, so that a listing of the folder does not tell of whom its files are.
    """
    text = "".join(f"{len(part)}:{part}" for part in parts)
    return keyed_name(make_name_key(root / INCOMING), text).translate(_LETTERS)


def files(root: Path, *inner: str) -> Iterator[Found]:
    """The finished resource files below `root`, by name. Raises Unfit where a folder is a symbolic link."""
    folder = root
    for part in inner:
        folder /= part
        if folder.is_symlink():
            raise Unfit("unreadable-row", "/".join(inner), "is a symbolic link, which is not followed; use a folder")
    if not folder.is_dir():
        return
    hidden = 0
    for name in sorted(path.name for path in folder.iterdir()):
        if name.startswith(".") or name.endswith(HALF_WRITTEN) or not name.endswith(".json"):
            continue
        shown = name
        if not is_plain_name(name):
            hidden += 1
            shown = f"({hidden}. file whose name may not be shown)"
        yield Found(folder / name, "/".join((*inner, shown)))


def load(found: Found) -> bytes:
    """A file's bytes; raises Unfit for what is no plain file or too large, Gone for one that has just been taken away."""
    if found.path.is_dir():
        raise Unfit("unreadable-row", "the file", "is a folder; write one resource a file")
    data = read_file(found.path, bytes_max=SIZE_BYTES_MAX)
    if not isinstance(data, Fault):
        return data
    if data.reason == "no-file":
        raise Gone
    what = "holds more than 1 MiB" if data.reason == "file-too-large" else "is no plain file that may be read"
    raise Unfit("unreadable-row", "the file", f"{what}; write one resource a file")


def save(root: Path, path: Path, data: bytes) -> None:
    """Write beside and move into place, for the owner alone; durable on return. Raises OSError.

    No folder between `root` and the file may be a symbolic link.
    """
    for folder in reversed(path.parents):
        if folder != root and folder.is_relative_to(root):
            make_folder(folder)
    write_file(path, data)
