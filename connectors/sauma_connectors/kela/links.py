"""Which shared fact each of Kela's own rows has become, one file a client."""

from dataclasses import dataclass
from pathlib import Path

from sauma_connectors.kela.content import NotTranslatable
from sauma_connectors.kela.own_files import Damaged, read_own, write_own
from sauma_connectors.kela.wire import read_number

LINKS = "linkit"
_LINK_COLUMNS = ("henkilotunnus", "oma_rivi", "alkupera", "versio")


@dataclass(frozen=True, slots=True)
class Link:
    """Which shared fact an own row is, and its latest version."""

    oma_rivi: str
    alkupera: str
    versio: int


def read_links(folder: Path, henkilotunnus: str) -> dict[str, Link]:
    """The client's own rows by fact id; raises `Damaged`."""
    rows = read_own(folder, LINKS, henkilotunnus, _LINK_COLUMNS)
    try:
        links = [Link(row["oma_rivi"], row["alkupera"], read_number(row["versio"], "versio")) for row in rows]
    except NotTranslatable as error:
        raise Damaged(f"a file of links cannot be read ({error.what}): restore it from a backup") from None
    return {link.alkupera: link for link in links}


def write_link(folder: Path, henkilotunnus: str, link: Link) -> None:
    """Remember the link; an older version than the one that is known changes nothing. Raises `Damaged` and OSError."""
    links = read_links(folder, henkilotunnus)
    known = links.get(link.alkupera)
    if known is not None and known.versio >= link.versio:
        return
    links[link.alkupera] = link
    cells = [
        {"henkilotunnus": henkilotunnus, "oma_rivi": x.oma_rivi, "alkupera": x.alkupera, "versio": str(x.versio)}
        for x in links.values()
    ]
    write_own(folder, LINKS, henkilotunnus, _LINK_COLUMNS, cells)
