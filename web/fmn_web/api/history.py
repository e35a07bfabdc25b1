"""History: what became of notifications and why, threads that are muted, and changes of preferences."""

from __future__ import annotations

import base64
import binascii
from datetime import UTC, datetime
from typing import Annotated

from pydantic import Field

from fmn_core.errors import UnknownNameError, UsageError
from fmn_core.matching import Explanation
from fmn_core.model import Outcome
from fmn_core.store import Audited, LedgerEntry
from fmn_web.audit import actor_in_words
from fmn_web.differences import differences
from fmn_web.history import explained, mute_for, recorded

from . import models, views
from .operation import Answer, Call, Operation

Limit = Annotated[int, Field(ge=1, le=200, description="How many at most.")]


class HistoryQuery(models.Query):
    """What of the history is asked for."""

    backend: Annotated[str, Field(max_length=100, description="Only of this one.")] = ""
    outcome: Annotated[Outcome | None, Field(description="Only what came to this.")] = None
    limit: Limit = 50
    cursor: models.Cursor = ""


class ChangesQuery(models.Query):
    """Which changes are asked for."""

    limit: Limit = 50
    cursor: models.Cursor = ""


class ThreadQuery(models.Query):
    """Which thread is meant."""

    thread: Annotated[str, Field(min_length=1, max_length=1000)]


def history(call: Call) -> Answer:
    """List what became of notifications, latest first."""
    asked = call.query
    before, behind = _place(asked.cursor)
    found = call.parts.store.ledger.of_user(
        call.user, asked.limit + 1, asked.backend or None, before, behind, asked.outcome
    )
    some = found[: asked.limit]
    following = _cursor(some[-1]) if len(found) > asked.limit else ""
    return Answer(models.Page(items=[views.notification(one) for one in some], next=following))


def why(call: Call) -> Answer:
    """Tell what became of one notification, and why."""
    entry = call.parts.store.ledger.find(call.user, call.path["notification"])
    if entry is None:
        raise UnknownNameError("notification", call.path["notification"], [])
    message = recorded(call.parts, entry.message_id).message
    because = explained(call.parts, message) if message else None
    return Answer(models.Why.model_construct(notification=views.notification(entry), explanation=because))


def explanation(call: Call) -> Answer:
    """Tell why a message comes or does not, as the preferences are now."""
    message = recorded(call.parts, call.path["message"]).message
    if message is None:
        raise UnknownNameError("message", call.path["message"], [])
    return Answer(explained(call.parts, message))


def mutes(call: Call) -> Answer:
    """List the threads that are muted."""
    found = call.parts.store.mutes.of_user(call.user, datetime.now(UTC))
    return Answer([models.Mute(thread=thread, until=until) for thread, until in found.items()])


def mute(call: Call) -> Answer:
    """Hear nothing of a thread for a while."""
    until = mute_for(call.parts, call.user, call.body.thread, call.body.hours)
    return Answer(models.Mute(thread=call.body.thread, until=until))


def unmute(call: Call) -> Answer:
    """Hear of a thread again."""
    if not call.parts.store.mutes.remove(call.user, call.query.thread):
        raise UnknownNameError("muted thread", call.query.thread, [])
    return Answer()


def changes(call: Call) -> Answer:
    """List changes of preferences, latest first."""
    asked = call.query
    found = call.parts.store.audit.of_user(call.user, asked.cursor, asked.limit + 1)
    some = found[: asked.limit]
    following = some[-1].id if len(found) > asked.limit else ""
    return Answer(models.Page(items=[_change(call, one) for one in some], next=following))


def undo(call: Call) -> Answer:
    """Put a preference back to how it was before a change."""
    call.parts.store.audit.undo(call.user, call.path["change"])
    return Answer()


def _change(call: Call, one: Audited) -> models.Change:
    registry = call.parts.registry
    by = actor_in_words(one.actor, call.user, registry.backends)
    words = differences(one.before, one.after, registry.rules)
    return models.Change(id=one.id, at=one.at, backend=one.backend, by=by, words=words)


def _cursor(last: LedgerEntry) -> str:
    return base64.urlsafe_b64encode(f"{last.at.isoformat()} {last.notification}".encode()).decode()


def _place(cursor: str) -> tuple[datetime | None, str]:
    """Read a cursor.

    :raises UsageError: if it is none of ours
    """
    if not cursor:
        return None, ""
    try:
        when, _, behind = base64.urlsafe_b64decode(cursor.encode("ascii")).decode().partition(" ")
        return datetime.fromisoformat(when).replace(tzinfo=UTC), behind
    except (ValueError, binascii.Error, OverflowError):
        raise UsageError("'cursor' must be what 'next' of the answer before said") from None


OPERATIONS = (
    Operation(
        "history", "GET", "/history", "What became of your notifications, latest first", history,
        models.Page[models.Notification], query=HistoryQuery,
    ),
    Operation("why", "GET", "/history/{notification}", "What became of one, and why", why, models.Why),
    Operation(
        "explanation", "GET", "/messages/{message}/explanation", "Why a message comes to you or does not", explanation,
        Explanation,
    ),
    Operation("mutes", "GET", "/mutes", "Threads of which you hear nothing", mutes, list[models.Mute]),
    Operation(
        "mute", "POST", "/mutes", "Hear nothing of a thread for a while", mute, models.Mute, models.MuteWish,
        writes=True,
    ),
    Operation(
        "unmute", "DELETE", "/mutes", "Hear of a thread again", unmute, query=ThreadQuery, status=204, writes=True
    ),
    Operation(
        "changes", "GET", "/changes", "Changes of your preferences, latest first", changes,
        models.Page[models.Change], query=ChangesQuery,
    ),
    Operation(
        "undo", "POST", "/changes/{change}/undo", "Put a preference back to how it was before a change", undo,
        status=204, writes=True,
    ),
)  # fmt: skip
