"""Settling: what became of notifications, and whether they wait on, in one transaction. Floor F2."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Engine

from .database import writing
from .ledger import LedgerEntry, write_entries
from .waiting import Waiting, enter, leave


@dataclass(frozen=True, slots=True)
class Note:
    """What became of a notification.

    :param waits: how it goes on waiting; None if it does not
    :param left: whether it waited before, and does no longer
    """

    entry: LedgerEntry
    waits: Waiting | None = None
    left: bool = False


def settle(engine: Engine, notes: Sequence[Note]) -> None:
    """Tell the ledger, and let notifications enter or leave the waiting room.

    :raises StoreError: nothing of it is done
    """
    if not notes:
        return
    with writing(engine) as connection:
        write_entries(connection, [note.entry for note in notes])
        enter(connection, [note.waits for note in notes if note.waits])
        leave(connection, [note.entry.notification for note in notes if note.left])
