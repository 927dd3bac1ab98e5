"""The rules that every connector keeps, as functions that a test calls one by one; they know no agency's format.

Each rule gets a case and an empty folder of its own, and answers with what is wrong, or with nothing.
"""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields, replace
from datetime import date
from pathlib import Path

from sauma.content import CATEGORY_OF, CONTENT_OF, Content
from sauma.delivery import Basis
from sauma.fact import KINDS
from sauma.henkilotunnus import for_test
from sauma.ids import FactId
from sauma_connectors.sdk.contract import (
    Arrival,
    Connector,
    Done,
    Erased,
    FactRow,
    Holding,
    Kept,
    Person,
    Put,
    Refuse,
    Statement,
    TakeBack,
    Told,
    Unreadable,
)

_STATUTE = Basis("conformance", "TYM 381/2023 15 §", "TYM 381/2023 14.2 §", "multi-sector-support")


@dataclass(frozen=True, slots=True)
class Case:
    """One connector to try."""

    make: Callable[[Path], Connector]
    """Makes a connector over a folder."""
    sample: Path
    """A folder as the agency's system would leave it; it is copied, never changed."""
    spoil: Callable[[Path], None] | None = None
    """Damages exactly one row of a copied sample; None where the register has no rows of its own."""

    def at(self, folder: Path) -> tuple[Connector, Path]:
        """A connector over a fresh copy of the sample."""
        copied = folder / "sample"
        shutil.copytree(self.sample, copied)
        return self.make(copied), copied


Rule = Callable[[Case, Path], str]


def rows_are_unique(case: Case, folder: Path) -> str:
    """No two rows of one snapshot have the same key, and none has an empty one."""
    connector, _ = case.at(folder)
    rows = [one.row for one in connector.source.read().rows if isinstance(one, Statement)]
    double = sorted({row for row in rows if rows.count(row) > 1 or not row})
    return f"{len(double)} row keys are not unique or empty" if double else ""


def reading_twice_says_the_same(case: Case, folder: Path) -> str:
    """Neither the reading before nor the process it happened in changes what is read."""
    connector, copied = case.at(folder)
    first = connector.source.read()
    if connector.source.read() != first:
        return "a second reading differs"
    return "" if case.make(copied).source.read() == first else "another process reads something else"


def a_bad_row_costs_itself_only(case: Case, folder: Path) -> str:
    """One spoilt row is refused, all others are read as before, and the refusal repeats no henkilötunnus."""
    connector, copied = case.at(folder)
    if case.spoil is None:
        return ""
    before = connector.source.read()
    case.spoil(copied)
    after = connector.source.read()
    statements = [one for one in before.rows if isinstance(one, Statement)]
    refused = [one for one in after.rows if isinstance(one, Unreadable)]
    lost = [one for one in statements if one not in after.rows]
    if len(lost) > 1:
        return f"one spoilt row cost {len(lost)} rows"
    if len(refused) <= sum(isinstance(one, Unreadable) for one in before.rows):
        return "nothing was refused"
    known = {one.person.henkilotunnus for one in statements}
    texts = "\n".join(f"{one.row} {one.reason} {one.detail}" for one in refused)
    return "a refusal repeats a henkilötunnus" if any(code in texts for code in known) else ""


def what_was_put_is_held(case: Case, folder: Path) -> str:
    """Every fact that the register took is held as it arrived, in its version; what it refused is not held."""
    connector, _ = case.at(folder)
    person = _person(connector)
    for put in puts():
        answer = connector.sink.apply(person, put)
        held = _held(connector, person).get(put.fact)
        if isinstance(answer, Refuse):
            if held is not None:
                return f"{put.kind} was refused and is held"
        elif not isinstance(answer, Done):
            return f"{put.kind} was answered with {type(answer).__name__}"
        elif held is None or (held.version, held.content) != (put.version, put.content):
            return f"{put.kind} is not held as it was put"
    return ""


