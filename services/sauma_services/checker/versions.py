"""How a fact of the checker's client gets its next version: a source's statement, or a step."""

from sauma.event import Event, FactPut
from sauma.sealing import SALT_BYTES, SealedAs, digest
from sauma_services.checker.naive import JOINT, NaiveClient, NaiveFact


def step_version(client: NaiveClient, fact: NaiveFact, *, author: str, status: str) -> None:
    """The fact's next version, its author's or the router's own."""
    fact.version, fact.author, fact.status, fact.confirmed = fact.version + 1, author, status, set()
    if author:
        client.authored.append((author, fact.id, fact.version))


def put(client: NaiveClient, event: Event, stated: FactPut, *, status: str = "open") -> NaiveFact:
    """The version that a source states."""
    known = client.facts.get(stated.id)
    if stated.base != (known.version if known else 0):
        client.faults.append(("I11", f"{event.source} put {stated.id} on a base that is not the current version"))
    if known is not None and known.owner != event.source:
        client.faults.append(("I4", f"{event.source} put {stated.id}, which is another's"))
    sealed = b""
    if stated.cell and len(stated.salt) == SALT_BYTES:
        sealed = digest(
            SealedAs(
                source=event.source,
                incarnation=event.incarnation,
                seq=event.seq,
                subject=event.subject,
                item=stated.id,
                category=stated.category,
                handling=stated.handling,
                content_schema=stated.content_schema,
                salt=stated.salt,
            )
        )
    fact = NaiveFact(
        id=stated.id,
        owner=known.owner if known else event.source,
        kind=stated.kind,
        category=stated.category,
        handling=stated.handling,
        version=stated.base + 1,
        status="pending" if stated.kind in JOINT else status,
        author=event.source,
        necessary=known.necessary if known else {},
        affects=known.affects if known else None,
        plan=stated.plan,
        referral=stated.referral,
        about=stated.about,
        about_version=stated.about_version,
        addressed_to=stated.addressed_to,
        digest=sealed,
        cell=stated.cell,
        confirmed={event.source} if stated.kind in JOINT else set(),
        service_task=stated.service_task,
        document=stated.document,
    )
    fact.mark(stated.marks, client.now)
    client.facts[fact.id] = fact
    client.authored.append((event.source, fact.id, fact.version))
    return fact
