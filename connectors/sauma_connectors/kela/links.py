"""Which shared fact each of Kela's own rows has become, one file a client."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from sauma_connectors.kela.answers import CURRENT, UPDATES
from sauma_connectors.kela.own_files import PARTS, read_own, write_own
from sauma_connectors.sdk import cells
from sauma_connectors.sdk.cells import Untranslatable

LINKS = PARTS[1]
_LINK_COLUMNS = ("henkilotunnus", "oma_rivi", "alkupera", "versio")
_PAIVITYS = "paivitys"
"""A column that files of earlier builds lack: every link in them is current."""


@dataclass(frozen=True, slots=True)
class Link:
    """Which shared fact an own row is, and its latest version."""

    oma_rivi: str
    alkupera: str
    versio: int
    paivitys: str = CURRENT
    """As in the answer file; only a current link makes the row count among what is held."""


def read_links(folder: Path, henkilotunnus: str) -> dict[str, Link]:
    """The client's own rows by fact id; raises `Damaged`."""
    links = read_own(
        folder,
        LINKS,
        henkilotunnus,
        _LINK_COLUMNS,
        _link,
    )
    return {link.alkupera: link for link in links}


def write_link(folder: Path, henkilotunnus: str, link: Link) -> None:
    """Remember the link over its earlier form, unless a later version is known. Raises `Damaged` and OSError."""
    links = read_links(folder, henkilotunnus)
    known = links.get(link.alkupera)
    if known is not None and (known.versio > link.versio or known == link):
        return
    links[link.alkupera] = link
    rows = [
        {
            "henkilotunnus": henkilotunnus,
            "oma_rivi": one.oma_rivi,
            "alkupera": one.alkupera,
            "versio": str(one.versio),
            _PAIVITYS: one.paivitys,
        }
        for one in links.values()
    ]
    write_own(folder, LINKS, henkilotunnus, (*_LINK_COLUMNS, _PAIVITYS), rows)


def _link(row: Mapping[str, str]) -> Link:
    paivitys = row.get(_PAIVITYS, CURRENT)
    if paivitys not in UPDATES:
        raise Untranslatable("unknown-code", "paivitys has an unknown code")
    return Link(row["oma_rivi"], row["alkupera"], cells.number("versio", row["versio"], least=1), paivitys)
