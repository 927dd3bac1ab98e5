"""What arrives is applied in each client's order, once as far as anyone can see, and one client's trouble stays that client's."""

from dataclasses import replace

import pytest

from sauma.codec import Codec
from sauma.content import Goal, Identity
from sauma.delivery import Delivery, Notice
from sauma.event import ClientChange, Event, Held, Receipt
from sauma.ids import DeliveryId, EndpointId, FactId, SubjectId
from sauma_connectors.sdk.contract import (
    Answered,
    ClientChanged,
    Confirmed,
    FactRow,
    Mark,
    Own,
    Person,
    PlanDeclared,
    Proposed,
    Put,
    Refuse,
    RelationshipStep,
    Retry,
    Shared,
    TakeBack,
    Told,
    Unreadable,
    WillGiven,
    WillWithdrawn,
)
from sauma_connectors.sdk.files import Damaged
from sauma_connectors.sdk.settings import RunnerSettings
from sauma_connectors.sdk.waiting import Wait
from unit.sdk.desk import AT, EMPLOYMENT, KELA, NAME, OTHER, PERSON, SOCIAL, Desk, Register, item, referral

_DELIVERY = Codec(Delivery)


def test_the_identity_tells_whom_everything_else_is_about(desk: Desk, kela: Register, employment: Register) -> None:
    kela.says("lahete-1", referral())

    desk.settle()

    assert [(person, type(arrival)) for person, arrival in employment.arrivals] == [(PERSON, Put), (PERSON, Put)]
    kinds = [arrival.kind for _, arrival in employment.arrivals if isinstance(arrival, Put)]
    assert kinds == ["identity", "referral"]


def test_every_delivery_is_confirmed_in_its_order(together: Desk) -> None:
    for endpoint, line in together.log.deliveries.items():
        if endpoint in together.runners:
            confirmed = [one.number for one in together.log.applied if one.endpoint == endpoint]
            assert confirmed == [delivery.number for delivery, _ in line]


def test_a_repeated_delivery_is_not_applied_again(together: Desk, kela: Register) -> None:
    line = together.log.deliveries[KELA]
    applied = len(kela.arrivals)

    line += line[:]
    together.settle()

    assert len(kela.arrivals) == applied
    assert together.runners[KELA].counts().left_out["repeated"] > 0


def test_of_a_backlog_only_the_last_version_is_applied(together: Desk, employment: Register, kela: Register) -> None:
    for text in ("a", "b", "c"):
        employment.says("rivi-1", item(text))
        together.runners[EMPLOYMENT].poll()
        together.log.route()

    together.settle()

    puts = [arrival for _, arrival in kela.arrivals if isinstance(arrival, Put) and arrival.kind == "plan-item"]
    assert [put.version for put in puts] == [3]


def test_what_the_backlog_takes_back_is_not_applied_first(together: Desk, employment: Register, kela: Register) -> None:
    employment.says("rivi-1", item())
    together.runners[EMPLOYMENT].poll()
    employment.says("poistuu", RelationshipStep("end-proposed"))
    together.log.route()
    kela.says("pois-1", RelationshipStep("left"))
    together.runners[KELA].poll()
    together.log.route()

    together.settle()

    fact = together.fact(EMPLOYMENT, "rivi-1")
    assert not [
        arrival for _, arrival in kela.arrivals if isinstance(arrival, (Put, TakeBack)) and arrival.fact == fact
    ]


def test_a_client_whose_register_is_busy_waits_and_others_do_not(
    together: Desk, employment: Register, kela: Register
) -> None:
    kela.says("lahete-2", replace(referral(), identity=_identity_of_other()), OTHER)
    together.settle()
    employment.says("alku-2", RelationshipStep("started"), OTHER)
    together.settle()
    kela.says("osallistuu-2", RelationshipStep("taking-part"), OTHER)
    together.settle()
    kela.answers_about = {PERSON: Retry("locked")}

    employment.says("rivi-1", item("a"))
    employment.says("rivi-2", item("b"), OTHER)
    together.settle()
    employment.says("rivi-1", item("c"))
    together.settle()

    assert kela.contents(OTHER)["plan-item"] == [item("b").content]
    assert "plan-item" not in kela.contents()
    assert together.runners[KELA].counts().waiting_clients == 1

    kela.answers_about = {}
    together.start(KELA)
    together.settle()
    assert "plan-item" not in kela.contents()  # its time has not come yet
    together.now_ms += 10 * 60 * 1_000
    together.settle()
    assert kela.contents()["plan-item"] == [item("c").content]
    assert together.runners[KELA].counts().waiting_clients == 0


