"""Returns: whoever ends well gives back what he holds without adding to its losses. Floor F2.

A broker counts how often a piece came back, and does not know why. Once is no harm, so what comes back for the first
time does so by itself, to its place in the queue. From then on a new copy with the old count goes to the end of the
queue: else what waits for a database through ten tries would look as if ten processes had died of it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from fmn_core.transport.base import Envelope

from .connection import Link
from .inbox import ATTEMPTS, CROWD, DUE, LOST, Tag
from .publishing import Publisher
from .topology import Names


def give_back(link: Link, names: Names, held: Iterable[Envelope]) -> list[Envelope]:
    """Put back what processes have died with, and return it once that is safe; it is still to be acknowledged.

    :raises TransportError: if nothing is known to be safe
    """
    back = [one for one in held if one.lost]
    if not back:
        return []
    publisher = Publisher(link.channel())  # the other one may have been refused something
    for one in back:
        name = names.suspects if one.lost >= CROWD else names.work
        publisher.put(name(one.queue), one.payload, _marks(one))

    def safe() -> bool:
        publisher.check()
        return publisher.safe == publisher.sent

    link.wait(safe, "confirms nothing")
    return back


def _marks(one: Envelope) -> dict[str, Any]:
    headers = one.tag.headers if isinstance(one.tag, Tag) else {}
    due = {DUE: headers[DUE]} if DUE in headers else {}
    return {ATTEMPTS: one.attempt - 1, LOST: one.lost, **due}
