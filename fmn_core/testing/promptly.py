"""Promptly: a call of somebody else's code must not hang a test. Floor F4."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")

#: seconds that a call may take which has no reason to wait, on a machine that is busy
PATIENCE = 20.0


def promptly(what: str, call: Callable[[], T]) -> T:
    """Call something in a thread of its own, and return what it returns or raise what it raises.

    :param what: is called, for people
    :raises AssertionError: if it does not return in time; the thread is left behind
    """
    answer: Future[T] = Future()

    def run() -> None:
        try:
            answer.set_result(call())
        except BaseException as error:
            answer.set_exception(error)

    threading.Thread(target=run, name=what, daemon=True).start()
    try:
        return answer.result(PATIENCE)
    except TimeoutError:
        if answer.done():
            raise
        raise AssertionError(f"{what} has not returned after {PATIENCE:g} seconds") from None
