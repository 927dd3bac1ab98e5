"""Says whether what an event carries in the clear is only ids, codes and references; what a person wrote belongs in a cell.

It cannot tell a name from a code of the same form. It refuses whatever has the form of text: spaces, capitals where a code
has none, and anything that holds a henkilötunnus.
"""

import re
from collections.abc import Iterator

from sauma import henkilotunnus
from sauma.event import (
    Body,
    ClientChange,
    Correction,
    Facts,
    FactStep,
    PlanUpdate,
    Receipt,
    Referral,
    Relationship,
    Will,
)
from sauma.fact import Marks

_ID = re.compile(r"[0-9A-Za-z](?:[0-9A-Za-z._-]{0,62}[0-9A-Za-z])?")
_CODE = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,62}[a-z0-9])?|[A-Z]{1,4}[0-9]{1,8}")
"""One of our codes, or a national one such as `R03`."""
_REFERENCE = re.compile(r"(?=.*[0-9])[0-9A-Za-z][0-9A-Za-z._:/-]{0,63}")
"""A place in an archive: it holds a digit, which names do not."""
_PARAGRAPH = re.compile(r"[0-9A-Za-z.:/ -]{1,40}§[0-9A-Za-z., -]{0,20}")
_PERSON = re.compile(r"(?<![0-9a-z])[0-9]{6}[-+a-fu-y][0-9]{3}[0-9a-y](?![0-9a-z])", re.IGNORECASE)
"""Standing by itself: inside a random id its form comes up by chance."""


def text_in_clear(body: Body) -> str | None:
    """The name of the first field that holds something else than it may, or None. Never its value."""
    for field, value, form in _clear(body):
        if value and not _is_plain(value, form):
            return field
    return None


def is_code(value: str) -> bool:
    """Whether this is of the form of a reason code: small letters, digits and hyphens, and no person's number."""
    return _is_plain(value, _CODE)


def _is_plain(value: str, form: re.Pattern[str]) -> bool:
    if not form.fullmatch(value):
        return False
    if len(value) < henkilotunnus.LENGTH or not _PERSON.search(value):
        return True
    return not any(
        isinstance(henkilotunnus.check(found.upper()), henkilotunnus.Valid) for found in _PERSON.findall(value)
    )


_Field = tuple[str, str | None, re.Pattern[str]]


def _clear(body: Body) -> Iterator[_Field]:
    match body:
        case Referral():
            yield "referral", body.referral, _ID
            yield "reason", body.reason, _CODE
            yield "chain", body.chain, _ID
            yield from _steps(body.facts)
        case PlanUpdate():
            yield "plan", body.plan, _ID
            yield from (("maker", maker, _CODE) for maker in body.makers)
            yield from (("provider", provider, _CODE) for provider in body.providers)
            yield from _steps(body.steps)
        case Facts():
            yield from _steps(body.steps)
        case Relationship():
            yield "on_behalf_of", body.on_behalf_of, _CODE
            yield "evidence", body.evidence, _REFERENCE
        case Will():
            yield from _will(body)
        case ClientChange():
            yield "municipality", body.municipality, _CODE
        case Correction():
            yield "fact", body.fact, _ID
            yield "reason", body.reason, _CODE
        case Receipt():
            yield from (("fact", held.fact, _ID) for held in body.facts)
            yield "paragraph", body.paragraph, _PARAGRAPH
            yield "reason", body.reason, _CODE


def _will(body: Will) -> Iterator[_Field]:
    yield "will", body.will, _ID
    yield "evidence", body.evidence, _REFERENCE
    yield from (("recipient", recipient, _CODE) for recipient in body.recipients)
    scope = body.scope
    yield from (("scope.fact", fact, _ID) for fact in scope.facts)
    yield from (("scope.register", register, _CODE) for register in scope.registers)
    yield from (("scope.service_task", task, _REFERENCE) for task in scope.service_tasks)
    yield from (("scope.document", document, _REFERENCE) for document in scope.documents)


def _steps(steps: tuple[FactStep, ...]) -> Iterator[_Field]:
    for step in steps:
        yield "fact", step.fact, _ID
        yield "answers", step.answers, _ID
        yield "evidence", step.evidence, _REFERENCE
        if step.marks is not None:
            yield from _marks(step.marks)
        if step.put is not None:
            put = step.put
            if put.id != step.fact:
                yield "fact", put.id, _ID
            yield "plan", put.plan, _ID
            yield "referral", put.referral, _ID
            yield "about", put.about, _ID
            yield "addressed_to", put.addressed_to, _CODE
            yield "content_schema", put.content_schema, _ID
            yield from _marks(put.marks)


def _marks(marks: Marks) -> Iterator[_Field]:
    for mark in marks.necessary_for:
        yield "purpose", mark.purpose, _CODE
