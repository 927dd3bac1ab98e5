"""Writes what arrives into the register's inbox, each fact with its origin and its ground; decides nothing about rights."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Final

from sauma.delivery import Basis
from sauma.ids import FactId
from sauma_connectors.employment_area.codes import ERRONEOUS, HANDLING, IN_FORCE, KINDS, NO_LONGER_UPDATED, code_of
from sauma_connectors.employment_area.contents import CONTENTS, join_list
from sauma_connectors.employment_area.holdings import held
from sauma_connectors.employment_area.inbox import ClientInbox, Inbox, can_be_kept
from sauma_connectors.employment_area.wire import ReceivedRow
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
from sauma_connectors.sdk.moments import text_of

OWN_LAW: Final = "JTPL 380/2023 122 §"
"""On which paragraph the register keeps its own rows, whoever asks it to erase them."""


class EmploymentSink:
    """The way into the register. One instance a folder: it does not lock."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._inbox = Inbox(folder)

    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        """Write one arrival; the key of every effect is the fact and its version, of a notice the notice itself."""
        return answer(self, person, arrival)

    def shared(self, person: Person, row: str, fact: FactId, version: int) -> None:
        """Remember the link of an own row; the same one twice has no effect. Raises OSError."""
        client = self._inbox.to_write(person.henkilotunnus)
        known = client.link(fact)
        if known is None or (known.oma_rivi, known.versio) != (row, str(version)):
            client.keep_link(own_row=row, fact=fact, version=version, status="", tilanne=IN_FORCE, may_go_back=True)

    def holdings(self, person: Person) -> Iterable[Holding]:
        """What the register's own files hold of the client."""
        for fact in held(self._folder, person.henkilotunnus):
            yield Holding(FactId(fact.fact), fact.version, fact.status, fact.content)

    def put(self, person: Person, put: Put) -> Answer:
        """Write the fact's file, and the link where it is a row of the register's own."""
        if not can_be_kept(put.fact):
            return Refuse("malformed-fact-id")
        if put.kind not in KINDS.values() or put.handling not in HANDLING.values():
            return Refuse("unknown-code")
        row = _received(person, put)
        client = self._inbox.to_write(person.henkilotunnus)
        known, link = client.received(put.fact), client.link(put.fact)
        if any(int(older.versio) > put.version for older in (known, link) if older is not None):
            return Done()
        client.keep(row)
        own_row = put.own_row or (link.oma_rivi if link is not None else None)
        if own_row is not None:
            client.keep_link(own_row=own_row, fact=put.fact, version=put.version, status=put.status, tilanne=IN_FORCE)
        return Done()

    def rebase(self, person: Person, rebase: Rebase) -> Answer:
        """Note the new ground in the fact's file."""
        client = self._inbox.to_write(person.henkilotunnus)
        known = client.received(rebase.fact)
        if known is not None and int(known.versio) == rebase.version:
            client.keep(ReceivedRow.of_cells({**known.cells(), **_basis(rebase.basis)}))
        return Done()

    def take_back(self, person: Person, back: TakeBack) -> Answer:
        """Remove the fact's file, or note what became of the right; an own row stays, and its link says so."""
        client = self._inbox.to_write(person.henkilotunnus)
        known = client.received(back.fact)
        if back.ask == "erase":
            return self._erase(person, back, client, known)
        tilanne = ERRONEOUS if back.ask == "error" else NO_LONGER_UPDATED
        client.mark_link(back.fact, tilanne)
        if known is not None:
            client.keep(replace(known, tilanne=tilanne, syy=back.reason))
        return Done()

    def tell(self, person: Person | None, told: Told) -> None:
        """Add the notice to the clerk's table."""
        self._inbox.tell(
            henkilotunnus=person.henkilotunnus if person is not None else "",
            koodi=told.code,
            syy=told.reason,
            viite=told.reference,
            oma_rivi=told.row or "",
        )

    def _erase(self, person: Person, back: TakeBack, client: ClientInbox, known: ReceivedRow | None) -> Answer:
        if known is not None:
            # Before the file goes: after a crash in between, the notice would otherwise never be written.
            self._inbox.tell(
                henkilotunnus=person.henkilotunnus,
                koodi="erased",
                syy=back.reason,
                viite=back.fact,
                oma_rivi=known.oma_rivi,
            )
        client.erase(back.fact)
        return Kept(OWN_LAW) if client.mark_link(back.fact, NO_LONGER_UPDATED) else Erased()


def _received(person: Person, put: Put) -> ReceivedRow:
    return ReceivedRow(
        tieto=put.fact,
        henkilotunnus=person.henkilotunnus,
        tietolaji=code_of(KINDS, put.kind),
        luokka=str(put.category),
        kasittelyluokka=code_of(HANDLING, put.handling),
        versio=str(put.version),
        tila=put.status,
        rekisterinpitaja=put.owner,
        tiiviste=put.digest.hex(),
        suunnitelma=put.plan or "",
        lahete=put.referral or "",
        koskee=put.about or "",
        koskee_versio=str(put.about_version),
        alkaa=text_of(put.starts),
        paattyy=text_of(put.ends),
        oma_rivi=put.own_row or "",
        avotiedot=join_list(f"{name}={put.clear[name]}" for name in sorted(put.clear)),
        sisalto=CONTENTS.code(put.content) if put.content is not None else "",
        tiedot=CONTENTS.write(put.content) if put.content is not None else {},
        **_basis(put.basis),
    )


def _basis(basis: Basis) -> dict[str, str]:
    return {
        "saanto": basis.rule,
        "luovutusperuste": basis.discloser,
        "vastaanottoperuste": basis.recipient,
        "kayttotarkoitus": basis.purpose,
        "tahdonilmaisu": basis.will or "",
    }
