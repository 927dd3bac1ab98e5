"""A simulated employment area: its clerks' acts, written as its client information system would export them.

It knows its own tables and its own inbox, and nothing of how they travel. Time is told to it. Row keys count up in each
table, so that the same acts in the same order write the same bytes.
"""

from collections.abc import Iterable, Sequence

from sauma.content import (
    Background,
    ClientRelationship,
    Contact,
    Referral,
    ServiceNeed,
)
from sauma.fact import Moment
from sauma_connectors.employment_area.codes import (
    CLIENT_CHANGES,
    IN_FORCE,
    KINDS,
    NO,
    REFERRAL_MADE,
    REFERRAL_STEPS,
    RELATIONSHIP_STEPS,
    ROLES,
    WILL_GIVEN,
    WILL_WITHDRAWN,
    YES,
    code_of,
)
from sauma_connectors.employment_area.contents import CONTENTS, join_list
from sauma_connectors.employment_area.holdings import Held, held, received_content
from sauma_connectors.employment_area.inbox import facts_in
from sauma_connectors.employment_area.simulated_plan import PlanActs
from sauma_connectors.employment_area.wire import (
    EXPORT,
    BackgroundRow,
    ChangeRow,
    ClientRow,
    ContactRow,
    DealingsRow,
    NoticeRow,
    ReferralRow,
    RelationshipRow,
    ServiceNeedRow,
    WillRow,
)
from sauma_connectors.sdk.moments import text_of
from sauma_connectors.sdk.received import Received


