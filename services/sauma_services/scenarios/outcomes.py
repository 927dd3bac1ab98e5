"""Compares what a step did with what a scenario expects of it, recipient by recipient and fact by fact."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sauma.client import OWN, Client
from sauma.delivery import Basis, Delivery
from sauma.ids import EndpointId, FactId
from sauma.law import Law
from sauma.outgoing import OWN_BASIS
from sauma.step import Step
from sauma_services.scenarios.acts import in_full
from sauma_services.scenarios.wording import Outcome


@dataclass(frozen=True, slots=True)
class Got:
    """What one recipient has of one fact after the step."""

    how: str
    """gets, rests-on, keeps, withheld, missing or taken-back."""
    what: str
    """The paragraph, the reason, what is missing, or what is asked."""
    recipient: str = ""
    will: str | None = None
    because: str = ""
    owner: str = ""

    def __str__(self) -> str:
        more = [f"{name} {value}" for name, value in (("will", self.will), ("because", self.because)) if value]
        return ", ".join([f"{self.how} {self.what}", *more])


Key = tuple[EndpointId, str]
"""A recipient, and a fact by its name."""


@dataclass(frozen=True)
class Came:
    """Everything that came of one step, by recipient and fact."""

    left: dict[Key, Got] = field(default_factory=dict)
    """What was sent: put, rested on another basis, taken back."""
    stayed: dict[Key, Got] = field(default_factory=dict)
    """What was withheld or could not be decided."""
    held: dict[Key, Got] = field(default_factory=dict)
    """What each recipient is kept up to date about."""
    told: dict[EndpointId, tuple[str, ...]] = field(default_factory=dict)

    def of(self, key: Key) -> Got | None:
        """What came of this fact for this recipient."""
        return self.left.get(key) or self.stayed.get(key)


def came(taken: Step, law: Law) -> Came:
    """What came of the step."""
    found, client = Came(), taken.client
    names = {state.fact.id: name_of(client, state.fact.id) for state in client.facts.values()}
    # The recipient is told that its right ended; why stands in the decision, and that is what a scenario speaks of.
    why = {(r.recipient, r.fact): r.reason for r in taken.decision.rulings if r.outcome == "retracted"}
    for delivery in taken.deliveries:
        _leaves(delivery, names, why, found)
    for ruling in taken.decision.rulings:
        if ruling.outcome in ("withheld", "undecided"):
            how = "missing" if ruling.outcome == "undecided" else "withheld"
            found.stayed[EndpointId(ruling.recipient), names[ruling.fact]] = Got(how, ruling.reason)
    for state in client.facts.values():
        for recipient, given in state.given.items():
            if given.is_live:
                found.held[recipient, names[state.fact.id]] = Got("keeps", _paragraph(law, given.rule))
    return found


def _leaves(
    delivery: Delivery, names: Mapping[FactId, str], why: Mapping[tuple[str, FactId], str], found: Came
) -> None:
    to = delivery.recipient
    for item in delivery.puts:
        found.left[to, names[item.fact]] = _by("gets", item.basis, owner=item.owner)
    for moved in delivery.rebased:
        found.left[to, names[moved.fact]] = _by("rests-on", moved.basis)
    for back in delivery.retracted:
        found.left[to, names[back.fact]] = Got("taken-back", back.ask, because=why.get((to, back.fact), ""))
    if delivery.notices:
        told = tuple(f"{notice.code} {notice.reason}".strip() for notice in delivery.notices)
        found.told[to] = found.told.get(to, ()) + told


def _paragraph(law: Law, rule: str) -> str:
    known = law.by_id.get(rule)
    return OWN_BASIS.discloser if rule == OWN else known.discloser if known else rule


def _by(how: str, basis: Basis, owner: str = "") -> Got:
    return Got(how, basis.discloser, basis.recipient, basis.will, owner=owner)


def name_of(client: Client, fact: FactId) -> str:
    """What a scenario calls the fact: its id, or its kind where the router made it and drew the id."""
    kind = client.facts[fact].fact.kind
    return kind if kind in ("relationship", "referral-status", "non-disclosure", "conflict") else fact


def expected(outcome: Outcome) -> str:
    """The outcome as a sentence's end."""
    said = outcome.model_dump(exclude_none=True, by_alias=True)
    return ", ".join(f"{key} {value}" for key, value in said.items())


def is_as_expected(outcome: Outcome, key: Key, actual: Came) -> bool:
    """Whether that came which the scenario expects of this fact for this recipient."""
    got = actual.of(key)
    if outcome.keeps is not None:
        held = actual.held.get(key)
        return key not in actual.left and held is not None and held.what == in_full(outcome.keeps)
    if got is None:
        return False
    if outcome.gets is not None or outcome.rests_on is not None:
        return _is_by(outcome, got)
    if outcome.taken_back is not None:
        return (got.how, got.what) == ("taken-back", outcome.taken_back) and outcome.because in (None, got.because)
    how, what = ("withheld", outcome.withheld) if outcome.withheld is not None else ("missing", outcome.missing)
    return (got.how, got.what) == (how, what)


def _is_by(outcome: Outcome, got: Got) -> bool:
    how, paragraph = ("gets", outcome.gets) if outcome.gets is not None else ("rests-on", outcome.rests_on)
    return (
        (got.how, got.what) == (how, in_full(paragraph or ""))
        and (outcome.to_keep_by is None or got.recipient == in_full(outcome.to_keep_by))
        and (outcome.will is None or got.will == outcome.will)
        and (outcome.owner_shown_as is None or got.owner == outcome.owner_shown_as)
    )


def unexpected(then: Mapping[EndpointId, Mapping[str, Outcome]], actual: Came) -> list[Key]:
    """What was sent to somebody whom the scenario does not name for it."""
    return [key for key in actual.left if key[1] not in then.get(key[0], {})]
