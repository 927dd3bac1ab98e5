"""Plays one client's history and holds every delivery, and every silence, against the reference law (I1, I2, I4, I10, I11)."""

from dataclasses import dataclass, field

from sauma.delivery import Basis, Delivered, Delivery, Rebased, Retracted
from sauma.event import Event, Receipt
from sauma.ids import EndpointId
from sauma.places import Endpoint, Places
from sauma_services.checker import effects, keeping
from sauma_services.checker.decisions import check_decision
from sauma_services.checker.ledger import Held, Ledger
from sauma_services.checker.naive import ACCOMPANYING, NaiveClient, NaiveFact
from sauma_services.checker.order import Order
from sauma_services.checker.reading import Told
from sauma_services.checker.reference import ERASED_AT_THE_END, Allowed, Ground, allowed
from sauma_services.checker.sayings import wrong_with
from sauma_services.checker.snapshot import Violation


@dataclass(slots=True)
class Judge:
    """One client, played record by record; `violations` grows."""

    client: NaiveClient
    places: Places
    ledger: Ledger = field(default_factory=Ledger)
    order: Order = field(default_factory=Order)
    violations: list[Violation] = field(default_factory=list)
    place: str = ""
    puts: int = 0

    def play(self, told: list[Told]) -> None:
        """The whole history, as far as each record has a decision: without one nobody can say what it did."""
        for record in told:
            if record.decision is None:
                return
            self.record(record)

    def record(self, record: Told) -> None:
        """One record: what took effect, what left, and what ought to have left."""
        decision, client = record.decision, self.client
        if decision is None:
            return
        self.place = record.place
        client.now, client.records = decision.effective_at, client.records + 1
        client.faults, self.order.faults = [], []
        notices = [(d.recipient, notice) for d in record.deliveries for notice in d.notices]
        refused = {notice.reference for _, notice in notices if notice.code == "refused"}
        for event in self.order.taking_effect(record.entry, decision, refused):
            self._take(event)
        for invariant, what in (*self.order.faults, *client.faults, *check_decision(decision, record.deliveries)):
            self.found(invariant, what)
        for delivery in record.deliveries:
            self._delivery(delivery)
        for invariant, what in keeping.unkept(client, self.ledger, self.places):
            self.found(invariant, what)

    def found(self, invariant: str, what: str) -> None:
        """Note a violation at the present record."""
        self.violations.append(Violation(invariant, self.client.subject, self.place, what))

    def _take(self, event: Event) -> None:
        for invariant, what in wrong_with(self.client, event, self.places):
            self.found(invariant, what)
        self.client.authored = []
        try:
            effects.take(self.client, event, self.places)
        except (KeyError, StopIteration):
            self.found("I6", f"{event.source} seq {event.seq} took effect, and speaks of what nobody has put")
        for author, fact, version in self.client.authored:
            self.ledger.wrote(author, fact, version)
        if isinstance(event.body, Receipt):
            self.ledger.answered(event.source, event.body)

    def _delivery(self, delivery: Delivery) -> None:
        to = self.places.endpoint(EndpointId(delivery.recipient))
        if to is None:
            self.found("I4", f"{delivery.recipient} is no known endpoint")
            return
        for item in delivery.puts:
            self._put(to, item)
        for moved in delivery.rebased:
            self._rebased(to, moved)
        for back in delivery.retracted:
            self._retracted(to, back)

    def _put(self, to: Endpoint, item: Delivered) -> None:
        self.puts += 1
        fact, held = self.client.facts.get(item.fact), self.ledger.held(to.id, item.fact)
        pair = f"{to.id} {item.fact} v{item.version}"
        if fact is None:
            self.found("I1", f"{pair}: nobody has put this fact")
            return
        if held is not None and held.is_live and held.version == item.version:
            self.found("I8", f"{pair}: it had this version already")
        stated = (item.kind, item.category, item.handling, item.status, item.digest, item.cell)
        if item.version != fact.version:
            self.found("I10", f"{pair}: the current version is {fact.version}")
        elif stated != (fact.kind, fact.category, fact.handling, fact.status, fact.digest, fact.cell):
            self.found("I10", f"{pair}: not the content of this version")
        if fact.handling not in ("ordinary", "locality") and fact.owner != to.id:
            self.found("I1", f"{pair}: {fact.handling} never leaves")
        if self.client.non_disclosure and self.places.endpoint(EndpointId(item.owner)) is not None:
            owner = self.places.endpoint(EndpointId(item.owner))
            if owner is not None and owner.id != owner.role:
                self.found("I1", f"{pair}: names its owner in spite of the order for non-disclosure")
        if fact.kind not in ACCOMPANYING:
            self._based(to, fact, held, item.basis, pair)
        self.ledger.put(to.id, item, is_void=fact.status == "void", now=self.client.now)

    def _based(self, to: Endpoint, fact: NaiveFact, held: Held | None, basis: Basis, pair: str) -> None:
        """The ground that is cited is one on which the reference law lets the recipient hold the fact now."""
        may = allowed(self.client, fact, to, held.copy if held else None, self.places)
        ground = Ground(basis.discloser, basis.will)
        if ground not in may.now:
            self.found(
                _wrong_ground(self.client, ground, may), f"{pair}: by {basis.discloser}, which does not carry it"
            )
        elif ground.will is not None and any(other.will is None for other in may.now):
            self.found("I4", f"{pair}: rests on a will though statute carries it")

    def _rebased(self, to: Endpoint, moved: Rebased) -> None:
        fact, held = self.client.facts.get(moved.fact), self.ledger.held(to.id, moved.fact)
        pair = f"{to.id} {moved.fact} v{moved.version}"
        if fact is None or held is None or not held.is_live or held.version != moved.version:
            self.found("I1", f"{pair}: another basis for what it does not hold")
            return
        if fact.kind not in ACCOMPANYING:
            self._based(to, fact, held, moved.basis, pair)
        self.ledger.rebase(to.id, moved, now=self.client.now)

    def _retracted(self, to: Endpoint, back: Retracted) -> None:
        fact, held = self.client.facts.get(back.fact), self.ledger.held(to.id, back.fact)
        pair = f"{to.id} {back.fact}"
        if fact is None or held is None:
            self.found("I1", f"{pair}: takes back what was never given")
            return
        ground = held.ground
        on_will = ground is not None and ground.will is not None and ground.paragraph in ERASED_AT_THE_END
        is_wrong = fact.status == "void" or keeping.was_for_annulled(self.client, held)
        ask = "error" if is_wrong else "erase" if on_will and held.by_will_only else "stop"
        if back.ask != ask:
            self.found("I2", f"{pair}: asks {back.ask}, should ask {ask}")
        if ask != "error" and not held.is_live:
            self.found("I8", f"{pair}: taken back again")
        if fact.kind not in ACCOMPANYING and allowed(self.client, fact, to, held.copy, self.places).now:
            self.found("lawful-lost", f"{pair}: taken back though it may be held")
        if fact.status == "void" and held.told_void:
            self.found("I8", f"{pair}: told again that it was wrong")
        self.ledger.retract(to.id, back, is_void=fact.status == "void")


def _wrong_ground(client: NaiveClient, ground: Ground, may: Allowed) -> str:
    """I2 where a will has ended, I4 where another ground would carry it or one is not known yet, I1 where nothing does."""
    will = client.wills.get(ground.will) if ground.will else None
    if will is not None and not will.is_in_force(client.now):
        return "I2"
    return "I4" if may.now or may.maybe else "I1"
