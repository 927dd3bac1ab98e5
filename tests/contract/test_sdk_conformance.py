"""Every connector keeps the SDK's rules, and each rule is seen to fail on a register that breaks it."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path

import pytest

import sauma_connectors
from sauma.ids import EndpointId, FactId
from sauma_connectors.sdk.answering import ASKS
from sauma_connectors.sdk.check import check
from sauma_connectors.sdk.conformance import RULES, Case
from sauma_connectors.sdk.contract import (
    Answer,
    Arrival,
    Done,
    Erased,
    Holding,
    Kept,
    Person,
    Put,
    Refuse,
    Snapshot,
    TakeBack,
    Told,
    Unreadable,
)
from sauma_services.machine.connectors import KINDS
from unit.sdk.desk import PERSON, Register, item

CONNECTORS = Path(sauma_connectors.__file__).parent
ENDPOINTS = {
    "folder": ("provider-valmennus", "keha"),
    "kela": ("kela",),
    "employment-area": ("employment-tampereen-seutu",),
    "welfare-area": ("social-08", "health-08"),
}
CASES = {
    endpoint: Case(
        lambda folder, kind=kind, endpoint=endpoint: KINDS[kind](EndpointId(endpoint), folder),  # type: ignore[misc] # bound now
        CONNECTORS / kind.replace("-", "_") / "samples",
    )
    for kind, endpoints in ENDPOINTS.items()
    for endpoint in endpoints
}


def test_every_kind_of_connector_is_tried() -> None:
    assert ENDPOINTS.keys() == KINDS.keys()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("endpoint", CASES)
def test_every_connector_keeps_every_rule(endpoint: str, rule: str, tmp_path: Path) -> None:
    assert RULES[rule](CASES[endpoint], tmp_path) == ""


@pytest.mark.parametrize("endpoint", CASES)
def test_every_connectors_sample_passes_its_check(endpoint: str, tmp_path: Path) -> None:
    connector, folder = CASES[endpoint].at(tmp_path)

    found = check(connector, folder)

    assert [str(line) for line in found if line.name in ("folder", "writable") and not line.is_ok] == []
    assert [line.name for line in found[:3]] == ["folder", "writable", "rows"]


def test_check_says_what_to_do_where_the_folder_is_missing(tmp_path: Path) -> None:
    found = check(Register(EndpointId("kela")), tmp_path / "nowhere")

    assert [(line.name, line.is_ok) for line in found] == [("folder", False)]
    assert "mkdir -p" in str(found[0])


def test_check_names_unreadable_rows_and_what_is_wrong_with_them(tmp_path: Path) -> None:
    register = Register(EndpointId("kela"), unreadable=[Unreadable("a.csv:3", "unknown-code", "column 4")])
    register.says("rivi-1", item())

    found = check(register, tmp_path)

    assert [str(line) for line in found if not line.is_ok] == [
        "failed  rows: 1 rows about 1 people, 1 unreadable; mend the rows named below",
        "failed  row: a.csv:3: unknown-code; column 4",
    ]


def test_check_tells_a_source_that_breaks_by_its_error_and_not_by_its_words(tmp_path: Path) -> None:
    class Breaks(Register):
        def read(self) -> Snapshot:
            raise ValueError(PERSON.henkilotunnus)

    found = check(Breaks(EndpointId("kela")), tmp_path)

    assert "ValueError" in str(found[-1])
    assert PERSON.henkilotunnus not in str(found)


class _Good(Register):
    """A register that keeps every rule; kept in memory, so each process's reading is the same by its rows."""

    def __init__(self) -> None:
        super().__init__(EndpointId("kela"))
        self.own: set[FactId] = set()
        self.says("rivi-1", item())
        self.says("rivi-2", item("toinen"))

    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        held = self.received.get(person, {}).get(arrival.fact) if person and isinstance(arrival, Put) else None
        if isinstance(arrival, Put) and held is not None and held.version > arrival.version:
            return Done()
        if isinstance(arrival, TakeBack) and arrival.ask not in ASKS:
            return Refuse("unknown-ask")
        if isinstance(arrival, TakeBack) and person is not None and arrival.ask == "erase":
            row, _ = self.links.pop((person, arrival.fact), ("", 0))
            self.own |= {arrival.fact} if row else set()
            return Kept("TihL 906/2019 21 §") if arrival.fact in self.own else super().apply(person, arrival)
        return super().apply(person, arrival)


