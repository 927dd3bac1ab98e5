"""A store that was lost or restored swallows nothing, sends only what differs, and brings back nothing that was ended."""

import shutil
from collections import Counter
from pathlib import Path

import pytest

from sauma.event import Facts, Receipt, Referral, Relationship, Scope
from sauma_connectors.sdk.contract import (
    Corrected,
    Put,
    RelationshipStep,
    Shared,
    Told,
    WillGiven,
    WillWithdrawn,
)
from sauma_connectors.sdk.settings import RunnerSettings
from unit.sdk.desk import EMPLOYMENT, KELA, PERSON, Desk, Register, item, referral


def _lose(desk: Desk) -> None:
    desk.lose_store(EMPLOYMENT)
    desk.start(EMPLOYMENT)


def _since(desk: Desk, count: int) -> list[object]:
    return desk.log.bodies(EMPLOYMENT)[count:]


def test_after_a_lost_store_only_what_differs_is_sent(together: Desk, employment: Register, kela: Register) -> None:
    for row in ("sama", "muuttunut", "uudelleen"):
        employment.says(row, item(row))
    together.settle()
    before, held = len(together.log.events(EMPLOYMENT)), dict(kela.received[PERSON])

    _lose(together)
    employment.says("muuttunut", item("muuttui"))
    employment.says("uusi", item("uusi"))
    together.settle()

    first, *rest = _since(together, before)
    assert isinstance(first, Receipt)
    assert first.kind == "inventory"
    steps = [step for body in rest if isinstance(body, Facts) for step in body.steps]
    puts = {step.fact: step.put.base for step in steps if step.step == "put" and step.put is not None}
    assert puts == {together.fact(EMPLOYMENT, "muuttunut"): 1, together.fact(EMPLOYMENT, "uusi"): 0}
    marked = {step.fact for step in steps if step.step == "mark"}
    assert marked == {together.fact(EMPLOYMENT, row) for row in ("sama", "uudelleen")}
    assert [together.version(EMPLOYMENT, row) for row in ("sama", "muuttunut", "uusi")] == [1, 2, 1]
    assert kela.received[PERSON].keys() == held.keys() | {together.fact(EMPLOYMENT, "uusi")}


def test_after_a_lost_store_an_act_that_could_do_harm_is_held_back_until_an_operator_confirms_it(
    together: Desk, employment: Register
) -> None:
    before = len(together.log.events(EMPLOYMENT))

    _lose(together)
    together.settle()
    assert not [body for body in _since(together, before) if isinstance(body, Relationship)]
    assert employment.told == [Told("held-back", "perhaps-sent-before", row="alku-1")]

    together.settle()
    together.start(EMPLOYMENT, RunnerSettings(acts_confirmed=frozenset({"alku-1"})))
    together.settle()
    assert len([body for body in _since(together, before) if isinstance(body, Relationship)]) == 1


def test_what_is_said_after_the_repair_is_said_as_ever(together: Desk, employment: Register) -> None:
    _lose(together)
    together.settle()
    told = len(employment.told)

    employment.says("jatko", RelationshipStep("reviewed"))
    together.settle()

    body = together.log.bodies(EMPLOYMENT)[-1]
    assert isinstance(body, Relationship)
    assert body.step == "reviewed"
    assert len(employment.told) in (told, told + 1)  # the router may refuse it; it was not held back
    assert Told("held-back", "perhaps-sent-before", row="jatko") not in employment.told


def test_a_first_store_holds_nothing_back(together: Desk) -> None:
    for register in together.registers.values():
        assert not register.told


def test_a_sender_who_is_no_party_yet_is_read_back_too(desk: Desk, kela: Register) -> None:
    kela.says("lahete-1", referral())
    desk.settle()
    desk.lose_store(KELA)
    desk.start(KELA)

    desk.settle()

    assert len([body for body in desk.log.bodies(KELA) if isinstance(body, Referral)]) == 1
    assert kela.links[PERSON, desk.fact(KELA, "lahete-1#referral")] == ("lahete-1#referral", 1)
    assert not kela.told


def test_repair_opens_nothing_that_was_closed_void_or_withdrawn(
    together: Desk, employment: Register, kela: Register
) -> None:
    employment.says("suljettu", item("suljettu"))
    employment.says("virhe", item("virhe"))
    employment.says("suostumus", WillGiven("consent", ("provider",), Scope(kinds=("plan-item",)), evidence="arkisto/1"))
    together.settle()
    del employment.rows["suljettu"]
    employment.says("korjaus", Corrected("virhe", "väärä asiakas"))
    will = together.fact(EMPLOYMENT, "will:suostumus")
    kela.says("peruutus", WillWithdrawn(Shared(will)))
    together.settle()
    assert together.status(EMPLOYMENT, "virhe") == "void"

    employment.says("suljettu", item("suljettu"))  # the register, too, was restored from before
    del employment.rows["korjaus"]
    _lose(together)
    together.settle()
    together.settle()

    assert together.status(EMPLOYMENT, "suljettu") == "closed"
    assert together.status(EMPLOYMENT, "virhe") == "void"
    state = together.log.clients[together.subject()].head.will(will)
    assert state is not None
    assert state.withdrawn_at is not None
    assert {(told.code, told.row) for told in employment.told} >= {("held-back", "suljettu"), ("refused", "virhe")}

    employment.says("suljettu", item("avattu uudelleen"))
    together.settle()
    assert together.status(EMPLOYMENT, "suljettu") == "open"


