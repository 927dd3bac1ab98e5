"""Keeps what arrived, the links from own rows to shared facts, and notices, in the register's own files; knows no rule.

One file a fact, so that erasing a fact is removing a file. Not safe for two writers at a time: one connector a folder.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from sauma_connectors.employment_area.files import R, read_rows, write_rows
from sauma_connectors.employment_area.wire import INBOX, LINKS, NOTICES, LinkRow, NoticeRow, ReceivedRow
from sauma_connectors.sdk.tables import files_in, make_folder, remove_file

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
"""Ids that may be a file's name: no separator, and no dot in front."""

_OWN_FILES: Final = frozenset({LINKS, NOTICES})


class DamagedFile(OSError):
    """A file of the register's inbox cannot be read whole: writing it anew would lose what it holds. Restore it."""


def can_be_kept(fact: str) -> bool:
    """Whether a file can bear this id as its name."""
    return bool(_NAME.fullmatch(fact)) and f"{fact}.csv" not in _OWN_FILES


class Inbox:
    """The folder of what came from outside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / INBOX

    # --- received facts

    def received(self, fact: str) -> ReceivedRow | None:
        """The fact as it was last given, or None; None also where its file is damaged: the next put writes it anew."""
        if not can_be_kept(fact) or self._folder.is_symlink():
            return None
        return self._read(self._file(fact))

    def received_of(self, henkilotunnus: str) -> Iterator[ReceivedRow]:
        """Every fact of the client, in order of id, whatever its `tilanne`. Reads the whole folder."""
        return (row for row in self.received_all() if row.henkilotunnus == henkilotunnus)

    def received_all(self) -> Iterator[ReceivedRow]:
        """Every fact of everybody, in order of id; damaged files are left out."""
        paths = (path for path in files_in(self._folder, ".csv") if path.name not in _OWN_FILES)
        return (row for path in paths if (row := self._read(path)) is not None)

    def keep(self, row: ReceivedRow) -> None:
        """Write the fact, over what was there. Raises OSError."""
        make_folder(self._folder)
        write_rows(self._file(row.tieto), ReceivedRow, [row])

    def erase(self, fact: str) -> None:
        """Remove the fact, also what a crash may have left of it half written. Raises OSError."""
        if not can_be_kept(fact) or self._folder.is_symlink() or not self._folder.is_dir():
            return
        path = self._file(fact)
        remove_file(path.with_name(f".{path.name}.part"))
        remove_file(path)

    def _file(self, fact: str) -> Path:
        return self._folder / f"{fact}.csv"

    def _read(self, path: Path) -> ReceivedRow | None:
        rows = [row for _, row in read_rows(path, ReceivedRow).rows]
        whole = len(rows) == 1 and f"{rows[0].tieto}.csv" == path.name and rows[0].versio.isdecimal()
        return rows[0] if whole else None

    # --- links

    def links(self) -> list[LinkRow]:
        """Every link of the register. Raises DamagedFile."""
        links = self._own_file(LINKS, LinkRow)
        if not all(link.versio.isdecimal() for link in links):
            raise DamagedFile(LINKS)
        return links

    def link(self, fact: str) -> LinkRow | None:
        """The own row that is this fact, or None."""
        return next((link for link in self.links() if link.tieto == fact), None)

    def keep_link(self, link: LinkRow) -> None:
        """Write the link of a fact, over what was there, unless a later version is known. Raises OSError."""
        links = self.links()
        known = next((other for other in links if other.tieto == link.tieto), None)
        if known is not None and int(known.versio) > int(link.versio):
            return
        if known is None:
            links.append(link)
        else:
            links[links.index(known)] = link
        make_folder(self._folder)
        write_rows(self._folder / LINKS, LinkRow, links)

    def mark_link(self, fact: str, tilanne: str) -> bool:
        """Note what became of the right to keep an own row's fact up to date; False where there is no such link."""
        known = self.link(fact)
        if known is not None:
            self.keep_link(replace(known, tilanne=tilanne))
        return known is not None

    # --- notices

    def notices(self) -> list[NoticeRow]:
        """Every notice, oldest first. Raises DamagedFile."""
        return self._own_file(NOTICES, NoticeRow)

    def tell(self, *, henkilotunnus: str, koodi: str, syy: str, viite: str, oma_rivi: str) -> None:
        """Add a notice, unless the very same one stands there already. Raises OSError."""
        notices = self.notices()
        notice = NoticeRow(
            numero=str(len(notices) + 1),
            henkilotunnus=henkilotunnus,
            koodi=koodi,
            syy=syy,
            viite=viite,
            oma_rivi=oma_rivi,
        )
        if any(replace(old, numero=notice.numero).cells() == notice.cells() for old in notices):
            return
        make_folder(self._folder)
        write_rows(self._folder / NOTICES, NoticeRow, [*notices, notice])

    def _own_file(self, name: str, kind: type[R]) -> list[R]:
        read = read_rows(self._folder / name, kind)
        if any(fault.reason != "no-file" for fault in read.faults):
            raise DamagedFile(name)
        return [row for _, row in read.rows]
