"""What a register says goes out once, in order, as the next version of what it is."""

from dataclasses import replace

import pytest

from sauma.event import Facts, PlanUpdate, Receipt, Referral
from sauma.ids import FactId
from sauma.sealing import SealedAs
from sauma_connectors.sdk.contract import (
    Act,
    Answered,
    ClientApproved,
    Corrected,
    Own,
    Person,
    RelationshipStep,
    Told,
    Unreadable,
    WillGiven,
)
from sauma_connectors.sdk.errors import TryAgain
from sauma_connectors.sdk.settings import RunnerSettings
from unit.sdk.desk import EMPLOYMENT, HEALTH, KELA, OTHER, PERSON, Desk, Register, item, referral


def test_a_referral_is_one_event_and_the_first_of_a_new_client(desk: Desk, kela: Register) -> None:
    kela.says("lahete-1", referral())

    desk.settle()

    (event,) = desk.log.events(KELA)
    assert isinstance(event.body, Referral)
    assert (event.seq, [step.put.kind for step in event.body.facts if step.put]) == (1, ["identity", "referral"])
    assert kela.links[PERSON, desk.fact(KELA, "lahete-1#referral")] == ("lahete-1#referral", 1)


def test_a_row_is_sent_once_and_again_when_it_changes_on_the_version_before(
    together: Desk, employment: Register
) -> None:
    for text in ("a", "b", "c"):
        employment.says("rivi-1", item(text))
        together.settle()

    assert together.version(EMPLOYMENT, "rivi-1") == 3
    assert employment.links[PERSON, together.fact(EMPLOYMENT, "rivi-1")] == ("rivi-1", 3)
    assert not together.runners[EMPLOYMENT].poll()


def test_a_row_of_a_plan_goes_into_its_plan(together: Desk, employment: Register) -> None:
    employment.says("rivi-1", item(plan=Own("suunnitelma-1")))

    together.runners[EMPLOYMENT].poll()

    body = together.log.bodies(EMPLOYMENT)[-1]
    assert isinstance(body, PlanUpdate)
    assert str(body.plan) == together.fact(EMPLOYMENT, "plan:suunnitelma-1")


def test_marks_alone_make_no_version(together: Desk, employment: Register, kela: Register) -> None:
    employment.says("rivi-1", item(to=()))
    together.settle()
    assert "plan-item" not in kela.contents()

    employment.says("rivi-1", item(to=("kela",)))
    together.settle()

    body = together.log.bodies(EMPLOYMENT)[-1]
    assert isinstance(body, Facts)
    assert [step.step for step in body.steps] == ["mark"]
    assert together.version(EMPLOYMENT, "rivi-1") == 1
    assert kela.contents()["plan-item"] == [item().content]


def test_a_row_closed_or_gone_is_closed_and_opens_again_when_it_comes_back(
    together: Desk, employment: Register
) -> None:
    employment.says("rivi-1", item())
    employment.says("rivi-2", item("toinen"))
    together.settle()

    employment.says("rivi-1", item(is_closed=True))
    del employment.rows["rivi-2"]
    together.settle()
    assert [together.status(EMPLOYMENT, row) for row in ("rivi-1", "rivi-2")] == ["closed", "closed"]

    employment.says("rivi-2", item("toinen"))
    together.settle()
    assert (together.status(EMPLOYMENT, "rivi-2"), together.version(EMPLOYMENT, "rivi-2")) == ("open", 3)


def test_a_fault_closes_nothing(together: Desk, employment: Register) -> None:
    employment.says("rivi-1", item())
    together.settle()
    del employment.rows["rivi-1"]

    employment.is_complete = False
    together.settle()
    employment.is_complete = True
    employment.unreadable = [Unreadable("tiedosto.csv:7", "wrong-shape", "line 7 has no key")]
    together.settle()
    assert together.status(EMPLOYMENT, "rivi-1") == "open"

    employment.unreadable = []
    together.settle()
    assert together.status(EMPLOYMENT, "rivi-1") == "closed"


def test_an_unreadable_row_of_its_own_key_is_not_gone(together: Desk, employment: Register) -> None:
    employment.says("rivi-1", item())
    together.settle()
    del employment.rows["rivi-1"]
    employment.unreadable = [Unreadable("rivi-1", "wrong-shape", "no goal")]

    together.settle()

    assert together.status(EMPLOYMENT, "rivi-1") == "open"


