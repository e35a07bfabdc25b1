"""A notification becomes the data of an event: JSON whose values are plain text, never markup. Pure."""

from __future__ import annotations

import json

from fmn_core import Notification

#: so that the JSON may stand inside a page; to a reader of JSON they are the same characters
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})


def payload(notification: Notification) -> str:
    """Write the data: one line of ASCII."""
    facts = notification.facts
    data = {
        "id": notification.id,
        "message_id": notification.message_id,
        "topic": notification.topic,
        "date_time": notification.sent_at.isoformat() if notification.sent_at else None,
        "title": facts.title,
        "summary": facts.summary,
        "url": _link(facts.url),
        "app": facts.app,
        "agent": facts.agent,
        "usernames": sorted(facts.usernames),
        "packages": sorted(facts.packages),
        "filter": notification.filter_name,
        "filter_id": notification.filter_id,
    }
    return json.dumps(data, separators=(",", ":")).translate(_ESCAPES)


def _link(url: str | None) -> str | None:
    """Let only places pass: a page makes a link of it, and ``javascript:`` is none."""
    return url if url and url.lower().startswith(("https://", "http://")) else None