class SimulatedEmploymentArea(PlanActs):
    """The register of one employment area. Every act answers with the key of the row that it wrote."""

    def client(self, hetu: str, *, family_name: str, given_names: str, at: Moment, opens: bool = False) -> str:
        """A client comes into the register; `opens` where this register tells the others who the client is."""
        key = self.key_of_client(ClientRow, hetu)
        row = ClientRow(
            rivi=key,
            henkilotunnus=hetu,
            kirjattu=text_of(at),
            sukunimi=family_name,
            etunimet=given_names,
            avattu=YES if opens else NO,
        )
        return self.stand(row, at)

    def contact(
        self,
        hetu: str,
        *,
        street_address: str,
        postal_code: str,
        town: str,
        telephone: str,
        language: str,
        at: Moment,
        necessary_for: Iterable[str] = (),
    ) -> str:
        """The client's contact details."""
        content = Contact(street_address, postal_code, town, telephone, language)
        return self.single(ContactRow, hetu, content, at, necessary_for=necessary_for)

    def dealings(
        self, hetu: str, *, dealings: str, special_arrangements: str, at: Moment, necessary_for: Iterable[str] = ()
    ) -> str:
        """The client's dealings with the area, and special arrangements."""
        content = ClientRelationship(dealings, special_arrangements)
        return self.single(DealingsRow, hetu, content, at, necessary_for=necessary_for)

    def background(
        self,
        hetu: str,
        *,
        education: str,
        work_history: str,
        skills: str,
        at: Moment,
        necessary_for: Iterable[str] = (),
    ) -> str:
        """Education, work history and skills; a second time changes the same row."""
        content = Background(education, work_history, skills)
        return self.single(BackgroundRow, hetu, content, at, necessary_for=necessary_for)

    def service_need(
        self,
        hetu: str,
        *,
        need: str,
        grounds: str,
        at: Moment,
        necessary_for: Iterable[str] = (),
        affects: bool = True,
    ) -> str:
        """What the client needs; `affects`: a professional decided that it affects employment."""
        content = ServiceNeed(need, grounds)
        return self.single(ServiceNeedRow, hetu, content, at, necessary_for=necessary_for, affects=affects)

    def moved(self, hetu: str, municipality: str, at: Moment) -> str:
        """The client moved to another municipality."""
        return self._client_change(hetu, "moved", at, municipality=municipality)

    def died(self, hetu: str, at: Moment) -> str:
        """The client died."""
        return self._client_change(hetu, "died", at)

    def non_disclosure(self, hetu: str, at: Moment, *, until: Moment | None = None) -> str:
        """An order for non-disclosure was recorded."""
        return self._client_change(hetu, "non-disclosure", at, until=until)

    def non_disclosure_lifted(self, hetu: str, at: Moment) -> str:
        """The order for non-disclosure that this area recorded came to its end."""
        return self._client_change(hetu, "non-disclosure-lifted", at)

    # --- referrals and the relationship

    def own_referral(
        self,
        hetu: str,
        *,
        names: tuple[str, str],
        municipality: str,
        to_role: str,
        service: str,
        grounds: str,
        contact: str,
        at: Moment,
    ) -> str:
        """Refer a client; `names`: family name, given names. Answers with the referral's key."""
        family_name, given_names = names
        self.client(hetu, family_name=family_name, given_names=given_names, at=at)
        return self.add(
            ReferralRow(
                rivi=self.new_key(ReferralRow),
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                vaihe=REFERRAL_MADE,
                kohde=code_of(ROLES, to_role),
                kuntakoodi=municipality,
                tiedot=CONTENTS.write(Referral(service, grounds, contact)),
            )
        )

    def answer_referral(self, hetu: str, referral: str, step: str, at: Moment, *, reason: str = "") -> str:
        """A step on a received referral, by its shared id; on an own one (cancelled), by its key."""
        is_own = any(row.rivi == referral for row in self.rows(ReferralRow))
        return self.add(
            ReferralRow(
                rivi=self.new_key(ReferralRow),
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                vaihe=code_of(REFERRAL_STEPS, step),
                lahete="" if is_own else referral,
                oma_lahete=referral if is_own else "",
                syy=reason,
            )
        )

    def relationship(
        self, hetu: str, step: str, at: Moment, *, evidence: str | None = None, on_behalf_of: str | None = None
    ) -> str:
        """A step of the relationship of multi-sector support."""
        return self.add(
            RelationshipRow(
                rivi=self.new_key(RelationshipRow),
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                vaihe=code_of(RELATIONSHIP_STEPS, step),
                asiakirjaviite=evidence or "",
                puolesta=on_behalf_of or "",
            )
        )

    # --- the client's will

    def consent(
        self,
        hetu: str,
        key: str,
        *,
        recipients: Sequence[str],
        evidence: str,
        at: Moment,
        facts: Sequence[str] = (),
        kinds: Sequence[str] = (),
        rows: Sequence[str] = (),
        valid_until: Moment | None = None,
    ) -> str:
        """The client consents: to whom, to which facts, own rows or kinds; `evidence` names the paper in the archive."""
        return self.add(
            WillRow(
                rivi=key,
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                laji="suostumus",
                tapahtuma=WILL_GIVEN,
                saajat=join_list(code_of(ROLES, to) if to in ROLES.values() else to for to in recipients),
                tiedot_nimetyt=join_list(facts),
                rivit=join_list(rows),
                tietolajit=join_list(code_of(KINDS, kind) for kind in kinds),
                voimassa_asti=text_of(valid_until),
                asiakirjaviite=evidence,
            )
        )

    def withdraw(self, hetu: str, will: str, at: Moment) -> str:
        """The client withdraws a consent: an own one by its key, another's by its shared id."""
        is_own = any(row.rivi == will for row in self.rows(WillRow))
        return self.add(
            WillRow(
                rivi=self.new_key(WillRow),
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                laji="suostumus",
                tapahtuma=WILL_WITHDRAWN,
                oma_tahdonilmaisu=will if is_own else "",
                jaettu_tahdonilmaisu="" if is_own else will,
            )
        )

    # --- what the clerk sees

    def received(self, hetu: str, kind: str | None = None) -> list[Received]:
        """What arrived about the client and is kept up to date, in order of id; of one kind, or of all."""
        return [
            Received(
                fact=row.tieto,
                version=int(row.versio),
                status=row.tila,
                kind=KINDS[row.tietolaji],
                digest=bytes.fromhex(row.tiiviste),
                plan=row.suunnitelma or None,
                referral=row.lahete or None,
                about=row.koskee or None,
                about_version=int(row.koskee_versio),
                owner=row.rekisterinpitaja,
                rule=row.saanto,
                will=row.tahdonilmaisu or None,
                content=received_content(row),
            )
            for row in facts_in(self.inbox.to_read(hetu), IN_FORCE)
            if kind in (None, KINDS[row.tietolaji])
        ]

    def holdings(self, hetu: str) -> list[Held]:
        """Everything that the register holds of the client and shares or was given."""
        return held(self.folder, hetu)

    def link(self, hetu: str, row: str) -> tuple[str, int] | None:
        """The shared id and version of an own row, once it has one."""
        links = self.inbox.to_read(hetu).links()
        return next(((link.tieto, int(link.versio)) for link in links if link.oma_rivi == row), None)

    def notices(self, hetu: str | None = None) -> list[NoticeRow]:
        """What a clerk has been told to look at, oldest first; of one client, or of all."""
        return [notice for notice in self.inbox.notices() if hetu in (None, notice.henkilotunnus)]

    def write_line(self, table: str, line: str) -> None:
        """Put a line into an export table just as it is, as a fault in the system would."""
        self.append(self.folder / EXPORT / table, f"{line}\r\n".encode())

    def _client_change(
        self, hetu: str, change: str, at: Moment, *, municipality: str = "", until: Moment | None = None
    ) -> str:
        return self.add(
            ChangeRow(
                rivi=self.new_key(ChangeRow),
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                muutos=code_of(CLIENT_CHANGES, change),
                kuntakoodi=municipality,
                voimassa_asti=text_of(until),
            )
        )
