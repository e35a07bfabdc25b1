"""Loads well, and fails on each message."""

from fmn_core import hookimpl, rule


@rule("always_raises")
def raises(message):
    """Raise on every message

    There is no message on which this decides anything.
    """
    return message.body["there is no such key"]


@hookimpl
def fmn_register_rules():
    return [raises]
