"""Arriving: what the far end of a backend got, waited for. Floor F4."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable

from .expecting import expect

#: seconds until what was sent is there, and between two looks
PATIENCE, LOOK = 20.0, 0.05


class Arriving:
    """What arrives at the far end.

    :param what: is held to its contract, for people
    :param arrived: returns all texts that have arrived so far
    """

    def __init__(self, what: str, arrived: Callable[[], Iterable[str]]) -> None:
        self._what, self._arrived = what, arrived

    def expect_whole(self, *links: str) -> None:
        """Wait until each of these links has arrived, in one piece."""
        deadline = time.monotonic() + PATIENCE
        while missing := self._missing(links):
            expect(time.monotonic() < deadline, f"{self._what}: {missing[0]!r} has not arrived in one piece")
            time.sleep(LOOK)

    def _missing(self, links: Iterable[str]) -> list[str]:
        texts = list(self._arrived())
        return [link for link in links if not any(link in text for text in texts)]
