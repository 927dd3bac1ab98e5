"""The simulated clerks' acts about plans: their rows, approvals, proposals and answers."""

from collections.abc import Iterable, Sequence
from dataclasses import replace

from sauma.content import (
    Approval,
    Content,
    Goal,
    JobSearchObligation,
    PlanItem,
    Review,
)
from sauma.fact import Moment
from sauma_connectors.employment_area.codes import (
    ANSWERS,
    CLIENT_APPROVAL,
    CONFIRM,
    HANDLING,
    JOB_SEARCH_OBLIGATION,
    MULTI_SECTOR_PLAN,
    PLAN_APPROVAL,
    YES,
    code_of,
)
from sauma_connectors.employment_area.contents import CONTENTS, join_list
from sauma_connectors.employment_area.simulated_tables import OwnTables, marks
from sauma_connectors.employment_area.wire import (
    ActionRow,
    AnswerRow,
    ApprovalRow,
    CorrectionRow,
    PlanRow,
    ProposalRow,
)
from sauma_connectors.sdk.moments import text_of

PlanContent = PlanItem | Goal | JobSearchObligation | Review


class PlanActs(OwnTables):
    """What clerks do with plans, own and shared. Every act answers with the key of the row that it wrote."""

    def plan(
        self,
        hetu: str,
        plan: str,
        *,
        at: Moment,
        laji: str = MULTI_SECTOR_PLAN,
        makers: Sequence[str] = (),
        providers: Sequence[str] = (),
        review_on: str = "",
    ) -> str:
        """Declare a plan, own by a key or received by its shared id; again with more providers is a further row."""
        own, shared = self._plan(hetu, plan)
        return self.add(
            PlanRow(
                rivi=self.new_key(PlanRow),
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                toimsuunlaji=laji,
                suunnitelma=own,
                jaettu_suunnitelma=shared,
                laatijat=join_list(makers),
                palveluntuottajat=join_list(providers),
                toimviimpvm=review_on,
            )
        )

    def plan_item(
        self,
        hetu: str,
        plan: str,
        content: PlanContent,
        *,
        at: Moment,
        necessary_for: Iterable[str] = (),
        row: str | None = None,
        adopts: str = "",
    ) -> str:
        """A service, goal, obligation or follow-up of the plan; with the key of a row, that row changes."""
        code = CONTENTS.code(content)
        own, shared = self._plan(hetu, plan)
        codes = {"toimikoodi": JOB_SEARCH_OBLIGATION} if code == "tyonhakuvelvollisuus" else {}
        action = ActionRow(
            rivi=row or self.new_key(ActionRow),
            henkilotunnus=hetu,
            kirjattu=text_of(at),
            valttamaton=marks(necessary_for, at),
            tietolaji=code,
            suunnitelma=own,
            jaettu_suunnitelma=shared,
            otettu=adopts or next((old.otettu for old in self.rows(ActionRow) if old.rivi == row), ""),
            tiedot={**CONTENTS.write(content), **codes},
        )
        return self.stand(action, at)

    def approval(
        self,
        hetu: str,
        plan: str,
        *,
        covers: Iterable[str],
        statement: str,
        signed_on: str,
        at: Moment,
        necessary_for: Iterable[str] = (),
    ) -> str:
        """The makers' approval of the plan; `covers` are `<fact>@<version>`."""
        own, shared = self._plan(hetu, plan)
        return self.add(
            ApprovalRow(
                rivi=self.new_key(ApprovalRow),
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                valttamaton=marks(necessary_for, at),
                laji=PLAN_APPROVAL,
                suunnitelma=own,
                jaettu_suunnitelma=shared,
                tiedot=CONTENTS.write(Approval(tuple(sorted(covers)), statement, signed_on)),
            )
        )

    def client_approved(self, hetu: str, approval: str, evidence: str, at: Moment) -> str:
        """The client approved the plan: by the approval's own row, or by its shared id."""
        is_own = any(row.rivi == approval for row in self.rows(ApprovalRow))
        return self.add(
            ApprovalRow(
                rivi=self.new_key(ApprovalRow),
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                laji=CLIENT_APPROVAL,
                hyvaksynta_rivi=approval if is_own else "",
                hyvaksynta_tieto="" if is_own else approval,
                asiakirjaviite=evidence,
            )
        )

    # --- others' items and own rows

    def confirm(self, hetu: str, fact: str, version: int, digest: bytes, at: Moment) -> str:
        """Confirm a joint fact, or a proposal to change one, as it was received."""
        return self._answer(hetu, CONFIRM, fact, at, versio=str(version), tiiviste=digest.hex())

    def propose(
        self,
        hetu: str,
        about: str,
        about_version: int,
        content: Content,
        at: Moment,
        *,
        category: int | None = None,
        handling: str | None = None,
    ) -> str:
        """Propose a change to another's item."""
        return self.add(
            ProposalRow(
                rivi=self.new_key(ProposalRow),
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                koskee=about,
                koskee_versio=str(about_version),
                sisalto=CONTENTS.code(content),
                luokka=str(category) if category else "",
                kasittelyluokka=code_of(HANDLING, handling) if handling else "",
                tiedot=CONTENTS.write(content),
            )
        )

    def accept(self, hetu: str, fact: str, row: str, content: Content, at: Moment) -> str:
        """Accept a proposal: the own row reads so from now on."""
        return self._answered(hetu, "accept", fact, row, content, at)

    def settle(self, hetu: str, fact: str, row: str, content: Content, at: Moment) -> str:
        """Settle a conflict: the own row reads so from now on."""
        return self._answered(hetu, "settle", fact, row, content, at)

    def decline(self, hetu: str, fact: str, row: str, at: Moment) -> str:
        """Decline a proposal about an own row."""
        return self._answer(hetu, code_of(ANSWERS, "decline"), fact, at, kohderivi=row)

    def change(self, hetu: str, row: str, content: Content, at: Moment) -> str:
        """An own row reads otherwise from now on; its marks stay."""
        standing = self.standing(hetu, row)
        codes = {name: standing.tiedot[name] for name in ("toimikoodi",) if name in standing.tiedot}
        return self.stand(replace(standing, tiedot={**codes, **CONTENTS.write(content)}), at)

    def mark(self, hetu: str, row: str, necessary_for: Iterable[str], at: Moment, *, affects: bool = False) -> str:
        """A professional decides anew for whom an own row is necessary, and whether it affects employment."""
        standing = self.standing(hetu, row)
        effect = text_of(at) if affects else ""
        return self.put(
            replace(
                standing,
                valttamaton=marks(necessary_for, at),
                vaikuttaa_tyollistymiseen=effect,
                muutettu=text_of(at),
            )
        )

    def close(self, hetu: str, row: str, at: Moment) -> str:
        """An own row comes to its end; an action of a plan is done (toimkasitelty)."""
        standing = self.standing(hetu, row)
        closed = {"toimkasitelty": YES} if isinstance(standing, ActionRow) else {"suljettu": YES}
        return self.put(replace(standing, muutettu=text_of(at), **closed))  # type: ignore[arg-type] # columns

    def correct(self, hetu: str, row: str, reason: str, at: Moment) -> str:
        """An own row was wrong from the start."""
        return self.add(
            CorrectionRow(
                rivi=self.new_key(CorrectionRow),
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                kohderivi=row,
                syy=reason,
            )
        )

    def _answered(self, hetu: str, step: str, fact: str, row: str, content: Content, at: Moment) -> str:
        key = self._answer(hetu, code_of(ANSWERS, step), fact, at, kohderivi=row, content=content)
        self.change(hetu, row, content, at)
        return key

    def _answer(
        self, hetu: str, step: str, fact: str, at: Moment, *, content: Content | None = None, **columns: str
    ) -> str:
        return self.add(
            AnswerRow(
                rivi=self.new_key(AnswerRow),
                henkilotunnus=hetu,
                kirjattu=text_of(at),
                vaihe=step,
                tieto=fact,
                sisalto=CONTENTS.code(content) if content else "",
                tiedot=CONTENTS.write(content) if content else {},
                **columns,
            )
        )

    def _plan(self, hetu: str, plan: str) -> tuple[str, str]:
        """Own key and shared id, one of them empty: a plan id that was received is shared, any other is a key."""
        is_shared = any(row.suunnitelma == plan for row in self.inbox.to_read(hetu).received_all())
        return ("", plan) if is_shared else (plan, "")
