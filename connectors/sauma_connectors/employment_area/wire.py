"""The rows of the client information system's files in its own terms, all as text; what they mean is `inbound`'s.

Class attributes are column names. A column without a default has to be in the file's header; others may be missing. The
columns of contents (`SISALLOT`) stand in `tiedot`, by name.
"""

from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import ClassVar, Final, Self

from sauma.content import Content, Identity
from sauma_connectors.employment_area.codes import IN_FORCE, KINDS, NO
from sauma_connectors.employment_area.contents import CONTENTS

EXPORT: Final = "vienti"
INBOX: Final = "saapuneet"
LINKS: Final = "linkit.csv"
NOTICES: Final = "ilmoitukset.csv"

_ALL: Final = tuple(code for code, kind in KINDS.items() if kind in CONTENTS.columns)


def _columns_of(codes: tuple[str, ...]) -> tuple[str, ...]:
    return CONTENTS.columns_of(*(KINDS[code] for code in codes)) if codes else ()


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class Record:
    """Any row: it can be read from cells and written to cells. Never printed: most columns are about a person."""

    SISALLOT: ClassVar[tuple[str, ...]] = ()
    tiedot: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def columns(cls) -> tuple[str, ...]:
        """All columns, in the order in which they are written."""
        return (*(f.name for f in fields(cls) if f.name != "tiedot"), *_columns_of(cls.SISALLOT))

    @classmethod
    def columns_needed(cls) -> tuple[str, ...]:
        """The columns that the header may not lack."""
        own = (f.name for f in fields(cls) if f.name != "tiedot" and f.default is MISSING)
        return (*own, *(_columns_of(cls.SISALLOT) if len(cls.SISALLOT) == 1 else ()))

    @classmethod
    def of_cells(cls, cells: Mapping[str, str]) -> Self:
        """The row in these cells, which have at least the columns that it needs."""
        texts = {f.name: cells[f.name] for f in fields(cls) if f.name in cells and f.name != "tiedot"}
        return cls(tiedot={column: cells[column] for column in _columns_of(cls.SISALLOT) if column in cells}, **texts)

    def cells(self) -> dict[str, str]:
        """The row by column; columns of other contents than its own are empty."""
        texts = {f.name: getattr(self, f.name) for f in fields(self) if f.name != "tiedot"}
        return {**dict.fromkeys(self.columns(), ""), **self.tiedot, **texts}


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ExportRow(Record):
    """A row of an export table."""

    TAULU: ClassVar[str]
    rivi: str
    """The row's key: unique in the register, over all tables."""
    henkilotunnus: str
    kirjattu: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class StandingRow(ExportRow):
    """A row that stands until it is closed, and may change."""

    muutettu: str = ""
    """When the row was last changed; empty where it never was."""
    valttamaton: str = ""
    """For which roles a professional decided that it is necessary, and when: `kela 2026-05-04T09:00:00.000Z, ...`."""
    vaikuttaa_tyollistymiseen: str = ""
    """When a professional decided that it affects employment; empty where not."""
    kasittelyluokka: str = ""
    alkaa: str = ""
    paattyy: str = ""
    suljettu: str = NO
    alkupera: str = ""
    """The shared fact that the row is a copy of, where it was brought in from the inbox: such a row goes nowhere."""

    def content(self, code: str) -> Content:
        """What the row says, as the content of this code. Raises Untranslatable."""
        return CONTENTS.read_coded(code, self.tiedot)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ClientRow(StandingRow):
    TAULU: ClassVar[str] = "asiakkaat.csv"
    sukunimi: str
    etunimet: str
    avattu: str = NO
    """K where this register opens the client to the others, and no referral does."""

    def content(self, code: str) -> Content:  # noqa: ARG002 - this table has one content only
        """Who the client is."""
        return Identity(self.henkilotunnus, self.sukunimi, self.etunimet)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ContactRow(StandingRow):
    TAULU: ClassVar[str] = "yhteystiedot.csv"
    SISALLOT: ClassVar[tuple[str, ...]] = ("yhteystiedot",)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class DealingsRow(StandingRow):
    TAULU: ClassVar[str] = "asiointi.csv"
    SISALLOT: ClassVar[tuple[str, ...]] = ("asiointi",)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class BackgroundRow(StandingRow):
    TAULU: ClassVar[str] = "tausta.csv"
    SISALLOT: ClassVar[tuple[str, ...]] = ("tausta",)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ServiceNeedRow(StandingRow):
    TAULU: ClassVar[str] = "palvelutarve.csv"
    SISALLOT: ClassVar[tuple[str, ...]] = ("palvelutarve",)


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class PlanRow(ExportRow):
    """One declaration of a plan: a later one, with other makers or more providers, is a row of its own."""

    TAULU: ClassVar[str] = "toimsuunnitelmat.csv"
    toimsuunlaji: str
    suunnitelma: str = ""
    jaettu_suunnitelma: str = ""
    laatijat: str = ""
    palveluntuottajat: str = ""
    toimviimpvm: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ActionRow(StandingRow):
    """What the plan consists of: its services, goals, job-search obligation and follow-up."""

    TAULU: ClassVar[str] = "toimet.csv"
    SISALLOT: ClassVar[tuple[str, ...]] = ("toimi", "tavoite", "tyonhakuvelvollisuus", "seuranta")
    tietolaji: str
    suunnitelma: str = ""
    jaettu_suunnitelma: str = ""
    toimkasitelty: str = NO
    otettu: str = ""
    """The shared fact that a move passed to this register, and for which this row speaks from now on."""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ApprovalRow(StandingRow):
    TAULU: ClassVar[str] = "hyvaksynnat.csv"
    SISALLOT: ClassVar[tuple[str, ...]] = ("hyvaksynta",)
    laji: str
    suunnitelma: str = ""
    jaettu_suunnitelma: str = ""
    hyvaksynta_rivi: str = ""
    hyvaksynta_tieto: str = ""
    asiakirjaviite: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ProposalRow(ExportRow):
    TAULU: ClassVar[str] = "ehdotukset.csv"
    SISALLOT: ClassVar[tuple[str, ...]] = _ALL
    koskee: str
    koskee_versio: str
    sisalto: str
    luokka: str = ""
    kasittelyluokka: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class AnswerRow(ExportRow):
    TAULU: ClassVar[str] = "vastaukset.csv"
    SISALLOT: ClassVar[tuple[str, ...]] = _ALL
    vaihe: str
    tieto: str
    versio: str = ""
    tiiviste: str = ""
    kohderivi: str = ""
    sisalto: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReferralRow(ExportRow):
    """An own referral, or a step on a referral, own or received."""

    TAULU: ClassVar[str] = "lahetteet.csv"
    SISALLOT: ClassVar[tuple[str, ...]] = ("lahete",)
    vaihe: str
    lahete: str = ""
    oma_lahete: str = ""
    syy: str = ""
    kohde: str = ""
    kuntakoodi: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class RelationshipRow(ExportRow):
    TAULU: ClassVar[str] = "asiakkuus.csv"
    vaihe: str
    asiakirjaviite: str = ""
    puolesta: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class WillRow(ExportRow):
    TAULU: ClassVar[str] = "suostumukset.csv"
    laji: str
    tapahtuma: str
    saajat: str = ""
    tiedot_nimetyt: str = ""
    rivit: str = ""
    tietolajit: str = ""
    luokat: str = ""
    voimassa_alkaen: str = ""
    voimassa_asti: str = ""
    antaja: str = ""
    asiakirjaviite: str = ""
    luettu: str = ""
    enimmaisika_ms: str = ""
    oma_tahdonilmaisu: str = ""
    jaettu_tahdonilmaisu: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ChangeRow(ExportRow):
    TAULU: ClassVar[str] = "muutot.csv"
    muutos: str
    kuntakoodi: str = ""
    voimassa_asti: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class CorrectionRow(ExportRow):
    TAULU: ClassVar[str] = "korjaukset.csv"
    kohderivi: str
    syy: str


