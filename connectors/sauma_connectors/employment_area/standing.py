"""Translates standing rows, which the register keeps and changes, into facts; the acts of clerks are in `acts`."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

from sauma.content import Content, JobSearchObligation, PlanItem
from sauma.fact import KINDS
from sauma.ids import FactId
from sauma.places import Places
from sauma_connectors.employment_area import cells as own_cells
from sauma_connectors.employment_area.codes import (
    CLIENT_APPROVAL,
    HANDLING,
    JOB_SEARCH_OBLIGATION,
    MULTI_SECTOR_PLAN,
    PLAN_APPROVAL,
)
from sauma_connectors.employment_area.codes import KINDS as KIND_CODES
from sauma_connectors.employment_area.wire import ActionRow, ApprovalRow, ClientRow, StandingRow
from sauma_connectors.sdk import cells
from sauma_connectors.sdk.cells import Untranslatable
from sauma_connectors.sdk.contract import FactRow, Own, Reference


class NotShared(Exception):
    """The row is in order, and the multi-sector model does not concern it."""


@dataclass(frozen=True, slots=True)
class Known:
    """What one row must know of the others. Plans, clients and facts are each with the client they belong to."""

    places: Places = field(repr=False)
    plans: Mapping[str, tuple[str, str]] = field(repr=False)
    """By key: the client, and toimsuunlaji."""
    clients: Mapping[str, ClientRow] = field(repr=False)
    facts: Mapping[str, tuple[str, FactRow]] = field(default_factory=dict, repr=False)
    """By row, once the standing rows are translated."""


def fact_row(row: StandingRow, known: Known) -> FactRow:
    """The fact that a row states. Raises NotShared and Untranslatable."""
    if row.alkupera:
        raise NotShared
    plan, is_closed = None, own_cells.yes_or_no("suljettu", row.suljettu)
    adopts: FactId | None = None
    match row:
        case ClientRow():
            if not own_cells.yes_or_no("avattu", row.avattu):
                raise NotShared
            kind_code = "henkilotiedot"
        case ActionRow():
            kind_code = row.tietolaji
            if kind_code not in row.SISALLOT:
                raise Untranslatable(
                    "unknown-code", f"tietolaji has a code that is not one of {', '.join(row.SISALLOT)}"
                )
            plan = plan_of(row.suunnitelma, row.jaettu_suunnitelma, row.henkilotunnus, known)
            is_closed = own_cells.yes_or_no("toimkasitelty", row.toimkasitelty) or is_closed
            adopts = own_cells.fact_id("otettu", row.otettu) if row.otettu else None
        case ApprovalRow():
            if row.laji == CLIENT_APPROVAL:
                raise NotShared  # an act, not a fact
            cells.code("laji", row.laji, {PLAN_APPROVAL: "approval", CLIENT_APPROVAL: "client"})
            kind_code = "hyvaksynta"
            plan = plan_of(row.suunnitelma, row.jaettu_suunnitelma, row.henkilotunnus, known)
        case _:
            (kind_code,) = row.SISALLOT
    kind = KINDS[KIND_CODES[kind_code]]
    (category,) = kind.categories
    return FactRow(
        kind=kind.name,
        category=category,
        content=_content(row, kind_code),
        handling=handling(row.kasittelyluokka, kind.handling),
        necessary_for=own_cells.marks(row.valttamaton),
        affects_employment_at=cells.moment_or_none("vaikuttaa_tyollistymiseen", row.vaikuttaa_tyollistymiseen),
        plan=plan,
        starts=cells.moment_or_none("alkaa", row.alkaa),
        ends=cells.moment_or_none("paattyy", row.paattyy),
        is_closed=is_closed,
        adopts=adopts,
    )


def plan_of(own: str, shared: str, henkilotunnus: str, known: Known) -> Reference:
    """The multi-sector plan that a row names. Raises NotShared for a plan of another kind."""
    plan = own_cells.reference(own_column="suunnitelma", own=own, shared_column="jaettu_suunnitelma", shared=shared)
    if isinstance(plan, Own):
        if plan.key not in known.plans:
            raise Untranslatable("unknown-plan", "suunnitelma names no readable plan of toimsuunnitelmat.csv")
        owner, plan_kind = known.plans[plan.key]
        if owner != henkilotunnus:
            raise Untranslatable("wrong-shape", "suunnitelma names another client's plan")
        if plan_kind != MULTI_SECTOR_PLAN:
            raise NotShared
    return plan


def handling(text: str, of_kind: str | None) -> str:
    """The handling class: the kind's own one where it has one, else the row's, else ordinary."""
    stated = cells.code("kasittelyluokka", text, HANDLING) if text else of_kind or "ordinary"
    if of_kind and stated != of_kind:
        raise Untranslatable(
            "wrong-shape", "kasittelyluokka is another than the one that this kind must have; leave it empty"
        )
    return stated


_DAYS: Final = ("toimviimpvm", "allekpvm")


def _content(row: StandingRow, kind_code: str) -> Content:
    content = row.content(kind_code)
    for column in _DAYS:
        own_cells.day(column, row.tiedot.get(column, ""))
    action = row.tiedot.get("toimikoodi", "")
    match content:
        case PlanItem() if not (len(action) == 3 and action.isascii() and action.isdigit()):
            raise Untranslatable("unknown-code", "toimikoodi is not three digits")
        case PlanItem() if action == JOB_SEARCH_OBLIGATION:
            raise Untranslatable(
                "wrong-shape", f"toimikoodi {JOB_SEARCH_OBLIGATION} needs tietolaji tyonhakuvelvollisuus"
            )
        case JobSearchObligation() if action not in ("", JOB_SEARCH_OBLIGATION):
            raise Untranslatable("wrong-shape", f"tyonhakuvelvollisuus has toimikoodi {JOB_SEARCH_OBLIGATION} or none")
    return content