def test_operators_are_told_what_a_delivery_waits_for_by_a_code_at_each_try(
    together: Desk, employment: Register, kela: Register
) -> None:
    told: list[Wait] = []
    together.start(KELA, RunnerSettings(waits=told.append))
    subject = together.subject()
    employment.says("rivi-1", item())
    together.runners[EMPLOYMENT].poll()
    together.log.route()
    delivery = together.log.deliveries[KELA][-1][0].id

    kela.answers_about = {PERSON: Retry("disk-full", "linkit/a1.csv")}
    together.settle()
    kela.answers_about = {PERSON: Retry(f"{NAME} ei vastaa", PERSON.henkilotunnus)}
    together.now_ms += 1_000
    together.settle()

    assert told == [
        Wait("disk-full", "linkit/a1.csv", subject, delivery, attempt=1),
        Wait("no-code", "", subject, delivery, attempt=2),
    ]
    assert together.runners[KELA].waits_for() == ("no-code",)
    kela.answers_about = {}
    together.now_ms += 10_000
    together.settle()
    assert together.runners[KELA].waits_for() == ()


def test_operators_are_told_once_that_a_register_takes_no_notices(desk: Desk, kela: Register) -> None:
    told: list[Wait] = []
    desk.start(KELA, RunnerSettings(waits=told.append))
    notice = Notice("refused", "undecodable", reference="7")
    delivery = Delivery(DeliveryId("d"), KELA, SubjectId(""), 0, AT, notices=(notice,))
    desk.log.deliveries[KELA] = [(delivery, _DELIVERY.encode(delivery))]
    kela.unreadable = [Unreadable("rivi-1", "wrong-shape", "column 4")]
    kela.answers = {Told: Retry("disk-full")}

    desk.settle()
    desk.settle()

    assert set(told) == {Wait("disk-full"), Wait("disk-full", delivery=DeliveryId("d"))}
    assert len(told) == 2
    kela.answers = {}
    desk.settle()
    assert desk.runners[KELA].waits_for() == ()
    assert [one.reason for one in kela.told] == ["wrong-shape", "undecodable"]


