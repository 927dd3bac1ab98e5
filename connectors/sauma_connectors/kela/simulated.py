"""A Kela that keeps its own records and does what its clerks do; it knows its own files only, and no other agency.

Each act writes the complete list anew. Times are given, nothing is drawn at random: the same acts make the same lists.
"""

from collections.abc import Iterable
from itertools import count
from pathlib import Path

from sauma.content import Capacity, Content, PlanItem, Referral, ServiceNeed
from sauma.fact import Moment
from sauma_connectors.kela import codes, wire
from sauma_connectors.kela.answers import CURRENT, AnswerRow, read_answers
from sauma_connectors.kela.contents import CONTENTS, to_any_cells
from sauma_connectors.kela.holdings import holdings
from sauma_connectors.kela.links import Link, read_links
from sauma_connectors.kela.notices import read_notices
from sauma_connectors.sdk.contract import Holding
from sauma_connectors.sdk.files import Fault, make_folder
from sauma_connectors.sdk.moments import text_of
from sauma_connectors.sdk.received import Received
from sauma_connectors.sdk.tables import read_table, write_table


class SimulatedKela:
    """One folder with Kela's nine lists. One process at a time acts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        make_folder(folder)
        for name in wire.LISTS:
            if not self._path(name).exists():
                self._write(name, [])

    # --- what clerks do -------------------------------------------------------------------------------------------

    def refer(
        self,
        hetu: str,
        *,
        family_name: str,
        given_names: str,
        municipality: str,
        to_role: str,
        service: str,
        grounds: str,
        contact_person: str,
        at: Moment,
        row: str,
    ) -> str:
        """Refer a client to a role; returns the row's key in the register, as every act does."""
        names = {"sukunimi": family_name, "etunimet": given_names, "kuntanumero": municipality}
        asked = CONTENTS.write(Referral(service, grounds, contact_person))
        return self._add("lahetteet", hetu, at, row, {"kohde": codes.code_of(codes.ROLES, to_role), **names, **asked})

    def capacity(
        self,
        hetu: str,
        *,
        conclusion: str,
        limits: str,
        valid_until: str,
        necessary_for: Iterable[str] = (),
        affects: bool = False,
        at: Moment,
        row: str,
    ) -> str:
        """Record a conclusion about capacity; the same row again is a changed one, and its marks are made at `at`."""
        marks = _marks(necessary_for, at, affects=affects)
        return self._add(
            "toimintakyky", hetu, at, row, {**marks, **CONTENTS.write(Capacity(conclusion, limits, valid_until))}
        )

    def plan_item(
        self,
        hetu: str,
        *,
        plan_id: str,
        service_code: str,
        service: str,
        goal: str,
        place: str,
        schedule: str,
        necessary_for: Iterable[str] = (),
        affects: bool = False,
        starts: Moment | None = None,
        ends: Moment | None = None,
        at: Moment,
        row: str,
    ) -> str:
        """Put a service of Kela's vocational rehabilitation into the plan, or change it."""
        cells = {
            "suunnitelma": plan_id,
            "alkaa": text_of(starts),
            "paattyy": text_of(ends),
            **_marks(necessary_for, at, affects=affects),
            **CONTENTS.write(PlanItem(service_code, service, goal, place, schedule)),
        }
        return self._add("kuntoutus", hetu, at, row, cells)

    def service_need(
        self,
        hetu: str,
        *,
        need: str,
        grounds: str,
        necessary_for: Iterable[str] = (),
        affects: bool = False,
        at: Moment,
        row: str,
    ) -> str:
        """Record what the client needs, or change it."""
        marks = _marks(necessary_for, at, affects=affects)
        return self._add("palvelutarve", hetu, at, row, {**marks, **CONTENTS.write(ServiceNeed(need, grounds))})

    def mark(self, key: str, *, necessary_for: Iterable[str], affects: bool, at: Moment) -> str:
        """Decide anew for whom an own row is necessary; its content stays. `key` is what the act that made it returned."""
        return self._change(key, at, _marks(necessary_for, at, affects=affects, only_marks=True))

    def close(self, key: str, *, at: Moment) -> str:
        """End an own row of a list that stands; it stays in the list as ended."""
        return self._change(key, at, {"tila": "paattynyt"})

    def remove(self, key: str) -> None:
        """Take an own row out of its list."""
        name, own = key.split("/", 1)
        self._write(name, [row for row in self._read(name) if row["rivitunnus"] != own])

    def confirm(self, hetu: str, *, fact: str, version: int, digest: bytes, at: Moment, row: str | None = None) -> str:
        """Confirm a joint fact as it was delivered."""
        cells = {"tieto": fact, "versio": str(version), "tiiviste": digest.hex()}
        return self._add("suunnitelman_vahvistukset", hetu, at, row, cells)

    def propose(
        self,
        hetu: str,
        *,
        about: str,
        about_version: int,
        content: Content,
        category: int = 7,
        at: Moment,
        row: str | None = None,
    ) -> str:
        """Propose a change to another's item, on the version that Kela holds."""
        cells = {
            "kohde": about,
            "kohdeversio": str(about_version),
            "tietoryhma": str(category),
            **to_any_cells(content),
        }
        return self._add("ehdotukset", hetu, at, row, cells)

    def accept(self, hetu: str, proposal: str, *, at: Moment, row: str | None = None) -> str:
        """Accept a proposal to an own row, which reads as proposed from now on, also where it has changed meanwhile."""
        made = self._delivered(hetu, proposal)
        item = self._own_item(hetu, made)
        if made.sisalto is None:
            raise LookupError("the proposal was delivered without content")
        self._change(item.oma_rivi, at, CONTENTS.write(made.sisalto))
        return self._answer(hetu, "accept", proposal, item, made.sisalto, at, row)

    def decline(self, hetu: str, proposal: str, *, at: Moment, row: str | None = None) -> str:
        """Decline a proposal to an own row."""
        item = self._own_item(hetu, self._delivered(hetu, proposal))
        return self._answer(hetu, "decline", proposal, item, None, at, row)

    def settle(self, hetu: str, conflict: str, content: Content, *, at: Moment, row: str | None = None) -> str:
        """Settle a conflict about an own row: how it reads from now on."""
        item = self._own_item(hetu, self._delivered(hetu, conflict))
        self._change(item.oma_rivi, at, CONTENTS.write(content))
        return self._answer(hetu, "settle", conflict, item, content, at, row)

    def relationship(
        self,
        hetu: str,
        step: str,
        *,
        at: Moment,
        evidence: str = "",
        on_behalf_of: str = "",
        row: str | None = None,
    ) -> str:
        """Take a step of the client relationship: taking-part, end-confirmed ..."""
        cells = {"vaihe": codes.code_of(codes.STEPS, step), "asiakirja": evidence, "puolesta": on_behalf_of}
        return self._add("yhteistyo", hetu, at, row, cells)

    def moved(self, hetu: str, municipality: str, *, at: Moment, row: str | None = None) -> str:
        """Record that the client has moved."""
        return self._changed(hetu, "moved", at, row, municipality=municipality)

    def died(self, hetu: str, *, at: Moment, row: str | None = None) -> str:
        """Record that the client has died."""
        return self._changed(hetu, "died", at, row)

    # --- what clerks see ------------------------------------------------------------------------------------------

    def received(self, hetu: str, kind: str) -> list[Received]:
        """The facts of a kind (`plan-item`, `approval` ...) that were delivered and are kept up to date, oldest first."""
        return [
            Received(
                fact=row.alkupera,
                version=row.versio,
                status=row.tila,
                kind=row.laji,
                digest=row.tiiviste,
                plan=row.suunnitelma,
                referral=row.lahete,
                about=row.kohde,
                about_version=row.kohdeversio,
                owner=row.omistaja,
                rule=row.saanto,
                will=row.tahdonilmaisu,
                content=row.sisalto,
            )
            for row in read_answers(self._folder, hetu).values()
            if row.laji == kind and row.paivitys == CURRENT
        ]

    def has_referred(self, hetu: str) -> bool:
        """Whether a referral of this client was ever recorded here."""
        return any(row["henkilotunnus"] == hetu for row in self._read("lahetteet"))

    def holdings(self, hetu: str) -> list[Holding]:
        """Everything that Kela holds about the client: (fact, version, status, content)."""
        return holdings(self._folder, hetu)

    def shared(self, hetu: str) -> list[Link]:
        """Which own rows have become which shared facts: (oma_rivi, alkupera, versio)."""
        return list(read_links(self._folder, hetu).values())

    def notices(self) -> list[dict[str, str]]:
        """What the clerk was told, oldest first."""
        return read_notices(self._folder)

    # --- the lists ------------------------------------------------------------------------------------------------

    def _delivered(self, hetu: str, fact: str) -> AnswerRow:
        row = read_answers(self._folder, hetu).get(fact)
        if row is None:
            raise LookupError("no such fact was delivered about this client")
        return row

    def _own_item(self, hetu: str, answered: AnswerRow) -> Link:
        link = read_links(self._folder, hetu).get(answered.kohde or "")
        if link is None:
            raise LookupError("it is not about a row of Kela's own")
        return link

    def _answer(
        self, hetu: str, step: str, answered: str, item: Link, content: Content | None, at: Moment, row: str | None
    ) -> str:
        cells = {"vastaus": codes.code_of(codes.ANSWERS, step), "ehdotus": answered, "oma_rivi": item.oma_rivi}
        return self._add("vastaukset", hetu, at, row, {**cells, **to_any_cells(content)})

    def _changed(self, hetu: str, change: str, at: Moment, row: str | None, *, municipality: str = "") -> str:
        cells = {"muutos": codes.code_of(codes.CHANGES, change), "kuntanumero": municipality, "voimassa_saakka": ""}
        return self._add("muutokset", hetu, at, row, cells)

    def _add(self, name: str, hetu: str, at: Moment, row: str | None, cells: dict[str, str]) -> str:
        """Add a row, or write over the one with the same key; without a key it gets the list's next number."""
        rows = {known["rivitunnus"]: known for known in self._read(name)}
        own = row or next(free for number in count(len(rows) + 1) if (free := f"{number:06}") not in rows)
        rows[own] = {"rivitunnus": own, "henkilotunnus": hetu, "kirjattu": text_of(at), **cells}
        self._write(name, list(rows.values()))
        return wire.row_key(name, own)

    def _change(self, key: str, at: Moment, cells: dict[str, str]) -> str:
        name, own = key.split("/", 1)
        rows = self._read(name)
        if own not in (row["rivitunnus"] for row in rows):
            raise LookupError("there is no such row")
        changed = {"kirjattu": text_of(at), **cells}
        self._write(name, [{**row, **changed} if row["rivitunnus"] == own else row for row in rows])
        return key

    def _path(self, name: str) -> Path:
        return self._folder / f"{name}.csv"

    def _read(self, name: str) -> list[dict[str, str]]:
        rows: list[dict[str, str]] = []
        for row in read_table(self._path(name), wire.LISTS[name], trailer=wire.TRAILER).rows:
            if isinstance(row, Fault):
                raise LookupError(f"the list has been damaged: {row.detail}")
            rows.append(dict(row.cells))
        return rows

    def _write(self, name: str, rows: list[dict[str, str]]) -> None:
        write_table(self._path(name), wire.LISTS[name], rows, trailer=wire.TRAILER)


def _marks(necessary_for: Iterable[str], at: Moment, *, affects: bool, only_marks: bool = False) -> dict[str, str]:
    moment = text_of(at)
    roles = " ".join(codes.code_of(codes.ROLES, role) for role in necessary_for)
    marks = {
        "tarpeellinen": roles,
        "tarpeellisuus_kirjattu": moment if roles else "",
        "vaikutus_kirjattu": moment if affects else "",
    }
    return marks if only_marks else {"tila": "voimassa", **marks}
