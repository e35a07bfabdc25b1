"""Signals: what a process is told from outside, as orders that its main thread reads when it is ready to. Floor F3."""

from __future__ import annotations

import contextlib
import os
import queue
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from types import FrameType

#: finish what is begun, and end
STOPPING = (signal.SIGTERM, signal.SIGINT)
#: read configuration and plugins anew
RELOADING = (signal.SIGHUP,)


class Orders:
    """Orders in the order they came. Giving one is allowed to signal handlers and to any thread."""

    def __init__(self) -> None:
        # this queue alone may be put into by a handler that interrupts a get from it
        self._given: queue.SimpleQueue[int] = queue.SimpleQueue()

    def give(self, number: int) -> None:
        """Give an order: the number of a signal."""
        self._given.put(number)

    def next(self, timeout: float | None = None) -> int | None:
        """Return the next order; None if there is none within so many seconds."""
        try:
            return self._given.get(timeout=timeout)
        except queue.Empty:
            return None

    def stops(self) -> bool:
        """Forget what was ordered meanwhile, and tell whether it was to stop."""
        orders = []
        while (order := self.next(0)) is not None:
            orders.append(order)
        return any(order in STOPPING for order in orders)


@contextlib.contextmanager
def obeyed(tell: Callable[[int], object], reloads: bool = False, again: bool = False) -> Iterator[None]:
    """Let signals be told: the first SIGTERM or SIGINT, the second has its usual effect; every SIGHUP if asked for.

    Whoever leaves the terminal that a process was started from means it to end, and does not ask it to reload.
    Elsewhere than in the main thread nothing is told.

    :param again: let the second be told too
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.getsignal(number) for number in STOPPING + RELOADING * reloads}
    on_terminal = _on_terminal()

    def restore() -> None:
        for number, handler in before.items():
            signal.signal(number, handler)

    def hear(number: int, frame: FrameType | None) -> None:
        if number in RELOADING and on_terminal and not _on_terminal():
            number = signal.SIGTERM
        if number in STOPPING and not again:
            for stopping in STOPPING:
                signal.signal(stopping, before[stopping])
        tell(number)

    for number in before:
        signal.signal(number, hear)
    postponed = signal.pthread_sigmask(signal.SIG_UNBLOCK, RELOADING if reloads else ())
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, postponed)  # first: what comes now has nobody to hear it
        restore()


def _on_terminal() -> bool:
    try:
        return os.isatty(sys.__stderr__.fileno()) if sys.__stderr__ else False
    except (OSError, ValueError):
        return False


def postpone_reloads() -> None:
    """Keep SIGHUP for later, beyond :func:`begin_anew` too: until it can be obeyed, it would end the process."""
    signal.pthread_sigmask(signal.SIG_BLOCK, RELOADING)


def no_longer_postpone_reloads() -> None:
    """Let SIGHUP have its effect."""
    signal.pthread_sigmask(signal.SIG_UNBLOCK, RELOADING)


def begin_anew() -> None:
    """Become this very command once more, in the same process: what was installed meanwhile is what runs then."""
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606 - our own command, no shell
