"""The acts of clerks in one register of a simulated welfare area, as its client or patient system would export them in FHIR."""

import base64
from collections.abc import Iterable, Sequence

from sauma.content import Capacity, Contact, Content, Goal, HealthNote, Identity, PlanItem, Referral, SocialSituation
from sauma.fact import Moment
from sauma_connectors.sdk.contract import Holding
from sauma_connectors.sdk.moments import text_of
from sauma_connectors.welfare_area.contents import coded, patient_elements
from sauma_connectors.welfare_area.holdings import holdings
from sauma_connectors.welfare_area.links import links
from sauma_connectors.welfare_area.shared import Received, everything
from sauma_connectors.welfare_area.simulated_export import Export
from sauma_connectors.welfare_area.tasks import REFERRAL_STEP
from sauma_connectors.welfare_area.terms import (
    MUNICIPALITY,
    MUNICIPALITY_URL,
    SECURITY_LABEL,
    TURVAKIELTO,
)
from sauma_connectors.welfare_area.wire import Coding, Extension, Reference

_TASK_STATUS = {step: status for status, step in REFERRAL_STEP.items()}


class SimulatedRegister(Export):
    """The acts in one register. Every act answers with the key of the row that it wrote, for example `Observation/capacity-1`.

    `row` is such a key, or its part after the slash; the same row again is a changed one. Without it, the key is made of
    the act, the client's own running number and the time. Without `necessary_for`, a changed row keeps its marks.
    """

    # --- the client -----------------------------------------------------------------------------------------------

    def client(
        self, hetu: str, *, family_name: str, given_names: str, municipality: str | None = None, at: Moment
    ) -> str:
        """A client comes into the register."""
        elements = patient_elements(Identity(hetu, family_name, given_names))
        extension = [e for e in self.patient(hetu, at).extension if e.url != MUNICIPALITY_URL]
        if municipality is not None:
            home = Coding(system=f"{MUNICIPALITY}.2003", code=municipality)
            extension.append(Extension(url=MUNICIPALITY_URL, value_coding=home))
        return self.change_patient(hetu, at, **elements, extension=extension)

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
        """How to reach the client; told to others only where it is necessary for somebody."""
        elements = patient_elements(Contact(street_address, postal_code, town, telephone, language))
        kept = [e for e in self.patient(hetu, at).extension if e.url != self.terms.extension("necessary-for")]
        return self.change_patient(hetu, at, **elements, extension=[*kept, *self.marks(necessary_for, at)])

    def non_disclosure(self, hetu: str, until: Moment | None, at: Moment) -> str:
        """An order for non-disclosure (turvakielto) was recorded."""
        extension = [Extension(url=self.terms.extension("non-disclosure-recorded"), value_instant=text_of(at))]
        if until is not None:
            url = self.terms.extension("non-disclosure-until")
            extension.append(Extension(url=url, value_instant=text_of(until)))
        label = Coding(system=SECURITY_LABEL, code=TURVAKIELTO, extension=extension)
        lifted = self.terms.extension("non-disclosure-lifted")
        kept = [e for e in self.patient(hetu, at).extension if e.url != lifted]
        return self.change_patient(hetu, at, extension=kept, security=[label])

    def non_disclosure_lifted(self, hetu: str, at: Moment) -> str:
        """The order that this register recorded came to its end."""
        lifted = Extension(url=self.terms.extension("non-disclosure-lifted"), value_instant=text_of(at))
        kept = [e for e in self.patient(hetu, at).extension if e.url != lifted.url]
        return self.change_patient(hetu, at, extension=[*kept, lifted], security=[])

    def died(self, hetu: str, at: Moment) -> str:
        """The client died."""
        return self.change_patient(hetu, at, deceased_boolean=True)

    # --- what professionals record --------------------------------------------------------------------------------

    def social_situation(
        self, hetu: str, summary: str, *, at: Moment, necessary_for: Iterable[str] | None = None, affects: bool = False,
        row: str | None = None,
    ) -> str:  # fmt: skip
        """The social situation, as far as it bears on employment."""
        content = SocialSituation(summary)
        return self.record(hetu, content, at, necessary_for=necessary_for, affects=affects, row=row)

    def capacity(
        self,
        hetu: str,
        conclusion: str,
        limits: str,
        *,
        at: Moment,
        valid_until: str = "",
        necessary_for: Iterable[str] | None = None,
        affects: bool = False,
        row: str | None = None,
    ) -> str:
        """A functional conclusion about capacity for work."""
        content = Capacity(conclusion, limits, valid_until)
        return self.record(hetu, content, at, necessary_for=necessary_for, affects=affects, row=row)

    def health_note(
        self, hetu: str, text: str, *, handling: str, at: Moment, necessary_for: Iterable[str] | None = None,
        affects: bool = False, row: str | None = None,
    ) -> str:  # fmt: skip
        """What a health professional wrote; `handling` is its class, for example mental-health."""
        content = HealthNote(text)
        return self.record(hetu, content, at, necessary_for=necessary_for, affects=affects, handling=handling, row=row)

    def fact(
        self, hetu: str, content: Content, *, at: Moment, plan_id: str | None = None, handling: str = "ordinary",
        necessary_for: Iterable[str] | None = None, affects: bool = False, row: str | None = None,
    ) -> str:  # fmt: skip
        """Any other content, of the plan or not: a service need, a measurement, a goal, a review, an approval."""
        return self.record(
            hetu, content, at, necessary_for=necessary_for, affects=affects, handling=handling, plan_id=plan_id, row=row
        )

    def plan_item(
        self,
        hetu: str,
        plan_id: str,
        content: PlanItem,
        *,
        at: Moment,
        necessary_for: Iterable[str] | None = None,
        starts: Moment | None = None,
        ends: Moment | None = None,
        adopts: str | None = None,
        row: str | None = None,
    ) -> str:
        """A service of this register in the plan; `adopts`: a shared item that a move passed to this register."""
        return self.record(
            hetu,
            content,
            at,
            necessary_for=necessary_for,
            plan_id=plan_id,
            period=(starts, ends),
            adopts=adopts,
            row=row,
        )

    def close(self, row: str, at: Moment) -> str:
        """A row comes to its end."""
        ended = {"Observation": "cancelled", "ServiceRequest": "completed", "Goal": "completed"}
        return self.set_status(row, ended[row.partition("/")[0]], at)

    def entered_in_error(self, row: str, at: Moment) -> str:
        """A row was wrong from the start."""
        return self.set_status(row, "entered-in-error", at)

    # --- steps ----------------------------------------------------------------------------------------------------

    def take_part(self, hetu: str, at: Moment) -> str:
        """The register takes part in the assessment."""
        return self.relationship(hetu, "taking-part", at)

    def relationship(self, hetu: str, step: str, at: Moment, *, evidence: str | None = None) -> str:
        """A step of the relationship of multi-sector support."""
        told = [] if evidence is None else [self.task_input("evidence", value_string=evidence)]
        return self.task(hetu, "relationship-step", step, at, input=told)

    def answer_referral(self, hetu: str, referral_id: str, step: str, reason: str | None, at: Moment) -> str:
        """A step on a referral that was delivered; `reason` is a code."""
        focus = self.by_identifier("shared-referral", referral_id)
        why = None if reason is None else coded(self.terms.codes("reason"), reason)
        return self.task(
            hetu, "referral-answer", None, at, name=step, status=_TASK_STATUS[step], focus=focus, status_reason=why
        )

    def refer(self, hetu: str, to_role: str, *, service: str, grounds: str, contact_person: str, at: Moment) -> str:
        """Refer a client, of whom the register has name and municipality, to a role."""
        content = Referral(service, grounds, contact_person)
        return self.record(hetu, content, at, performer=to_role)

    def confirm(self, hetu: str, fact: str, version: int, digest: bytes, at: Moment) -> str:
        """Confirm a joint fact as it was delivered."""
        told = [
            self.task_input("version", value_positive_int=version),
            self.task_input("digest", value_base64_binary=base64.b64encode(digest).decode()),
        ]
        focus = self.by_identifier("shared-fact", fact)
        return self.task(hetu, "confirmation", None, at, name=f"confirm-{version}", focus=focus, input=told)

    def approve(self, hetu: str, fact: str, evidence: str, at: Moment) -> str:
        """The client approved the plan in this register's presence."""
        told = [self.task_input("evidence", value_string=evidence)]
        return self.task(hetu, "client-approval", None, at, focus=self.by_identifier("shared-fact", fact), input=told)

    def propose(self, hetu: str, fact: str, version: int, content: PlanItem | Goal, at: Moment) -> str:
        """Propose a change to another register's item, on the version that this register holds."""
        return self.record(hetu, content, at, proposes=(fact, version))

    def accept(self, hetu: str, proposal: str, row: str, content: PlanItem, at: Moment) -> str:
        """Accept a proposal: the own item reads so from now on. The item's marks stay as they are."""
        return self._answer(hetu, "accept", proposal, row, content, at)

    def settle(self, hetu: str, conflict: str, row: str, content: PlanItem, at: Moment) -> str:
        """Settle a conflict: the own item reads so from now on."""
        return self._answer(hetu, "settle", conflict, row, content, at)

    def decline(self, hetu: str, proposal: str, row: str, at: Moment) -> str:
        """Decline a proposal."""
        return self._answer(hetu, "decline", proposal, row, None, at)

    def _answer(self, hetu: str, step: str, fact: str, row: str, content: PlanItem | None, at: Moment) -> str:
        focus, about = self.by_identifier("shared-fact", fact), Reference(reference=row)
        if content is None:
            return self.task(hetu, "answer", step, at, focus=focus, reason_reference=about)
        item = self.changed_item(row, content, at)
        # The answer first: whoever reads between the two files finds the item in the answer.
        key = self.task(hetu, "answer", step, at, focus=focus, reason_reference=about, answered=item)
        self.write(item)
        return key

    # --- the client's will ----------------------------------------------------------------------------------------

    def permit(
        self,
        hetu: str,
        recipients: Sequence[str],
        *,
        read_at: Moment,
        age_ms_max: int,
        at: Moment,
        kinds: Sequence[str] = (),
        categories: Sequence[int] = (),
        kind: str = "luovutuslupa",
        row: str | None = None,
    ) -> str:
        """A disclosure permit as read from Kanta (or `kind="luovutuskielto"`, a prohibition)."""
        return self.consent_resource(
            hetu,
            kind,
            recipients,
            at,
            kinds=kinds,
            categories=categories,
            read_at=read_at,
            age_ms_max=age_ms_max,
            row=row,
        )

    def consent(
        self,
        hetu: str,
        recipients: Sequence[str],
        *,
        evidence: str,
        at: Moment,
        facts: Sequence[str] = (),
        rows: Sequence[str] = (),
        row: str | None = None,
    ) -> str:
        """The client's consent, naming shared facts and own rows; `evidence` names the paper in the archive."""
        return self.consent_resource(
            hetu, "suostumus", recipients, at, facts=facts, rows=rows, evidence=evidence, row=row
        )

    def withdraw(self, row: str, at: Moment) -> str:
        """The client takes back a consent, permit or prohibition of this register."""
        return self.set_status(row, "inactive", at)

    # --- what the clerk sees --------------------------------------------------------------------------------------

    def received(self, hetu: str, kind: str | None = None) -> list[Received]:
        """What arrived of the client and is kept up to date, by fact id; of one kind, or of all."""
        kept = (r for r in everything(self.root, self.side) if r.person == hetu and r.updates == "current")
        return sorted((r for r in kept if kind in (None, r.kind)), key=lambda r: r.fact)

    def link(self, row: str) -> tuple[str, int] | None:
        """The shared id and version of an own row, once it has one."""
        return next(((li.fact, li.version) for li in links(self.root, self.side) if li.row == row), None)

    def holdings(self, hetu: str) -> list[Holding]:
        """Everything that the register holds of the client and shares or was given."""
        return holdings(self.root, self.side, hetu)
