"""Notifications become the data of events: JSON whose values are plain text, never markup. Pure."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fmn_core import Digest, Notification, Purpose, Severity, groups, headline

#: so that the JSON may stand inside a page; to a reader of JSON they are the same characters
_ESCAPES = str.maketrans({"<": "\\u003c", ">": "\\u003e", "&": "\\u0026"})

#: what a page listens for
NOTIFICATION, NOTICE, DIGEST, GAP = "notification", "notice", "digest", "gap"


def event_name(notification: Notification) -> str:
    """Return what an event is called: only what somebody wished is a notification."""
    return NOTIFICATION if notification.purpose is Purpose.WISH else NOTICE


def payload(notification: Notification) -> str:
    """Write the data of one notification."""
    return written(_said(notification))


def digest_payload(digest: Digest) -> str:
    """Write the data of a digest: what belongs together under one line, and each notification as it is by itself."""
    latest = digest.notifications[-1]
    return written(
        {
            "id": digest.id,
            "summary": headline(digest),
            "reason": digest.reason,
            "date_time": _moment(latest),
            "groups": [
                {"about": one.about, "line": one.line, "notifications": [_said(each) for each in one.notifications]}
                for one in groups(digest.notifications)
            ],
            "unsubscribe_url": _link(digest.links.unsubscribe),
        }
    )


def written(data: Mapping[str, Any]) -> str:
    """Write one line of ASCII that says the same inside a page."""
    return json.dumps(data, separators=(",", ":")).translate(_ESCAPES)


def _said(notification: Notification) -> dict[str, Any]:
    facts = notification.facts
    return {
        "id": notification.id,
        "message_id": notification.message_id,
        "topic": notification.topic,
        "date_time": _moment(notification),
        "title": facts.title,
        "summary": facts.summary,
        "details": facts.details if _wants_details(notification) else "",
        "url": _link(facts.url),
        "app": facts.app,
        "agent": facts.agent,
        "usernames": sorted(facts.usernames),
        "packages": sorted(facts.packages),
        "severity": _severity(notification.severity),
        "thread": facts.thread,
        "filter": notification.filter_name,
        "filter_id": notification.filter_id,
        "filter_url": _link(notification.links.filter),
        "unsubscribe_url": _link(notification.links.unsubscribe),
    }


def _wants_details(notification: Notification) -> bool:
    return notification.purpose is not Purpose.WISH or bool(notification.presentation.get("verbose", False))


def _moment(notification: Notification) -> str | None:
    return notification.sent_at.isoformat() if notification.sent_at else None


def _severity(number: int) -> str:
    """Name the highest severity that a number reaches."""
    return max((one for one in Severity if one <= number), default=Severity.DEBUG).name.lower()


def _link(url: str | None) -> str | None:
    """Let only places pass: a page makes a link of it, and ``javascript:`` is none."""
    return url if url and url.lower().startswith(("https://", "http://")) else None
