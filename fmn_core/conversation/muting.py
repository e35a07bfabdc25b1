"""``mute``, ``unmute`` and ``mutes``: threads of which somebody wants to hear nothing for a while."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from fmn_core.errors import UsageError
from fmn_core.planning import lasting
from fmn_core.store import LedgerEntry

from .lines import moment, read_time, shown, unquoted
from .request import Command, Request, latest

_USUALLY = timedelta(hours=24)
_LONGEST = timedelta(days=30)
#: threads that one user can have muted
_MOST = 200
#: characters of a thread that are said
_SAID = 250


def _mute(asked: Request) -> Iterable[str]:
    name, time = _split(asked.rest)
    if time is None or not timedelta(0) < time <= _LONGEST:
        return [f"Say how long as in for 30m, for 2h or for 1d; {lasting(_LONGEST)} at most."]
    history = asked.history()
    thread = _thread(history, unquoted(name)) if name else _last_thread(asked, history)
    if not thread:
        return ["There is no notification here whose thread could be muted. Name one: mute THREAD"]
    muted = asked.store.mutes.of_user(asked.user, asked.now)
    if len(muted) >= _MOST and thread not in muted:
        return [f"You have muted {_MOST} threads, which is all one can. Say mutes for them, and unmute THREAD."]
    until = asked.now + time
    try:
        asked.store.mutes.put(asked.user, thread, until)
    except UsageError as error:
        return [f"It cannot be muted: {error}."]
    known = any(entry.thread == thread for entry in history)
    return _done(thread, until, known)


def _split(rest: str) -> tuple[str, timedelta | None]:
    """Return the thread, which may hold blanks, and the time; None for one that cannot be read."""
    if read_time(rest) is not None:
        return "", read_time(rest)
    name, said_so, time = f" {rest}".rpartition(" for ")
    return (name.strip(), read_time(time)) if said_so else (rest, _USUALLY)


def _done(thread: str, until: datetime, known: bool) -> Iterable[str]:
    yield f"Muted until {moment(until)}: {shown(thread, _SAID)}"
    if not known:
        yield "No notification of yours was about that lately: if it is not what you meant, why says the thread of one."
    yield f"To hear of it again: unmute {shown(thread, _SAID)}"


def _thread(history: Iterable[LedgerEntry], said: str) -> str:
    """Return the thread that is meant: people write what they saw, which is not always all that it is."""
    return next((entry.thread for entry in history if _as_said(entry.thread) == _as_said(said)), said)


def _as_said(thread: str) -> str:
    return shown(thread, _SAID)


def _last_thread(asked: Request, history: Iterable[LedgerEntry]) -> str:
    last = latest([entry for entry in history if entry.thread], asked.backend)
    return last.thread if last else ""


def _unmute(asked: Request) -> Iterable[str]:
    muted = asked.store.mutes.of_user(asked.user, asked.now)
    name = unquoted(asked.rest)
    threads = [thread for thread in muted if not name or _as_said(thread) == _as_said(name)]
    if not threads:
        return [f"{shown(name, _SAID) or 'Nothing'} is {'not ' if name else ''}muted."]
    if len(threads) > 1 and not name:
        return ["Which one? Say unmute THREAD.", *_listed(muted)]
    for thread in threads:
        asked.store.mutes.remove(asked.user, thread)
    return ["OK"]


def _mutes(asked: Request) -> Iterable[str]:
    muted = asked.store.mutes.of_user(asked.user, asked.now)
    return _listed(muted) or ["Nothing is muted."]


def _listed(muted: Mapping[str, datetime]) -> list[str]:
    return [f"  - {shown(thread, _SAID)} until {moment(until)}" for thread, until in muted.items()]


MUTE, UNMUTE, MUTES = Command(_mute), Command(_unmute), Command(_mutes)
