"""One rule, on the number that a message carries."""

from fmn_core import Arguments, hookimpl, rule


class Divisor(Arguments):
    by: int


@rule("crash_divisible", topics=["crash.number"])
def divisible(message, arguments: Divisor):
    """The number is divisible

    Without remainder.
    """
    return message.body["number"] % arguments.by == 0


@hookimpl
def fmn_register_rules():
    return [divisible]
