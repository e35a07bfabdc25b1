"""Claims: what hangs on the fate of a notification: the one shot of its filter, the question for confirmation. F3."""

from __future__ import annotations

from datetime import datetime

from fmn_core.model import Notification, Outcome, Purpose
from fmn_core.store import Store

_MISSED = "the filter was for one notification, which another message took"
_ANSWERED = "the question was answered already, or asked anew"


class Claims:
    """Safe for threads and processes: the store decides."""

    def __init__(self, store: Store) -> None:
        self._switches, self._confirmations = store.switches, store.confirmations

    def objection(self, one: Notification) -> str | None:
        """Take the shot of a filter for one. For a question, look whether it is still open.

        :returns: why it must not be sent; None if it may
        """
        if one.purpose is Purpose.CONFIRMATION:
            return None if self._confirmations.is_open(one.id) else _ANSWERED
        if one.oneshot and not self._switches.claim_oneshot(one.filter_id, one.message_id):
            return _MISSED
        return None

    def settle(self, one: Notification, outcome: Outcome, reason: str, now: datetime) -> None:
        """Note what became of one: a shot that missed is given back, and a question waits for an answer."""
        if one.purpose is Purpose.CONFIRMATION:
            if outcome is Outcome.SENT:
                self._confirmations.was_sent(one.id, now)
            elif outcome is Outcome.FAILED:
                self._confirmations.failed(one.id, reason, now)
        elif one.oneshot and outcome is Outcome.FAILED:
            self._switches.release_oneshot(one.filter_id, one.message_id)
