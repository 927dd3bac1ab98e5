"""Writes what arrives into Kela's answer files, idempotently by fact and version; the router's words become Kela's columns."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from sauma.ids import FactId
from sauma_connectors.kela.answers import CURRENT, STOPPED, WRONG, AnswerRow, read_answers, write_answers
from sauma_connectors.kela.codes import KINDS
from sauma_connectors.kela.holdings import holdings
from sauma_connectors.kela.links import Link, read_links, write_link
from sauma_connectors.kela.notices import write_notice
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

OWN_LAW: Final = "TihL 906/2019 21 §"
"""On which paragraph Kela keeps its own rows, whoever asks to erase them: how long records are kept is for the authority to set."""


class KelaSink:
    """Kela's answer files in one folder. One process at a time writes them."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        """Write one arrival; `Retry` where a file is damaged or the disk will not take it, and then nothing was changed."""
        return answer(self, person, arrival)

    def shared(self, person: Person, row: str, fact: FactId, version: int) -> None:
        """Remember that an own row is this fact; raises `Damaged` where the client's file of links is, and OSError."""
        known = read_links(self._folder, person.henkilotunnus).get(fact)
        if known is None or known.versio < version:
            write_link(self._folder, person.henkilotunnus, Link(row, fact, version))

    def holdings(self, person: Person) -> Iterable[Holding]:
        """All that Kela holds of the person; raises `Damaged` where a file is: less than all is no answer."""
        return holdings(self._folder, person.henkilotunnus)

    def put(self, person: Person, put: Put) -> Answer:
        """Write the fact's row, and the link where it is a row of Kela's own."""
        henkilotunnus = person.henkilotunnus
        if put.kind not in KINDS.values():
            return Refuse("unknown-kind")
        rows = read_answers(self._folder, henkilotunnus)
        known = rows.get(put.fact)
        if known is not None and known.versio > put.version:
            return Done()
        link = read_links(self._folder, henkilotunnus).get(put.fact)
        own_row = put.own_row or (link.oma_rivi if link else None)
        write_answers(self._folder, henkilotunnus, {**rows, put.fact: _row(put, own_row)}.values())
        if own_row is not None:
            # After the row: should this be cut off, the same Put comes again and finds nothing that misleads it.
            write_link(self._folder, henkilotunnus, Link(own_row, put.fact, put.version))
        return Done()

    def rebase(self, person: Person, rebase: Rebase) -> Answer:
        """Note the new ground in the fact's row; an own row without one needs none."""
        henkilotunnus = person.henkilotunnus
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

    def take_back(self, person: Person, back: TakeBack) -> Answer:
        """Take the fact's row out, or mark it as no longer updated or wrong; a row of Kela's own stays, and its link says so."""
        henkilotunnus = person.henkilotunnus
        rows = read_answers(self._folder, henkilotunnus)
        known = rows.pop(back.fact, None)
        paivitys = WRONG if back.ask == "error" else STOPPED
        link = read_links(self._folder, henkilotunnus).get(back.fact)
        if link is None and known is not None and known.oma_rivi is not None:
            link = Link(known.oma_rivi, back.fact, known.versio)
        if link is not None:
            # Before the row goes: after a cut in between, nothing else would tell that the fact is Kela's own.
            write_link(self._folder, henkilotunnus, replace(link, paivitys=paivitys))
        if known is not None and back.ask != "erase":
            rows[back.fact] = replace(known, paivitys=paivitys)
        if known is not None:
            write_answers(self._folder, henkilotunnus, rows.values())
        if back.ask != "erase":
            return Done()
        return Erased() if link is None else Kept(OWN_LAW)

    def tell(self, person: Person | None, told: Told) -> None:
        """Add the notice to the clerk's table."""
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
