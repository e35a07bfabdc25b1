"""History: what was sent to the visitor and what was not, why, and what can be done about it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, abort, flash, redirect, render_template, request, url_for
from werkzeug import Response

from fmn_core.errors import UsageError
from fmn_core.matching import Explanation, explain
from fmn_core.model import Message, Outcome
from fmn_core.store import LedgerEntry

from .datagrepper import DatagrepperError
from .parts import Parts
from .visitor import visitor

#: notifications on a page
ROWS = 50
#: hours for which a thread can be muted
MUTES = {"day": 24, "week": 24 * 7}
#: threads that one user can have muted; deliveries keep all of them in mind
MOST_MUTES = 200
#: what can have become of them, in words
OUTCOMES = {
    Outcome.SENT: "sent",
    Outcome.DEFERRED: "waiting",
    Outcome.FAILED: "failed",
    Outcome.SUPPRESSED: "not sent",
    Outcome.QUEUED: "about to be sent",
}


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages."""
    pages, store = Blueprint("history", __name__, url_prefix="/history"), parts.store

    @pages.get("")
    def index() -> str:
        asked, name = request.args, visitor()
        backend, outcome = asked.get("backend", ""), _outcome(asked.get("outcome", ""))
        before, behind = moment_of(asked.get("before", "")), asked.get("behind", "")
        entries = store.ledger.of_user(name, ROWS + 1, backend or None, before, behind, outcome)
        mine = {one.id for each in store.preferences.user(name).preferences for one in each.filters}
        return render_template(
            "history.html", entries=entries[:ROWS], more=len(entries) > ROWS, backends=parts.registry.backends,
            chosen=backend, outcome=outcome, outcomes=OUTCOMES, mine=mine, older=before is not None,
            mutes=store.mutes.of_user(name, datetime.now(UTC)),
        )  # fmt: skip

    @pages.get("/<notification>")
    def why(notification: str) -> str:
        entry = entry_of(parts, notification)
        found = recorded(parts, entry.message_id)
        explanation = explained(parts, found.message) if found.message else None
        return render_template(
            "why.html", entry=entry, found=found, explanation=explanation, rules=parts.registry.rules,
            backends=parts.registry.backends, muted=entry.thread in store.mutes.of_user(visitor(), datetime.now(UTC)),
            filter=store.editing.find_filter(visitor(), entry.filter_id) if entry.filter_id else None,
        )  # fmt: skip

    @pages.post("/<notification>/mute")
    def mute(notification: str) -> Response:
        entry, hours = entry_of(parts, notification), MUTES.get(request.form.get("for", ""), 0)
        if not hours or not entry.thread:
            abort(400)
        try:
            mute_for(parts, visitor(), entry.thread, hours)
        except UsageError as error:
            flash(f"Nothing was muted: {error}.")
        else:
            flash("You will hear nothing more of this for a while.")
        return redirect(url_for("history.index"))

    @pages.post("/unmute")
    def unmute() -> Response:
        store.mutes.remove(visitor(), request.form.get("thread", ""))
        return redirect(url_for("history.index"))

    return pages


@dataclass(frozen=True)
class Recorded:
    """What is known of a message.

    :param message: not described; None if nobody has it
    :param older: whether it is datagrepper that has it
    :param trouble: why datagrepper gave no answer
    """

    message: Message | None
    older: bool = False
    trouble: str = ""


def recorded(parts: Parts, message_id: str) -> Recorded:
    """Look for a message in our archive or else in datagrepper."""
    if ours := parts.store.archive.get(message_id):
        return Recorded(ours)
    try:
        return Recorded(parts.datagrepper.get(message_id), older=True)
    except DatagrepperError as error:
        return Recorded(None, trouble=str(error))


def mute_for(parts: Parts, user: str, thread: str, hours: int) -> datetime:
    """Let a user hear nothing of a thread for a while, and return until when.

    :raises UsageError: if that cannot be
    """
    now, mutes = datetime.now(UTC), parts.store.mutes
    muted = mutes.of_user(user, now)
    if len(muted) >= MOST_MUTES and thread not in muted:
        raise UsageError(f"{MOST_MUTES} threads are muted, which is all one can; unmute one of them first")
    until = now + timedelta(hours=hours)
    mutes.put(user, thread, until)
    return until


def explained(parts: Parts, message: Message) -> Explanation:
    """Return why a message comes to the visitor or does not, as their preferences are now."""
    registry, name = parts.registry, visitor()
    preferences = parts.store.preferences.user(name).preferences
    return explain(registry.summaries.describe(message), name, preferences, registry.rules, parts.lookups)


def entry_of(parts: Parts, notification: str) -> LedgerEntry:
    """Return one of the visitor's own notifications; for any other there is no page."""
    entry = parts.store.ledger.find(visitor(), notification)
    if entry is None:
        abort(404)
    return entry


def _outcome(text: str) -> Outcome | None:
    return Outcome(text) if text in OUTCOMES else None


def moment_of(text: str) -> datetime | None:
    """Read a moment of an address; None for whatever is none."""
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        return None
    return found if found.tzinfo else None
