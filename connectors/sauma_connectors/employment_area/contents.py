"""The columns that the register's tables have for each content; knows no file and no client."""

import re
from collections.abc import Iterable
from typing import Final

from sauma_connectors.employment_area.codes import KINDS, NO, YES
from sauma_connectors.sdk.columns import ContentColumns

# A list is one cell, its members parted by spaces. Inside a member, \s is a space, \\ a backslash; \e is an empty member.
_ESCAPED = re.compile(r"\\([se\\])")
_MEANS = {"s": " ", "e": "", "\\": "\\"}


def join_list(members: Iterable[str]) -> str:
    """The members in one cell."""
    return " ".join(member.replace("\\", "\\\\").replace(" ", "\\s") or "\\e" for member in members)


def split_list(cell: str) -> tuple[str, ...]:
    """The members of a cell, as `join_list` was given them."""
    return tuple(_ESCAPED.sub(lambda found: _MEANS[found[1]], member) for member in cell.split(" ") if member)


CONTENTS: Final = ContentColumns(
    code_column="sisalto",
    kinds=KINDS,
    columns={
        "identity": ("tiedon_henkilotunnus", "sukunimi", "etunimet"),
        "contact": ("katuosoite", "postinumero", "postitoimipaikka", "puhelin", "asiointikieli"),
        "client-relationship": ("asiointi", "erityisjarjestelyt"),
        "background": ("koulutus", "tyohistoria", "osaaminen"),
        "social-situation": ("sosiaalinen_tilanne",),
        "capacity": ("johtopaatos", "rajoitteet", "arvio_voimassa"),
        "health-note": ("terveysmerkinta",),
        "service-need": ("palvelutarve", "perustelu"),
        "plan-item": ("toimikoodi", "palvelu", "toimtavoite", "paikka", "aikataulu"),
        "goal": ("tavoite",),
        "job-search-obligation": ("velvollisuus", "velvollisuus_poistettu", "perustelu"),
        "review": ("sovittu", "toimviimpvm"),
        "approval": ("kattaa", "lausuma", "allekpvm"),
        "referral": ("palvelu", "perustelu", "yhteyshenkilo"),
        "measurement": ("mittari", "mittauspvm"),
    },
    yes=YES,
    no=NO,
    join=join_list,
    split=split_list,
)