def a_newer_version_takes_the_place_of_the_older(case: Case, folder: Path) -> str:
    """Of each fact one version is held, the newest, also where the older one comes once more."""
    connector, _ = case.at(folder)
    person = _person(connector)
    for put in puts():
        newer = replace(put, version=put.version + 1, status="changed")
        answers = [connector.sink.apply(person, one) for one in (put, newer, put)]
        held = [holding for holding in connector.sink.holdings(person) if holding.fact == put.fact]
        if isinstance(answers[0], Done) and [holding.version for holding in held] != [newer.version]:
            return f"of {put.kind} versions {sorted(holding.version for holding in held)} are held"
    return ""


def applying_twice_is_applying_once(case: Case, folder: Path) -> str:
    """The runner may apply again after a crash: nothing in the folder changes by it, and the answer is the same."""
    connector, copied = case.at(folder)
    person = _person(connector)
    arrivals: list[Arrival] = [*puts(), Told("refused", "unknown-code", "e1", "row-1")]
    first = [connector.sink.apply(person, arrival) for arrival in arrivals]
    before = _bytes_of(copied)
    again = [connector.sink.apply(person, arrival) for arrival in arrivals]
    if first != again:
        return "the second answers differ"
    changed = sorted(name for name, data in _bytes_of(copied).items() if before.get(name) != data)
    return f"applying again changed {', '.join(changed)}" if changed else ""


def nothing_that_arrived_goes_out(case: Case, folder: Path) -> str:
    """No echo: what was applied changes nothing of what the register says of its own."""
    connector, _ = case.at(folder)
    before = connector.source.read()
    person = _person(connector)
    for put in puts():
        connector.sink.apply(person, put)
    after = connector.source.read()
    return "" if after == before else "what arrived shows among the register's own rows"


def what_is_taken_back_is_gone_or_kept_by_law(case: Case, folder: Path) -> str:
    """Asked to erase, the register erases or names the paragraph; asked twice, or about a fact unknown, it stays calm."""
    connector, _ = case.at(folder)
    person = _person(connector)
    taken = [put for put in puts() if isinstance(connector.sink.apply(person, put), Done)]
    for put in taken:
        back = TakeBack(put.fact, "erase", "withdrawn")
        for _ in range(2):
            answer = connector.sink.apply(person, back)
            if isinstance(answer, Kept) and not answer.paragraph:
                return f"{put.kind} is kept under no paragraph"
            if not isinstance(answer, (Erased, Kept, Done)):
                return f"erasing {put.kind} was answered with {type(answer).__name__}"
            if isinstance(answer, Erased) and put.fact in _held(connector, person):
                return f"{put.kind} was answered as erased and is held"
    answer = connector.sink.apply(person, TakeBack(FactId("f" * 32), "erase", "withdrawn"))
    return "" if isinstance(answer, (Erased, Done)) else "an unknown fact was answered as kept or refused"


def an_own_row_is_not_erased(case: Case, folder: Path) -> str:
    """Asked to erase a fact that is a row of its own, the register keeps the row and names the paragraph, however often it is asked."""
    connector, _ = case.at(folder)
    before = connector.source.read()
    standing = [one for one in before.rows if isinstance(one, Statement) and isinstance(one.says, FactRow)]
    for number, one in enumerate(standing):
        fact = _fact_of(one, number)
        connector.sink.shared(one.person, one.row, fact, 1)
        for _ in range(2):
            answer = connector.sink.apply(one.person, TakeBack(fact, "erase", "withdrawn"))
            if not (isinstance(answer, Kept) and answer.paragraph):
                return f"erasing own row {number + 1} of kind {_kind(one)} was answered with {type(answer).__name__}"
        if fact in _held(connector, one.person):
            return f"own row {number + 1} of kind {_kind(one)} is held as the fact that was taken back"
    return "" if connector.source.read() == before else "a request to erase changed the register's own rows"


def an_unknown_ask_is_refused(case: Case, folder: Path) -> str:
    """Asked for something else than to stop, erase or mark as an error, the register refuses and holds what it held."""
    connector, copied = case.at(folder)
    person = _person(connector)
    for put in puts():
        connector.sink.apply(person, put)
    before = _bytes_of(copied), _held(connector, person)
    for put in puts():
        answer = connector.sink.apply(person, TakeBack(put.fact, "forget", "right-ended"))
        if not isinstance(answer, Refuse):
            return f"an unknown ask about {put.kind} was answered with {type(answer).__name__}"
    return "" if (_bytes_of(copied), _held(connector, person)) == before else "an unknown ask changed what is held"


