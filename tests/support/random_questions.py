"""Questions to the law drawn at random, over everything that rules tell apart; the same ones for the same seed."""

import random
from collections.abc import Sequence
from dataclasses import replace

from sauma.event import Scope, Will
from sauma.fact import HANDLING, KINDS, ROLES, Moment
from sauma.ids import EndpointId, FactId, WillId
from support.questions import MODEL, NOW, Asked
from support.rule_cases import CASES

REGISTERS = (*sorted(ROLES), "social-care@b", "health-care@b", "employment@b", "provider@b")
AGENCIES = ("social-care", "health-care", "employment", "kela")
APRIL = 1_777_000_000_000

PURPOSES = (
    MODEL, MODEL, "employment-service", "social-care", "general-support", "labour-market-support", "labour-policy-statement",
    "labour-policy-conditions", "rehabilitation", "activation-list", "municipal-financing", "care-without-permit",
    "care-despite-prohibition", "job-placement",
)  # fmt: skip


TOLD_ELSEWHERE = {"transfer", "tym-8-ending"}
"""A move, and the joint fact of the relationship: scenarios tell of them."""
NEAR = [asked for rule, (asked, _) in sorted(CASES.items()) if rule not in TOLD_ELSEWHERE]
"""For each other rule a question that it answers."""


def question_at_random(r: random.Random) -> Asked:
    """Anything at all; or, as often, something near to what one of the rules releases, where a condition may just fail."""
    if r.random() < 0.5:
        return _anything(r)
    near = r.choice(NEAR)
    other = _anything(r, near.owner, near.to)
    return replace(near, **{name: getattr(other, name) for name in _FREE if r.random() < 0.15})


_FREE = tuple(name for name in Asked.__dataclass_fields__ if name not in ("owner", "to", "category", "kind"))
"""What may differ without the question becoming one that cannot be asked."""


def _anything(r: random.Random, owner: str = "", to: str = "") -> Asked:
    category = r.randint(1, 7)
    names = [
        name
        for name, kind in KINDS.items()
        if category in kind.categories and not kind.accompanies and not kind.is_joint
    ]
    kind, to = r.choice(names), to or r.choice((*REGISTERS, *AGENCIES))
    owner = owner or r.choice([name for name in (*REGISTERS, *AGENCIES, *AGENCIES) if name != to])
    relevant = (*(to.partition("@")[0],) * 4, "employment", "kela", "provider")
    now = r.choice((NOW, NOW, APRIL))
    return Asked(
        owner,
        to,
        category,
        kind=kind,
        handling=KINDS[kind].handling or ("ordinary" if r.random() < 0.8 else r.choice(sorted(HANDLING))),
        status=r.choice(("made", "completed")) if kind == "referral" else "open",
        necessary=tuple({(r.choice(relevant), r.choice(PURPOSES)) for _ in range(r.choice((0, 1, 1, 2)))}),
        affects=r.random() < 0.7,
        marked_at=now if r.random() < 0.8 else 0,
        relationship=r.choice(("assessing", "active", "ended", "")),
        is_confirmed=r.random() < 0.8,
        is_party=r.random() < 0.7,
        plan=r.choice(("07", "07", "03", "04", "", "?")),
        makers=tuple({r.choice((owner, to, "employment", "social-care")) for _ in range(2)}),
        providers=r.choice(((), ("provider",), ("provider@b",))),
        wills=tuple(_will(r, number, to, owner) for number in range(r.choice((0, 0, 1, 1, 2, 3)))),
        addressed_to=r.choice((None, None, None, to, to.partition("@")[0])),
        service_task=r.choice((None, "", "task")),
        document=r.choice((None, "", "document")),
        held_version=r.choice((0, 0, 1, 2)),
        now=now,
    )


def _will(r: random.Random, number: int, to: str, owner: str) -> Will:
    kind = r.choice(("consent", "consent", "permit", "permit", "prohibition"))
    role = to.partition("@")[0]
    recipients: Sequence[tuple[str, ...]] = [(to,), (role,), ("kela",), ("guardian",)]
    scopes = (
        Scope(categories=(1, 2, 3, 4, 5, 6, 7)),
        Scope(categories=(r.randint(1, 7), r.randint(1, 7))),
        Scope(facts=(FactId("f"),)),
        Scope(kinds=("capacity", "plan-item", "social-situation", "background")),
        Scope(registers=(EndpointId(owner),)),
        Scope(facts=(FactId("f"),), categories=(r.randint(1, 7),)),
        Scope(categories=(4, 5, 7), documents=("document",)),
        Scope(registers=(EndpointId(owner),), service_tasks=("task",)),
    )
    return Will(
        WillId(f"w{number}"),
        "given",
        kind,
        recipients=r.choice(recipients) if kind != "prohibition" or r.random() < 0.6 else (),
        scope=r.choice(scopes),
        valid_from=r.choice((None, None, Moment(NOW + 1))),
        valid_until=r.choice((None, None, Moment(APRIL))),
        given_by=r.choice(("client", "client", "guardian", "proxy")),
        evidence=r.choice(("archive", "archive", None)),
        read_at=r.choice((None, Moment(0), Moment(NOW))),
        age_ms_max=r.choice((None, 1_000_000)),
        is_readable=r.random() < 0.9,
    )
