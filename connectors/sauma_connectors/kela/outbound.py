"""Writes what arrives into Kela's answer files, idempotently by fact and version; the router's words become Kela's columns."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from sauma.ids import FactId
from sauma_connectors.kela.answers import CURRENT, STOPPED, WRONG, AnswerRow, read_answers, write_answers
from sauma_connectors.kela.holdings import holdings
from sauma_connectors.kela.links import Link, read_links, write_link
from sauma_connectors.kela.notices import write_notice
from sauma_connectors.kela.own_files import Damaged
from sauma_connectors.kela.wire import KINDS
from sauma_connectors.sdk.contract import (
    Answer,
    Arrival,
    Done,
    Erased,
    Holding,
    Person,
    Put,
    Rebase,
    Refuse,
    Retry,
    TakeBack,
    Told,
)
from sauma_connectors.sdk.errors import NeedsOperator


class KelaSink:
    """Kela's answer files in one folder. One process at a time writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        """Write one arrival; `Retry` where a file is damaged or the disk will not take it, and then nothing was changed."""
        try:
            if isinstance(arrival, Told):
                return self._told(person, arrival)
            if person is None:
                return Refuse("no-person")
            match arrival:
                case Put():
                    return self._put(person.henkilotunnus, arrival)
                case Rebase():
                    return self._rebase(person.henkilotunnus, arrival)
                case TakeBack():
                    return self._take_back(person.henkilotunnus, arrival)
        except Damaged as damaged:
            return Retry(str(damaged))
        except OSError as error:
            return Retry(f"an answer file could not be written: {error.strerror}")

    def shared(self, person: Person, row: str, fact: FactId, version: int) -> None:
        """Remember that an own row is this fact; raises `NeedsOperator` where the file of links is damaged, and OSError."""
        try:
            write_link(self._folder, person.henkilotunnus, Link(row, fact, version))
        except Damaged as damaged:
            raise NeedsOperator(str(damaged)) from None

    def holdings(self, person: Person) -> Iterable[Holding]:
        """All that Kela holds of the person; raises `NeedsOperator` where a file is damaged: less than all is no answer."""
        try:
            held = holdings(self._folder, person.henkilotunnus)
        except Damaged as damaged:
            raise NeedsOperator(str(damaged)) from None
        return [Holding(FactId(one.fact), one.version, one.status, one.content) for one in held]

    def _put(self, henkilotunnus: str, put: Put) -> Answer:
        if put.kind not in KINDS.values():
            return Refuse("unknown-kind")
        rows = read_answers(self._folder, henkilotunnus)
        known = rows.get(put.fact)
        if known is not None and known.versio > put.version:
            return Done()
        link = read_links(self._folder, henkilotunnus).get(put.fact)
        own_row = put.own_row or (link.oma_rivi if link else None)
        try:
            write_answers(self._folder, henkilotunnus, {**rows, put.fact: _row(put, own_row)}.values())
        except OverflowError:
            return Refuse("moment-out-of-range")
        if own_row is not None:
            # After the row: should this be cut off, the same Put comes again and finds nothing that misleads it.
            write_link(self._folder, henkilotunnus, Link(own_row, put.fact, put.version))
        return Done()

    def _rebase(self, henkilotunnus: str, rebase: Rebase) -> Answer:
        rows = read_answers(self._folder, henkilotunnus)
        known = rows.get(rebase.fact)
        if known is None:
            is_own = rebase.fact in read_links(self._folder, henkilotunnus)
            return Done() if is_own else Refuse("not-held")
        if known.versio != rebase.version:
            return Done() if known.versio > rebase.version else Refuse("not-held")
        basis = rebase.basis
        rows[rebase.fact] = replace(
            known,
            saanto=basis.rule,
            luovuttajan_peruste=basis.discloser,
            saajan_peruste=basis.recipient,
            kayttotarkoitus=basis.purpose,
            tahdonilmaisu=basis.will,
        )
        write_answers(self._folder, henkilotunnus, rows.values())
        return Done()

    def _take_back(self, henkilotunnus: str, back: TakeBack) -> Answer:
        rows = read_answers(self._folder, henkilotunnus)
        known = rows.pop(back.fact, None)
        if known is not None and back.ask != "erase":
            rows[back.fact] = replace(known, paivitys=WRONG if back.ask == "error" else STOPPED)
        if known is not None:
            write_answers(self._folder, henkilotunnus, rows.values())
        return Erased() if back.ask == "erase" else Done()

    def _told(self, person: Person | None, told: Told) -> Answer:
        write_notice(
            self._folder,
            {
                "henkilotunnus": person.henkilotunnus if person else "",
                "koodi": told.code,
                "syy": told.reason,
                "viite": told.reference,
                "oma_rivi": told.row or "",
            },
        )
        return Done()


def _row(put: Put, own_row: str | None) -> AnswerRow:
    return AnswerRow(
        alkupera=put.fact,
        laji=put.kind,
        tietoryhma=put.category,
        kasittely=put.handling,
        versio=put.version,
        tila=put.status,
        omistaja=put.owner,
        saanto=put.basis.rule,
        luovuttajan_peruste=put.basis.discloser,
        saajan_peruste=put.basis.recipient,
        kayttotarkoitus=put.basis.purpose,
        tahdonilmaisu=put.basis.will,
        tiiviste=put.digest,
        suunnitelma=put.plan,
        lahete=put.referral,
        kohde=put.about,
        kohdeversio=put.about_version,
        alkaa=put.starts,
        paattyy=put.ends,
        oma_rivi=own_row,
        selkotiedot=put.clear,
        sisalto=put.content,
        paivitys=CURRENT,
    )
