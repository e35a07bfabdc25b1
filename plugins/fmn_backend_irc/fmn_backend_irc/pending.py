"""Lines on their way, and what the one PING that is out speaks for. Pure; guarded by its owner."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass


@dataclass(eq=False)
class Line:
    """A line on its way.

    :param target: as the server compares it
    :param joins: we joined the channel for it
    :param done: nothing more will be heard of it
    :param failure: why it did not go through
    """

    target: str
    joins: bool = False
    done: bool = False
    failure: Exception | None = None


class Pending:
    """Lines in the order in which they were sent: first those that a PING is out for, then the others.

    There is never more than one PING out, because not all servers say which one they answer.
    """

    def __init__(self) -> None:
        self._out = False
        self._asked: list[Line] = []
        self._unasked: list[Line] = []

    def add(self, line: Line) -> None:
        """Take a line that is being sent."""
        self._unasked.append(line)

    def ask(self, anyway: bool = False) -> bool:
        """Tell whether a PING is due. If so it is taken as sent, for all lines so far.

        :param anyway: also if there are no lines, to hear whether the server is there
        """
        if self._out or not (self._unasked or anyway):
            return False
        self._out = True
        self._asked, self._unasked = self._unasked, []
        return True

    def answered(self) -> None:
        """Settle the lines for which the PING was out: it came back."""
        for line in self._asked:
            line.done = True
        self._out, self._asked = False, []

    def to(self, targets: Iterable[str]) -> Iterator[Line]:
        """Return the lines that a complaint about targets can be about: what it is about has been asked for."""
        return (line for line in self._asked if line.target in targets)

    def lose(self, failure: Callable[[], Exception]) -> None:
        """Settle all lines: nothing will ever come back.

        :param failure: makes one for each, because each is raised in a thread of its own
        """
        for line in self._asked + self._unasked:
            line.failure = line.failure or failure()
            line.done = True
        self._out, self._asked, self._unasked = False, [], []
