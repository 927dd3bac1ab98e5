"""The national system's code values beside the words of Sauma; knows no row and no client.

What is not in a table here is an unknown code: it is refused and never guessed.
"""

from collections.abc import Mapping
from typing import Final

YES: Final = "K"
NO: Final = "E"

MULTI_SECTOR_PLAN: Final = "07"
PLAN_KINDS: Final[Mapping[str, str]] = {
    "01": "employment plan",
    "03": "activation plan",
    "04": "integration plan",
    MULTI_SECTOR_PLAN: "multi-sector plan",
}
"""toimsuunlaji. Only the multi-sector plan is shared; the others stay in the register."""

JOB_SEARCH_OBLIGATION: Final = "079"
"""toimikoodi of the job-search obligation. Others that are known: 071 and 074 multi-sector joint service, 084 health or
rehabilitation clarification, 085 pension options. The whole list is not public, so any three digits are taken."""

ROLES: Final[Mapping[str, str]] = {
    "sosiaalihuolto": "social-care",
    "terveydenhuolto": "health-care",
    "tyovoima": "employment",
    "kela": "kela",
    "keha": "keha",
    "tyoelakelaitos": "pension-insurer",
    "palveluntuottaja": "provider",
    "tyonantaja": "employer",
    "nuorten-yhteispalvelu": "youth-guidance",
    "tyoterveyshuolto": "occupational-health",
    "jarjesto": "ngo",
    "asiakasyhteistyoryhma": "cooperation-group",
}

HANDLING: Final[Mapping[str, str]] = {
    "tavanomainen": "ordinary",
    "paikkatieto": "locality",
    "mielenterveys": "mental-health",
    "paihteet": "substance-use",
    "psykologia": "psychology",
    "perinnollisyys": "genetics",
    "seksuaaliterapia": "sexual-therapy",
    "turvakoti": "shelter",
    "terapiamuistiinpano": "therapy-note",
    "lastensuojelu": "child-welfare",
    "perheasioiden-sovittelu": "family-mediation",
    "kolmas-henkilo": "third-person",
    "vapaateksti": "free-text",
}

KINDS: Final[Mapping[str, str]] = {
    "henkilotiedot": "identity",
    "turvakielto": "non-disclosure",
    "asiakkuus": "relationship",
    "yhteystiedot": "contact",
    "asiointi": "client-relationship",
    "tausta": "background",
    "sosiaalinen-tilanne": "social-situation",
    "toimintakyky": "capacity",
    "terveysmerkinta": "health-note",
    "palvelutarve": "service-need",
    "toimi": "plan-item",
    "tavoite": "goal",
    "tyonhakuvelvollisuus": "job-search-obligation",
    "seuranta": "review",
    "hyvaksynta": "approval",
    "lahete": "referral",
    "lahetteen-tila": "referral-status",
    "ehdotus": "proposal",
    "ristiriita": "conflict",
    "mittaus": "measurement",
}

RELATIONSHIP_STEPS: Final[Mapping[str, str]] = {
    "alkanut": "started",
    "mukana": "taking-part",
    "liittynyt": "joined",
    "poistunut": "left",
    "tarkistettu": "reviewed",
    "paattaminen-ehdotettu": "end-proposed",
    "paattaminen-vahvistettu": "end-confirmed",
    "paattaminen-vastustettu": "end-objected",
    "paattaminen-peruttu": "end-withdrawn",
    "mitatointi": "annul",
    "mitatointi-vahvistettu": "annul-confirmed",
}

REFERRAL_MADE: Final = "tehty"
REFERRAL_STEPS: Final[Mapping[str, str]] = {
    "vastaanotettu": "received",
    "hyvaksytty": "accepted",
    "hylatty": "declined",
    "aloitettu": "started",
    "keskeytetty": "interrupted",
    "paattynyt": "completed",
    "peruttu": "cancelled",
}

CONFIRM: Final = "vahvistettu"
ANSWERS: Final[Mapping[str, str]] = {"hyvaksytty": "accept", "hylatty": "decline", "ratkaistu": "settle"}

PLAN_APPROVAL: Final = "suunnitelma"
CLIENT_APPROVAL: Final = "asiakas"
"""hyvaksynnat.csv, laji: the makers' approval of the plan, and the client's own."""

WILL_GIVEN: Final = "annettu"
WILL_WITHDRAWN: Final = "peruttu"
WILL_KINDS: Final[Mapping[str, str]] = {"suostumus": "consent", "luovutuslupa": "permit", "kielto": "prohibition"}
GIVERS: Final[Mapping[str, str]] = {"asiakas": "client", "edustaja": "guardian", "valtuutettu": "proxy"}

CLIENT_CHANGES: Final[Mapping[str, str]] = {
    "muutto": "moved",
    "kuollut": "died",
    "turvakielto": "non-disclosure",
    "turvakielto-paattynyt": "non-disclosure-lifted",
}

IN_FORCE: Final = "voimassa"
NO_LONGER_UPDATED: Final = "ei-paiviteta"
ERRONEOUS: Final = "virheellinen"
"""tilanne of what arrived: kept up to date; kept under the register's own law only; wrong, not to be used."""


def code_of(table: Mapping[str, str], word: str) -> str:
    """The national code of a word of Sauma. Raises KeyError for a word that the table lacks."""
    return {meaning: code for code, meaning in table.items()}[word]
