"""Writes what arrives into the folder, idempotently by fact and version; the joint data set also notes its day of deletion."""

from collections.abc import Iterable
from datetime import datetime
from pathlib import Path

from sauma.delivery import Basis
from sauma.fact import KINDS, Moment
from sauma.ids import FactId
from sauma_connectors.folder.store import Store
from sauma_connectors.folder.wire import BasisFile, DeletionFile, FactFile, NoticeFile, content_fields
from sauma_connectors.sdk.answering import answer
from sauma_connectors.sdk.contract import (
    Answer,
    Arrival,
    Done,
    Erased,
    Holding,
    Kept,
    Person,
    Put,
    Rebase,
    Refuse,
    TakeBack,
    Told,
)
from sauma_connectors.sdk.moments import calendar_of

RETENTION_YEARS = 4
"""TYM 381/2023 12.2 §: everything is deleted four years after the client relationship ended."""

_OPEN = frozenset({"assessing", "active", "ending"})


class FolderSink:
    """The files of one folder. One process at a time writes them."""

    def __init__(self, folder: Path, *, is_joint_data_set: bool) -> None:
        self._store = Store(folder)
        self._is_joint_data_set = is_joint_data_set

    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        """Write one arrival; `Retry` where a file is damaged or the disk will not take it."""
        return answer(self, person, arrival)

    def shared(self, person: Person, row: str, fact: FactId, version: int) -> None:
        """Nothing to remember: a folder has no facts of its own."""

    def holdings(self, person: Person) -> Iterable[Holding]:
        """All that is held of the person and kept up to date; raises `Damaged` where a file is."""
        return self._store.holdings(person.henkilotunnus)

    def put(self, person: Person, put: Put) -> Answer:
        """Write the fact's file, and note what the end of a relationship asks of the joint data set."""
        henkilotunnus = person.henkilotunnus
        if put.kind not in KINDS:
            return Refuse("unknown-kind")
        refused = self._store.settings().refuses.get(put.kind)
        if refused is not None:
            return Refuse(refused)
        known = self._store.fact(henkilotunnus, put.fact)
        if known is None or known.version <= put.version:
            self._store.keep(_file(henkilotunnus, put))
        if self._is_joint_data_set and put.kind == "relationship":
            self._store.note_deletion(henkilotunnus, self._deletion(henkilotunnus))
        return Done()

    def rebase(self, person: Person, rebase: Rebase) -> Answer:
        """Note the new ground in the fact's file."""
        henkilotunnus = person.henkilotunnus
        known = self._store.fact(henkilotunnus, rebase.fact)
        if known is None or known.version < rebase.version:
            return Refuse("not-held")
        if known.version == rebase.version:
            self._store.keep(known.model_copy(update={"basis": _basis(rebase.basis)}))
        return Done()

    def take_back(self, person: Person, back: TakeBack) -> Answer:
        """Remove the fact's file, or note that it is kept by law, no longer updated, or wrong."""
        henkilotunnus = person.henkilotunnus
        known = self._store.fact(henkilotunnus, back.fact)
        if back.ask != "erase":
            if known is not None:
                updates = "wrong" if back.ask == "error" else "stopped"
                self._store.keep(known.model_copy(update={"updates": updates}))
            return Done()
        paragraph = self._store.settings().keeps.get(known.kind) if known else None
        if known is not None and paragraph is not None:
            self._store.keep(known.model_copy(update={"updates": "kept", "kept_under": paragraph}))
            return Kept(paragraph)
        self._store.erase(henkilotunnus, back.fact)
        return Erased()

    def tell(self, person: Person | None, told: Told) -> None:
        """Put the notice into its file."""
        henkilotunnus = person.henkilotunnus if person else None
        self._store.note(
            NoticeFile(
                henkilotunnus=henkilotunnus,
                code=told.code,
                reason=told.reason,
                reference=told.reference,
                own_row=told.row,
            )
        )

    def _deletion(self, henkilotunnus: str) -> DeletionFile | None:
        """Four years after the latest relationship ended; None while one is open, or where none has ended."""
        relationships = [
            file.clear
            for file in self._store.facts(henkilotunnus)
            if file.kind == "relationship" and file.updates != "wrong"
        ]
        ends = [int(clear["ended_at"]) for clear in relationships if clear.get("ended_at", "").isdecimal()]
        if not ends or any(clear.get("state") in _OPEN for clear in relationships):
            return None
        ended = calendar_of(Moment(max(ends)))
        return DeletionFile(
            henkilotunnus=henkilotunnus,
            relationship_ended_at=ended.isoformat(),
            delete_all_at=_years_later(ended, RETENTION_YEARS).isoformat(),
        )


def _years_later(moment: datetime, years: int) -> datetime:
    try:
        return moment.replace(year=moment.year + years)
    except ValueError:  # 29 February: there is no such day then, and a day early would be too early
        return moment.replace(year=moment.year + years, month=3, day=1)


def _basis(basis: Basis) -> BasisFile:
    return BasisFile(
        rule=basis.rule,
        ground_to_give=basis.discloser,
        ground_to_receive=basis.recipient,
        purpose=basis.purpose,
        will=basis.will,
    )


def _file(henkilotunnus: str, put: Put) -> FactFile:
    content_type, content = content_fields(put.content)
    return FactFile(
        henkilotunnus=henkilotunnus,
        origin=put.fact,
        kind=put.kind,
        category=put.category,
        handling=put.handling,
        version=put.version,
        status=put.status,
        owner=put.owner,
        basis=_basis(put.basis),
        digest=put.digest.hex(),
        plan=put.plan,
        referral=put.referral,
        about=put.about,
        about_version=put.about_version,
        starts_ms=put.starts,
        ends_ms=put.ends,
        own_row=put.own_row,
        clear=put.clear,
        content_type=content_type,
        content=content,
    )
