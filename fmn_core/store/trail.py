"""Trail: a change of a preference is noted in the transaction that makes it, with who made it. Floor F2."""

from __future__ import annotations

from datetime import UTC, datetime

from sqlalchemy import Connection, insert

from fmn_core.acting import actor
from fmn_core.model import Preference

from .images import image
from .tables import audit


def record(connection: Connection, before: Preference) -> None:
    """Note that a preference is changed in this transaction.

    :param before: as it was
    """
    by = actor()
    row = {
        "preference_id": int(before.id),
        "user": before.user,
        "backend": before.backend,
        "actor": by.name,
        "way": by.way,
        "at": datetime.now(UTC),
        "before": image(before),
    }
    connection.execute(insert(audit).values(row))
