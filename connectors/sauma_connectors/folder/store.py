"""Keeps one JSON file a fact in one folder a client; knows which files there are and not why."""

from contextlib import suppress
from pathlib import Path

from sauma.ids import FactId
from sauma_connectors.folder.wire import (
    DELETION,
    FACTS,
    NOTICES,
    SETTINGS,
    DeletionFile,
    FactFile,
    M,
    NoticeFile,
    SettingsFile,
    content_of,
    read_model,
    to_bytes,
)
from sauma_connectors.sdk.contract import Holding
from sauma_connectors.sdk.files import (
    Damaged,
    Fault,
    files_in,
    make_folder,
    make_name_key,
    name_key_in_use,
    own_name,
    remove_file,
    write_file,
)


class Store:
    """The files of one folder. One process at a time writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def facts(self, henkilotunnus: str) -> list[FactFile]:
        """Everything kept about a client, by fact id; raises `Damaged`."""
        client = self._client(henkilotunnus)
        paths = [path for path in files_in(client, ".json") if path.name != DELETION] if client else []
        files = [_whole(read_model(path, FactFile)) for path in paths]
        if any(file.henkilotunnus != henkilotunnus for file in files):
            what = "a file about another client lies in a client's folder: restore it from a backup"
            raise Damaged(what, file=f"{FACTS}/{client.name if client else ''}")
        return sorted(files, key=lambda file: file.origin)

    def fact(self, henkilotunnus: str, fact: str) -> FactFile | None:
        """One fact, or None; raises `Damaged`."""
        path = self._path(henkilotunnus, fact)
        found = read_model(path, FactFile) if path else None
        if found is None or (isinstance(found, Fault) and found.reason == "no-file"):
            return None
        return _whole(found)

    def keep(self, file: FactFile) -> None:
        """Put the fact's file in place; raises OSError."""
        key = self._key() or make_name_key(self._folder)
        client = self._folder / FACTS / own_name(key, file.henkilotunnus)
        make_folder(self._folder / FACTS)
        make_folder(client)
        write_file(client / f"{own_name(key, file.origin)}.json", to_bytes(file))

    def erase(self, henkilotunnus: str, fact: str) -> None:
        """Delete the fact's file, and the client's folder with its last fact; raises OSError."""
        path = self._path(henkilotunnus, fact)
        if path is None or not path.parent.is_dir():
            return
        remove_file(path)
        if not files_in(path.parent, ".json"):
            with suppress(OSError):  # something is in it that we have not written
                path.parent.rmdir()

    def deletion(self, henkilotunnus: str) -> DeletionFile | None:
        """When everything about the client has to be deleted, or None; raises `Damaged`."""
        client = self._client(henkilotunnus)
        found = read_model(client / DELETION, DeletionFile) if client else None
        if found is None or (isinstance(found, Fault) and found.reason == "no-file"):
            return None
        return _whole(found)

    def note_deletion(self, henkilotunnus: str, deletion: DeletionFile | None) -> None:
        """Note when everything has to be deleted, or that nothing has to be for now; raises OSError."""
        client = self._client(henkilotunnus)
        if client is None or not client.is_dir():
            return
        if deletion is None:
            remove_file(client / DELETION)
        else:
            write_file(client / DELETION, to_bytes(deletion))

    def notices(self) -> list[NoticeFile]:
        """What a person has to know, in no order; raises `Damaged`."""
        return [_whole(read_model(path, NoticeFile)) for path in files_in(self._folder / NOTICES, ".json")]

    def note(self, notice: NoticeFile) -> None:
        """Put a notice in its place, which is the same for the same notice; raises OSError."""
        key = self._key() or make_name_key(self._folder)
        make_folder(self._folder / NOTICES)
        data = to_bytes(notice)
        write_file(self._folder / NOTICES / f"{own_name(key, data.decode())}.json", data)

    def settings(self) -> SettingsFile:
        """What is refused and kept; nothing where there are no settings. Raises `Damaged`."""
        found = read_model(self._folder / SETTINGS, SettingsFile)
        return SettingsFile() if isinstance(found, Fault) and found.reason == "no-file" else _whole(found)

    def holdings(self, henkilotunnus: str) -> list[Holding]:
        """What is held about a client and kept up to date; raises `Damaged`."""
        return [held(file) for file in self.facts(henkilotunnus) if file.updates == "current"]

    def _key(self) -> bytes | None:
        return name_key_in_use(self._folder, FACTS)

    def _client(self, henkilotunnus: str) -> Path | None:
        key = self._key()
        return self._folder / FACTS / own_name(key, henkilotunnus) if key else None

    def _path(self, henkilotunnus: str, fact: str) -> Path | None:
        key, client = self._key(), self._client(henkilotunnus)
        return client / f"{own_name(key, fact)}.json" if key and client else None


def held(file: FactFile) -> Holding:
    """The fact in clear text; raises `Damaged`."""
    try:
        return Holding(FactId(file.origin), file.version, file.status, content_of(file))
    except ValueError as error:
        raise Damaged(f"a fact's file cannot be used ({error}): restore it from a backup", file=FACTS) from None


def _whole(found: M | Fault) -> M:
    if isinstance(found, Fault):
        raise Damaged(f"{found.detail}; or restore it from a backup", file=found.file)
    return found
