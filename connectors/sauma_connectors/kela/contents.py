"""The columns that Kela has for each content; knows no file and no client."""

from collections.abc import Iterable, Mapping

from sauma.content import Content
from sauma_connectors.kela.codes import KINDS, NO, YES
from sauma_connectors.sdk.columns import ContentColumns


def pack(items: Iterable[str]) -> str:
    """Several texts in one cell: each followed by `|`, so that no text and one empty text differ."""
    return "".join(item.replace("\\", "\\\\").replace("|", "\\|") + "|" for item in items)


def unpack(cell: str) -> tuple[str, ...]:
    """The texts that `pack` was given; raises ValueError for a cell that it did not make."""
    items: list[str] = []
    item = ""
    characters = iter(cell)
    for character in characters:
        if character == "|":
            items.append(item)
            item = ""
        else:
            item += next(characters, "") if character == "\\" else character
    if item:
        raise ValueError("is a list in which each item ends with |")
    return tuple(items)


CONTENTS = ContentColumns(
    code_column="sisalto",
    kinds=KINDS,
    columns={
        "identity": ("tiedon_henkilotunnus", "sukunimi", "etunimet"),
        "contact": ("katuosoite", "postinumero", "postitoimipaikka", "puhelin", "asiointikieli"),
        "client-relationship": ("asiointi", "erityisjarjestelyt"),
        "background": ("koulutus", "tyohistoria", "osaaminen"),
        "social-situation": ("sosiaalinen_tilanne",),
        "capacity": ("paatelma", "rajoitteet", "voimassa_asti"),
        "health-note": ("terveysmerkinta",),
        "service-need": ("tarve", "tarpeen_perustelu"),
        "plan-item": ("palvelukoodi", "palvelu", "palvelun_tavoite", "paikka", "aikataulu"),
        "goal": ("yhteinen_tavoite",),
        "job-search-obligation": ("velvollisuus", "poistettu", "velvollisuuden_perustelu"),
        "review": ("sovittu_seuranta", "seuraava_tarkistus"),
        "approval": ("kattaa", "lausuma", "allekirjoitettu"),
        "referral": ("pyydetty_palvelu", "lahetteen_perustelu", "yhteyshenkilo"),
        "measurement": ("mittari", "mitattu"),
    },
    yes=YES,
    no=NO,
    join=pack,
    split=unpack,
)
CONTENT_COLUMNS = (CONTENTS.code_column, *CONTENTS.columns_of())
"""`sisalto` says which content type the row has; the columns of the other types are empty then."""


def to_any_cells(content: Content | None) -> dict[str, str]:
    """All content columns: `sisalto`, the content's own, and the others empty."""
    empty = dict.fromkeys(CONTENT_COLUMNS, "")
    return empty if content is None else {**empty, "sisalto": CONTENTS.code(content), **CONTENTS.write(content)}


def from_any_cells(cells: Mapping[str, str]) -> Content | None:
    """The content that `sisalto` names, or None where it is empty; raises `Untranslatable`."""
    return CONTENTS.read_coded(cells["sisalto"], cells) if cells["sisalto"] else None