STANDING_TABLES: Final[tuple[type[StandingRow], ...]] = (
    ClientRow,
    ContactRow,
    DealingsRow,
    BackgroundRow,
    ServiceNeedRow,
    ActionRow,
    ApprovalRow,
)
TABLES: Final[tuple[type[ExportRow], ...]] = (
    *STANDING_TABLES,
    PlanRow,
    ProposalRow,
    AnswerRow,
    ReferralRow,
    RelationshipRow,
    WillRow,
    ChangeRow,
    CorrectionRow,
)


# --- what the connector writes ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class ReceivedRow(Record):
    """The only row of `saapuneet/<tieto>.csv`: one fact as it was given, and on which ground."""

    SISALLOT: ClassVar[tuple[str, ...]] = _ALL
    tieto: str
    henkilotunnus: str
    tietolaji: str
    luokka: str
    kasittelyluokka: str
    versio: str
    tila: str
    rekisterinpitaja: str
    saanto: str
    luovutusperuste: str
    vastaanottoperuste: str
    kayttotarkoitus: str
    tahdonilmaisu: str
    tiiviste: str
    suunnitelma: str
    lahete: str
    koskee: str
    koskee_versio: str
    alkaa: str
    paattyy: str
    oma_rivi: str
    avotiedot: str
    sisalto: str
    tilanne: str = IN_FORCE
    syy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class LinkRow(Record):
    """An own row, and the shared fact and version that it is."""

    oma_rivi: str
    henkilotunnus: str
    tieto: str
    versio: str
    tila: str
    tilanne: str


@dataclass(frozen=True, slots=True, kw_only=True, repr=False)
class NoticeRow(Record):
    """Something that a clerk of the agency must read."""

    numero: str
    henkilotunnus: str
    koodi: str
    syy: str
    viite: str
    oma_rivi: str
