"""For each Finnish rule of release, one question that it answers, and for each of its conditions what makes it refuse.

Written by hand from the acts. `health-care@b` is another register of the role.
"""

from dataclasses import replace
from typing import Any

from sauma.ids import FactId
from support.questions import MODEL, NOW, Asked, consent, permit

Changes = dict[str, dict[str, Any]]
"""For each condition of the rule, what is changed in the question so that it alone fails."""

UNMARKED = {"necessary": (("kela", "another-task"), ("employment", "another-task"))}
OPEN: Changes = {"relationship-open": {"relationship": "ended"}}
AMONG: Changes = {
    **OPEN,
    "other-agency": {"owner": "employment@a", "to": "employment@b", "necessary": (("employment", MODEL),)},
    "recipient-is-party": {"is_party": False},
}
NECESSARY: Changes = {"necessary-for-recipient": UNMARKED}
CONFIRMED: Changes = {"taking-part-confirmed": {"is_confirmed": False}}
AFFECTS: Changes = {"affects-employment": {"affects": False}}
SINCE: Changes = {"marked-after-start": {"marked_at": 0}}
OF_THE_MODEL: Changes = {"plan-is-multi-sector": {"plan": "03"}}
FOR_EMPLOYMENT: dict[str, Any] = {"necessary": (("employment", MODEL),)}
FOR_KELA: dict[str, Any] = {"necessary": (("kela", MODEL),)}

PURPOSE: Changes = {"necessary-for-purpose": {"necessary": (("keha", MODEL),)}}
"""Marked as necessary for the model, not for the task."""


def task(purpose: str, owner: str, to: str, category: int, **rest: Any) -> Asked:
    """A question about another act's task: no relationship, and one mark, for that task."""
    asked = Asked(owner, to, category, relationship="", is_party=False, plan="", affects=False)
    return replace(asked, necessary=((to.partition("@")[0], purpose),), **rest)


def by_will(owner: str, to: str, category: int, **rest: Any) -> Asked:
    """A question about a consent: no relationship, and one consent, in writing, that names this one fact."""
    said = consent(to, scope=replace(consent(to).scope, facts=(FactId("f"),), categories=()))
    return replace(Asked(owner, to, category, relationship="", is_party=False, plan="", wills=(said,)), **rest)


def willed(to: str, *conditions: str) -> Changes:
    """What each condition of consent refuses: an ended one, one of other categories, one of a category alone, one not in writing."""
    (whole,) = by_will("kela", to, 1).wills
    other = {
        "will-in-force": replace(whole, valid_until=NOW),
        "will-covers-fact": replace(whole, scope=replace(whole.scope, facts=(FactId("g"),))),
        "will-itemises-fact": consent(to),
        "will-is-written": replace(whole, evidence=None, read_at=NOW),
    }
    return {name: {"wills": (other[name],)} for name in conditions}


WRITTEN = ("will-in-force", "will-covers-fact", "will-is-written")
ITEMISED = ("will-in-force", "will-itemises-fact", "will-is-written")

