"""Writes what arrives into the area's folder: facts as resources, notices as operation outcomes; twice is the same as once."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

from sauma.content import Identity
from sauma.ids import FactId
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
    Retry,
    TakeBack,
    Told,
)
from sauma_connectors.sdk.files import Damaged, remove_file
from sauma_connectors.welfare_area import folder, shared
from sauma_connectors.welfare_area.holdings import holdings
from sauma_connectors.welfare_area.links import Link, keep, link_of, links
from sauma_connectors.welfare_area.notices import notice
from sauma_connectors.welfare_area.shared import Received
from sauma_connectors.welfare_area.terms import Register
from sauma_connectors.welfare_area.validator import Unfit, read, render

OWN_LAW: Final = "TihL 906/2019 21 §"
"""On which paragraph a register keeps its own rows, whoever asks to erase them: how long records are kept is not the asker's to set."""


@dataclass(frozen=True, slots=True)
class WelfareAreaSink:
    """One register's incoming side of the area's folder. Its files are written for the owner alone."""

    register: Register
    root: Path

    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        """Write one arrival; a fact's version that is older than the one kept changes nothing."""
        try:
            return answer(self, person, arrival)
        except Unfit:
            return Retry("not-a-folder", self._incoming)

    def shared(self, person: Person, row: str, fact: FactId, version: int) -> None:
        """Remember which fact an own row is. Raises OSError: then nothing is remembered, and it must be said again."""
        known = link_of(self.root, self.register, row, fact)
        status = known.status if known is not None and known.version == version else None
        keep(self.root, self.register, Link(person.henkilotunnus, row, fact, version, status))

    def holdings(self, person: Person) -> Iterable[Holding]:
        """Everything held of the person, read back from the area's own files.

        A single file that cannot be read is not held, so that it is delivered anew. Raises Damaged where a whole folder
        cannot be read: less than all would be no answer.
        """
        try:
            return holdings(self.root, self.register, person.henkilotunnus)
        except Unfit as error:
            raise Damaged(error.fault.detail, file=self._incoming) from None

    def put(self, person: Person, put: Put) -> Answer:
        """Write the fact's resource; where it is an own row, its link too."""
        if isinstance(put.content, Identity) and put.content.henkilotunnus != person.henkilotunnus:
            return Refuse("identity-of-another-person")
        kept = shared.find(self.root, self.register, put.fact)
        if kept is not None and kept.version > put.version:
            return Done()
        if put.own_row is not None:
            self._link(person, put, put.own_row)
        received = _received(person, put)
        if put.own_row is None or put.content is not None:
            answer = self._write(received)
            if answer is not None:
                return answer
        self._remove_others(received)
        return Done()

    def rebase(self, person: Person, rebase: Rebase) -> Answer:  # noqa: ARG002 - a fact is found by its id
        """Note the new ground in the fact's resource."""
        kept = shared.find(self.root, self.register, rebase.fact)
        if kept is not None and kept.version == rebase.version:
            return self._write(replace(kept, basis=rebase.basis)) or Done()
        return Done()

    def take_back(self, person: Person, back: TakeBack) -> Answer:  # noqa: ARG002 - as above
        """Remove the fact's resource, or note that it is no longer updated or an error; its link ends."""
        own = [link for link in links(self.root, self.register) if link.fact == back.fact]
        for link in own:
            if not link.is_ended:
                # An own item that a move passed on, say: the row stays as it is, and speaks for the fact no more.
                keep(self.root, self.register, replace(link, is_ended=True))
        if back.ask == "erase":
            for resource_type in shared.TYPES:
                remove_file(shared.place(self.root, self.register, back.fact, resource_type))
            return Kept(OWN_LAW) if own else Erased()
        updates = "error" if back.ask == "error" else "stopped"
        kept = shared.find(self.root, self.register, back.fact)
        if kept is not None and kept.updates != "error":
            return self._write(replace(kept, updates=updates)) or Done()
        return Done()

    def tell(self, person: Person | None, told: Told) -> None:
        """Write the notice as an operation outcome."""
        outcome = notice(self.root, self.register, person.henkilotunnus if person else None, told)
        folder.save(self.root, self.root / folder.INCOMING / "OperationOutcome" / f"{outcome.id}.json", render(outcome))

    @property
    def _incoming(self) -> str:
        return f"{folder.INCOMING}/{self.register.name}"

    def _link(self, person: Person, put: Put, row: str) -> None:
        """An own fact whose version was made elsewhere: the link takes the version and the status that it has there."""
        known = link_of(self.root, self.register, row, put.fact)
        if known is None or known.version <= put.version:
            link = Link(person.henkilotunnus, row, put.fact, put.version, put.status)
            keep(self.root, self.register, link)

    def _write(self, received: Received) -> Answer | None:
        """Write a fact; the refusal where it could not be read back as it is."""
        resource = shared.to_resource(received, self.register, shared.name_of(self.root, received.fact))
        try:
            data = render(resource)
            read_back = shared.from_resource(read(data), self.register)
        except (Unfit, UnicodeEncodeError):
            return Refuse("not-writable-as-fhir")
        if read_back != received:
            return Refuse("not-writable-as-fhir")
        folder.save(self.root, shared.place(self.root, self.register, received.fact, resource.resource_type), data)
        return None

    def _remove_others(self, received: Received) -> None:
        """A fact is kept in one resource; should a new version need another type, the old one goes."""
        for resource_type in shared.TYPES:
            if resource_type != shared.resource_type_of(received):
                remove_file(shared.place(self.root, self.register, received.fact, resource_type))


def _received(person: Person, put: Put) -> Received:
    return Received(
        person=person.henkilotunnus,
        fact=put.fact,
        kind=put.kind,
        category=put.category,
        handling=put.handling,
        version=put.version,
        status=put.status,
        owner=put.owner,
        basis=put.basis,
        digest=put.digest,
        content=put.content,
        clear=tuple(sorted(put.clear.items())),
        plan=put.plan,
        referral=put.referral,
        about=put.about,
        about_version=put.about_version,
        starts=put.starts,
        ends=put.ends,
    )
