"""Messages of toys, whose bodies say what they are about, kept in the archive as its stage keeps them."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from fmn_core import Summary
from fmn_core.model import Message
from fmn_core.store import Archived, Store
from fmn_core.summaries import SummaryBook


class Said(Summary):
    """What the body says."""

    def summary(self, message: Message) -> str:
        return str(message.body["summary"])

    def packages(self, message: Message) -> list[str]:
        return list(message.body["packages"])

    def thread(self, message: Message) -> str:
        return str(message.body["thread"])


SUMMARIES = SummaryBook(otherwise=Said())


def keep(store: Store, message_id: str, topic: str, sent_at: datetime, **body: Any) -> None:
    """Keep a message in the archive."""
    message = SUMMARIES.describe(Message(message_id, f"a.b.c.{topic}", body, sent_at=sent_at))
    store.archive.put([Archived.of(message, datetime.now(UTC))])
