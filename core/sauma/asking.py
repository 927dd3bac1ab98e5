"""Remembers which answers lead to which result, so that a procedure that asks is gone through once for each way the answers can fall.

The procedure is a generator: it yields what it asks, is sent the answer, and returns a result, which follows from the
answers alone. However long it is, a result then costs the few different things that it hangs on.
"""

from collections.abc import Callable, Generator, Hashable
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from sauma.client import WillState
from sauma.question import Question

T = TypeVar("T")

Asks = Callable[[Question, WillState | None], Hashable]
"""Asks something about a question and, where it is about a will, about that will."""

NO_WILL = -1
"""Stands for the number of a will where none is spoken of."""

Asked = tuple[Asks, int]
"""What is asked, and about which of the client's wills, by its number among them."""

Procedure = Callable[[], Generator[Asked, Any, T]]

_BRANCHES_MAX = 50_000
"""Ways of answering that are remembered for one procedure. There are some hundreds; the bound keeps a source that makes up
ever new purposes from filling memory. At the bound everything is forgotten and learnt anew."""


@dataclass(slots=True)
class _Node(Generic[T]):
    """What is asked next, and what follows on each answer; or the result."""

    asks: Asks | None
    will: int
    result: T | None
    said: tuple[Hashable, ...]
    """The answers that led here, in order."""
    then: "dict[Hashable, _Node[T]]" = field(default_factory=dict)


class Remembered(Generic[T]):
    """One procedure with what has been learnt of it. Nothing is asked twice about one question."""

    def __init__(self, procedure: Procedure[T]) -> None:
        self._procedure = procedure
        self._root = self._node(())
        self._branches = 0

    def result(self, question: Question) -> T:
        """What the procedure comes to on this question."""
        return self._reached(question).result  # type: ignore[return-value] # where nothing more is asked there is one

    def asked(self, question: Question) -> int:
        """How much is asked about this question."""
        return len(self._reached(question).said)

    def _reached(self, question: Question) -> _Node[T]:
        wills = question.client.head.wills
        node = self._root
        while (asks := node.asks) is not None:
            answer = asks(question, wills[node.will] if node.will >= 0 else None)
            following = node.then.get(answer)
            node = following if following is not None else self._grown(node, answer)
        return node

    def _grown(self, node: _Node[T], answer: Hashable) -> _Node[T]:
        if self._branches >= _BRANCHES_MAX:
            self._root, self._branches = self._node(()), 0
        self._branches += 1
        following = node.then[answer] = self._node((*node.said, answer))
        return following

    def _node(self, said: tuple[Hashable, ...]) -> _Node[T]:
        run, answers, known = self._procedure(), iter(said), dict[Asked, Hashable]()
        try:
            asked = next(run)
            while True:
                if asked not in known:
                    try:
                        known[asked] = next(answers)
                    except StopIteration:
                        return _Node(*asked, None, said)
                asked = run.send(known[asked])
        except StopIteration as end:
            return _Node(None, NO_WILL, end.value, said)


def gone_through(procedure: Procedure[T], question: Question) -> T:
    """What the procedure comes to on this question, nothing remembered."""
    run, wills = procedure(), question.client.head.wills
    try:
        asks, will = next(run)
        while True:
            asks, will = run.send(asks(question, wills[will] if will >= 0 else None))
    except StopIteration as end:
        return end.value  # type: ignore[no-any-return] # what a generator returns comes without its type
