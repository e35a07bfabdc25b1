"""Errands: what was ordered about dead letters is done, each order once, and a sentence says what came of it. F3.

Who carries orders out is the only one, by a role that the transport takes back when he dies. If he dies between doing
and answering, the next one does it again, which changes nothing: one letter is known by an id that it never has again
once it was replayed or dropped, and an order about all is about those that had died when it was made.
"""

from __future__ import annotations

from .errors import TransportError
from .store.orders import Order, What
from .transport.base import DeadLetter, Transport

#: dead letters looked at, at most
MOST = 100_000

GONE = "It is not there any more: somebody has replayed or dropped it."


def carry_out(order: Order, transport: Transport) -> str:
    """Do what was ordered.

    :returns: what came of it, in one sentence
    :raises TransportError: it is not known whether anything was done; to do it again does no harm
    """
    match order.what, order.argument:
        case What.REPLAY, None:
            return _replay_all(order, transport)
        case What.REPLAY, str(letter):
            return "It is back on its queue." if transport.replay([letter]) else GONE
        case What.DROP, str(letter):
            return "It is dropped." if transport.drop([letter]) else GONE
    return "Nobody here knows how to do that."


def failed(error: TransportError) -> str:
    """Return the answer to an order that could not be carried out."""
    return f"It failed, so please order it again: {error}"


def _replay_all(order: Order, transport: Transport) -> str:
    meant = [one.id for one in transport.dead_letters(MOST) if _was_there(one, order)]
    count = transport.replay(meant) if meant else 0
    words = {0: "There was none any more.", 1: "1 dead letter is back on its queue."}
    return words.get(count, f"{count:,} dead letters are back on their queues.")


def _was_there(letter: DeadLetter, order: Order) -> bool:
    return letter.died_at <= order.made_at.timestamp()