def test_statements_of_one_client_go_out_in_their_order(together: Desk, employment: Register) -> None:
    before = len(together.log.events(EMPLOYMENT))
    for number in range(40):
        employment.says(f"rivi-{number}", item(str(number)))

    together.settle()

    events = together.log.events(EMPLOYMENT)[before:]
    facts = [step.fact for event in events if isinstance(event.body, Facts) for step in event.body.steps]
    assert facts == [together.fact(EMPLOYMENT, f"rivi-{number}") for number in range(40)]
    assert [event.seq for event in events] == list(range(events[0].seq, events[0].seq + 40))


def test_nothing_that_was_applied_goes_out_again(together: Desk, employment: Register, kela: Register) -> None:
    employment.says("rivi-1", item())
    together.settle()
    assert kela.contents()["plan-item"] == [item().content]

    published = len(together.log.inbound)
    together.settle()

    assert len(together.log.inbound) == published


def test_an_act_is_said_once(together: Desk, social: Register) -> None:
    social.says("osallistuu-1", RelationshipStep("taking-part", evidence="edited later"))

    together.settle()

    assert [type(body).__name__ for body in together.log.bodies(social.endpoint)].count("Relationship") == 1


def test_an_unreadable_row_is_told_once_and_again_when_it_comes_back(desk: Desk, kela: Register) -> None:
    bad = Unreadable("lista.csv:3", "unknown-code", "column 4 has a code that is in no list")
    kela.unreadable = [bad]
    kela.says("lahete-1", referral())
    desk.settle()
    desk.start(KELA)
    desk.settle()
    told = Told("refused", "unknown-code", bad.detail, "lista.csv:3")
    assert kela.told == [told]
    assert len(desk.log.events(KELA)) == 1

    kela.unreadable = []
    desk.settle()
    kela.unreadable = [bad]
    desk.settle()

    assert kela.told == [told, told]


def test_a_malformed_henkilotunnus_and_a_second_row_of_one_key_cost_themselves_only(desk: Desk, kela: Register) -> None:
    kela.says("lahete-0", referral(), Person("not one"))
    kela.says("lahete-1", referral())

    desk.settle()

    assert [(told.reason, told.row) for told in kela.told] == [("malformed-henkilotunnus", "lahete-0")]
    assert len(desk.log.events(KELA)) == 1


def test_a_refusal_is_told_once_with_its_row_and_the_row_is_sent_again_when_it_changes(
    together: Desk, employment: Register
) -> None:
    employment.says("rivi-1", replace(item(), kind="capacity", category=5))  # no capacity is employment's to state
    together.settle()
    together.settle()
    assert [(told.code, told.reason, told.row) for told in employment.told] == [
        ("refused", "kind-not-of-role", "rivi-1")
    ]

    employment.says("rivi-1", item())
    together.settle()

    assert together.version(EMPLOYMENT, "rivi-1") == 1


def test_what_was_refused_before_the_client_was_opened_is_said_when_it_is(
    desk: Desk, kela: Register, employment: Register, social: Register
) -> None:
    social.says("rivi-1", item(to=("employment",)))
    desk.settle()
    assert [told.reason for told in social.told] == ["client-not-opened"]

    kela.says("lahete-1", referral())
    desk.settle()
    employment.says("alku-1", RelationshipStep("started"))
    desk.settle()

    assert desk.version(social.endpoint, "rivi-1") == 1


def test_a_list_of_less_than_half_its_length_is_refused_whole_until_an_operator_confirms_it(
    together: Desk, employment: Register
) -> None:
    for number in range(12):
        employment.says(f"rivi-{number}", item(str(number)))
    together.settle()
    for number in range(7):
        del employment.rows[f"rivi-{number}"]
    employment.says("rivi-11", item("changed"))

    together.settle()
    together.settle()
    assert [told.reason for told in employment.told] == ["list-shrank"]
    assert (together.status(EMPLOYMENT, "rivi-0"), together.version(EMPLOYMENT, "rivi-11")) == ("open", 1)

    together.start(EMPLOYMENT, RunnerSettings(accept_shrunk=True))
    together.settle()
    assert (together.status(EMPLOYMENT, "rivi-0"), together.version(EMPLOYMENT, "rivi-11")) == ("closed", 2)


