"""A record that is kept unread is the same record: whatever is done to it first, it reads itself and is a plain one after that."""

import operator
from collections.abc import Callable

import pytest

from sauma.client import FactState
from sauma.codec import Codec
from sauma.fact import Fact
from sauma.ids import EndpointId, FactId
from sauma.making import replace
from sauma.unread import unread

CODEC = Codec(FactState)
PLAIN = FactState(Fact(FactId("f"), EndpointId("kela"), "identity", 1, "ordinary", 3, "open", EndpointId("kela")))
DATA = CODEC.encode(PLAIN)


@pytest.mark.parametrize(
    "use",
    [
        lambda state: state == PLAIN,
        lambda state: operator.eq(PLAIN, state),
        lambda state: state == unread(FactState, CODEC.decode_trusted)(DATA),
        lambda state: state != replace(PLAIN, client_approved=True),
        lambda state: CODEC.encode(state) == DATA,
        lambda state: replace(state, client_approved=True) == replace(PLAIN, client_approved=True),
        lambda state: repr(state).endswith(repr(PLAIN).removeprefix("FactState")),
        lambda state: state.client_approved is False,
        lambda state: state.fact == PLAIN.fact,
        lambda state: isinstance(state, FactState),
    ],
)
def test_whatever_is_asked_first_the_answer_is_the_plain_records(use: Callable[[FactState], bool]) -> None:
    assert use(unread(FactState, CODEC.decode_trusted)(DATA))


def test_it_is_read_once_and_only_when_looked_at() -> None:
    reads: list[bytes] = []

    def read(data: bytes) -> FactState:
        reads.append(data)
        return CODEC.decode_trusted(data)

    state = unread(FactState, read)(DATA)
    assert reads == []

    assert (state.fact.version, state.given, state.fact.kind) == (3, {}, "identity")
    assert reads == [DATA]
    assert type(state) is FactState


def test_what_cannot_be_read_says_so_each_time_it_is_looked_at() -> None:
    state = unread(FactState, CODEC.decode_trusted)(DATA[:-1])

    for _ in range(2):
        with pytest.raises(IndexError):
            assert state.fact
