"""What a server says when it does not pass a line on, and what follows for the notification. Pure."""

from __future__ import annotations

from fmn_core import AddressRefused, DropDelivery, RetryDelivery

ABSENT = "401"
MUTE = "404"
#: they pass by themselves
PASSING = {
    "405": "we are in too many channels",
    "437": "it is not available for a while",
    "439": "we write to too many",
    "471": "the channel is full",
    "477": "the channel wants us to be logged in",
    "480": "we joined too often",
    "707": "we write to too many",
}
#: somebody there has decided so, and only somebody there can change it: the address is suspended
LASTING = {
    "403": "there is no such channel",
    "473": "the channel is for invited people only",
    "474": "we are banned from the channel",
    "475": "the channel has a key",
    "476": "there can be no such channel",
    "489": "the channel is for encrypted connections only",
}
#: they are about this line; the next one may be welcome
FINAL = {
    MUTE: "we may not speak in the channel",
    "486": "it hears only people who are logged in",
    "531": "it does not want to hear us",
    "716": "it does not want to hear us",
}
COMPLAINTS = frozenset({ABSENT, *PASSING, *LASTING, *FINAL})


def verdict(numeric: str, target: str, server: str, joins: bool, absent: float) -> Exception:
    """Return what is to be raised for a line.

    :param numeric: one of :data:`COMPLAINTS`
    :param server: its name, for people
    :param joins: we joined the channel just for this line
    :param absent: seconds after which somebody who is not there is tried again
    """
    if numeric == ABSENT:
        return RetryDelivery(f"{target!r} is not on {server}", after=absent)
    words = PASSING.get(numeric) or LASTING.get(numeric) or FINAL[numeric]
    reason = f"{server} does not pass a line on to {target!r}: {words} ({numeric})"
    if numeric in LASTING:
        return AddressRefused(reason)
    # a channel that we thought we were in has put us out meanwhile: the next try joins it again
    if numeric in PASSING or (numeric == MUTE and target.startswith("#") and not joins):
        return RetryDelivery(reason)
    return DropDelivery(reason)
