"""Addressing: notifications and digests get their links, and say which rules asked for them. Floor F3."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from fmn_core.backends import filter_url
from fmn_core.model import Digest, Links, Notification, Preference, Purpose, RuleUse

from .jobs import digest_id

#: rules of a filter that are named at most
MOST_RULES = 8

#: makes the URL that switches off filters: user, preference, ids of filters
Unsubscribe = Callable[[str, str, Sequence[str]], str]
#: the title of a rule, by its identifier
TitleOf = Callable[[str], str]


class Addressing:
    """Completes what the worker made with what only delivery needs. Safe for threads.

    :param base_url: where people reach the web pages
    :param unsubscribe: makes links; None for no such links
    :param title_of: titles of rules; None for identifiers
    """

    def __init__(self, base_url: str, unsubscribe: Unsubscribe | None = None, title_of: TitleOf | None = None) -> None:
        self._base_url, self._unsubscribe = base_url, unsubscribe
        self._title_of = title_of or str

    def complete(self, one: Notification, preference: Preference | None) -> Notification:
        """Return a notification with links and words, as its backend gets it."""
        if one.purpose is not Purpose.WISH or preference is None:
            return one
        links = Links(filter_url(self._base_url, one), self._link(one, [one.filter_id]))
        used = next((each for each in preference.filters if each.id == one.filter_id), None)
        words = self.in_words(used.rules) if used else ()
        return replace(one, links=links, filter_rules=words, presentation=preference.presentation)

    def digest(self, some: Sequence[Notification], preference: Preference | None, reason: str) -> Digest:
        """Make a digest of several notifications of one preference, oldest first.

        :param reason: why they were collected
        """
        complete = tuple(self.complete(one, preference) for one in some)
        first, used = complete[0], list(dict.fromkeys(one.filter_id for one in complete))
        return Digest(
            id=digest_id(some),
            user=first.user,
            backend=first.backend,
            destination=first.destination,
            notifications=complete,
            reason=reason,
            presentation=first.presentation,
            links=Links(filter_url(self._base_url, first), self._link(first, used)),
        )

    def in_words(self, rules: Sequence[RuleUse]) -> tuple[str, ...]:
        """Name rules, those that say what is wanted before those that say what is not."""
        ordered = sorted(rules, key=lambda use: use.negated)
        words = [f"{'not ' if use.negated else ''}{self._title_of(use.rule)}" for use in ordered[:MOST_RULES]]
        more = len(ordered) - len(words)
        return (*words, *([f"and {more} more"] if more else []))

    def _link(self, one: Notification, filters: Sequence[str]) -> str:
        return self._unsubscribe(one.user, one.preference, filters) if self._unsubscribe else ""
