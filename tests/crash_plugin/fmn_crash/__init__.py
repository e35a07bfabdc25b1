"""Rules on the number that a message carries; one of them takes the process with it."""

import os
import signal

from fmn_core import Arguments, hookimpl, rule


class Divisor(Arguments):
    by: int


@rule("crash_divisible", topics=["crash.number"])
def divisible(message, arguments: Divisor):
    """The number is divisible

    Without remainder.
    """
    return message.body["number"] % arguments.by == 0


@rule("crash_deadly", topics=["crash.number"])
def deadly(message, arguments: Divisor):
    """The number is deadly

    Nobody who is asked about it lives to tell.
    """
    if message.body["number"] == arguments.by:
        os.kill(os.getpid(), signal.SIGKILL)
    return False


@hookimpl
def fmn_register_rules():
    return [divisible, deadly]