CASES: dict[str, tuple[Asked, Changes]] = {
    "tym-15-base": (Asked("employment", "kela", 2), AMONG),
    "tym-15-background": (Asked("employment", "kela", 3, **FOR_KELA), AMONG | NECESSARY),
    "tym-15-plan": (Asked("kela", "employment", 7, **FOR_EMPLOYMENT), AMONG | CONFIRMED | NECESSARY | OF_THE_MODEL),
    "tym-15-need": (Asked("kela", "employment", 6, **FOR_EMPLOYMENT), AMONG | CONFIRMED | AFFECTS | NECESSARY),
    "tym-15-sensitive": (
        Asked("social-care", "employment", 4, **FOR_EMPLOYMENT),
        AMONG | CONFIRMED | AFFECTS | NECESSARY | SINCE,
    ),
    "tym-15-proposal": (
        Asked("kela", "employment", 7, kind="proposal", addressed_to="employment"),
        AMONG
        | {"other-agency": {"owner": "employment@a", "to": "employment@b", "addressed_to": "employment@b"}}
        | CONFIRMED
        | {"addressed-to-recipient": {"addressed_to": "social-care"}}
        | OF_THE_MODEL,
    ),
    "tym-15-locality": (
        Asked("social-care", "employment", 1, handling="locality", **FOR_EMPLOYMENT),
        AMONG | NECESSARY,
    ),
    "tym-8-ending": (
        Asked("kela", "keha", 2, kind="relationship", relationship="ended", held_version=1),
        {"relationship-over": {"relationship": ""}, "holds-earlier-version": {"held_version": 2}},
    ),
    "tym-3-referral": (
        Asked("kela", "employment", 6, kind="referral", relationship="", plan="", addressed_to="employment"),
        {"other-agency": {"owner": "employment@b"}, "referred-to-recipient": {"status": "completed"}},
    ),
    "tym-3-status": (
        Asked("employment", "kela", 2, kind="referral-status", relationship="", addressed_to="kela"),
        {
            "other-agency": {"owner": "kela@b"},
            "addressed-to-recipient": {"addressed_to": "health-care"},
            "relationship-not-over": {"relationship": "ended"},
        },
    ),
    "transfer": (
        Asked("employment@b", "employment@b", 7),
        {**OPEN, "recipient-is-owner": {"owner": "employment@a"}},
    ),
    "tym-12-base": (Asked("employment", "keha", 3), OPEN),
    "tym-12-plan": (
        Asked("employment", "keha", 7),
        OPEN | CONFIRMED | OF_THE_MODEL | {"fact-in-force": {"kind": "goal", "status": "pending"}},
    ),
    "tym-12-need": (Asked("employment", "keha", 6), OPEN | CONFIRMED | AFFECTS),
    "tym-12-sensitive": (
        Asked("health-care", "keha", 5, **FOR_EMPLOYMENT),
        OPEN | CONFIRMED | AFFECTS | SINCE | {"necessary-for-service": UNMARKED},
    ),
    "ktt-12-activation-plan": (
        Asked("employment", "social-care", 7, plan="03", makers=("employment", "social-care"), relationship=""),
        {"plan-is-activation": {"plan": "04"}, "recipient-makes-plan": {"makers": ("employment",)}},
    ),
    "jtpl-115-employment": (task("employment-service", "kela", "employment", 6), PURPOSE),
    "jtpl-115-sensitive": (
        task("employment-service", "health-care", "employment", 5, affects=True),
        PURPOSE | AFFECTS,
    ),
    "jtpl-115-contact": (task("employment-service", "social-care", "employment", 1, handling="locality"), PURPOSE),
    "atl-64-social-care": (task("social-care", "employment", "social-care", 3), PURPOSE),
    "atl-64-contact": (task("social-care", "kela", "social-care", 1, handling="locality"), PURPOSE),
    "ytl-45-general-support": (task("general-support", "employment", "kela", 3), PURPOSE),
    "ytl-45-contact": (task("general-support", "employment", "kela", 1, handling="locality"), PURPOSE),
    "ytl-34-statement": (task("labour-policy-statement", "employment", "kela", 2), PURPOSE),
    "ttl-13-labour-market-support": (task("labour-market-support", "employment", "kela", 3), PURPOSE),
    "ttl-13-contact": (task("labour-market-support", "employment", "kela", 1, handling="locality"), PURPOSE),
    "ttl-11-statement": (task("labour-policy-statement", "employment", "kela", 2), PURPOSE),
    "ttl-13-3-conditions": (task("labour-policy-conditions", "kela", "employment", 6), PURPOSE),
    "kkrl-63-rehabilitation": (task("rehabilitation", "kela", "provider", 5), PURPOSE),
    "kkrl-59-medical-statement": (
        task("rehabilitation", "health-care", "kela", 5, addressed_to="kela"),
        PURPOSE | {"addressed-to-recipient": {"addressed_to": None}},
    ),
    "ktt-27-list": (task("activation-list", "kela", "social-care", 6), PURPOSE),
    "ytl-48-list": (task("municipal-financing", "kela", "employment", 6), PURPOSE),
    "sote-without-permit": (task("care-without-permit", "social-care", "health-care", 4), PURPOSE),
    "sote-despite-prohibition": (task("care-despite-prohibition", "health-care", "health-care@b", 5), PURPOSE),
    "sote-permit": (
        Asked("social-care", "health-care", 4, wills=(permit("health-care"),)),
        {
            "no-prohibition": {"wills": (permit("health-care"), consent(kind="prohibition"))},
            "permit-in-force": {"wills": (permit("health-care", valid_until=NOW),)},
        },
    ),
    "provider-statute": (
        Asked("employment", "provider", 7, providers=("provider",), necessary=(("provider", MODEL),)),
        {"provider-is-party-of-plan": {"providers": ()}} | NECESSARY,
    ),
    "provider-health": (by_will("health-care", "provider", 5), willed("provider", *ITEMISED)),
    "provider-will": (by_will("kela", "provider", 6), willed("provider", *ITEMISED[:2])),
    "shl-39-joint-plan": (
        by_will("social-care", "kela", 7),
        willed("kela", *WRITTEN[:2]) | {"other-agency": {"owner": "kela@a"}},
    ),
    "employer-application": (by_will("employment", "employer", 3), willed("employer", *WRITTEN)),
    "employer-health": (
        by_will("health-care", "employer", 5, necessary=(("employer", "job-placement"),)),
        willed("employer", *ITEMISED) | PURPOSE,
    ),
    "cooperation-group": (by_will("social-care", "cooperation-group", 4), willed("cooperation-group", *WRITTEN)),
    "cooperation-group-health": (by_will("kela", "cooperation-group", 5), willed("cooperation-group", *ITEMISED)),
    "consent-others": (by_will("employment", "youth-guidance", 3), willed("youth-guidance", *WRITTEN)),
    "consent-others-sensitive": (by_will("social-care", "ngo", 4), willed("ngo", *ITEMISED)),
    "kanta-statement": (by_will("health-care", "kela", 5), willed("kela", *ITEMISED[:2])),
}
