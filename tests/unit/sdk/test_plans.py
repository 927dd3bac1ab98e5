"""A plan that is kept current is said again where it changed, and never brings back makers that others have changed since."""

import shutil
from dataclasses import replace
from pathlib import Path

from sauma.client import Plan
from sauma.event import PlanUpdate
from sauma.ids import EndpointId, PlanId
from sauma_connectors.sdk.contract import Own, PlanDeclared, Shared, Told
from sauma_connectors.sdk.settings import RunnerSettings
from unit.sdk.desk import EMPLOYMENT, KELA, SOCIAL, Desk, Register, item

PROVIDER, SECOND = EndpointId("employment-kuopio"), EndpointId("social-13")
"""Any endpoint may be a plan's provider; these two are in the table of places."""


def _declared(*makers: EndpointId, providers: tuple[EndpointId, ...] = (), plan: str = "") -> PlanDeclared:
    return PlanDeclared(Shared(plan) if plan else Own("s"), makers, providers, is_kept_current=True)


def _plan(desk: Desk, register: EndpointId = SOCIAL) -> Plan:
    found = desk.log.clients[desk.subject()].head.plan(PlanId(desk.fact(register, "plan:s")))
    assert found is not None
    return found


def _said(desk: Desk, register: EndpointId = SOCIAL) -> list[tuple[tuple[EndpointId, ...], tuple[EndpointId, ...]]]:
    return [(body.makers, body.providers) for body in desk.log.bodies(register) if isinstance(body, PlanUpdate)]


def test_a_provider_added_later_is_said_without_the_makers(together: Desk, social: Register) -> None:
    social.says("plan-1", _declared(SOCIAL, EMPLOYMENT))
    together.settle()
    social.says("plan-1", _declared(EMPLOYMENT, SOCIAL, providers=(PROVIDER,)))  # in another order: the same makers
    together.settle()
    together.settle()

    assert _said(together) == [((SOCIAL, EMPLOYMENT), ()), ((), (PROVIDER,))]
    assert _plan(together).providers == (PROVIDER,)
    assert set(together.log.outcomes()) == {"accepted"}


def test_changed_makers_are_said(together: Desk, social: Register) -> None:
    social.says("plan-1", _declared(SOCIAL, EMPLOYMENT))
    together.settle()
    social.says("plan-1", _declared(SOCIAL, EMPLOYMENT, KELA))
    together.settle()

    assert _plan(together).makers == (SOCIAL, EMPLOYMENT, KELA)


def test_an_added_provider_does_not_bring_back_makers_that_another_has_changed(
    together: Desk, employment: Register, social: Register
) -> None:
    employment.says("suunnitelma-1", replace(_declared(EMPLOYMENT, SOCIAL, KELA), is_kept_current=False))
    together.settle()
    shared = together.fact(EMPLOYMENT, "plan:s")
    social.says("plan-1", _declared(EMPLOYMENT, SOCIAL, KELA, plan=shared))
    together.settle()
    employment.says("suunnitelma-2", replace(_declared(EMPLOYMENT, SOCIAL), is_kept_current=False))
    together.settle()

    social.says("plan-1", _declared(EMPLOYMENT, SOCIAL, KELA, providers=(PROVIDER,), plan=shared))
    together.settle()

    plan = _plan(together, EMPLOYMENT)
    assert (plan.makers, plan.providers) == ((EMPLOYMENT, SOCIAL), (PROVIDER,))


def test_a_plan_that_is_not_kept_current_is_said_once(together: Desk, employment: Register) -> None:
    employment.says("suunnitelma-1", replace(_declared(EMPLOYMENT), is_kept_current=False))
    together.settle()
    employment.says("suunnitelma-1", replace(_declared(EMPLOYMENT, KELA), is_kept_current=False))
    together.settle()

    assert _said(together, EMPLOYMENT) == [((EMPLOYMENT,), ())]


