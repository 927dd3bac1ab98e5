"""How a fact of the checker's client gets its next version: a source's statement, or a step."""

from sauma.event import Event, FactPut
from sauma.sealing import SALT_BYTES, SealedAs, digest
from sauma_services.checker.naive import JOINT, NaiveClient, NaiveFact


def step_version(client: NaiveClient, fact: NaiveFact, *, author: str, status: str) -> None:
    """The fact's next version, its author's or the router's own."""
    fact.version, fact.author, fact.status, fact.confirmed = fact.version + 1, author, status, set()
    if author:
        client.authored.append(fact)


def put(client: NaiveClient, event: Event, stated: FactPut, *, status: str = "open") -> NaiveFact:
    """The version that a source states."""
    known = client.facts.get(stated.id)
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
    )
    fact.mark(stated.marks, client.now)
    client.facts[fact.id] = fact
    client.authored.append(fact)
    return fact