def own_rows_are_held_by_their_links(case: Case, folder: Path) -> str:
    """A row that has become a fact is held as that fact, in the version last told, and telling it again changes nothing."""
    connector, copied = case.at(folder)
    standing = [
        one for one in connector.source.read().rows if isinstance(one, Statement) and isinstance(one.says, FactRow)
    ]
    for number, one in enumerate(standing):
        fact = _fact_of(one, number)
        connector.sink.shared(one.person, one.row, fact, 1)
        connector.sink.shared(one.person, one.row, fact, 2)
        before = _bytes_of(copied)
        connector.sink.shared(one.person, one.row, fact, 2)
        if _bytes_of(copied) != before:
            return "telling a link again changed a file"
        held = _held(connector, one.person).get(fact)
        if held is None or held.version != 2:
            return f"own row {number + 1} of kind {_kind(one)} is not held by its link"
    return ""


RULES: Mapping[str, Rule] = {
    rule.__name__: rule
    for rule in (
        rows_are_unique,
        reading_twice_says_the_same,
        a_bad_row_costs_itself_only,
        what_was_put_is_held,
        a_newer_version_takes_the_place_of_the_older,
        applying_twice_is_applying_once,
        nothing_that_arrived_goes_out,
        what_is_taken_back_is_gone_or_kept_by_law,
        an_own_row_is_not_erased,
        an_unknown_ask_is_refused,
        own_rows_are_held_by_their_links,
    )
}
"""All rules by name: a test takes them one by one."""


def puts() -> list[Put]:
    """One fact of each kind that has a cell, in version 1, with every field of its content filled."""
    return [_put(number, kind, made(content)) for number, (kind, content) in enumerate(CONTENT_OF.items())]


def made(content: type[Content]) -> Content:
    """A content whose fields say their own names; dates are dates."""
    values: dict[str, object] = {}
    for one in fields(content):
        match one.type:
            case t if t is bool:
                values[one.name] = False
            case t if t is str:
                values[one.name] = _TEXTS.get(one.name, f'{one.name}, äö \u2013 toinen; "kolmas"')
            case _:
                values[one.name] = ("0" * 32 + "@1",)
    return content(**values)  # type: ignore[arg-type] # by each field's own type


_TEXTS = {
    "henkilotunnus": for_test(date(1979, 5, 17), 951),
    "language": "fi",
    "postal_code": "33100",
    "telephone": "+358401234567",
    "valid_until": "2026-12-31",
    "next_on": "2026-12-31",
    "signed_on": "2026-06-01",
    "measured_on": "2026-06-01",
    "service_code": "TV-12",
}


def _put(number: int, kind: str, content: Content) -> Put:
    return Put(
        fact=FactId(f"{number:08x}" + "c" * 24),
        kind=kind,
        category=CATEGORY_OF[type(content).__name__][0],
        handling=KINDS[kind].handling or "ordinary",
        version=1,
        status="made" if kind == "referral" else "in-force" if KINDS[kind].is_joint else "open",
        owner="kela",
        basis=_STATUTE,
        digest=bytes(range(32)),
        content=content,
        plan="a" * 32 if KINDS[kind].is_joint or kind == "plan-item" else None,
        referral="b" * 32 if kind == "referral" else None,
    )


def _person(connector: Connector) -> Person:
    """A person of the sample's, so that the register knows whom the facts are about; else a test person."""
    rows = connector.source.read().rows
    people = (one.person for one in rows if isinstance(one, Statement))
    return next(people, Person(_TEXTS["henkilotunnus"]))


def _held(connector: Connector, person: Person) -> dict[FactId, Holding]:
    return {holding.fact: holding for holding in connector.sink.holdings(person)}


def _fact_of(statement: Statement, number: int) -> FactId:
    """The fact that an own row adopts, or one made up."""
    adopts = statement.says.adopts if isinstance(statement.says, FactRow) else None
    return adopts or FactId(f"{number:08x}" + "d" * 24)


def _kind(statement: Statement) -> str:
    return statement.says.kind if isinstance(statement.says, FactRow) else ""


def _bytes_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}
