"""Reads a rule file into a law, or says everything that is wrong with it: file, line, rule, and what to do."""

import datetime
import hashlib
import itertools
import re
import tomllib
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sauma.fact import CARE, CATEGORIES, HANDLING, KINDS, NEVER, ROLES, THE_THREE, Moment
from sauma.law import Law, Rule
from sauma.predicates import CONDITIONS, WILL_KIND

GROUPS: Mapping[str, frozenset[str]] = {"the-three": THE_THREE, "anyone": frozenset(ROLES)}

_EFFECTS = {
    "release": {"order", "discloser", "recipient", "categories", "from", "to", "when", "purpose", "when_it_ends"},
    "withhold": {"categories", "from", "to"},
    "accompany": {"kinds"},
    "no-ground": {"categories", "from", "to", "note"},
}
_OPTIONAL = {
    "release": {"kinds", "handling", "note", "once", "since", "until"},
    "withhold": {"kinds", "handling", "when", "discloser", "note", "since", "until"},
    "accompany": {"discloser", "recipient", "purpose", "note", "since", "until"},
    "no-ground": {"kinds", "handling", "discloser"},
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong with a rule file."""

    file: str
    line: int
    rule: str
    what: str
    do: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: rule {self.rule or '-'}: {self.what}; {self.do}"


_TEXT, _TEXTS, _NUMBERS = "a text in quotes", "a list of texts", "a list of numbers"
_DATE = "a date such as 2026-05-01, without quotes"
_SHAPES: Mapping[str, str] = {
    **dict.fromkeys(("id", "effect", "discloser", "recipient", "purpose", "when_it_ends", "note"), _TEXT),
    **dict.fromkeys(("kinds", "handling", "from", "to", "when"), _TEXTS),
    "categories": _NUMBERS,
    **dict.fromkeys(("since", "until"), _DATE),
    "order": "a whole number",
    "once": "true or false",
}
_MAY_BE_EMPTY = frozenset({"when"})
"""An empty list anywhere else makes a rule that speaks of nothing, which nobody means."""

_RULE = re.compile(r"\s*\[\[\s*rule\s*\]\]")


class RuleFileError(Exception):
    """A rule file that cannot be used; `faults` has all that is wrong."""

    def __init__(self, faults: Sequence[Fault]) -> None:
        super().__init__("\n".join(str(fault) for fault in faults))
        self.faults = tuple(faults)


BEFORE_ANY = Law("before-any", "0001-01-01", Moment(0), ())
"""What is in force before the oldest rule set: nothing, so nothing leaves."""


@dataclass(frozen=True, slots=True)
class Laws:
    """The dated rule sets of one country, oldest first."""

    sets: tuple[Law, ...]
    texts: tuple[str, ...] = field(default=(), compare=False, repr=False)
    """What they were read from: an epoch record carries it, so that a journal can be judged again by its own rules."""

    @property
    def version(self) -> str:
        """A short hash over all rule sets: what an epoch record pins."""
        return hashlib.sha256("|".join(law.id for law in self.sets).encode()).hexdigest()[:16]

    def at(self, moment: Moment) -> Law:
        """The rule set in force at a moment; one without any rule for anything before the oldest."""
        return next((law for law in reversed(self.sets) if law.starts_at <= moment), BEFORE_ANY)


def midnight_in_helsinki(date: datetime.date) -> Moment:
    """The moment at which a day begins in Helsinki."""
    # A law comes into force at midnight in Helsinki: two hours before UTC's, three in summer time, which the European
    # rule (last Sundays of March and October, 01:00 UTC) gives without time-zone data that could differ between machines.
    utc = datetime.datetime(date.year, date.month, date.day, tzinfo=datetime.UTC)
    summer = _last_sunday(utc.year, 3) <= utc - datetime.timedelta(hours=2) < _last_sunday(utc.year, 10)
    return Moment(int((utc - datetime.timedelta(hours=3 if summer else 2)).timestamp()) * 1000)


def _last_sunday(year: int, month: int) -> datetime.datetime:
    end = datetime.datetime(year, month, 31, 1, tzinfo=datetime.UTC)  # both months have 31 days
    return end - datetime.timedelta(days=(end.weekday() + 1) % 7)


def read_laws(files: Mapping[str, str]) -> Laws:
    """The laws in these texts, by file name; raises `RuleFileError` with every fault of every file."""
    faults: list[Fault] = []
    sets: list[Law] = []
    for name, text in sorted(files.items()):
        try:
            law = read_law(name, text)
            if law.in_force_from in (known.in_force_from for known in sets):
                what = f"a second rule set from {law.in_force_from}"
                faults.append(Fault(name, 1, "", what, "give it another date: one law is in force at a time"))
            sets.append(law)
        except RuleFileError as error:
            faults += error.faults
    if faults:
        raise RuleFileError(faults)
    if not sets:
        raise RuleFileError([Fault("law", 0, "", "no rule file at all", "add law/<country>/<date>.toml")])
    texts = tuple(text for _, text in sorted(files.items()))
    laws = Laws(tuple(sorted(sets, key=lambda law: law.in_force_from)), texts)
    faults += _outlived(laws)
    if faults:
        raise RuleFileError(faults)
    return laws


def _outlived(laws: Laws) -> list[Fault]:
    """Rules whose last day passes while their rule set is still in force: nobody would be judged anew on that day."""
    found: list[Fault] = []
    for law, later in itertools.zip_longest(laws.sets, laws.sets[1:]):
        for rule in law.rules:
            ends = rule.until + datetime.timedelta(days=1) if rule.until else None
            if ends is not None and (later is None or str(ends) < later.in_force_from):
                file, _, line = rule.place.rpartition(":")
                what = f"in force until {rule.until}, and this rule set goes on after that"
                found.append(Fault(file, int(line), rule.id, what, f"add a rule set from {ends} without it"))
    return found


def read_law(name: str, text: str) -> Law:
    """The rule set in one text; raises `RuleFileError`."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        place = re.search(r"line (\d+)", str(error))
        line = int(place[1]) if place else len(text.splitlines())
        raise RuleFileError([Fault(name, line, "", f"not TOML: {error}", "mend the syntax there")]) from None
    reader = _Reader(name, text)
    reader.whole(raw)
    tables = raw.get("rule", [])
    listed = enumerate(tables if isinstance(tables, list) else [])
    rules = [(index, rule) for index, table in listed if (rule := reader.rule(index, table)) is not None]
    reader.together(rules)
    if reader.faults:
        raise RuleFileError(reader.faults)
    digest = hashlib.sha256(text.encode()).hexdigest()[:12]
    date = str(raw["in_force_from"])
    starts_at = midnight_in_helsinki(raw["in_force_from"])
    return Law(f"{date}+{digest}", date, starts_at, tuple(rule for _, rule in rules))


class _Reader:
    """Collects faults instead of stopping at the first."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        self.lines = text.split("\n")  # as TOML counts lines
        self.starts = [n for n, line in enumerate(self.lines, 1) if _RULE.match(line)]
        self.faults: list[Fault] = []
        self.in_force_from: datetime.date | None = None

    def line(self, index: int, key: str = "") -> int:
        """The line on which a rule's key stands, or the rule itself; before the first rule for index -1."""
        if index >= len(self.starts):
            return 0
        start = self.starts[index] if index >= 0 else 1
        if not key:
            return start
        stop = self.starts[index + 1] if index + 1 < len(self.starts) else len(self.lines) + 1
        found = (n for n in range(start, stop) if self.lines[n - 1].split("=")[0].strip() == key)
        return next(found, start)

    def whole(self, raw: Mapping[str, Any]) -> None:
        for key in sorted(raw.keys() - {"in_force_from", "rule"}):
            self._fault(-1, "", f"unknown key {key!r} at the top", "remove it; known: in_force_from and [[rule]]", key)
        date: Any = raw.get("in_force_from")
        is_date = isinstance(date, datetime.date) and not isinstance(date, datetime.datetime)
        # At either end of the calendar there is no midnight in Helsinki to reckon.
        if not is_date or not datetime.date(1970, 12, 31) < date < datetime.date(9999, 1, 1):
            self._fault(-1, "", "in_force_from is not a date", "write in_force_from = 2026-05-01", "in_force_from")
        else:
            self.in_force_from = date
        rules = raw.get("rule", [])
        if not isinstance(rules, list) or not all(isinstance(rule, dict) for rule in rules):
            self._fault(-1, "", "rule is not a list of tables", "begin each rule with [[rule]]", "rule")

    def rule(self, index: int, table: Any) -> Rule | None:
        before = len(self.faults)
        if not isinstance(table, dict):
            return None
        name, effect = str(table.get("id", "")), str(table.get("effect", ""))
        if not name:
            self._fault(index, "", "a rule without id", 'add id = "act-section-what"')
        if effect not in _EFFECTS:
            self._fault(index, name, f"unknown effect {effect!r}", f"use one of {', '.join(_EFFECTS)}", "effect")
            return None
        self._keys(index, name, effect, table)
        if self._misshapen(index, name, table):
            return None
        categories = frozenset(table.get("categories", CATEGORIES if effect == "accompany" else ()))
        kinds = frozenset(table.get("kinds", ()))
        handling = frozenset(table.get("handling", HANDLING if effect == "accompany" else ("ordinary",)))
        self._known(index, name, "categories", categories, set(CATEGORIES))
        self._known(index, name, "kinds", kinds, set(KINDS))
        self._known(index, name, "handling", handling, set(HANDLING))
        when = tuple(table.get("when", ()))
        self._known(index, name, "when", frozenset(when), set(CONDITIONS))
        self._in_force_then(index, name, table.get("since"), table.get("until"))
        if effect == "release" and handling & NEVER:
            what = f"a release rule names {', '.join(sorted(handling & NEVER))}"
            self._fault(index, name, what, "take it out: these classes never leave", "handling")
        ending = str(table.get("when_it_ends", "stop"))
        if ending not in ("stop", "erase"):
            self._fault(index, name, f"when_it_ends is {ending!r}", 'use "stop" or "erase"', "when_it_ends")
        from_roles = self._roles(index, name, "from", table.get("from", ["anyone"]))
        to_roles = self._roles(index, name, "to", table.get("to", ["anyone"]))
        self._wills(index, name, when, from_roles | to_roles)
        if len(self.faults) > before:
            return None
        return Rule(
            id=name,
            effect=effect,
            order=table.get("order", 0),
            categories=categories,
            kinds=kinds,
            handling=handling,
            from_roles=from_roles,
            to_roles=to_roles,
            when=when,
            discloser=str(table.get("discloser", "")),
            recipient=str(table.get("recipient", "")),
            purpose=str(table.get("purpose", "")),
            when_it_ends=ending,
            once=table.get("once", False),
            since=table.get("since"),
            until=table.get("until"),
            note=str(table.get("note", "")),
            place=f"{self.name}:{self.line(index)}",
        )

    def together(self, rules: Sequence[tuple[int, Rule]]) -> None:
        """Faults that only two rules together can have; each rule with its place among the file's."""
        for (_, first), (index, second) in itertools.combinations(rules, 2):
            if first.id == second.id:
                self._fault(index, second.id, "a second rule of this id", "give each rule an id of its own", "id")
            if first.effect == second.effect == "release" and first.order == second.order and _ambiguous(first, second):
                what = f"same order {second.order} as {first.id}, can meet it, and ends differently"
                self._fault(index, second.id, what, "give one of them another order", "order")

    def _keys(self, index: int, name: str, effect: str, table: Mapping[str, Any]) -> None:
        needed, allowed = _EFFECTS[effect], _EFFECTS[effect] | _OPTIONAL[effect] | {"id", "effect"}
        for key in sorted(table.keys() - allowed):
            self._fault(index, name, f"unknown key {key!r}", f"remove it; known: {', '.join(sorted(allowed))}", key)
        for key in sorted(needed - table.keys()):
            self._fault(index, name, f"no {key}", f"a {effect} rule needs {key}")

    def _misshapen(self, index: int, name: str, table: Mapping[str, Any]) -> bool:
        before = len(self.faults)
        for key in sorted(table.keys() & _SHAPES.keys()):
            if not _has_shape(table[key], _SHAPES[key]):
                self._fault(index, name, f"{key} has another form", f"write {_SHAPES[key]}", key)
            elif table[key] == [] and key not in _MAY_BE_EMPTY:
                self._fault(index, name, f"{key} is empty", "name at least one, or leave the key out", key)
        return len(self.faults) > before

    def _known(self, index: int, name: str, key: str, values: Iterable[Any], known: set[Any]) -> None:
        for value in sorted(set(values) - known, key=str):
            names = ", ".join(str(k) for k in sorted(known, key=str))
            self._fault(index, name, f"unknown {key} {value!r}", f"use one of: {names}", key)

    def _roles(self, index: int, name: str, key: str, values: Sequence[str]) -> frozenset[str]:
        self._known(index, name, key, values, set(ROLES) | set(GROUPS))
        return frozenset(itertools.chain.from_iterable(GROUPS.get(value, frozenset({value})) for value in values))

    def _wills(self, index: int, name: str, when: tuple[str, ...], roles: frozenset[str]) -> None:
        kinds = {WILL_KIND[condition] for condition in when if condition in WILL_KIND}
        if len(kinds) > 1:
            what = f"conditions about different wills ({', '.join(sorted(kinds))})"
            self._fault(index, name, what, "make two rules: within one, all speak of the same will", "when")
        elif "permit" in kinds and roles - CARE:
            what = f"a disclosure permit for {', '.join(sorted(roles - CARE))}"
            do = "name social-care and health-care only: a permit is no ground towards anyone else (ATL 54-55 §)"
            self._fault(index, name, what, do, "when")

    def _in_force_then(self, index: int, name: str, since: datetime.date | None, until: datetime.date | None) -> None:
        starts = self.in_force_from
        if starts is not None and since is not None and since > starts:
            what = f"in force since {since}, after this rule set's {starts}"
            self._fault(index, name, what, f"put it into a rule set from {since}", "since")
        if starts is not None and until is not None and until < starts:
            what = f"in force until {until}, before this rule set's {starts}"
            self._fault(index, name, what, "leave it out: this rule set is younger", "until")

    def _fault(self, index: int, rule: str, what: str, do: str, key: str = "") -> None:
        self.faults.append(Fault(self.name, self.line(index, key), rule, what, do))


def _has_shape(value: Any, shape: str) -> bool:
    """A truth value is a whole number to Python, and 1 to a set of numbers: here it is neither."""
    if shape in (_TEXTS, _NUMBERS):
        return isinstance(value, list) and all(type(item) is (str if shape == _TEXTS else int) for item in value)
    return type(value) is {_TEXT: str, "a whole number": int, _DATE: datetime.date}.get(shape, bool)


def _ambiguous(first: Rule, second: Rule) -> bool:
    meet = (
        first.categories & second.categories
        and first.handling & second.handling
        and (not first.kinds or not second.kinds or first.kinds & second.kinds)
        and first.from_roles & second.from_roles
        and first.to_roles & second.to_roles
    )
    return bool(meet) and first.when_it_ends != second.when_it_ends
