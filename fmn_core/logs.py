"""Logs: lines for people or JSON for machines, each with the ids of what its thread has in hand. Floor F1.

Ids and names are logged, never what a message says.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, fields
from datetime import UTC, datetime
from typing import Any

from .config import LoggingSettings

#: libraries that warn of what is usual (a queue that another holds) or what we tell in one line; heard with --debug
TALKATIVE = ("pika",)

TEXT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@dataclass(slots=True)
class Subject:
    """What a thread has in hand. To change it costs no more than an attribute: a worker does for each message.

    :param message_id: of the message
    :param notification_id: of the notification
    :param queue: from which it came
    :param backend: to which it goes
    """

    message_id: str | None = None
    notification_id: str | None = None
    queue: str | None = None
    backend: str | None = None


#: what a line may tell beside its text: given as ``extra``, or known of what the thread has in hand
FIELDS = tuple(field.name for field in fields(Subject))


_subject: ContextVar[Subject | None] = ContextVar("fmn_subject", default=None)


@contextmanager
def about(**known: str) -> Iterator[Subject]:
    """Let this thread's log lines tell what they are about, as long as the block lasts.

    :param known: some of the fields; the subject may learn others
    """
    subject = Subject(**known)
    token = _subject.set(subject)
    try:
        yield subject
    finally:
        _subject.reset(token)


class JsonLines(logging.Formatter):
    """One JSON object a line."""

    def format(self, record: logging.LogRecord) -> str:
        """See :meth:`logging.Formatter.format`."""
        row: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
        }
        subject = _subject.get()
        for field in FIELDS:
            value = getattr(record, field, None) or getattr(subject, field, None)
            if value is not None:
                row[field] = value
        if record.exc_info:
            row["traceback"] = self.formatException(record.exc_info)
        return json.dumps(row, default=str)


class _Handler(logging.StreamHandler[Any]):
    """Ours: what others have installed is left alone."""


def begin(debug: bool) -> None:
    """Log in words, until it is known how it shall be done; not if somebody else has seen to logging."""
    root = logging.getLogger()
    if not root.handlers:
        root.addHandler(_Handler())
    _apply(logging.Formatter(TEXT), logging.DEBUG if debug else logging.WARNING)


def configure(settings: LoggingSettings, debug: bool) -> None:
    """Log as the configuration says.

    :param debug: log everything, whatever it says
    """
    formatter = JsonLines() if settings.format == "json" else logging.Formatter(TEXT)
    _apply(formatter, logging.DEBUG if debug else logging.getLevelNamesMapping()[settings.level.upper()])


def _apply(formatter: logging.Formatter, level: int) -> None:
    root = logging.getLogger()
    ours = [handler for handler in root.handlers if isinstance(handler, _Handler)]
    for handler in ours:
        handler.setFormatter(formatter)
    if ours:
        root.setLevel(level)
        for name in TALKATIVE:
            logging.getLogger(name).setLevel(logging.DEBUG if level == logging.DEBUG else logging.CRITICAL)
