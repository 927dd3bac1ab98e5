"""Translates the acts of the register's clerks (referrals, steps, answers, wills, moves); standing rows are in `standing`."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Final

from sauma.content import CATEGORY_OF, Identity
from sauma.event import Scope
from sauma.fact import CATEGORIES, KINDS
from sauma_connectors.employment_area import cells as own_cells
from sauma_connectors.employment_area.codes import (
    ANSWERS,
    CLIENT_APPROVAL,
    CLIENT_CHANGES,
    CONFIRM,
    GIVERS,
    PLAN_KINDS,
    REFERRAL_MADE,
    REFERRAL_STEPS,
    RELATIONSHIP_STEPS,
    ROLES,
    WILL_GIVEN,
    WILL_KINDS,
    WILL_WITHDRAWN,
)
from sauma_connectors.employment_area.codes import KINDS as KIND_CODES
from sauma_connectors.employment_area.contents import CONTENTS, split_list
from sauma_connectors.employment_area.standing import Known, NotShared, handling, plan_of
from sauma_connectors.employment_area.wire import (
    AnswerRow,
    ApprovalRow,
    ChangeRow,
    CorrectionRow,
    ExportRow,
    PlanRow,
    ProposalRow,
    ReferralRow,
    RelationshipRow,
    WillRow,
)
from sauma_connectors.sdk import cells
from sauma_connectors.sdk.cells import Untranslatable
from sauma_connectors.sdk.contract import (
    Act,
    Answered,
    ClientApproved,
    ClientChanged,
    Confirmed,
    Corrected,
    FactRow,
    Own,
    PlanDeclared,
    Proposed,
    ReferralAnswered,
    ReferralMade,
    RelationshipStep,
    WillGiven,
    WillWithdrawn,
)


def _referral(row: ReferralRow, known: Known) -> Act:
    if row.vaihe == REFERRAL_MADE:
        return _referral_made(row, known)
    step = cells.code("vaihe", row.vaihe, {**REFERRAL_STEPS, REFERRAL_MADE: "made"})
    referral = own_cells.reference(
        own_column="oma_lahete", own=row.oma_lahete, shared_column="lahete", shared=row.lahete
    )
    return ReferralAnswered(referral, step, row.syy or None)


def _referral_made(row: ReferralRow, known: Known) -> ReferralMade:
    client = known.clients.get(row.henkilotunnus)
    if client is None:
        raise Untranslatable(
            "unknown-client", "henkilotunnus is in no readable row of asiakkaat.csv; add the client there"
        )
    identity = Identity(client.henkilotunnus, client.sukunimi, client.etunimet)
    return ReferralMade(
        to_role=cells.code("kohde", row.kohde, ROLES),
        municipality=own_cells.municipality(row.kuntakoodi, known.places),
        referral=FactRow("referral", 6, CONTENTS.read("referral", row.tiedot)),
        identity=FactRow("identity", 1, identity),
    )


def _relationship(row: RelationshipRow, known: Known) -> Act:  # noqa: ARG001 - every act is asked alike
    on_behalf_of = own_cells.endpoint("puolesta", row.puolesta) if row.puolesta else None
    return RelationshipStep(
        cells.code("vaihe", row.vaihe, RELATIONSHIP_STEPS), row.asiakirjaviite or None, on_behalf_of
    )


def _plan(row: PlanRow, known: Known) -> Act:
    cells.code("toimsuunlaji", row.toimsuunlaji, PLAN_KINDS)
    own_cells.day("toimviimpvm", row.toimviimpvm)
    return PlanDeclared(
        plan_of(row.suunnitelma, row.jaettu_suunnitelma, row.henkilotunnus, known),
        own_cells.endpoints("laatijat", row.laatijat),
        own_cells.endpoints("palveluntuottajat", row.palveluntuottajat),
    )


def _client_approval(row: ApprovalRow, known: Known) -> Act:  # noqa: ARG001 - every act is asked alike
    if row.laji != CLIENT_APPROVAL:
        raise NotShared  # a fact, not an act
    if not row.asiakirjaviite:
        raise Untranslatable("wrong-shape", "asiakirjaviite is empty; it names the client's approval in the archive")
    approval = own_cells.reference(
        own_column="hyvaksynta_rivi",
        own=row.hyvaksynta_rivi,
        shared_column="hyvaksynta_tieto",
        shared=row.hyvaksynta_tieto,
    )
    if isinstance(approval, Own):
        return ClientApproved(None, cells.row_key("hyvaksynta_rivi", approval.key), row.asiakirjaviite)
    return ClientApproved(own_cells.fact_id("hyvaksynta_tieto", row.hyvaksynta_tieto), None, row.asiakirjaviite)


def _proposal(row: ProposalRow, known: Known) -> Act:  # noqa: ARG001 - every act is asked alike
    content = CONTENTS.read_coded(row.sisalto, row.tiedot)
    category = cells.number("luokka", row.luokka, least=1) if row.luokka else CATEGORY_OF[type(content).__name__][0]
    if category not in CATEGORIES:
        raise Untranslatable("unknown-code", "luokka is not a category of 1 to 7")
    return Proposed(
        about=own_cells.fact_id("koskee", row.koskee),
        about_version=cells.number("koskee_versio", row.koskee_versio, least=1),
        content=content,
        category=category,
        handling=handling(row.kasittelyluokka, KINDS[KIND_CODES[row.sisalto]].handling),
    )


def _answer(row: AnswerRow, known: Known) -> Act:
    fact = own_cells.fact_id("tieto", row.tieto)
    if row.vaihe == CONFIRM:
        version = cells.number("versio", row.versio, least=1)
        return Confirmed(fact, version, cells.digest("tiiviste", row.tiiviste))
    step = cells.code("vaihe", row.vaihe, {**ANSWERS, CONFIRM: "confirm"})
    owner, item = known.facts.get(row.kohderivi, (None, None))
    if item is None or owner != row.henkilotunnus:
        raise Untranslatable("unknown-row", "kohderivi names no readable row of this client")
    if step == "decline":
        return Answered(step, fact, row.kohderivi)
    if row.sisalto:
        item = replace(item, content=CONTENTS.read_coded(row.sisalto, row.tiedot))
    return Answered(step, fact, row.kohderivi, item)


def _will(row: WillRow, known: Known) -> Act:  # noqa: ARG001 - every act is asked alike
    kind = cells.code("laji", row.laji, WILL_KINDS)
    if row.tapahtuma == WILL_WITHDRAWN:
        will = own_cells.reference(
            own_column="oma_tahdonilmaisu",
            own=row.oma_tahdonilmaisu,
            shared_column="jaettu_tahdonilmaisu",
            shared=row.jaettu_tahdonilmaisu,
        )
        return WillWithdrawn(will, kind)
    cells.code("tapahtuma", row.tapahtuma, {WILL_GIVEN: "given", WILL_WITHDRAWN: "withdrawn"})
    return WillGiven(
        kind=kind,
        recipients=tuple(ROLES.get(name) or own_cells.endpoint("saajat", name) for name in split_list(row.saajat)),
        scope=Scope(
            facts=tuple(own_cells.fact_id("tiedot_nimetyt", fact) for fact in split_list(row.tiedot_nimetyt)),
            kinds=tuple(cells.code("tietolajit", kind_code, KIND_CODES) for kind_code in split_list(row.tietolajit)),
            categories=tuple(cells.number("luokat", category, least=1) for category in split_list(row.luokat)),
        ),
        rows=tuple(cells.row_key("rivit", key) for key in split_list(row.rivit)),
        valid_from=cells.moment_or_none("voimassa_alkaen", row.voimassa_alkaen),
        valid_until=cells.moment_or_none("voimassa_asti", row.voimassa_asti),
        given_by=cells.code("antaja", row.antaja, GIVERS) if row.antaja else "client",
        evidence=row.asiakirjaviite or None,
        read_at=cells.moment_or_none("luettu", row.luettu),
        age_ms_max=cells.number("enimmaisika_ms", row.enimmaisika_ms) if row.enimmaisika_ms else None,
    )


def _change(row: ChangeRow, known: Known) -> Act:
    change = cells.code("muutos", row.muutos, CLIENT_CHANGES)
    return ClientChanged(
        change,
        own_cells.municipality(row.kuntakoodi, known.places) if change == "moved" else None,
        cells.moment_or_none("voimassa_asti", row.voimassa_asti),
    )


def _correction(row: CorrectionRow, known: Known) -> Act:
    owner, _ = known.facts.get(row.kohderivi, (None, None))
    if owner != row.henkilotunnus:
        raise Untranslatable("unknown-row", "kohderivi names no readable row of this client")
    if not row.syy:
        raise Untranslatable("wrong-shape", "syy is empty; it is the code of why the row was wrong")
    return Corrected(row.kohderivi, row.syy)


_TRANSLATORS: Final[Mapping[type[ExportRow], Callable[[Any, Known], Act]]] = {
    ReferralRow: _referral,
    RelationshipRow: _relationship,
    PlanRow: _plan,
    ApprovalRow: _client_approval,
    ProposalRow: _proposal,
    AnswerRow: _answer,
    WillRow: _will,
    ChangeRow: _change,
    CorrectionRow: _correction,
}


def act(row: ExportRow, known: Known) -> Act:
    """What a clerk's row says was done. Raises NotShared and Untranslatable; KeyError for a table that only has standing rows."""
    return _TRANSLATORS[type(row)](row, known)
