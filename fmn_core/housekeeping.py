"""Housekeeping: what nobody needs any more is forgotten. Floor F3."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from .config import Settings
from .store import Store

#: how long it is known which preferences were removed, for workers that follow
TOMBSTONES_KEPT = timedelta(days=7)
#: how long it is known what came of a question for confirmation
CONFIRMATIONS_KEPT = timedelta(days=30)
#: how long it is known what a process told that is gone
REPORTS_KEPT = timedelta(days=1)

#: transactions in one turn for each kind of thing: the rest is for the next turn
_MOST = 50


class Housekeeper:
    """Forgets, a turn at a time. Several of them do no harm.

    :param now: the time
    """

    def __init__(
        self, store: Store, settings: Settings, now: Callable[[], datetime] = lambda: datetime.now(UTC)
    ) -> None:
        self._pruning, self._archive, self._now = store.pruning, store.archive, now
        self._archive_kept = timedelta(days=settings.archive.keep_days)
        self._archive_size = settings.archive.keep_megabytes * 1_000_000
        self._ledger_kept = timedelta(days=settings.ledger.keep_days)
        self._expire = timedelta(hours=settings.confirmation.expire_hours)

    def turn(self) -> Counter[str]:
        """Forget what is old, in many small transactions.

        :returns: how many there were of each kind
        :raises StoreError: the rest is for the next turn
        """
        now = self._now()
        return Counter(
            ledger=_all(lambda: self._pruning.ledger(now - self._ledger_kept)),
            archive=_all(lambda: self._archive.forget(now - self._archive_kept))
            + _all(lambda: self._archive.shrink(self._archive_size)),
            tombstones=_all(lambda: self._pruning.tombstones(now - TOMBSTONES_KEPT)),
            audit=_all(lambda: self._pruning.audit(now - self._ledger_kept)),
            orders=_all(lambda: self._pruning.orders(now - self._ledger_kept)),
            reports=_all(lambda: self._pruning.reports(now - REPORTS_KEPT)),
            mutes=_all(lambda: self._pruning.mutes(now)),
            confirmations=_all(lambda: self._pruning.confirmations(now - CONFIRMATIONS_KEPT - self._expire)),
        )


def _all(forget: Callable[[], int]) -> int:
    """Forget until there is nothing more."""
    total = 0
    for _ in range(_MOST):
        gone = forget()
        total += gone
        if gone == 0:
            break
    return total
