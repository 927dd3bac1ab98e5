"""Kela's complete lists in Kela's own terms: their columns and codes, and how a moment and a row key look in them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from sauma.content import Capacity, Content, Identity, PlanItem, Referral, ServiceNeed
from sauma.fact import Moment
from sauma_connectors.kela.content import CONTENT_COLUMNS, NotTranslatable, columns_of
from sauma_connectors.sdk.tables import is_plain_name

TRAILER = "LOPPU"

_EVERY = ("rivitunnus", "henkilotunnus", "kirjattu")
_MARKS = ("tila", "tarpeellinen", "tarpeellisuus_kirjattu", "vaikutus_kirjattu")
ORIGIN = "alkupera"
"""A column that any list may have: the shared id of a row that came from outside. Such a row is never sent out again."""


@dataclass(frozen=True, slots=True)
class Standing:
    """A list whose rows stand until they change, are ended or are gone."""

    kind: str
    category: int
    content: type[Content]


STANDING: Mapping[str, Standing] = MappingProxyType(
    {
        "toimintakyky": Standing("capacity", 5, Capacity),
        "kuntoutus": Standing("plan-item", 7, PlanItem),
        "palvelutarve": Standing("service-need", 6, ServiceNeed),
    }
)

LISTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lahetteet": (*_EVERY, "kohde", "kuntanumero", *columns_of(Identity)[1:], *columns_of(Referral)),
        "toimintakyky": (*_EVERY, *_MARKS, *columns_of(Capacity)),
        "kuntoutus": (*_EVERY, *_MARKS, "suunnitelma", "alkaa", "paattyy", *columns_of(PlanItem)),
        "palvelutarve": (*_EVERY, *_MARKS, *columns_of(ServiceNeed)),
        "suunnitelman_vahvistukset": (*_EVERY, "tieto", "versio", "tiiviste"),
        "ehdotukset": (*_EVERY, "kohde", "kohdeversio", "tietoryhma", *CONTENT_COLUMNS),
        "vastaukset": (*_EVERY, "vastaus", "ehdotus", "oma_rivi", *CONTENT_COLUMNS),
        "yhteistyo": (*_EVERY, "vaihe", "asiakirja", "puolesta"),
        "muutokset": (*_EVERY, "muutos", "kuntanumero", "voimassa_saakka"),
    }
)
"""Each list and the columns that it has to have, in the order in which the simulated Kela writes them."""

ROLES: Mapping[str, str] = {
    "TYO": "employment",
    "SOS": "social-care",
    "TER": "health-care",
    "KELA": "kela",
    "KEHA": "keha",
    "ELAKE": "pension-insurer",
    "TUOTTAJA": "provider",
    "TYONANTAJA": "employer",
    "OHJAAMO": "youth-guidance",
    "TTH": "occupational-health",
    "JARJESTO": "ngo",
    "AYR": "cooperation-group",
}
STATES: Mapping[str, str] = {"voimassa": "open", "paattynyt": "closed"}
ANSWERS: Mapping[str, str] = {"hyvaksytty": "accept", "hylatty": "decline", "ratkaistu": "settle"}
STEPS: Mapping[str, str] = {
    "arviointi_aloitettu": "started",
    "osallistuu": "taking-part",
    "liittynyt": "joined",
    "poistunut": "left",
    "tarkistettu": "reviewed",
    "paattamista_ehdotettu": "end-proposed",
    "paattaminen_vahvistettu": "end-confirmed",
    "paattamista_vastustettu": "end-objected",
    "paattamisehdotus_peruttu": "end-withdrawn",
    "mitatoity": "annul",
    "mitatointi_vahvistettu": "annul-confirmed",
}
CHANGES: Mapping[str, str] = {
    "muutto": "moved",
    "kuollut": "died",
    "turvakielto": "non-disclosure",
    "turvakielto_paattynyt": "non-disclosure-lifted",
}
KINDS: Mapping[str, str] = {
    "henkilotiedot": "identity",
    "turvakielto": "non-disclosure",
    "asiakkuus": "relationship",
    "yhteystiedot": "contact",
    "asiointi": "client-relationship",
    "tausta": "background",
    "sosiaalinen_tilanne": "social-situation",
    "toimintakyky": "capacity",
    "terveysmerkinta": "health-note",
    "palvelutarve": "service-need",
    "palvelu": "plan-item",
    "tavoite": "goal",
    "tyonhakuvelvollisuus": "job-search-obligation",
    "tarkistaminen": "review",
    "hyvaksyminen": "approval",
    "lahete": "referral",
    "lahetteen_tila": "referral-status",
    "ehdotus": "proposal",
    "ristiriita": "conflict",
    "mittaus": "measurement",
}


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of a list, as Kela wrote it."""

    list: str
    line: int
    cells: Mapping[str, str] = field(repr=False)

    @property
    def key(self) -> str:
        """The row's key in the whole register; raises `NotTranslatable` where the list has not given it a proper one."""
        own = self.cells["rivitunnus"]
        if not is_plain_name(own):
            raise NotTranslatable(
                "wrong-shape", "rivitunnus is 1-80 of A-Z, a-z, 0-9 . _ - and holds no personal identity code"
            )
        return row_key(self.list, own)

    def code(self, column: str, codes: Mapping[str, str]) -> str:
        """What the code in this column stands for; raises `NotTranslatable`."""
        meaning = codes.get(self.cells[column])
        if meaning is None:
            raise NotTranslatable("unknown-code", f"{column} is none of {', '.join(codes)}")
        return meaning

    def moment(self, column: str) -> Moment:
        """The moment in this column; raises `NotTranslatable`."""
        return read_moment(self.cells[column], column)

    def moment_or_none(self, column: str) -> Moment | None:
        """The moment in this column, or None where it is empty."""
        return self.moment(column) if self.cells[column] else None

    def number(self, column: str) -> int:
        """The whole number from 1 on in this column; raises `NotTranslatable`."""
        return read_number(self.cells[column], column)

    def given(self, column: str) -> str:
        """The text in this column, which may not be empty; raises `NotTranslatable`."""
        if not self.cells[column]:
            raise NotTranslatable("wrong-shape", f"{column} is empty")
        return self.cells[column]


_NUMBER = re.compile(r"[0-9]{1,9}")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def row_key(list_name: str, own: str) -> str:
    """A row's key in the whole register: rows of two lists may have the same rivitunnus."""
    return f"{list_name}/{own}"


def code_of(codes: Mapping[str, str], meaning: str) -> str:
    """The code for a meaning; raises KeyError where there is none."""
    return {value: code for code, value in codes.items()}[meaning]


def write_moment(moment: Moment | None) -> str:
    """The moment as Kela writes it, in UTC; empty for None. Raises OverflowError after the year 9999."""
    if moment is None:
        return ""
    return (_EPOCH + timedelta(milliseconds=moment)).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def read_moment(cell: str, column: str) -> Moment:
    """The moment in a cell; raises `NotTranslatable`, also for a time without its zone."""
    try:
        moment = datetime.fromisoformat(cell)
    except ValueError:
        moment = None
    if moment is None or moment.tzinfo is None:
        raise NotTranslatable("wrong-shape", f"{column} is a time with its zone, such as 2026-03-02T09:15:00+02:00")
    return Moment((moment - _EPOCH) // timedelta(milliseconds=1))


def read_number(cell: str, column: str) -> int:
    """The whole number from 1 on in a cell; raises `NotTranslatable`."""
    if not _NUMBER.fullmatch(cell) or int(cell) == 0:
        raise NotTranslatable("wrong-shape", f"{column} is a whole number from 1 on")
    return int(cell)
