"""Removal: takes everything of a prefix off a broker, for measurements and tests that made it for themselves. F2."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from contextlib import closing

from .access import parameters
from .connection import Link
from .topology import DELAYS, Names


def remove(url: str, prefix: str, queues: Iterable[str], held: Iterable[str] = ()) -> None:
    """Delete queues of work with all that belongs to them, whatever is in them, and what is shared by all.

    A broker has no way to ask for names by their prefix.

    :param queues: of work
    :param held: things that were held
    :raises TransportError: if there is no broker, or it refuses
    """
    names = Names(prefix)
    with closing(Link(parameters(url))) as link:
        channel = link.channel()
        for name in (names.dead, *_belonging(names, queues), *map(names.held, held)):
            channel.ask("queue_delete", name)
        channel.ask("exchange_delete", names.news)


def _belonging(names: Names, queues: Iterable[str]) -> Iterator[str]:
    for queue in queues:
        yield from (names.work(queue), names.suspects(queue))
        yield from (names.delayed(queue, seconds) for seconds in DELAYS)
