"""Receipts: what was received is acknowledged in as few words as possible, whatever order it is settled in. F2."""

from __future__ import annotations

from collections.abc import Callable, Iterable


class Receipts:
    """Acknowledges deliveries of one channel, whose tags are counted from 1.

    :param acknowledge: takes a tag that is not acknowledged yet, and whether all before it are meant too
    """

    def __init__(self, acknowledge: Callable[[int, bool], object]) -> None:
        self._acknowledge = acknowledge
        self._low = 1
        self._ahead: set[int] = set()

    def settle(self, tags: Iterable[int]) -> None:
        """Acknowledge some: those before which nothing is out by one word for all, the others one by one."""
        fresh = sorted(set(tags))
        if fresh and not self._ahead and fresh[0] == self._low and fresh[-1] == self._low + len(fresh) - 1:
            self._low = fresh[-1] + 1  # all in a row, as a stage mostly does it
            self._acknowledge(fresh[-1], True)
            return
        last = None
        for tag in fresh:
            if tag == self._low:
                self._low = self._past(tag + 1)
                last = tag
            elif tag > self._low and tag not in self._ahead:
                self._ahead.add(tag)
                self._acknowledge(tag, False)
        if last is not None:
            self._acknowledge(last, True)

    def _past(self, low: int) -> int:
        """Step over what was acknowledged before."""
        while low in self._ahead:
            self._ahead.discard(low)
            low += 1
        return low
