"""``why``: what a notification was, which filter asked for it, and what became of it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from fmn_core.model import Filter, Outcome
from fmn_core.store import LedgerEntry

from .lines import moment, shown, unquoted
from .listing import in_words, state
from .request import Command, Request, latest

#: characters by which an id is looked for, at least
_SHORTEST = 4
#: notifications of one message that are told of
_MOST = 3


def _why(asked: Request) -> Iterable[str]:
    history = asked.history()
    wanted = unquoted(asked.rest)
    if not wanted:
        last = latest(history, asked.backend)
        return _told(asked, last) if last else ["No notification has been for you here so far."]
    if len(wanted) < _SHORTEST:
        return [f"Give at least {_SHORTEST} characters of the id."]
    found = _found(history, wanted.lower())
    if not found:
        return [f"No notification of yours is known by {shown(wanted)!r}. Perhaps it was too long ago."]
    messages = {entry.message_id for entry in found}
    if len(messages) > 1:
        return [f"The ids of {len(messages)} of your messages begin so. Give more of it."]
    return _all(asked, found)


def _found(history: Iterable[LedgerEntry], wanted: str) -> list[LedgerEntry]:
    ids = [(entry, (entry.message_id.lower(), entry.notification.lower())) for entry in history]
    exact = [entry for entry, known in ids if wanted in known]
    return exact or [entry for entry, known in ids if any(one.startswith(wanted) for one in known)]


def _all(asked: Request, found: Iterable[LedgerEntry]) -> Iterator[str]:
    """Tell of several notifications of one message, those through this backend first."""
    for entry in sorted(found, key=lambda entry: entry.backend != asked.backend)[:_MOST]:
        yield from _told(asked, entry)


def _told(asked: Request, entry: LedgerEntry) -> Iterator[str]:
    yield shown(entry.summary, 300) or "A notification of which nothing is written down any more"
    yield f"  {_outcome(entry)} (to {shown(entry.destination)} by {entry.backend})"
    yield from (f"  {line}" for line in _reason(asked, entry))
    yield f"  message {shown(entry.message_id)}" + (f", thread {shown(entry.thread, 200)}" if entry.thread else "")


def _outcome(entry: LedgerEntry) -> str:
    at, reason = moment(entry.at), shown(entry.reason, 150)
    because = f": {reason}" if reason else ""
    until = f" until {moment(entry.until)}" if entry.until else ""
    tried = f" after {entry.attempts} attempts" if entry.attempts > 1 else ""
    return {
        Outcome.SENT: f"sent {at}",
        Outcome.QUEUED: f"about to be sent since {at}",
        Outcome.DEFERRED: f"waits{until} since {at}{because}",
        Outcome.FAILED: f"failed {at}{tried}{because}",
        Outcome.SUPPRESSED: f"not sent {at}{because}",
    }[entry.outcome]


def _reason(asked: Request, entry: LedgerEntry) -> Iterator[str]:
    if not entry.filter_id and not entry.filter_name:
        yield "no filter asked for it: it is from FMN itself"
        return
    asker = _filter(asked, entry)
    if asker is None:
        yield f"your filter {shown(entry.filter_name)!r} asked for it, which is gone by now"
        return
    yield f"your filter {shown(asker.name)!r}{state(asker)} asked for it; as it is now:"
    yield from (f"  - {in_words(use, asked.rules())}" for use in asker.rules)


def _filter(asked: Request, entry: LedgerEntry) -> Filter | None:
    """Return the filter that asked for it, wherever it is now; of old entries only its name is known."""
    preferences = asked.store.preferences.user(asked.user).preferences
    theirs = [one for preference in preferences if preference.backend == entry.backend for one in preference.filters]
    if entry.filter_id:
        return next((one for one in theirs if one.id == entry.filter_id), None)
    return next((one for one in theirs if one.name == entry.filter_name), None)


WHY = Command(_why)
