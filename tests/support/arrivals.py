"""What the agencies' contract tests share: facts as they arrive, contents that are hard to write, and what a folder holds."""

import string
from dataclasses import fields
from pathlib import Path

from hypothesis import strategies as st

from sauma.content import CONTENT_OF, Content
from sauma.delivery import Basis
from sauma.fact import KINDS, Moment
from sauma.ids import FactId
from sauma_connectors.sdk.contract import Put, Snapshot, Statement, Unreadable

AT = Moment(1_772_442_900_000)
STATUTE = Basis("tym-15-plan", "TYM 381/2023 15 §", "TYM 381/2023 14.2 §", "multi-sector-support")
DIGEST = bytes(range(32))


def fact(number: int) -> FactId:
    """The id of a test fact."""
    return FactId(f"{number:032x}")


def put(
    content: Content | None, *, kind: str = "plan-item", number: int = 16, version: int = 1, basis: Basis = STATUTE
) -> Put:
    """A fact of the employment area's, as it arrives."""
    return Put(
        fact=fact(number),
        kind=kind,
        category=min(KINDS[kind].categories),
        handling="ordinary",
        version=version,
        status="open",
        owner="employment-tampereen-seutu",
        basis=basis,
        digest=DIGEST,
        content=content,
    )


AWKWARD = st.one_of(
    st.text(
        st.one_of(
            st.sampled_from("=+-@'\";,|\\\t\r\nåäöÅÄÖ\U0001f642\0\ufeff\u2028\uff1d<>&" + string.ascii_letters),
            st.characters(exclude_categories=["Cs"]),
        ),
        max_size=20,
    ),
    st.sampled_from(["a;b,c", "=1+1", "r\r\nn", " ", "a  b", "'", "\\", "\\s", "\\e", "null", "<b>"]),
)
"""Texts that formats trip over: delimiters, quotes, formulas, escapes, white space, characters of more than one byte."""


def contents(content: type[Content], texts: st.SearchStrategy[str] = AWKWARD) -> st.SearchStrategy[Content]:
    """Contents of one type, of any texts."""
    of: dict[object, st.SearchStrategy[object]] = {str: texts, bool: st.booleans()}
    several = st.lists(texts, max_size=3).map(tuple)
    return st.builds(content, **{field.name: of.get(field.type, several) for field in fields(content)})


ANY_CONTENT = st.one_of([contents(content) for content in CONTENT_OF.values()])


def by_row(snapshot: Snapshot) -> dict[str, object]:
    """What each row says, or the reason why it could not be read."""
    return {one.row: one.says if isinstance(one, Statement) else one.reason for one in snapshot.rows}


def unreadable(snapshot: Snapshot) -> list[Unreadable]:
    """The rows that could not be read."""
    return [one for one in snapshot.rows if isinstance(one, Unreadable)]


def files(folder: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}
