"""Which shared fact each of Kela's own rows has become, one file a client."""

from dataclasses import dataclass
from pathlib import Path

from sauma_connectors.kela.own_files import read_own, write_own
from sauma_connectors.sdk import cells

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
    links = read_own(
        folder,
        LINKS,
        henkilotunnus,
        _LINK_COLUMNS,
        lambda row: Link(row["oma_rivi"], row["alkupera"], cells.number("versio", row["versio"], least=1)),
    )
    return {link.alkupera: link for link in links}


def write_link(folder: Path, henkilotunnus: str, link: Link) -> None:
    """Remember the link; an older version than the one that is known changes nothing. Raises `Damaged` and OSError."""
    links = read_links(folder, henkilotunnus)
    known = links.get(link.alkupera)
    if known is not None and known.versio >= link.versio:
        return
    links[link.alkupera] = link
    rows = [
        {"henkilotunnus": henkilotunnus, "oma_rivi": x.oma_rivi, "alkupera": x.alkupera, "versio": str(x.versio)}
        for x in links.values()
    ]
    write_own(folder, LINKS, henkilotunnus, _LINK_COLUMNS, rows)
