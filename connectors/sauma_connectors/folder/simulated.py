"""A provider and a joint data set that know their own folders only, and do what their people do.

Times are given, nothing is drawn at random: the same acts make the same files.
"""

from pathlib import Path
from typing import Literal

from sauma.fact import Moment
from sauma.ids import EndpointId
from sauma_connectors.folder.store import Store, held
from sauma_connectors.folder.wire import (
    SETTINGS,
    WITHDRAWALS,
    FactFile,
    NoticeFile,
    SettingsFile,
    WithdrawalFile,
    to_bytes,
)
from sauma_connectors.sdk.contract import Holding
from sauma_connectors.sdk.files import files_in, make_folder, own_name, write_file
from sauma_connectors.sdk.moments import text_of
from sauma_connectors.sdk.received import Received


class _Receiver:
    """What both can see in their folders."""

    def __init__(self, folder: Path) -> None:
        make_folder(folder)
        self._folder = folder
        self._store = Store(folder)

    def received(self, hetu: str, kind: str) -> list[Received]:
        """The facts of a kind that were delivered and are kept up to date, by fact id."""
        return [_received(f) for f in self._store.facts(hetu) if f.kind == kind and f.updates == "current"]

    def holdings(self, hetu: str) -> list[Holding]:
        """Everything held about the client and kept up to date: (fact, version, status, content)."""
        return self._store.holdings(hetu)

    def kept(self, hetu: str) -> list[FactFile]:
        """Every file about the client, also those that are no longer kept up to date."""
        return self._store.facts(hetu)

    def notices(self) -> list[NoticeFile]:
        """What a person was told, in no order."""
        return self._store.notices()


class SimulatedKeha(_Receiver):
    """The joint data set: it receives, and knows when all about a client has to be deleted."""

    def delete_all_at(self, hetu: str) -> str | None:
        """When everything about the client has to be deleted, ISO 8601 in UTC; None while the relationship is open."""
        deletion = self._store.deletion(hetu)
        return deletion.delete_all_at if deletion else None


class SimulatedProvider(_Receiver):
    """A service provider: it receives, and tells of clients who withdraw what they had agreed to."""

    def __init__(self, folder: Path, endpoint: EndpointId) -> None:
        super().__init__(folder)
        self.endpoint = endpoint

    def wills(self, hetu: str) -> list[str]:
        """The wills on which what is held about the client rests."""
        files = self._store.facts(hetu)
        return sorted({file.basis.will for file in files if file.updates == "current" and file.basis.will})

    def withdraw(
        self,
        hetu: str,
        will: str,
        *,
        at: Moment,
        kind: Literal["consent", "permit", "prohibition"] = "consent",
        row: str | None = None,
    ) -> str:
        """The client withdraws a will here; the same row again is the same withdrawal. Returns the row's key."""
        folder = self._folder / WITHDRAWALS
        make_folder(folder.parent)
        make_folder(folder)
        row = row or f"{len(files_in(folder, '.json')) + 1:06}"
        moment = text_of(at)
        file = WithdrawalFile(row=row, henkilotunnus=hetu, will=will, kind=kind, at=moment)
        # The key hides nothing here, the folder is the provider's own: it only makes a row a name of one form.
        write_file(folder / f"{own_name(b'withdrawal', row)}.json", to_bytes(file))
        return f"withdrawals/{row}"

    def refuse(self, kind: str, reason: str) -> None:
        """From now on, facts of this kind are refused, with the reason (a code)."""
        settings = self._store.settings()
        self._set(settings.model_copy(update={"refuses": {**settings.refuses, kind: reason}}))

    def keep_under(self, kind: str, paragraph: str) -> None:
        """From now on, facts of this kind are kept under the paragraph where erasure is asked."""
        settings = self._store.settings()
        self._set(settings.model_copy(update={"keeps": {**settings.keeps, kind: paragraph}}))

    def _set(self, settings: SettingsFile) -> None:
        write_file(self._folder / SETTINGS, to_bytes(settings))


def _received(file: FactFile) -> Received:
    return Received(
        fact=file.origin,
        version=file.version,
        status=file.status,
        kind=file.kind,
        digest=bytes.fromhex(file.digest),
        plan=file.plan,
        referral=file.referral,
        about=file.about,
        about_version=file.about_version,
        owner=file.owner,
        rule=file.basis.rule,
        content=held(file).content,
        will=file.basis.will,
    )