def test_an_ended_relationship_is_not_started_again(
    together: Desk, employment: Register, kela: Register, social: Register
) -> None:
    employment.says("loppu", RelationshipStep("end-proposed"))
    together.settle()
    for register in (kela, social):
        register.says("vahvistus", RelationshipStep("end-confirmed"))
    together.settle()

    _lose(together)
    together.settle()
    together.settle()

    relationship = together.log.clients[together.subject()].head.relationship
    assert relationship is not None
    assert relationship.state == "ended"


def test_what_was_received_is_held_as_before(together: Desk, employment: Register, kela: Register) -> None:
    kela.says("oma", item("kela", to=("employment",)))
    together.settle()
    held = dict(employment.received[PERSON])
    applied = len(employment.arrivals)

    _lose(together)
    together.settle()
    again = [type(arrival).__name__ for _, arrival in employment.arrivals[applied:]]
    assert Counter(again) == Counter(Told=1)  # the act held back: what the register holds is not sent again
    kela.says("oma", item("uusi", to=("employment",)))
    together.settle()

    assert employment.received[PERSON].keys() == held.keys()
    assert item("uusi").content in employment.contents()["plan-item"]


def test_what_was_taken_back_while_the_store_was_lost_is_taken_back(
    together: Desk, employment: Register, kela: Register
) -> None:
    employment.says("oma", item(to=("kela",)))
    together.settle()
    together.lose_store(KELA)
    employment.says("oma", item(to=()))
    for _ in range(3):
        together.runners[EMPLOYMENT].poll()
        together.log.route()
    assert "plan-item" in kela.contents()

    together.start(KELA)
    together.settle()

    assert "plan-item" not in kela.contents()


def test_a_log_cut_before_the_store_was_lost_is_made_good_by_inventory(
    together: Desk, employment: Register, kela: Register
) -> None:
    employment.says("oma", item(to=("kela",)))
    together.settle()
    held = dict(kela.received[PERSON])
    together.lose_store(KELA)
    kela.received.clear()  # the register's own disk was lost with it
    kela.links.clear()
    del together.log.deliveries[KELA][:-1]

    together.start(KELA)
    together.settle()
    kela.says("oma-1", item("kelan", to=("employment",)))
    together.settle()

    assert kela.received[PERSON].keys() == held.keys()
    assert together.version(KELA, "oma-1") == 1


def _copy_of(desk: Desk, to: Path) -> None:
    desk.runners.pop(EMPLOYMENT).close()
    shutil.copytree(desk.store(EMPLOYMENT).parent, to)
    desk.start(EMPLOYMENT)


def _restore(desk: Desk, copy: Path) -> None:
    desk.lose_store(EMPLOYMENT)
    for path in copy.glob(f"{EMPLOYMENT}.sqlite3*"):
        shutil.copy(path, desk.store(EMPLOYMENT).parent / path.name)
    desk.start(EMPLOYMENT)


@pytest.mark.parametrize("new_rows", [0, 1, 3])
def test_a_store_restored_from_an_older_copy_swallows_nothing(
    together: Desk, employment: Register, kela: Register, tmp_path: Path, new_rows: int
) -> None:
    employment.says("a", item("a"))
    employment.says("takaisin", item("c"))
    together.settle()
    _copy_of(together, tmp_path / "copy")
    employment.says("a", item("a2"))
    employment.says("b", item("b"))
    employment.says("takaisin", item("c2"))
    together.settle()
    employment.says("a", item("a3"))
    employment.says("takaisin", item("c"))
    kela.says("kelan", item("kelan", to=("employment",)))
    together.settle()

    _restore(together, tmp_path / "copy")
    for number in range(new_rows):
        employment.says(f"uusi-{number}", item(f"uusi-{number}"))
    employment.says("b", item("b2"))
    together.settle()

    contents = {p.content for p in kela.received[PERSON].values() if p.kind == "plan-item"}
    expected = {item(text).content for text in ("a3", "b2", "c", *(f"uusi-{n}" for n in range(new_rows)))}
    assert contents == expected
    assert item("kelan").content in employment.contents()["plan-item"]
    facts = together.log.clients[together.subject()].facts
    assert {facts[together.fact(EMPLOYMENT, row)].fact.status for row in ("a", "b")} == {"open"}
    incarnations = {event.incarnation for event in together.log.events(EMPLOYMENT)}
    assert len(incarnations) == 2
    assert not [told for told in employment.told if told.code == "refused"]
    assert not [put for _, put in employment.arrivals if isinstance(put, Put) and put.own_row]
    published = len(together.log.inbound)
    together.settle()
    assert len(together.log.inbound) == published


def test_an_act_refused_for_a_restored_copy_is_said_again(together: Desk, employment: Register, tmp_path: Path) -> None:
    employment.says("a", item("a"))
    together.settle()
    _copy_of(together, tmp_path / "copy")
    for text in ("a2", "a3"):
        employment.says("a", item(text))
        together.settle()

    _restore(together, tmp_path / "copy")
    employment.says("korjaus", Corrected("a", "väärä"))
    together.settle()

    assert together.status(EMPLOYMENT, "a") == "void"


def test_a_stale_base_is_mended_without_troubling_the_agency(
    together: Desk, employment: Register, kela: Register
) -> None:
    employment.says("a", item("a"))
    together.settle()
    store = together.runners[EMPLOYMENT]._store
    with store.writing():
        store.run("UPDATE fact_row SET version = 7")  # as a store would say that was mended by hand

    employment.says("a", item("a2"))
    together.settle()

    assert together.version(EMPLOYMENT, "a") == 2
    assert kela.contents()["plan-item"] == [item("a2").content]
    assert not employment.told
