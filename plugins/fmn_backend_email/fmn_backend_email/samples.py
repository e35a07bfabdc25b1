"""A notification and a digest to try templates with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from fmn_core import Digest, Facts, Links, Notification, Purpose

from . import variables as seen

_HOME = "https://fmn.example.org/"

NOTIFICATION = Notification(
    id="0" * 32,
    message_id="2026-00000000-0000-0000-0000-000000000000",
    topic="org.example.prod.build.done",
    sent_at=datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC),
    facts=Facts(
        title="build.done",
        summary="jane's build of bash-5.3-1 completed",
        details="bash-5.3-1 was built.\n\tIt took an hour.",
        url="https://builds.example.org/1",
        app="build",
        usernames=frozenset({"jane"}),
        packages=frozenset({"bash"}),
        thread="build/1",
        event="build completed",
    ),
    user="jane",
    backend="email",
    destination="jane@example.org",
    preference="1",
    filter_id="1",
    filter_name="my builds",
    links=Links(f"{_HOME}jane/email/1", f"{_HOME}unsubscribe/1"),
    filter_rules=("Build completed",),
)

DIGEST = Digest(
    id="1" * 32,
    user="jane",
    backend="email",
    destination="jane@example.org",
    notifications=(NOTIFICATION, NOTIFICATION),
    reason="every hour",
    links=NOTIFICATION.links,
)


def variables() -> Mapping[str, Mapping[str, Any]]:
    """Return what each kind of template sees of them."""
    return {
        "notification": seen.of_notification(NOTIFICATION, _HOME),
        "digest": seen.of_digest(DIGEST, _HOME),
        "notice": seen.of_notification(replace(NOTIFICATION, purpose=Purpose.CONFIRMATION), _HOME),
    }