def test_what_a_line_that_is_down_did_not_take_goes_out_later_with_the_same_bytes(
    together: Desk, employment: Register
) -> None:
    together.lines[EMPLOYMENT].is_down = True
    employment.says("rivi-1", item())
    together.settle()
    assert together.runners[EMPLOYMENT].counts().unsent == 1

    together.lines[EMPLOYMENT].is_down = False
    together.settle()

    assert (together.version(EMPLOYMENT, "rivi-1"), together.runners[EMPLOYMENT].counts().unsent) == (1, 0)


def test_a_client_known_to_others_is_read_back_before_the_first_difference(together: Desk, desk: Desk) -> None:
    health = desk.register(HEALTH)
    desk.lose_store(health.endpoint)
    desk.start(health.endpoint)
    health.says("rivi-1", item(to=("employment",)))

    together.settle()

    kinds = [type(body).__name__ for body in desk.log.bodies(health.endpoint)]
    assert kinds == ["Receipt", "Facts"]
    first = desk.log.bodies(health.endpoint)[0]
    assert isinstance(first, Receipt)
    assert first.kind == "inventory"
    assert desk.version(health.endpoint, "rivi-1") == 1


def test_two_clients_of_one_register_do_not_meet(together: Desk, employment: Register) -> None:
    employment.says("alku-2", RelationshipStep("started"), OTHER)
    employment.says("rivi-2", item(to=()), OTHER)

    together.settle()

    assert together.version(EMPLOYMENT, "rivi-2", OTHER) == 1
    assert together.fact(EMPLOYMENT, "rivi-2") not in together.log.clients[together.subject()].facts


def test_a_row_that_becomes_another_persons_is_closed_with_the_first(together: Desk, employment: Register) -> None:
    employment.says("alku-2", RelationshipStep("started"), OTHER)
    employment.says("rivi-1", item())
    together.settle()

    employment.says("rivi-1", item(), OTHER)
    together.settle()

    assert together.status(EMPLOYMENT, "rivi-1") == "closed"
    assert together.status(EMPLOYMENT, "rivi-1", OTHER) == "open"


@pytest.mark.parametrize(
    "says",
    [
        Answered("accept", FactId("e" * 32), "rivi-1", item("toisen asiakkaan")),
        Answered("settle", FactId("e" * 32), "rivi-1", item("toisen asiakkaan")),
        Answered("decline", FactId("e" * 32), "rivi-1"),
        Corrected("rivi-1", "entered-in-error"),
        ClientApproved(None, "rivi-1", "arkisto/1"),
        WillGiven("consent", ("provider",), rows=("rivi-1",), evidence="arkisto/1"),
    ],
    ids=["accept", "settle", "decline", "correct", "approve", "will"],
)
def test_an_act_about_one_client_that_names_anothers_row_is_refused_and_leaves_the_row_alone(
    together: Desk, employment: Register, says: Act
) -> None:
    employment.says("alku-2", RelationshipStep("started"), OTHER)
    employment.says("rivi-1", item("a"))
    together.settle()
    sent = len(together.log.events(EMPLOYMENT))

    employment.says("teko-1", says, OTHER)
    together.settle()

    assert len(together.log.events(EMPLOYMENT)) == sent
    assert employment.told == [Told("refused", "unknown-row", row="teko-1")]
    assert (together.version(EMPLOYMENT, "rivi-1"), together.status(EMPLOYMENT, "rivi-1")) == (1, "open")

    employment.says("rivi-1", item("b"))  # the wrong act still stands, and keeps nothing of the row back
    together.settle()
    assert together.version(EMPLOYMENT, "rivi-1") == 2
    assert set(together.log.outcomes()) == {"accepted"}


def test_what_a_busy_keyring_did_not_seal_follows_with_the_next_poll_in_its_order(
    together: Desk, employment: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(4):
        employment.says(f"rivi-{number}", item(str(number)))
    seal, sealed = together.keyring.seal, list[str]()

    def busy(sealed_as: SealedAs, content: bytes) -> bytes:
        if len(sealed) == 2:
            raise TryAgain("busy")
        sealed.append(sealed_as.item)
        return seal(sealed_as, content)

    monkeypatch.setattr(together.keyring, "seal", busy)
    together.settle()
    with pytest.raises(KeyError):
        together.version(EMPLOYMENT, "rivi-2")
    monkeypatch.undo()
    together.settle()

    assert [together.version(EMPLOYMENT, f"rivi-{number}") for number in range(4)] == [1, 1, 1, 1]
    assert set(together.log.outcomes()) == {"accepted"}
