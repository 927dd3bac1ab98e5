"""Explains a stored decision to one audience: every ruling it may see, and what became of the record itself."""

import datetime
from collections.abc import Iterable

from sauma.decision import Decision
from sauma.ids import EndpointId
from sauma.law import Law
from sauma.places import Places
from sauma_services.lawbook.audience import NOTHING_FOR_RECIPIENT, Seen, seen_by
from sauma_services.lawbook.case import Case, case_of
from sauma_services.lawbook.explain import explain
from sauma_services.lawbook.words import Words

MAY_NOT_SPEAK = frozenset({"client-died", "client-not-opened", "not-a-party"})
"""Refusals that are one to the source: apart, they would tell it whether the client is known here, and to whom."""


def explain_decision(
    decision: Decision,
    law: Law | None,
    places: Places,
    words: Words,
    *,
    audience: str,
    who: str = "",
    recipient: str = "",
) -> str:
    """The explanation for an audience. `who` is the recipient or the discloser that it is for; `recipient` narrows to one."""
    cases = [case_of(ruling, decision, law, places) for ruling in decision.rulings]
    cases = [case for case in cases if not recipient or recipient in (case.recipient, case.recipient_role)]
    if audience == "recipient":
        return _for_recipient([case for case in cases if case.recipient == who], words)
    if audience == "sender":
        return "\n\n".join(_for_sender(decision, [case for case in cases if case.discloser == who], who, words))
    parts = ["\n".join(_record(decision, law, places, words, with_codes=audience == "operator"))]
    return "\n\n".join([*parts, *(explain(seen_by(audience, case), words) for case in cases)])


def _for_recipient(cases: list[Case], words: Words) -> str:
    """Nothing at all of the record: whose it was and what it said would tell of others."""
    seen = [one for case in cases if (one := seen_by("recipient", case)) != NOTHING_FOR_RECIPIENT]
    return "\n\n".join(explain(one, words) for one in seen or [NOTHING_FOR_RECIPIENT])


def _for_sender(decision: Decision, cases: list[Case], who: str, words: Words) -> Iterable[str]:
    """What it disclosed, and what became of its own record. Which recipients were considered would tell of wills and parties."""
    if decision.source == who and decision.outcome == "refused":
        yield "\n".join(_refused(decision.reason, words, for_source=True))
    for case in cases:
        if case.is_released or case.reason == "void":
            yield explain(seen_by("sender", case), words)
    yield explain(Seen("sender", told="sender_rest"), words)


def _record(decision: Decision, law: Law | None, places: Places, words: Words, *, with_codes: bool) -> Iterable[str]:
    source = places.endpoint(EndpointId(decision.source))
    yield f"{words.label('decision')} {decision.number}"
    effective_at = datetime.datetime.fromtimestamp(decision.effective_at / 1000, tz=datetime.UTC)
    yield f"{words.label('effective_at')}: {effective_at.isoformat(timespec='seconds')}"
    yield f"{words.label('rules_of')}: {decision.law}"
    if source is not None:
        name = f" ({source.id})" if with_codes else ""
        yield f"{words.label('recorded_by')}: {words('role', source.role)}{name}"
    yield f"{words.label('decision_outcome')}: {words('record', decision.outcome)}"
    if decision.reason:
        yield from _refused(decision.reason, words, for_source=False)
    if law is None:
        yield words.label("law_not_here")


def _refused(reason: str, words: Words, *, for_source: bool) -> Iterable[str]:
    if for_source and reason in MAY_NOT_SPEAK:
        yield words("told", "sender_refused")
    elif words.knows("refusal", reason):
        yield f"{words.label('because')}: {words.part('refusal', reason, 'means')}"
        yield f"{words.label('what_to_do')}: {words.part('refusal', reason, 'do')}"
    else:
        yield f"{words.label('because')}: {words('advice', reason)}"
