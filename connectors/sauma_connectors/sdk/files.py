"""Reads, writes and names plain files in an agency's folder, whole or not at all; knows no agency and nothing of what a file holds.

A reader answers with values: a file that cannot be read is a `Fault`, which repeats nothing from the file. What is written
is written beside and moved into place, so that nobody reads half a file.
"""

import errno
import os
import re
import secrets
import stat
from dataclasses import dataclass
from hashlib import blake2b
from pathlib import Path
from typing import Final

from sauma import henkilotunnus

BYTES_MAX: Final = 32 * 1024 * 1024
"""A list of 150 000 rows of 200 characters is 30 MB; a larger one fills the memory of a small machine when parsed."""
HALF_WRITTEN: Final = (".tmp", ".part")
"""How files end while somebody is still writing them: not read."""


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


class Damaged(OSError):
    """A file that the register itself keeps cannot be read: nothing is written over it until a person has restored it."""

    def __init__(self, what: str, *, file: str) -> None:
        """`file`: its place in the folder, which names nobody."""
        super().__init__(what)
        self.file = file


def make_folder(folder: Path) -> None:
    """Make the folder, for its owner only. Raises OSError also where the last step of its path is a symlink."""
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    if folder.is_symlink():
        raise NotADirectoryError(errno.ENOTDIR, "is a symlink", str(folder))


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
_OWN_NAME = re.compile(r"[0-9a-f]{32}")


def name_key(folder: Path) -> bytes | None:
    """The key by which this folder's file names are computed, or None where nothing has been named yet.

    Names computed with it are the same each time, and a listing of the folder tells nobody about whom its files are.
    """
    data = read_file(folder / _NAME_KEY)
    return data if isinstance(data, bytes) and len(data) == _NAME_KEY_BYTES else None


def name_key_in_use(folder: Path, *inner: str) -> bytes | None:
    """As `name_key`; raises `Damaged` where it cannot be had, and files named by it lie in one of the folders `inner`.

    With another key nothing of theirs would be found again, and what is to be erased would be taken for gone.
    """
    key = name_key(folder)
    is_missed = key is None and (
        (folder / _NAME_KEY).exists()
        or any(
            _OWN_NAME.fullmatch(path.stem)
            for one in inner
            if (folder / one).is_dir()
            for path in (folder / one).iterdir()
        )
    )
    if is_missed:
        raise Damaged(f"{_NAME_KEY} in {folder.name} is missing or damaged: restore it from a backup", file=_NAME_KEY)
    return key


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
        raise Damaged(f"{_NAME_KEY} in {folder.name} is damaged: restore it from a backup", file=_NAME_KEY)
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
