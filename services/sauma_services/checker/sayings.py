"""What a source may not say, judged on events that took effect: wills in one's own favour, words of those who are no party."""

from sauma.event import Event, Receipt, Referral, Will
from sauma.ids import EndpointId
from sauma.places import Places
from sauma_services.checker.naive import THREE, NaiveClient


def wrong_with(client: NaiveClient, event: Event, places: Places) -> list[tuple[str, str]]:
    """Invariant and explanation of everything for which this event should have been refused."""
    body, source = event.body, places.endpoint(event.source)
    if source is None:
        return [("I4", f"an unknown endpoint {event.source} was heard")]
    found: list[tuple[str, str]] = []
    if isinstance(body, Will) and body.step != "withdrawn":
        found += [("I4", what) for what in _will(body, event.source, source.role)]
    is_withdrawal = isinstance(body, Will) and body.step == "withdrawn"
    if isinstance(body, Receipt) or is_withdrawal:
        return found
    if client.has_died:
        found.append(("I4", f"{event.source} was heard after the client's death"))
    if source.role not in THREE:
        found.append(("I4", f"{event.source} is none of the three"))
    elif client.is_open and event.source not in client.parties and not isinstance(body, Referral):
        found.append(("I4", f"{event.source} is no party and was heard"))
    return found


def _will(body: Will, source: EndpointId, role: str) -> list[str]:
    """Nobody records a will in its own favour, and none without evidence or a reading of the national service."""
    wrong = []
    if body.kind != "prohibition" and (source in body.recipients or role in body.recipients):
        wrong.append(f"will {body.will} was recorded by its beneficiary")
    if body.kind != "prohibition" and not body.evidence and body.read_at is None:
        wrong.append(f"will {body.will} has no evidence")
    if role not in THREE:
        wrong.append(f"will {body.will} was recorded by {role}")
    return wrong
