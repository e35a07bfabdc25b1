"""The desk of one source: asks it, judges what it says, and knows when to ask again and for what. Floor F3."""

from __future__ import annotations

import random
from dataclasses import dataclass

from .errors import DecodeError, LookupUnavailableError
from .lookups import Answers, Label, LookupSource, Stale, reloaded
from .retry import pause
from .shelf.base import answers

#: seconds that what became stale is gathered, so that one question serves for many messages
GATHER = 1.0
#: seconds before a source that gave no answer is asked again, the first time; no longer than a refresh later
FIRST_PAUSE = 5.0
#: seconds that what became stale is kept where another process asks for it
KEPT = 60.0
#: stale packages, and groups, that are asked for at once at most, so that other sources get their turn; half as many
#: after each failure and twice as many after each success, so that one that cannot be answered for holds up few others
PORTION = 50


@dataclass
class _Gathered:
    """What is stale, and since when."""

    stale: Stale
    since: float


class Desk:
    """Asks one source. Used by one thread, in the process that holds the role.

    :param refresh: seconds between two times that everything is asked
    """

    def __init__(self, source: LookupSource, refresh: float, rng: random.Random) -> None:
        self._source, self._refresh, self._rng = source, refresh, rng
        self._gathered: _Gathered | None = None
        self._asked = Stale()
        self._load_failed = False  # then it is the turn of what is stale, which others may answer for
        self._size = PORTION
        self._failures = 0
        self._again = 0.0

    @property
    def name(self) -> str:
        """Of the source."""
        return self._source.name

    def gather(self, stale: Stale, now: float) -> None:
        """Note what became stale, if the source is one that can tell."""
        if stale and self._source.stale_apps:
            self._gathered = self._gathered or _Gathered(Stale(), now)
            self._gathered.stale |= stale

    def leave_to_another(self, now: float) -> None:
        """Forget what another process has asked for meanwhile; what is new is kept, in case that it dies."""
        if self._gathered is not None and now > self._gathered.since + KEPT:
            self._gathered = None

    def outdated(self, label: Label) -> bool:
        """Tell at once whether the source has other answers by now."""
        return is_outdated(self._source, label)

    def is_due(self, last: Label | None, now: float) -> bool:
        """Tell whether to ask now, for everything or for what is stale."""
        if _within(self._again - self._refresh, now, self._again):
            return False
        if self._all_due(last, now):
            return True
        return self._gathered is not None and not _within(self._gathered.since, now, self._gathered.since + GATHER)

    def _all_due(self, last: Label | None, now: float) -> bool:
        if last is None or is_outdated(self._source, last):
            return True
        return not _within(last.fetched_at, now, last.fetched_at + self._refresh)

    def ask(self, last: Answers | None, now: float) -> Answers:
        """Ask for what is due: for everything if it is its time, else for what is stale.

        Everything may come from what is published now and then, and then it does not answer for what became stale
        just now: this stays due.

        :raises LookupUnavailableError: there is no answer, or none to believe; it will be due again
        """
        try:
            found = self._ask(last, now)
        except LookupUnavailableError:
            self._failures += 1
            self._again = now + pause(self._failures, min(FIRST_PAUSE, self._refresh), self._refresh, self._rng)
            raise
        self._failures, self._again = 0, 0.0
        return found

    def _ask(self, last: Answers | None, now: float) -> Answers:
        self._asked = Stale()
        turn_of_stale, self._load_failed = self._load_failed, False
        if last is None or self._gathered is None or (self._all_due(last.label, now) and not turn_of_stale):
            return self.load(last, now)
        return self._ask_for(self._portion(self._gathered.stale), last) or self._instead(last, now)

    def _portion(self, stale: Stale) -> Stale:
        return Stale(self._some(stale.packages), self._some(stale.groups))

    def _some(self, names: frozenset[str]) -> frozenset[str]:
        return names if len(names) <= self._size else frozenset(self._rng.sample(sorted(names), self._size))

    def _ask_for(self, stale: Stale, last: Answers) -> Answers | None:
        try:
            answer = self._source.reload(stale)
            if answer is None:
                return None
            found = answers(reloaded(last.data, stale, answer), last.label.fetched_at, last.label.mark)
        except Exception as error:
            self._size = max(1, self._size // 2)
            raise LookupUnavailableError(_sentence(error)) from error
        self._asked, self._size = stale, min(PORTION, 2 * self._size)
        return found

    def _instead(self, last: Answers, now: float) -> Answers:
        """Load everything: the source cannot tell of single ones, so this answers for all that is stale."""
        found = self.load(last, now)
        self._asked = self._gathered.stale if self._gathered else Stale()
        return found

    def done(self) -> None:
        """Forget what was asked for: the answer is safe."""
        if self._gathered is not None:
            stale, asked = self._gathered.stale, self._asked
            self._gathered.stale = Stale(stale.packages - asked.packages, stale.groups - asked.groups)
            self._gathered = self._gathered if self._gathered.stale else None

    def load(self, last: Answers | None, now: float) -> Answers:
        """Ask for everything.

        :raises LookupUnavailableError: there is no answer, or none to believe
        """
        mark = mark_of(self._source)
        self._load_failed = True
        try:
            found = answers(self._source.load(), now, mark or "")
            doubt = self._source.doubt(found.data, last.data) if last else ""
        except Exception as error:
            raise LookupUnavailableError(_sentence(error)) from error
        if doubt:
            raise LookupUnavailableError(doubt)
        self._load_failed = False
        return found


def _within(begin: float, now: float, end: float) -> bool:
    """Tell whether it is not yet time. A clock that was set back has left the span, and nothing waits for days."""
    return begin <= now < end


def mark_of(source: LookupSource) -> str | None:
    """Return the mark of a source; None if it fails to tell."""
    try:
        return source.mark()
    except Exception:  # a plugin's code; its load will say why
        return None


def is_outdated(source: LookupSource, label: Label) -> bool:
    """Tell at once whether a source has other answers by now, or fails to tell, which it did not before."""
    mark = mark_of(source)
    return mark != "" and (mark or "") != label.mark


def _sentence(error: Exception) -> str:
    """Return why: a failure of ours says it in words, anything else is a bug and says what it is."""
    known = isinstance(error, LookupUnavailableError | DecodeError)
    return str(error) if known and str(error) else f"{type(error).__name__}: {error}"