class _SameKey(_Good):
    def read(self) -> Snapshot:
        snapshot = super().read()
        return replace(snapshot, rows=(*snapshot.rows, *snapshot.rows[:1]))


class _Remembers(_Good):
    def read(self) -> Snapshot:
        snapshot = super().read()
        self.rows.popitem()
        return snapshot


class _Shortens(_Good):
    def holdings(self, person: Person) -> Iterable[Holding]:
        for holding in super().holdings(person):
            yield replace(holding, content=None)


class _TakesWhateverComes(_Good):
    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        return Register.apply(self, person, arrival)


class _Forgetful(_Good):
    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        answer = super().apply(person, arrival)
        count = sum(1 for _, known in self.arrivals if known == arrival)
        return Refuse("again") if isinstance(arrival, Told) and count > 1 else answer


class _Echoes(_Good):
    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        if isinstance(arrival, Put) and person is not None:
            self.says(arrival.fact, item(arrival.kind), person)
        return super().apply(person, arrival)


class _KeepsForNoReason(_Good):
    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        return Kept("") if isinstance(arrival, TakeBack) else super().apply(person, arrival)


class _ErasesItsOwn(_Good):
    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        return Erased() if isinstance(arrival, TakeBack) else super().apply(person, arrival)


class _TakesAnyAskForStop(_Good):
    def apply(self, person: Person | None, arrival: Arrival) -> Answer:
        return (
            Register.apply(self, person, arrival) if isinstance(arrival, TakeBack) else super().apply(person, arrival)
        )


class _LosesLinks(_Good):
    def shared(self, person: Person, row: str, fact: FactId, version: int) -> None:
        pass


BREAKERS: dict[str, Callable[[], Register]] = {
    "rows_are_unique": _SameKey,
    "reading_twice_says_the_same": _Remembers,
    "what_was_put_is_held": _Shortens,
    "a_newer_version_takes_the_place_of_the_older": _TakesWhateverComes,
    "applying_twice_is_applying_once": _Forgetful,
    "nothing_that_arrived_goes_out": _Echoes,
    "what_is_taken_back_is_gone_or_kept_by_law": _KeepsForNoReason,
    "an_own_row_is_not_erased": _ErasesItsOwn,
    "an_unknown_ask_is_refused": _TakesAnyAskForStop,
    "own_rows_are_held_by_their_links": _LosesLinks,
}


def _case(make: Callable[[], Register], tmp_path: Path, spoil: Callable[[Path], None] | None = None) -> Case:
    (tmp_path / "empty").mkdir()
    return Case(lambda _: make(), tmp_path / "empty", spoil)


@pytest.mark.parametrize("rule", RULES)
def test_a_good_register_passes(rule: str, tmp_path: Path) -> None:
    assert RULES[rule](_case(_Good, tmp_path), tmp_path) == ""


@pytest.mark.parametrize("rule", BREAKERS)
def test_a_register_that_breaks_a_rule_is_found_out(rule: str, tmp_path: Path) -> None:
    assert RULES[rule](_case(BREAKERS[rule], tmp_path), tmp_path) != ""


@pytest.mark.parametrize(
    ("unreadable", "lost", "wrong"),
    [
        ([Unreadable("rivi-1", "wrong-shape", "no goal")], 1, ""),
        ([], 1, "nothing was refused"),
        ([Unreadable("rivi-1", "wrong-shape", "no goal")], 2, "one spoilt row cost 2 rows"),
        ([Unreadable("rivi-1", "wrong-shape", PERSON.henkilotunnus)], 1, "a refusal repeats a henkilötunnus"),
    ],
)
def test_what_a_spoilt_row_may_cost(unreadable: list[Unreadable], lost: int, wrong: str, tmp_path: Path) -> None:
    register = _Good()

    def spoil(_: Path) -> None:
        register.unreadable = unreadable
        for _row in range(lost):
            register.rows.popitem()

    assert RULES["a_bad_row_costs_itself_only"](_case(lambda: register, tmp_path, spoil), tmp_path) == wrong
