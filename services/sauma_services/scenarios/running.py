"""Tells a scenario to the core and says where the outcome is another than expected. It knows no rule and no log."""

from collections.abc import Callable
from dataclasses import dataclass

from sauma.client import Client
from sauma.rulefile import Laws
from sauma.step import Step
from sauma_services.scenarios.explaining import explanation
from sauma_services.scenarios.forms import HOME
from sauma_services.scenarios.outcomes import Came, Key, came, expected, is_as_expected, unexpected
from sauma_services.scenarios.reading import Written
from sauma_services.scenarios.registers import names
from sauma_services.scenarios.statements import Statement
from sauma_services.scenarios.story import BEGINNINGS, Story
from sauma_services.scenarios.telling import NotThere, Teller, moment
from sauma_services.scenarios.text import Path
from sauma_services.scenarios.wording import Happens, Outcome


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One outcome that is not as a scenario expects it."""

    file: str
    line: int
    scenario: str
    date: str
    recipient: str
    fact: str
    expected: str
    got: str
    why: tuple[str, ...] = ()

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}: {self.scenario} ({self.date})"
        about = f"  {self.recipient}, {self.fact}: expected {self.expected}; got {self.got}"
        return "\n".join((where, about, *(f"    {line}" for line in self.why)))


Watch = Callable[[Client, Statement, Step], None]
"""Is shown each step that a scenario makes, with the client before it: for counting which rules were asked."""


def run(written: Written, laws: Laws, *, watch: Watch | None = None) -> list[Mismatch]:
    """Where the scenario's outcome is another than expected, for each of its dates."""
    return [mismatch for date in range(len(written.scenario.date)) for mismatch in run_on(written, laws, date, watch)]


def run_on(written: Written, laws: Laws, date: int, watch: Watch | None = None) -> list[Mismatch]:
    """The same for one of its dates, by its place among them."""
    return _Telling(written, laws, date, watch).tell()


class _Telling:
    """One scenario told for one date."""

    def __init__(self, written: Written, laws: Laws, date: int, watch: Watch | None) -> None:
        self.written, self.laws, self.watch = written, laws, watch
        self.date = str(written.scenario.date[date])[:16]
        self.home = written.scenario.client.municipality
        self.story = Story(laws, self.home, moment(written.scenario.date[date]))
        self.names = names(HOME if self.home == "unknown" else self.home)

    def tell(self) -> list[Mismatch]:
        """Everything up to the first statement whose outcome is another: what follows would only follow from it."""
        try:
            return self._tell()
        except NotThere as lost:
            return [self._mismatch((), "", "", f"that there is a {lost} when it is spoken of", "none")]

    def _tell(self) -> list[Mismatch]:
        before = (
            *((BEGINNINGS[self.written.scenario.client.relationship], ("client",)),),
            *(((one,), ("given", index)) for index, one in enumerate(self.written.scenario.given)),
        )
        for statements, path in before:
            for statement in statements:
                taken = self._takes(statement)
                if taken.decision.outcome != "accepted":
                    return [self._mismatch(path, "", "", "that it is accepted", _refusal(taken))]
        for index, happens in enumerate(self.written.scenario.happens):
            found = self._happens(happens, () if index == 0 else ("later", index - 1))
            if found:
                return found
        return []

    def _takes(self, statement: Statement) -> Step:
        before = self.story.client
        taken = self.story.takes(statement)
        if self.watch is not None:
            self.watch(before, statement, taken)
        return taken

    def _happens(self, happens: Happens, path: Path) -> list[Mismatch]:
        taken = self._takes(happens.when)
        wanted = f"refused {happens.refused}" if happens.refused else "accepted"
        if wanted != _refusal(taken):
            return [self._mismatch((*path, "when"), "", "", f"that it is {wanted}", _refusal(taken))]
        law = self.laws.at(taken.decision.effective_at)
        actual = came(taken, law)
        teller = Teller(self.story.client, self.home, self.story.now)
        then = {teller.endpoint(name): (name, facts) for name, facts in happens.then.items()}
        found: list[Mismatch] = []
        for endpoint, (name, facts) in then.items():
            for fact, outcome in facts.items():
                if not is_as_expected(outcome, (endpoint, fact), actual):
                    found.append(self._differs((*path, "then", name, fact), (endpoint, fact), outcome, actual))
        named = {endpoint: facts for endpoint, (_, facts) in then.items()}
        found += [self._differs((*path, "then"), key, None, actual) for key in unexpected(named, actual)]
        return found + self._told(happens, path, actual)

    def _told(self, happens: Happens, path: Path, actual: Came) -> list[Mismatch]:
        """Whether everybody was told what is expected; that a statement was refused, its speaker is told anyway."""
        teller, found = Teller(self.story.client, self.home, self.story.now), list[Mismatch]()
        told = {teller.endpoint(name): notices for name, notices in happens.told.items()}
        got = {to: notices for to, notices in actual.told.items() if not happens.refused}
        for to in sorted(told.keys() | got.keys()):
            if told.get(to, ()) != got.get(to, ()):
                wanted, came_of = (", ".join(one.get(to, ())) or "nothing" for one in (told, got))
                found.append(self._mismatch((*path, "told"), self.names.get(to, to), "told", wanted, came_of))
        return found

    def _differs(self, path: Path, key: Key, outcome: Outcome | None, actual: Came) -> Mismatch:
        endpoint, fact = key
        got = actual.of(key) or actual.held.get(key)
        story, law = self.story, self.laws.at(self.story.client.head.effective_at)
        why = explanation(law, story.client, endpoint, fact, story.client.head.effective_at)
        wanted = expected(outcome) if outcome else "nothing"
        return self._mismatch(path, self.names.get(endpoint, endpoint), fact, wanted, str(got or "nothing"), why)

    def _mismatch(
        self, path: Path, recipient: str, fact: str, wanted: str, got: str, why: tuple[str, ...] = ()
    ) -> Mismatch:
        written = self.written
        return Mismatch(
            file=written.file,
            line=written.line(*path),
            scenario=written.scenario.scenario,
            date=self.date,
            recipient=recipient or "the statement",
            fact=fact or "outcome",
            expected=wanted,
            got=got,
            why=why,
        )


def _refusal(taken: Step) -> str:
    decision = taken.decision
    return decision.outcome if decision.outcome == "accepted" else f"{decision.outcome} {decision.reason}".strip()
