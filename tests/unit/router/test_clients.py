"""The router's clients: read back from their parts they are the same, and only what a step looks at is read."""

from dataclasses import fields

from sauma.client import Client, FactState, Head, new_client
from sauma_services.router.clients import Clients, Standing, changed_parts, read_client
from support.story import LINES
from support.world import SUBJECT, H, World, fact, put, puts


def read_back(client: Client) -> Client:
    """The client as its parts give it."""
    parts = {part.key: part.value or b"" for part in changed_parts(new_client(SUBJECT), client)}
    return read_client(SUBJECT, parts)


def test_a_client_read_back_before_every_line_of_the_story_goes_on_as_the_one_that_was_kept() -> None:
    kept, read = World(), World()
    for line in LINES:
        line.says(kept)
        line.says(read)
        assert read.client == kept.client
        read.client = read_back(read.client)

    assert read.steps == kept.steps


def test_a_new_version_of_one_fact_leaves_the_others_unread() -> None:
    world = World()
    for line in LINES[:9]:
        line.says(world)
    world.client = read_back(world.client)

    taken = world.say(H, puts(put("capacity", "capacity", 5)))

    assert taken.decision.outcome == "accepted"
    assert taken.client.facts[fact("capacity")].given
    read = {name for name, state in taken.client.facts.items() if type(state) is FactState}
    assert read == {fact("capacity"), *taken.client.head.companions}
    assert len(taken.client.facts) > len(read) + 2


def test_where_a_client_stands_is_what_its_head_begins_with() -> None:
    start = fields(Standing)
    assert [field.name for field in fields(Head)][: len(start)] == [field.name for field in start]
    world = World()
    for line in LINES[:9]:
        line.says(world)
    head = world.client.head

    (standing,) = Clients(changed_parts(new_client(SUBJECT), world.client), count_max=1).standings()

    assert all(getattr(standing, field.name) == getattr(head, field.name) for field in start)
    assert standing.wake_at is not None
