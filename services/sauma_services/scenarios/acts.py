"""Says how a paragraph is written in full: `TYM 15 §` is `TYM 381/2023 15 §`; it knows no rule."""

import re

NUMBERS = {
    "TYM": "381/2023",
    "JTPL": "380/2023",
    "ATL": "703/2023",
    "STMA": "457/2024",
    "JulkL": "621/1999",
    "VTJ": "661/2009",
    "TTL": "1290/2002",
    "YTL": "48/2026",
    "KTT": "189/2001",
    "KKRL": "566/2005",
    "SHL": "1301/2014",
    "L": "497/2003",
}
"""The acts that rules cite, by the short names that the rule files explain; L is the act on rehabilitation cooperation."""

_SHORT = re.compile(rf"\b({'|'.join(NUMBERS)}) (?![0-9]+/[0-9]{{4}})")


def in_full(paragraph: str) -> str:
    """The paragraph with the number of each act."""
    return _SHORT.sub(lambda found: f"{found[1]} {NUMBERS[found[1]]} ", paragraph)