def test_a_damaged_file_about_one_client_keeps_no_other_clients_links_back(
    together: Desk, employment: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    employment.says("alku-2", RelationshipStep("started"), OTHER)
    together.settle()
    shared = employment.shared

    def damaged(person: Person, row: str, fact: FactId, version: int) -> None:
        if person == PERSON:
            raise Damaged("restore it from a backup", file="linkit/a1.csv")
        shared(person, row, fact, version)

    monkeypatch.setattr(employment, "shared", damaged)
    employment.says("rivi-1", item())
    employment.says("rivi-2", item(to=()), OTHER)
    together.settle()

    own = together.fact(EMPLOYMENT, "rivi-1"), together.fact(EMPLOYMENT, "rivi-2")
    assert [(PERSON, own[0]) in employment.links, (OTHER, own[1]) in employment.links] == [False, True]
    assert together.runners[EMPLOYMENT].waits_for() == ("file-damaged",)
    monkeypatch.undo()
    together.settle()
    assert employment.links[PERSON, own[0]] == ("rivi-1", 1)
    assert together.runners[EMPLOYMENT].waits_for() == ()


def test_the_pauses_between_tries_grow_up_to_a_longest(together: Desk, employment: Register, kela: Register) -> None:
    kela.answers_about = {PERSON: Retry("locked")}
    employment.says("rivi-1", item())
    together.settle()
    tries = [len(kela.arrivals)]

    pauses: list[int] = []
    for _ in range(12):
        waited = 0
        while len(kela.arrivals) == tries[-1]:
            together.now_ms += 1_000
            waited += 1
            together.runners[KELA].receive()
        tries.append(len(kela.arrivals))
        pauses.append(waited)

    assert pauses == [1, 2, 4, 8, 16, 32, 64, 128, 256, 300, 300, 300]


def test_a_refused_fact_is_not_held(together: Desk, employment: Register, kela: Register) -> None:
    kela.answers = {Put: Refuse("no-such-client")}
    employment.says("rivi-1", item())

    together.settle()

    (receipt,) = [body for body in together.log.bodies(KELA) if isinstance(body, Receipt)]
    fact = together.fact(EMPLOYMENT, "rivi-1")
    assert (receipt.kind, receipt.reason, [held.fact for held in receipt.facts]) == (
        "refused",
        "no-such-client",
        [fact],
    )
    given = together.log.clients[together.subject()].facts[fact].given[KELA]
    assert given.state == "refused"
    assert together.runners[KELA].poll() is False


def test_what_the_register_will_not_take_back_is_still_held_and_its_refusal_is_told(
    together: Desk, employment: Register, kela: Register
) -> None:
    employment.says("rivi-1", item())
    together.settle()
    fact = together.fact(EMPLOYMENT, "rivi-1")
    kela.answers = {TakeBack: Refuse("unknown-ask")}

    employment.says("rivi-1", item(to=("social-care",)))  # no longer necessary for Kela
    together.settle()

    receipts = [body for body in together.log.bodies(KELA) if isinstance(body, Receipt)]
    assert [(receipt.kind, receipt.reason, receipt.facts) for receipt in receipts] == [
        ("refused", "unknown-ask", (Held(fact, 1),))
    ]
    assert together.runners[KELA]._parts.inbox.held_fact(together.subject(), fact) is not None
    assert set(together.log.outcomes()) == {"accepted"}


def test_two_accepted_on_one_base_leave_the_rows_version_as_the_router_has_it(
    together: Desk, employment: Register, kela: Register, social: Register
) -> None:
    employment.says("suunnitelma", PlanDeclared(Own("s"), makers=(EMPLOYMENT, KELA, SOCIAL)))
    employment.says("rivi-1", item("a", plan=Own("s")))
    together.settle()
    about = together.fact(EMPLOYMENT, "rivi-1")
    kela.says("ehdotus-1", Proposed(about, 1, item("b").content))
    social.says("ehdotus-2", Proposed(about, 1, item("c").content))
    together.settle()

    accepted = item("b", plan=Own("s"))
    employment.says("rivi-1", accepted)
    employment.says("vastaus-1", Answered("accept", together.fact(KELA, "ehdotus-1"), "rivi-1", accepted))
    together.settle()
    assert together.version(EMPLOYMENT, "rivi-1") == 2
    conflicting = item("c", plan=Own("s"))
    employment.says("rivi-1", conflicting)
    employment.says("vastaus-2", Answered("accept", together.fact(SOCIAL, "ehdotus-2"), "rivi-1", conflicting))
    together.settle()
    assert together.version(EMPLOYMENT, "rivi-1") == 2
    (conflict,) = [p for p in employment.received[PERSON].values() if p.kind == "conflict"]

    settled = item("b ja c", plan=Own("s"))
    employment.says("rivi-1", settled)
    employment.says("ratkaisu", Answered("settle", conflict.fact, "rivi-1", settled))
    together.settle()

    assert together.version(EMPLOYMENT, "rivi-1") == 3
    assert settled.content in kela.contents()["plan-item"]
    assert set(together.log.outcomes()) == {"accepted"}


def test_an_own_fact_whose_version_was_made_elsewhere_arrives_at_its_row_and_does_not_go_out_again(
    together: Desk, employment: Register, kela: Register
) -> None:
    goal = FactRow("goal", 7, Goal("työ"), necessary_for=(Mark("kela", AT),), plan=Own("s"))
    employment.says("suunnitelma", PlanDeclared(Own("s"), makers=(EMPLOYMENT, KELA)))
    employment.says("tavoite-1", goal)
    together.settle()
    (put,) = [p for p in kela.received[PERSON].values() if p.kind == "goal"]

    kela.says("vahvistus-1", Confirmed(put.fact, put.version, put.digest))
    together.settle()
    assert employment.links[PERSON, put.fact] == ("tavoite-1", 2)
    kela.says("ehdotus-1", Proposed(put.fact, 2, Goal("opinnot")))
    together.settle()
    (proposal,) = [p for p in employment.received[PERSON].values() if p.kind == "proposal"]
    employment.says("vahvistus-2", Confirmed(proposal.fact, proposal.version, proposal.digest))
    together.settle()

    assert employment.links[PERSON, put.fact] == ("tavoite-1", 3)
    assert employment.rows["tavoite-1"][1] == replace(goal, content=Goal("opinnot"))
    assert together.version(EMPLOYMENT, "tavoite-1") == 3
    assert set(together.log.outcomes()) == {"accepted"}


def test_an_edit_on_its_way_is_not_written_over_by_a_version_made_meanwhile(
    together: Desk, employment: Register, kela: Register
) -> None:
    goal = FactRow("goal", 7, Goal("työ"), necessary_for=(Mark("kela", AT),), plan=Own("s"))
    employment.says("suunnitelma", PlanDeclared(Own("s"), makers=(EMPLOYMENT, KELA)))
    employment.says("tavoite-1", goal)
    together.settle()
    (put,) = [p for p in kela.received[PERSON].values() if p.kind == "goal"]
    kela.says("vahvistus-1", Confirmed(put.fact, put.version, put.digest))
    together.runners[KELA].poll()
    together.log.route()  # in force now, in a version that employment has not been told yet

    edited = replace(goal, content=Goal("opinnot"))
    employment.says("tavoite-1", edited)
    together.settle()

    assert employment.rows["tavoite-1"][1] == edited
    assert together.version(EMPLOYMENT, "tavoite-1") == 2
    assert employment.links[PERSON, put.fact] == ("tavoite-1", 2)
    # What is in force changes by a proposal only: the clerk is told, once.
    assert [(told.reason, told.row) for told in employment.told] == [("step-not-possible", "tavoite-1")]


def test_a_will_is_said_and_withdrawn_and_takes_effect_where_it_was_given(
    together: Desk, employment: Register, kela: Register
) -> None:
    employment.says("rivi-1", item(to=()))
    employment.says(
        "suostumus-1", WillGiven("consent", ("provider",), rows=("rivi-1",), evidence="arkisto/1", valid_from=AT)
    )
    together.settle()
    will = together.fact(EMPLOYMENT, "will:suostumus-1")

    kela.says("peruutus-1", WillWithdrawn(Shared(will)))
    together.settle()

    assert Told("will-effective", "withdrawn", will, "peruutus-1") in kela.told
    assert set(together.log.outcomes()) == {"accepted"}


def test_a_gap_in_the_numbers_is_repaired_by_inventory(together: Desk, employment: Register, kela: Register) -> None:
    employment.says("rivi-1", item())
    together.runners[EMPLOYMENT].poll()
    together.log.route()
    together.log.deliveries[KELA].pop()  # lost on its way
    employment.says("rivi-2", item("toinen"))

    together.settle()

    assert set(kela.contents()["plan-item"]) == {item().content, item("toinen").content}
    receipts = [body for body in together.log.bodies(KELA) if isinstance(body, Receipt)]
    assert [receipt.kind for receipt in receipts] == ["inventory"]
    assert not kela.told


def test_a_gap_on_the_way_out_is_filled_from_the_outbox(together: Desk, employment: Register) -> None:
    employment.says("rivi-1", item("a"))
    together.runners[EMPLOYMENT].poll()
    together.log.inbound.pop()  # lost on its way
    employment.says("rivi-1", item("b"))
    together.settle()
    assert together.log.outcomes()[-1] == "parked"

    together.log.now += 11 * 60 * 1_000  # longer than a gap may stand before its source is told
    employment.says("rivi-2", item("c"))
    together.settle()

    assert together.version(EMPLOYMENT, "rivi-1") == 2
    assert together.version(EMPLOYMENT, "rivi-2") == 1


def test_what_intake_refused_is_told_with_its_row(together: Desk, employment: Register) -> None:
    employment.says("rivi-1", item("x" * 20_000))
    together.runners[EMPLOYMENT].poll()
    together.log.inbound.pop()
    # The record that intake would have refused never came to the journal.
    employment.says("rivi-9", item())
    together.log.refuse(_latest(together, employment), "cell-too-large")

    together.settle()

    assert ("cell-too-large", "rivi-1") in [(told.reason, told.row) for told in employment.told]
    assert together.version(EMPLOYMENT, "rivi-9") == 1


def test_a_notice_about_nobody_is_told_to_the_agency(desk: Desk, kela: Register) -> None:
    notice = Notice("refused", "undecodable", reference="7")
    delivery = Delivery(DeliveryId("d"), KELA, SubjectId(""), 0, AT, notices=(notice,))
    desk.log.deliveries[KELA] = [(delivery, _DELIVERY.encode(delivery))]

    desk.settle()

    assert kela.arrivals == [(None, Told("refused", "undecodable", "7"))]


def test_an_item_passed_by_a_move_is_adopted_by_a_row_and_goes_on_from_its_version(
    together: Desk, employment: Register, kela: Register
) -> None:
    kuopio = together.register(EndpointId("employment-kuopio"))
    employment.says("rivi-1", item(to=("kela", "employment")))
    together.settle()
    employment.says("muutto-1", ClientChanged("moved", "297"))
    together.settle()
    fact = together.fact(EMPLOYMENT, "rivi-1")
    assert kuopio.received[PERSON][fact].version == 2

    kuopio.says("oma-1", item("Kuopiossa", adopts=fact))
    employment.says("rivi-1", item("too late"))
    together.settle()

    state = together.log.clients[together.subject()].facts[fact].fact
    assert (state.version, state.owner, state.passed_from) == (3, kuopio.endpoint, None)
    assert kela.received[PERSON][fact].content == item("Kuopiossa").content
    assert [type(body) for body in together.log.bodies(EMPLOYMENT)].count(ClientChange) == 1
    assert not employment.told


def _latest(desk: Desk, register: Register) -> Event:
    with desk.runners[register.endpoint]._store.writing():
        (row,) = desk.runners[register.endpoint]._store.rows("SELECT data FROM outbox ORDER BY place DESC LIMIT 1")
    return Codec(Event).decode(row[0])


def _identity_of_other() -> FactRow:
    return replace(referral().identity, content=Identity(OTHER.henkilotunnus, NAME, "Matti"))
