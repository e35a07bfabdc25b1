"""Results: what threads have finished, handed to the stage in portions, so that it is not woken for each. Floor F3."""

from __future__ import annotations

import threading

from .jobs import Result


class Results:
    """Safe for threads.

    :param portion: results that are worth waking somebody for
    """

    def __init__(self, portion: int) -> None:
        self._portion = portion
        self._lock, self._enough = threading.Lock(), threading.Event()
        self._results: list[Result] = []

    def put(self, result: Result) -> None:
        """Hand over a result."""
        with self._lock:
            self._results.append(result)
            if len(self._results) >= self._portion:
                self._enough.set()

    def idle(self) -> None:
        """Nothing more will come by itself: do not wait for it."""
        self._enough.set()

    def empty(self) -> bool:
        """Tell whether nothing is there."""
        return not self._results

    def take(self, patience: float) -> list[Result]:
        """Return what there is, once that is a portion, nothing more will come, or time has passed.

        :param patience: seconds
        """
        self._enough.wait(patience)
        with self._lock:
            self._enough.clear()
            taken, self._results = self._results, []
        return taken
