"""Keeps what arrived, the links from own rows to shared facts, and notices, in the register's own files; knows no rule.

A folder a client, under a name that tells nobody whose it is, and in it a file a fact: erasing a fact is removing a file.
Not safe for two writers at a time: one connector a folder.
"""

import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Final

from sauma_connectors.employment_area.files import R, read_rows, write_rows
from sauma_connectors.employment_area.wire import INBOX, LINKS, NOTICES, LinkRow, NoticeRow, ReceivedRow
from sauma_connectors.sdk.files import Damaged, files_in, make_folder, make_name_key, name_key, own_name, remove_file

_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,79}")
"""Ids that may be a file's name: no separator, and no dot in front."""


def can_be_kept(fact: str) -> bool:
    """Whether a file can bear this id as its name."""
    return bool(_NAME.fullmatch(fact)) and f"{fact}.csv" != LINKS


class ClientInbox:
    """What came from outside about one client."""

    def __init__(self, folder: Path | None, henkilotunnus: str) -> None:
        self._folder = folder if folder is not None and not folder.is_symlink() else None
        self._henkilotunnus = henkilotunnus

    def received(self, fact: str) -> ReceivedRow | None:
        """The fact as it was last given, or None; None also where its file is damaged: the next put writes it anew."""
        if self._folder is None or not can_be_kept(fact):
            return None
        return self._read(self._folder / f"{fact}.csv")

    def received_all(self) -> list[ReceivedRow]:
        """Every fact, in order of id, whatever its `tilanne`; damaged files are left out."""
        paths = files_in(self._folder, ".csv") if self._folder is not None else []
        rows = (self._read(path) for path in paths if path.name != LINKS)
        return [row for row in rows if row is not None]

    def keep(self, row: ReceivedRow) -> None:
        """Write the fact, over what was there. Raises OSError."""
        write_rows(self._made() / f"{row.tieto}.csv", ReceivedRow, [row])

    def erase(self, fact: str) -> None:
        """Remove the fact, also what a crash may have left of it half written. Raises OSError."""
        if self._folder is None or not self._folder.is_dir() or not can_be_kept(fact):
            return
        remove_file(self._folder / f".{fact}.csv.part")
        remove_file(self._folder / f"{fact}.csv")

    def links(self) -> list[LinkRow]:
        """Every link. Raises Damaged."""
        links = _whole(self._folder / LINKS, LinkRow) if self._folder is not None else []
        if not all(link.versio.isdecimal() for link in links):
            raise _damaged(self._folder / LINKS if self._folder else Path(LINKS))
        return [link for link in links if link.henkilotunnus == self._henkilotunnus]

    def link(self, fact: str) -> LinkRow | None:
        """The own row that is this fact, or None. Raises Damaged."""
        return next((link for link in self.links() if link.tieto == fact), None)

    def keep_link(
        self, *, own_row: str, fact: str, version: int, status: str, tilanne: str, may_go_back: bool = False
    ) -> None:
        """Write the link of a fact, over what was there, unless a later version is known. Raises OSError.

        `may_go_back`: the later version was refused by the others, and this one stands.
        """
        link = LinkRow(
            oma_rivi=own_row,
            henkilotunnus=self._henkilotunnus,
            tieto=fact,
            versio=str(version),
            tila=status,
            tilanne=tilanne,
        )
        links = self.links()
        known = next((other for other in links if other.tieto == fact), None)
        if known is not None and int(known.versio) > version and not may_go_back:
            return
        others = [other for other in links if other is not known]
        write_rows(self._made() / LINKS, LinkRow, sorted([*others, link], key=lambda one: one.tieto))

    def mark_link(self, fact: str, tilanne: str) -> bool:
        """Note what became of the right to keep an own row's fact up to date; False where there is no such link."""
        known = self.link(fact)
        if known is not None:
            self.keep_link(
                own_row=known.oma_rivi, fact=fact, version=int(known.versio), status=known.tila, tilanne=tilanne
            )
        return known is not None

    def _made(self) -> Path:
        if self._folder is None:
            raise NotADirectoryError("the client's folder in the inbox is a symlink, or was only looked up")
        make_folder(self._folder)
        return self._folder

    def _read(self, path: Path) -> ReceivedRow | None:
        rows = [row for _, row in read_rows(path, ReceivedRow).rows]
        is_whole = len(rows) == 1 and f"{rows[0].tieto}.csv" == path.name and rows[0].versio.isdecimal()
        return rows[0] if is_whole and rows[0].henkilotunnus == self._henkilotunnus else None


class Inbox:
    """The folder of what came from outside."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder / INBOX

    def to_write(self, henkilotunnus: str) -> ClientInbox:
        """The client's part, to be written: what names folders is drawn with the first. Raises OSError and Damaged."""
        make_folder(self._folder)
        if name_key(self._folder) is None and any(path.is_dir() for path in self._folder.iterdir()):
            # Another key would name every client anew, and what is to be erased would never be found.
            raise _damaged(self._folder / ".name-key")
        return ClientInbox(self._folder / own_name(make_name_key(self._folder), henkilotunnus), henkilotunnus)

    def to_read(self, henkilotunnus: str) -> ClientInbox:
        """The client's part, to be read: empty where nothing has come."""
        key = None if self._folder.is_symlink() else name_key(self._folder)
        return ClientInbox(None if key is None else self._folder / own_name(key, henkilotunnus), henkilotunnus)

    def notices(self) -> list[NoticeRow]:
        """Every notice, oldest first. Raises Damaged."""
        return _whole(self._folder / NOTICES, NoticeRow)

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


def facts_in(received: ClientInbox, tilanne: str) -> Iterator[ReceivedRow]:
    """The client's facts in this state of right, in order of id."""
    return (row for row in received.received_all() if row.tilanne == tilanne)


def _whole(path: Path, kind: type[R]) -> list[R]:
    read = read_rows(path, kind)
    if any(fault.reason != "no-file" for fault in read.faults):
        raise _damaged(path)
    return [row for _, row in read.rows]


def _damaged(path: Path) -> Damaged:
    what = "is missing or cannot be read whole: restore it from a backup; writing it anew would lose what it held"
    return Damaged(f"{path.name} {what}", file=f"{path.parent.name}/{path.name}")
