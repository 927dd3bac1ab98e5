"""Kela's codes beside the words of Sauma; knows no row and no client.

What is not in a table here is an unknown code: it is refused and never guessed.
"""

from collections.abc import Mapping

YES, NO = "kylla", "ei"

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


def code_of(codes: Mapping[str, str], meaning: str) -> str:
    """The code for a meaning; raises KeyError where there is none."""
    return {value: code for code, value in codes.items()}[meaning]
