"""A checker that finds nothing proves nothing: each fault planted in a good story is found, under its invariant's name."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from sauma.delivery import Applied, Basis, Delivery
from sauma.event import Event, Facts, Will
from sauma.fact import Moment
from sauma.ids import DeliveryId, EndpointId
from sauma.journal import Entry
from sauma_services.checker import Holding, LogSnapshot, Report, check
from sauma_services.checker.inbound import APPLIED
from sauma_services.runtime.topics import inbound
from support.snapshots import DELIVERY, ENTRY, EVENT, FACT_STATE, RecordedWorld, holdings, snapshot
from support.world import E2, H2, S2, SUBJECT, D, E, H, K, P, S, fact, put, puts
from unit.checker.bending import (
    change_decision,
    change_delivery,
    forget_retraction,
    keep_back,
    line,
    send,
    story,
    take_back,
    without_ruling,
)

TYM_15 = Basis("tym-15-base", "TYM 381/2023 15 §", "TYM 381/2023 14.2 §", "multi-sector-support")
ATL_53 = Basis("sote-permit", "ATL 703/2023 53-55 §", "ATL 703/2023 53-55 §", "care")
BY_WILL = Basis("provider-health", "JTPL 380/2023 116.4 §", "JTPL 380/2023 116.4 §", "employment-service", "w1")


def report_on(world: RecordedWorld) -> Report:
    return check(snapshot(world), places=world.places)


# Faults of a router: it decides wrongly, and sends and writes down what it decided.


def releases_to_a_stranger(world: RecordedWorld) -> None:
    send(world, line("4"), H2, fact("background"), TYM_15)


def releases_what_never_leaves(world: RecordedWorld) -> None:
    send(world, line("7"), E, fact("note"), TYM_15)


def releases_without_necessity(world: RecordedWorld) -> None:
    send(world, line("6"), K, fact("situation"), TYM_15)


def releases_before_the_start(world: RecordedWorld) -> None:
    send(world, line("3a"), K, fact("background"), TYM_15)


def releases_after_the_end(world: RecordedWorld) -> None:
    send(world, line("23"), E2, fact("situation-2"), TYM_15)


def releases_on_a_withdrawn_consent(world: RecordedWorld) -> None:
    send(world, line("18"), P, fact("h-capacity"), BY_WILL)


def releases_on_a_permit_nobody_read(world: RecordedWorld) -> None:
    send(world, line("8"), S, fact("h-capacity"), ATL_53)


def cites_another_paragraph(world: RecordedWorld) -> None:
    keep_back(world, line("6"), E, fact("situation"))
    send(world, line("6"), E, fact("situation"), ATL_53)


def rests_on_a_will_what_statute_carries(world: RecordedWorld) -> None:
    at = line("16a")
    change_delivery(world, at, P, lambda d: replace(d, rebased=()))
    change_decision(world, at, lambda d: without_ruling(without_ruling(d, P, fact("A")), P, fact("identity")))


def keeps_a_lawful_fact_back(world: RecordedWorld) -> None:
    keep_back(world, line("9a"), K, fact("A"))


def leaves_a_stale_version(world: RecordedWorld) -> None:
    keep_back(world, line("12"), K, fact("B"))


def forgets_the_withdrawal(world: RecordedWorld) -> None:
    forget_retraction(world, line("17"), P, fact("h-capacity"))


def forgets_the_end(world: RecordedWorld) -> None:
    forget_retraction(world, line("22c"), K, fact("h-capacity"))


def asks_to_stop_instead_of_erasing(world: RecordedWorld) -> None:
    forget_retraction(world, line("17"), P, fact("h-capacity"))
    take_back(world, line("17"), P, fact("h-capacity"), "stop")


def takes_back_what_is_lawful(world: RecordedWorld) -> None:
    take_back(world, line("10b"), K, fact("A"), "stop")


def takes_back_what_was_never_given(world: RecordedWorld) -> None:
    take_back(world, line("10b"), H, fact("A"), "stop")


def sends_the_same_version_again(world: RecordedWorld) -> None:
    send(world, line("10b"), K, fact("A"), TYM_15)


def sends_other_content(world: RecordedWorld) -> None:
    def change(delivery: Delivery) -> Delivery:
        return replace(delivery, puts=tuple(replace(item, cell=b"other") for item in delivery.puts))

    change_delivery(world, line("6"), E, change)


def names_the_owner_in_spite_of_the_order(world: RecordedWorld) -> None:
    def change(delivery: Delivery) -> Delivery:
        return replace(delivery, puts=tuple(replace(item, owner=S2) for item in delivery.puts))

    change_delivery(world, line("20b"), E2, change)


def hears_a_beneficiary(world: RecordedWorld) -> None:
    entry = world.entries[line("15")]
    assert isinstance(entry.what, Event)
    assert isinstance(entry.what.body, Will)
    will = replace(entry.what.body, recipients=(P, E))
    world.entries[line("15")] = Entry(entry.stamp, replace(entry.what, body=will))


def overwrites_on_a_stale_base(world: RecordedWorld) -> None:
    entry = world.entries[line("16")]
    assert isinstance(entry.what, Event)
    assert isinstance(entry.what.body, Facts)
    step = entry.what.body.steps[0]
    assert step.put is not None
    stale = Facts((replace(step, put=replace(step.put, base=0)),))
    world.entries[line("16")] = Entry(entry.stamp, replace(entry.what, body=stale))


# Faults of a runtime: what was decided, sent and stored does not belong together.


def decides_without_delivering(world: RecordedWorld) -> None:
    change_delivery(world, line("6"), E, lambda d: replace(d, puts=()))


def delivers_without_deciding(world: RecordedWorld) -> None:
    change_decision(world, line("6"), lambda d: without_ruling(d, E, fact("situation")))


def rules_twice_on_one_pair(world: RecordedWorld) -> None:
    change_decision(world, line("6"), lambda d: replace(d, rulings=(*d.rulings, d.rulings[0])))


def withholds_without_a_reason(world: RecordedWorld) -> None:
    change_decision(
        world, line("6"), lambda d: replace(d, rulings=tuple(replace(ruling, reason="") for ruling in d.rulings))
    )


def repeats_a_decision(world: RecordedWorld) -> None:
    world.steps.insert(line("6"), replace(world.steps[line("6")], deliveries=()))


def loses_a_decision(world: RecordedWorld) -> None:
    world.steps[line("23")] = replace(world.steps[line("23")], decision=world.steps[0].decision)


def turns_the_clock_back(world: RecordedWorld) -> None:
    earlier = world.decisions[line("5")].effective_at - 1
    moved = Moment(earlier)
    taken = world.steps[line("6")]
    sent = tuple(replace(delivery, effective_at=moved) for delivery in taken.deliveries)
    world.steps[line("6")] = replace(taken, deliveries=sent, decision=replace(taken.decision, effective_at=moved))


def takes_a_repeat_for_new(world: RecordedWorld) -> None:
    entry = world.entries[line("6")]
    assert isinstance(entry.what, Event)
    taken = world.journal(entry.what)
    world.steps[-1] = replace(taken, decision=replace(taken.decision, outcome="accepted"))


def lets_an_event_overtake_a_gap(world: RecordedWorld) -> None:
    seq = world.seqs[f"{S2}/first"] + 2
    taken = world.journal(world.event(S2, puts(put("late", "service-need", 6)), seq=seq))
    world.steps[-1] = replace(taken, decision=replace(taken.decision, outcome="accepted"))


def refuses_what_it_should_repeat(world: RecordedWorld) -> None:
    change_decision(world, line("6"), lambda d: replace(d, outcome="refused", reason=""))


FAULTS: tuple[tuple[Callable[[RecordedWorld], None], str], ...] = (
    (releases_to_a_stranger, "I1"),
    (releases_what_never_leaves, "I1"),
    (releases_without_necessity, "I1"),
    (releases_before_the_start, "I1"),
    (releases_after_the_end, "I1"),
    (releases_on_a_withdrawn_consent, "I2"),
    (releases_on_a_permit_nobody_read, "I4"),
    (cites_another_paragraph, "I4"),
    (rests_on_a_will_what_statute_carries, "I4"),
    (keeps_a_lawful_fact_back, "lawful-lost"),
    (leaves_a_stale_version, "I10"),
    (forgets_the_withdrawal, "I2"),
    (forgets_the_end, "I1"),
    (asks_to_stop_instead_of_erasing, "I2"),
    (takes_back_what_is_lawful, "lawful-lost"),
    (takes_back_what_was_never_given, "I1"),
    (sends_the_same_version_again, "I8"),
    (sends_other_content, "I10"),
    (names_the_owner_in_spite_of_the_order, "I1"),
    (hears_a_beneficiary, "I4"),
    (overwrites_on_a_stale_base, "I11"),
    (decides_without_delivering, "I6"),
    (delivers_without_deciding, "I13"),
    (rules_twice_on_one_pair, "I6"),
    (withholds_without_a_reason, "I4"),
    (repeats_a_decision, "I13"),
    (loses_a_decision, "I13"),
    (turns_the_clock_back, "I12"),
    (takes_a_repeat_for_new, "I16"),
    (lets_an_event_overtake_a_gap, "I6"),
    (refuses_what_it_should_repeat, "I6"),
)


@pytest.mark.parametrize(("plant", "invariant"), FAULTS, ids=[plant.__name__ for plant, _ in FAULTS])
def test_a_fault_in_the_history_is_found(plant: Callable[[RecordedWorld], None], invariant: str) -> None:
    world = story()
    plant(world)

    assert invariant in report_on(world).invariants


# Faults of a log: bytes and positions.


def _deliveries(good: LogSnapshot, recipient: EndpointId, records: list[tuple[int, bytes]]) -> LogSnapshot:
    return replace(good, deliveries={**good.deliveries, recipient: records})


def doubles_a_delivery(good: LogSnapshot) -> LogSnapshot:
    records = list(good.deliveries[K])
    return _deliveries(good, K, [*records[:3], records[2], *records[3:]])


def drops_a_delivery(good: LogSnapshot) -> LogSnapshot:
    records = list(good.deliveries[K])
    return _deliveries(good, K, [*records[:3], *records[4:]])


def drops_the_latest_delivery(good: LogSnapshot) -> LogSnapshot:
    return _deliveries(good, D, list(good.deliveries[D])[:-1])


def swaps_two_deliveries(good: LogSnapshot) -> LogSnapshot:
    records = list(good.deliveries[K])
    return _deliveries(good, K, [records[1], records[0], *records[2:]])


def writes_other_bytes_under_an_id(good: LogSnapshot) -> LogSnapshot:
    records = list(good.deliveries[K])
    other = replace(DELIVERY.decode(records[0][1]), effective_at=Moment(1))
    return _deliveries(good, K, [*records, (1000, DELIVERY.encode(other))])


def draws_an_id_by_lot(good: LogSnapshot) -> LogSnapshot:
    records = list(good.deliveries[K])
    other = replace(DELIVERY.decode(records[0][1]), id=DeliveryId("0" * 32))
    return _deliveries(good, K, [(0, DELIVERY.encode(other)), *records[1:]])


def delivers_to_anothers_topic(good: LogSnapshot) -> LogSnapshot:
    return replace(good, deliveries={**good.deliveries, H2: [*good.deliveries[H2], good.deliveries[K][0]]})


def loses_an_inbound_record(good: LogSnapshot) -> LogSnapshot:
    """As an acknowledgement before the commit would: the position moved on, and nothing was journalled."""
    assert good.inbound is not None
    records = list(good.inbound[inbound(E)])
    never = replace(EVENT.decode(records[-1][1]), seq=99)
    return replace(good, inbound={**good.inbound, inbound(E): [*records, (999, EVENT.encode(never))]})


def journals_a_record_twice(good: LogSnapshot) -> LogSnapshot:
    records = list(good.journal[0])
    return replace(good, journal={0: [*records, (999, records[-1][1])]})


def journals_what_nobody_said(good: LogSnapshot) -> LogSnapshot:
    assert good.inbound is not None
    return replace(good, inbound={**good.inbound, inbound(E): list(good.inbound[inbound(E)])[1:]})


def writes_one_client_to_two_partitions(good: LogSnapshot) -> LogSnapshot:
    records = list(good.journal[0])
    return replace(good, journal={0: records[:-1], 1: [records[-1]]})


def drops_a_decision(good: LogSnapshot) -> LogSnapshot:
    return replace(good, decisions=list(good.decisions)[:-1])


def pads_a_record(good: LogSnapshot) -> LogSnapshot:
    records = list(good.journal[0])
    return replace(good, journal={0: [*records[:-1], (records[-1][0], records[-1][1] + b"\x00")]})


def changes_a_stamp(good: LogSnapshot) -> LogSnapshot:
    records = list(good.journal[0])
    entry = ENTRY.decode(records[4][1])
    later = ENTRY.encode(replace(entry, stamp=Moment(entry.stamp + 1)))
    return replace(good, journal={0: [*records[:4], (records[4][0], later), *records[5:]]})


def acknowledges_what_was_never_made(good: LogSnapshot) -> LogSnapshot:
    applied = Applied(K, SUBJECT, DeliveryId("0" * 32), 1, Moment(1))
    return replace(good, receipts=[APPLIED.encode(applied)])


def stores_another_state(good: LogSnapshot) -> LogSnapshot:
    key = f"{SUBJECT}/fact/{fact('A')}"
    state = FACT_STATE.decode(good.state[key])
    fewer = replace(state, given={endpoint: given for endpoint, given in state.given.items() if endpoint != E2})
    return replace(good, state={**good.state, key: FACT_STATE.encode(fewer)})


def stores_an_earlier_state(good: LogSnapshot) -> LogSnapshot:
    key = f"{SUBJECT}/fact/{fact('B')}"
    state = FACT_STATE.decode(good.state[key])
    earlier = replace(state, fact=replace(state.fact, version=state.fact.version - 1))
    return replace(good, state={**good.state, key: FACT_STATE.encode(earlier)})


LOG_FAULTS: tuple[tuple[Callable[[LogSnapshot], LogSnapshot], str], ...] = (
    (doubles_a_delivery, "I8"),
    (drops_a_delivery, "I8"),
    (drops_the_latest_delivery, "I6"),
    (swaps_two_deliveries, "I8"),
    (writes_other_bytes_under_an_id, "I7"),
    (draws_an_id_by_lot, "I7"),
    (delivers_to_anothers_topic, "I1"),
    (loses_an_inbound_record, "I6"),
    (journals_a_record_twice, "I6"),
    (journals_what_nobody_said, "I6"),
    (writes_one_client_to_two_partitions, "I8"),
    (drops_a_decision, "I13"),
    (pads_a_record, "I22"),
    (changes_a_stamp, "I12"),
    (acknowledges_what_was_never_made, "I7"),
    (stores_another_state, "I5"),
    (stores_an_earlier_state, "I5"),
)


@pytest.mark.parametrize(("plant", "invariant"), LOG_FAULTS, ids=[plant.__name__ for plant, _ in LOG_FAULTS])
def test_a_fault_in_the_log_is_found(plant: Callable[[LogSnapshot], LogSnapshot], invariant: str) -> None:
    world = story()

    report = check(plant(snapshot(world)), places=world.places)

    assert invariant in report.invariants


# Faults in the agencies' own stores.


@pytest.mark.parametrize(
    ("holder", "name", "held", "invariant"),
    [
        pytest.param(S2, "A", Holding(2, {"content": "A v1.", "status": "open"}), "I10", id="one-character-differs"),
        pytest.param(K, "B", Holding(1, {"content": "B v1", "status": "open"}), "I10", id="an-earlier-version"),
        pytest.param(K, "situation", Holding(1, {"content": "situation v1", "status": "open"}), "I1", id="never-given"),
        pytest.param(
            P, "h-capacity", Holding(2, {"content": "h-capacity v2", "status": "open"}), "I2", id="not-erased"
        ),
    ],
)
def test_a_fault_in_a_store_is_found(holder: EndpointId, name: str, held: Holding, invariant: str) -> None:
    world = story()
    stores = holdings(world)
    stores[holder][SUBJECT][fact(name)] = held

    report = check(snapshot(world), stores, places=world.places)

    assert report.invariants == {invariant}


def test_a_fact_that_is_missing_from_a_store_is_found() -> None:
    world = story()
    del world.entries[line("22a") :], world.steps[line("22a") :]
    world.client = world.steps[-1].client
    stores = holdings(world)
    del stores[E2][SUBJECT][fact("situation")]

    report = check(snapshot(world), stores, places=world.places)

    assert report.invariants == {"lawful-lost"}