def test_taking_out_the_last_provider_says_nothing(together: Desk, social: Register) -> None:
    social.says("plan-1", _declared(SOCIAL, providers=(PROVIDER,)))
    together.settle()
    social.says("plan-1", _declared(SOCIAL))
    together.settle()
    social.says("plan-1", _declared(SOCIAL, providers=(SECOND,)))
    together.settle()

    assert _said(together) == [((SOCIAL,), (PROVIDER,)), ((), (SECOND,))]
    assert set(_plan(together).providers) == {PROVIDER, SECOND}


def test_a_refused_plan_is_said_whole_when_it_changes(together: Desk, social: Register) -> None:
    unknown = EndpointId("provider-nowhere")
    social.says("plan-1", _declared(SOCIAL, EMPLOYMENT, providers=(unknown,)))
    together.settle()
    assert [told.reason for told in social.told] == ["unknown-endpoint"]

    social.says("plan-1", _declared(SOCIAL, EMPLOYMENT, providers=(PROVIDER,)))
    together.settle()

    assert (_plan(together).makers, _plan(together).providers) == ((SOCIAL, EMPLOYMENT), (PROVIDER,))


def test_a_refused_provider_does_not_bring_the_makers_with_it_when_it_is_corrected(
    together: Desk, social: Register
) -> None:
    social.says("plan-1", _declared(SOCIAL, EMPLOYMENT))
    together.settle()
    for provider in (EndpointId("provider-nowhere"), PROVIDER):
        social.says("plan-1", _declared(SOCIAL, EMPLOYMENT, providers=(provider,)))
        together.settle()

    assert _said(together)[-1] == ((), (PROVIDER,))
    assert _plan(together).providers == (PROVIDER,)


def test_after_a_lost_store_the_plan_is_held_back_and_what_is_added_later_is_said(
    together: Desk, social: Register
) -> None:
    social.says("rivi-1", item())  # by what is its own the register is known to have spoken before
    social.says("plan-1", _declared(SOCIAL, EMPLOYMENT))
    together.settle()
    before = len(_said(together))
    together.lose_store(SOCIAL)
    together.start(SOCIAL)
    together.settle()
    assert Told("held-back", "perhaps-sent-before", row="plan-1") in social.told
    assert len(_said(together)) == before

    social.says("plan-1", _declared(SOCIAL, EMPLOYMENT, providers=(PROVIDER,)))
    together.settle()
    assert _said(together)[before:] == [((), (PROVIDER,))]

    together.start(SOCIAL, RunnerSettings(acts_confirmed=frozenset({"plan-1"})))
    together.settle()
    assert _said(together)[before + 1 :] == [((SOCIAL, EMPLOYMENT), (PROVIDER,))]
    together.settle()
    assert len(_said(together)) == before + 2


def test_a_store_restored_from_before_a_change_of_makers_does_not_say_it_again(
    together: Desk, employment: Register, social: Register, tmp_path: Path
) -> None:
    social.says("plan-1", _declared(SOCIAL, EMPLOYMENT))
    together.settle()
    together.runners[SOCIAL].close()
    shutil.copytree(together.store(SOCIAL).parent, tmp_path / "copy")
    together.runners.pop(SOCIAL)
    together.start(SOCIAL)
    social.says("plan-1", _declared(SOCIAL, EMPLOYMENT, KELA))
    together.settle()
    plan = together.fact(SOCIAL, "plan:s")
    employment.says("suunnitelma-1", PlanDeclared(Shared(plan), (SOCIAL, EMPLOYMENT)))  # Kela makes it no more
    together.settle()

    together.runners.pop(SOCIAL).close()
    for path in together.store(SOCIAL).parent.glob(f"{SOCIAL}.sqlite3*"):
        path.unlink()
    for path in (tmp_path / "copy").glob(f"{SOCIAL}.sqlite3*"):
        shutil.copy2(path, together.store(SOCIAL).parent / path.name)
    together.start(SOCIAL)
    social.says("plan-1", _declared(SOCIAL, EMPLOYMENT, KELA, providers=(PROVIDER,)))
    together.settle()

    assert _plan(together).makers == (SOCIAL, EMPLOYMENT)
