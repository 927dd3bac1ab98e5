"""What the client's wills say, once more and by hand (ATL 703/2023 53-59 §, domain.md sections 2 and 3): yes, no, or None for not known."""

from collections.abc import Iterable

from sauma.places import Endpoint
from sauma_services.checker.naive import NaiveClient, NaiveFact, NaiveWill

Says = bool | None


def both(*answers: Says) -> Says:
    """One no is a no; short of that, one not known leaves it not known."""
    if any(answer is False for answer in answers):
        return False
    return None if any(answer is None for answer in answers) else True


def speaks_for(client: NaiveClient, will: NaiveWill, fact: NaiveFact, to: Endpoint) -> Says:
    """Whether a consent or a permit names this recipient and stands now."""
    if not _names(will, to) or not will.is_in_force(client.now):
        return False
    if will.said.given_by == "guardian" and _kept_from_guardian(client, fact):
        return False
    read_at, age_ms_max = will.said.read_at, will.said.age_ms_max
    if read_at is not None and age_ms_max is not None and client.now - read_at > age_ms_max:
        return None
    return True


def covers(will: NaiveWill, fact: NaiveFact) -> Says:
    """Whether the will speaks of this fact: everything it names must fit, and it must name something."""
    said = will.said
    if not said.is_readable:
        return None
    fits: list[Says] = list(_wider(will, fact))
    if said.scope.facts:
        fits.append(fact.id in said.scope.facts)
    if said.scope.kinds:
        fits.append(fact.kind in said.scope.kinds)
    return both(*fits) if fits else False


def itemises(will: NaiveWill, fact: NaiveFact) -> Says:
    """Whether the will names this fact or its kind, and nothing else that it names leaves it out."""
    scope = will.said.scope
    if not will.said.is_readable:
        return None
    if fact.id not in scope.facts and fact.kind not in scope.kinds:
        return False
    return both(*_wider(will, fact))


def forbidden(client: NaiveClient, fact: NaiveFact, to: Endpoint) -> Says:
    """Whether a prohibition stands between this fact and this recipient."""
    answers = [
        covers(will, fact)
        for will in client.wills.values()
        if will.said.kind == "prohibition"
        and will.is_in_force(client.now)
        and (not will.said.recipients or _names(will, to))
    ]
    if any(answers):
        return True
    return None if None in answers else False


def _wider(will: NaiveWill, fact: NaiveFact) -> Iterable[Says]:
    scope = will.said.scope
    if scope.categories:
        yield fact.category in scope.categories
    if scope.registers:
        yield fact.owner in scope.registers
    if scope.service_tasks:
        yield None if fact.service_task is None else fact.service_task in scope.service_tasks
    if scope.documents:
        yield None if fact.document is None else fact.document in scope.documents


def _names(will: NaiveWill, to: Endpoint) -> bool:
    return to.id in will.said.recipients or to.role in will.said.recipients


def _kept_from_guardian(client: NaiveClient, fact: NaiveFact) -> bool:
    """ATL 40 and 51 §: what a minor keeps from the guardian, the guardian cannot consent to."""
    return any(
        will.said.kind == "prohibition"
        and "guardian" in will.said.recipients
        and will.is_in_force(client.now)
        and covers(will, fact) is not False
        for will in client.wills.values()
    )
