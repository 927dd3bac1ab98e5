"""The story of docs/story.md, line by line: what each record is, what leaves by which paragraph, what stays and why.

Written by hand from the law and the story, not from what the program prints. Names: E S H K P D and, after the move, E' S' H'.
In `leaves`, a bare name is a fact put, `~` a change of basis, `-` a retraction with what it asks, `!` a notice.
A recipient that is not named gets nothing.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from sauma.event import (
    ClientChange,
    FactPut,
    FactStep,
    Held,
    Receipt,
    Referral,
    Relationship,
    Scope,
    Will,
)
from sauma.fact import Moment
from sauma.ids import FactId, ReferralId, WillId, conflict_fact
from sauma.sealing import digest
from sauma.step import Step
from support.world import E2, S2, E, H, K, P, S, World, fact, marks, plan, put, puts

TYM15, TYM12, TYM3, TYM8 = "TYM 381/2023 15 §", "TYM 381/2023 12.2 §", "TYM 381/2023 3 §", "TYM 381/2023 8 §"
JTPL116, JULKL, ATL38 = "JTPL 380/2023 116.4 §", "JulkL 621/1999 26 §", "ATL 703/2023 38 §"
JTPL17 = "JTPL 380/2023 17 §"
OWN = "TYM 381/2023 14.1 §"
"""The paragraph of a version that the router made and its own owner must learn."""

Leaves = Mapping[str, set[str]]


@dataclass(frozen=True)
class Line:
    """One line of the story."""

    number: str
    says: Callable[[World], Step]
    leaves: Leaves
    stays: Mapping[tuple[str, str], str] = field(default_factory=dict)
    """These at least; the test also checks that nobody outside `leaves` and `stays` is ruled on."""


def _refer(w: World) -> Step:
    steps = (
        FactStep("put", fact("identity"), put=put("identity", "identity", 1)),
        FactStep("put", fact("referral"), put=put("referral", "referral", 6)),
    )
    return w.say(K, Referral(ReferralId("r1"), "made", to_role="employment", municipality="837", facts=steps))


def _joint(w: World, name: str) -> FactStep:
    known = w.client.facts[fact(name)].fact
    assert known.sealed_as is not None
    return FactStep("confirm", known.id, version=known.version, digest=digest(known.sealed_as))


def _item(name: str, base: int = 0, *roles: str, **rest: object) -> FactStep:
    return FactStep("put", fact(name), put=_item_put(name, base, *roles, **rest))


def _item_put(name: str, base: int, *roles: str, **rest: object) -> FactPut:
    return put(name, "plan-item", 7, base, marks=marks(*roles), plan="plan", **rest)


def _proposal(name: str, about: str, version: int) -> FactStep:
    stated = put(name, "proposal", 7, about=fact(about), about_version=version)
    return FactStep("propose", fact(name), put=stated)


def _version(w: World, name: str) -> int:
    return w.client.facts[fact(name)].fact.version


CONSENT = Will(
    WillId("w1"),
    "given",
    "consent",
    recipients=(P,),
    scope=Scope(facts=(fact("h-capacity"), fact("A"), fact("identity"))),
    evidence="archive-77",
)
CONFLICT: FactId = conflict_fact(fact("p2"))
NAMES = {CONFLICT: "conflict"}

CHANGE_A = marks("social-care", "kela", "provider")


def _needed_by_kela(w: World) -> FactPut:
    return put("need", "service-need", 6, marks=marks("kela", affects=True, at=w.now))


LINES: tuple[Line, ...] = (
    Line("1", _refer, {"E": {f"identity {TYM3}", f"referral {TYM3}"}}),
    Line("2a", lambda w: w.say(E, Referral(ReferralId("r1"), "received")), {"K": {f"referral-status {TYM3}"}}),
    Line("2b", lambda w: w.say(E, Referral(ReferralId("r1"), "accepted")), {"K": {f"referral-status {TYM3}"}}),
    Line(
        "3a",
        lambda w: w.say(E, puts(put("background", "background", 3, marks=marks("social-care", "kela")))),
        {},
    ),
    Line("3b", lambda w: w.say(K, puts(put("k-capacity", "capacity", 5, marks=marks("employment", affects=True)))), {}),
    Line("3c", lambda w: w.say(E, puts(_needed_by_kela(w))), {}),
    Line(
        "4",
        lambda w: w.say(E, Relationship("started")),
        {
            "K": {f"relationship {TYM15}", f"background {TYM15}", f"~referral-status {TYM15}"},
            "S": {f"identity {TYM15}", f"relationship {TYM15}", f"background {TYM15}"},
            "H": {f"identity {TYM15}", f"relationship {TYM15}"},
            "D": {f"identity {TYM12}", f"relationship {TYM12}", f"background {TYM12}"},
            "E": {f"~identity {TYM15}"},
        },
        {
            ("H", "background"): "necessary-for-recipient",
            ("K", "need"): "taking-part-confirmed",
            ("E", "k-capacity"): "taking-part-confirmed",
            ("D", "k-capacity"): "taking-part-confirmed",
            ("S", "referral"): "addressed-to-another",
        },
    ),
    Line(
        "5",
        lambda w: w.say(S, Relationship("taking-part")),
        {
            "E": {f"relationship {TYM15}"},
            "S": {f"relationship {TYM15}"},
            "H": {f"relationship {TYM15}"},
            "K": {f"relationship {TYM15}", f"need {TYM15}"},
            "D": {f"relationship {TYM12}", f"need {TYM12}"},
        },
        {("E", "k-capacity"): "marked-after-start", ("D", "k-capacity"): "marked-after-start"},
    ),
    Line(
        "6",
        lambda w: w.say(
            S, puts(put("situation", "social-situation", 4, marks=marks("employment", affects=True, at=w.now)))
        ),
        {"E": {f"situation {TYM15}"}, "D": {f"situation {TYM12}"}},
        {("K", "situation"): "necessary-for-recipient", ("H", "situation"): "? permit"},
    ),
    Line(
        "7",
        lambda w: w.say(
            H,
            puts(
                put(
                    "note",
                    "health-note",
                    5,
                    handling="mental-health",
                    marks=marks("employment", "kela", affects=True, at=w.now),
                )
            ),
        ),
        {},
        {
            ("E", "note"): "specially-protected",
            ("K", "note"): "specially-protected",
            ("S", "note"): "specially-protected",
            ("D", "note"): "specially-protected",
        },
    ),
    Line(
        "8",
        lambda w: w.say(
            H, puts(put("h-capacity", "capacity", 5, marks=marks("employment", "kela", affects=True, at=w.now)))
        ),
        {"E": {f"h-capacity {TYM15}"}, "K": {f"h-capacity {TYM15}"}, "D": {f"h-capacity {TYM12}"}},
        {("S", "h-capacity"): "? permit"},
    ),
    Line(
        "9a",
        lambda w: w.say(E, plan(_item("A", 0, "social-care", "kela"), makers=(E, S, K))),
        {"S": {f"A {TYM15}"}, "K": {f"A {TYM15}"}, "D": {f"A {TYM12}"}},
        {("H", "A"): "necessary-for-recipient"},
    ),
    Line(
        "9b",
        lambda w: w.say(S, plan(_item("B", 0, "employment", "kela"))),
        {"E": {f"B {TYM15}"}, "K": {f"B {TYM15}"}, "D": {f"B {TYM12}"}},
        {("H", "B"): "? permit"},
    ),
    Line(
        "9c",
        lambda w: w.say(K, plan(_item("C", 0, "employment", "social-care"))),
        {"E": {f"C {TYM15}"}, "S": {f"C {TYM15}"}, "D": {f"C {TYM12}"}},
        {("H", "C"): "necessary-for-recipient"},
    ),
    Line(
        "10a",
        lambda w: w.say(E, plan(FactStep("put", fact("ok"), put=put("ok", "approval", 7, plan="plan")))),
        {"S": {f"ok {TYM15}"}, "K": {f"ok {TYM15}"}},
        {("D", "ok"): "fact-in-force"},
    ),
    Line("10b", lambda w: w.say(S, plan(_joint(w, "ok"))), {}),
    Line("10c", lambda w: w.say(K, plan(_joint(w, "ok"))), {}),
    Line(
        "10d",
        lambda w: w.say(E, plan(FactStep("approve", fact("ok"), version=_version(w, "ok"), evidence="archive-12"))),
        {
            "E": {f"ok {TYM15}", f"relationship {TYM15}"},
            "S": {f"ok {TYM15}", f"relationship {TYM15}"},
            "K": {f"ok {TYM15}", f"relationship {TYM15}"},
            "H": {f"relationship {TYM15}"},
            "D": {f"ok {TYM12}", f"relationship {TYM12}"},
        },
    ),
    Line("11a", lambda w: w.say(E, plan(_proposal("p1", "B", 1))), {"S": {f"p1 {TYM15}"}}),
    Line("11b", lambda w: w.say(K, plan(_proposal("p2", "B", 1))), {"S": {f"p2 {TYM15}"}}),
    Line(
        "12",
        lambda w: w.say(
            S, plan(FactStep("accept", fact("B"), put=_item_put("B", 1, "employment", "kela"), answers=fact("p1")))
        ),
        {"E": {f"B {TYM15}", f"p1 {OWN}"}, "K": {f"B {TYM15}"}, "D": {f"B {TYM12}"}},
    ),
    Line(
        "13",
        lambda w: w.say(
            S, plan(FactStep("accept", fact("B"), put=_item_put("B", 2, "employment", "kela"), answers=fact("p2")))
        ),
        {"S": {f"conflict {TYM15}"}, "K": {f"conflict {OWN}"}},
    ),
    Line(
        "14",
        lambda w: w.say(
            S, plan(FactStep("settle", fact("B"), put=_item_put("B", 2, "employment", "kela"), answers=CONFLICT))
        ),
        {"E": {f"B {TYM15}"}, "K": {f"B {TYM15}", f"conflict {OWN}", f"p2 {OWN}"}, "D": {f"B {TYM12}"}},
    ),
    Line(
        "15",
        lambda w: w.say(E, CONSENT),
        {"P": {f"identity {JULKL}", f"A {JULKL}", f"h-capacity {JTPL116}"}},
        {
            ("P", "B"): "will-itemises-fact",
            ("P", "C"): "will-itemises-fact",
            ("P", "situation"): "no-rule",
            ("P", "note"): "specially-protected",
        },
    ),
    Line(
        "16",
        lambda w: w.say(
            H, puts(put("h-capacity", "capacity", 5, 1, marks=w.client.facts[fact("h-capacity")].fact.marks))
        ),
        {
            "E": {f"h-capacity {TYM15}"},
            "K": {f"h-capacity {TYM15}"},
            "D": {f"h-capacity {TYM12}"},
            "P": {f"h-capacity {JTPL116}"},
        },
        {("S", "h-capacity"): "? permit"},
    ),
    Line(
        "16a",
        lambda w: w.say(E, plan(FactStep("mark", fact("A"), version=1, marks=CHANGE_A), providers=(P,))),
        {"P": {f"~A {JTPL116}", f"~identity {JTPL116}"}},
    ),
    Line(
        "17",
        lambda w: w.say(P, Will(WillId("w1"), "withdrawn", "consent")),
        {"P": {"-h-capacity erase", "!will-effective withdrawn"}},
    ),
    Line("18", lambda w: w.say(P, Receipt("erased", (Held(fact("h-capacity"), 2),))), {}),
    Line(
        "19",
        lambda w: w.say(E, ClientChange("moved", municipality="297")),
        {
            "E'": {
                f"identity {TYM15}",
                f"relationship {TYM15}",
                f"A {JTPL17}",
                f"B {TYM15}",
                f"C {TYM15}",
                f"ok {TYM15}",
            }
            | {f"situation {TYM15}", f"h-capacity {TYM15}"},
            "S'": {f"identity {TYM15}", f"relationship {TYM15}", f"background {TYM15}", f"A {TYM15}", f"B {JTPL17}"}
            | {f"C {TYM15}", f"ok {TYM15}"},
            "H'": {f"identity {TYM15}", f"relationship {TYM15}"},
            "E": {"-identity stop", "-referral stop", "-relationship stop", "-A stop", "-B stop", "-C stop", "-ok stop"}
            | {"-situation stop", "-h-capacity stop"},
            "S": {
                "-identity stop",
                "-relationship stop",
                "-background stop",
                "-A stop",
                "-B stop",
                "-C stop",
                "-ok stop",
            }
            | {"-p1 stop", "-p2 stop", "-conflict stop"},
            "H": {"-identity stop", "-relationship stop"},
            "K": {f"A {TYM15}", f"B {TYM15}"},
            "D": {f"A {TYM12}", f"B {TYM12}"},
            "P": {f"A {JTPL116}"},
        },
        {
            ("E'", "background"): "other-agency",
            ("H'", "background"): "necessary-for-recipient",
            ("H'", "A"): "necessary-for-recipient",
            ("S'", "situation"): "? permit",
            ("S'", "h-capacity"): "? permit",
        },
    ),
    Line(
        "20a",
        lambda w: w.say(S2, ClientChange("non-disclosure", until=Moment(w.now + 10**11))),
        {
            "E'": {f"non-disclosure {ATL38}"},
            "H'": {f"non-disclosure {ATL38}"},
            "K": {f"non-disclosure {ATL38}"},
            "D": {f"non-disclosure {ATL38}"},
            "P": {f"non-disclosure {ATL38}"},
        },
    ),
    Line(
        "20b",
        lambda w: w.say(S2, puts(put("contact", "contact", 1, handling="locality", marks=marks("employment")))),
        {"E'": {f"contact {TYM15}"}},
        {("D", "contact"): "no-rule", ("K", "contact"): "necessary-for-recipient", ("H'", "contact"): "other-agency"},
    ),
    Line(
        "22a",
        lambda w: w.say(E2, Relationship("end-proposed")),
        {r: {f"relationship {TYM15}"} for r in ("E'", "S'", "H'", "K")} | {"D": {f"relationship {TYM12}"}},
    ),
    Line("22b", lambda w: w.say(S2, Relationship("end-confirmed")), {}),
    Line(
        "22c",
        lambda w: w.say(K, Relationship("end-confirmed")),
        {
            "E'": {f"relationship {TYM8}", "-identity stop", "-non-disclosure stop", "-B stop", "-C stop", "-ok stop"}
            | {"-situation stop", "-h-capacity stop", "-contact stop"},
            "S'": {f"relationship {TYM8}", "-identity stop", "-background stop", "-A stop", "-C stop", "-ok stop"},
            "H'": {f"relationship {TYM8}", "-identity stop", "-non-disclosure stop"},
            "K": {
                f"relationship {TYM8}",
                "-non-disclosure stop",
                "-background stop",
                "-need stop",
                "-A stop",
                "-B stop",
            }
            | {"-ok stop", "-h-capacity stop", "-referral-status stop"},
            "D": {f"relationship {TYM8}", "-identity stop", "-non-disclosure stop", "-background stop", "-need stop"}
            | {"-situation stop", "-h-capacity stop", "-A stop", "-B stop", "-C stop", "-ok stop"},
            "P": {"-A stop", "-identity stop", "-non-disclosure stop"},
        },
    ),
    Line(
        "23",
        lambda w: w.say(
            S2, puts(put("situation-2", "social-situation", 4, marks=marks("employment", affects=True, at=w.now)))
        ),
        {},
        {
            ("E'", "situation-2"): "relationship-open",
            ("K", "situation-2"): "relationship-open",
            ("D", "situation-2"): "relationship-open",
            ("H'", "situation-2"): "? permit",
        },
    ),
)
