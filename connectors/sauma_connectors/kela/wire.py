"""Kela's complete lists in Kela's own terms: their columns, and how a row is told apart from another."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from sauma.fact import Moment
from sauma_connectors.kela.contents import CONTENT_COLUMNS, CONTENTS
from sauma_connectors.sdk import cells
from sauma_connectors.sdk.cells import Untranslatable

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


STANDING: Mapping[str, Standing] = MappingProxyType(
    {
        "toimintakyky": Standing("capacity", 5),
        "kuntoutus": Standing("plan-item", 7),
        "palvelutarve": Standing("service-need", 6),
    }
)

LISTS: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "lahetteet": (
            *_EVERY,
            "kohde",
            "kuntanumero",
            *CONTENTS.columns_of("identity")[1:],
            *CONTENTS.columns_of("referral"),
        ),
        "toimintakyky": (*_EVERY, *_MARKS, *CONTENTS.columns_of("capacity")),
        "kuntoutus": (*_EVERY, *_MARKS, "suunnitelma", "alkaa", "paattyy", *CONTENTS.columns_of("plan-item")),
        "palvelutarve": (*_EVERY, *_MARKS, *CONTENTS.columns_of("service-need")),
        "suunnitelman_vahvistukset": (*_EVERY, "tieto", "versio", "tiiviste"),
        "ehdotukset": (*_EVERY, "kohde", "kohdeversio", "tietoryhma", *CONTENT_COLUMNS),
        "vastaukset": (*_EVERY, "vastaus", "ehdotus", "oma_rivi", *CONTENT_COLUMNS),
        "yhteistyo": (*_EVERY, "vaihe", "asiakirja", "puolesta"),
        "muutokset": (*_EVERY, "muutos", "kuntanumero", "voimassa_saakka"),
    }
)
"""Each list and the columns that it has to have, in the order in which the simulated Kela writes them."""


@dataclass(frozen=True, slots=True)
class ListRow:
    """One row of a list, as Kela wrote it."""

    list: str
    line: int
    cells: Mapping[str, str] = field(repr=False)

    @property
    def key(self) -> str:
        """The row's key in the whole register; raises `Untranslatable` where the list has not given it a proper one."""
        return row_key(self.list, cells.row_key("rivitunnus", self.cells["rivitunnus"]))

    def code(self, column: str, codes: Mapping[str, str]) -> str:
        """What the code in this column stands for; raises `Untranslatable`."""
        return cells.code(column, self.cells[column], codes)

    def moment(self, column: str) -> Moment:
        """The moment in this column; raises `Untranslatable`."""
        return cells.moment(column, self.cells[column])

    def moment_or_none(self, column: str) -> Moment | None:
        """The moment in this column, or None where it is empty."""
        return cells.moment_or_none(column, self.cells[column])

    def number(self, column: str) -> int:
        """The whole number from 1 on in this column; raises `Untranslatable`."""
        return cells.number(column, self.cells[column], least=1)

    def given(self, column: str) -> str:
        """The text in this column, which may not be empty; raises `Untranslatable`."""
        if not self.cells[column]:
            raise Untranslatable("wrong-shape", f"{column} is empty")
        return self.cells[column]


def row_key(list_name: str, own: str) -> str:
    """A row's key in the whole register: rows of two lists may have the same rivitunnus."""
    return f"{list_name}/{own}"
