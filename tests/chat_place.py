"""A place where somebody talks to us: alice, who is ``Ali[ce]`` in the chat, her filters, and what was sent to her."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

from fmn_core import Arguments, Rule, Settings, Text
from fmn_core.conversation import Conversation
from fmn_core.model import Destination, Filter, Outcome, Preference, RuleUse, User
from fmn_core.rules import RuleBook, always, topic_rule
from fmn_core.store import LedgerEntry, Store

NOW = datetime(2026, 5, 4, 12, tzinfo=UTC)
URL = "https://fmn.example.org/"
HOSTILE = "a\r\nQUIT :b\x00\x01\x07 \u2028c \u202eright \ud800 \U0001f600 " + "x" * 10_000


class Nick(Arguments):
    """Whose loaf."""

    fasnick: Text


BAKED = topic_rule(
    "oven_baked",
    "oven.baked",
    "Loaf baked",
    "# A loaf\n\nis **done**, see [the page](https://example.org/x) or `*.rye`.",
)
MINE = Rule("oven_mine", "My loaf", "It is *yours*: <https://example.org/y>.", always, arguments=Nick)

FILTERS = (
    Filter("", "My Bread", (RuleUse("oven_baked", negated=True), RuleUse("oven_mine", {"fasnick": "alice"}))),
    Filter("", "doors", (RuleUse("door_open"),), active=False, oneshot=True),
    Filter("", "empty"),
)


def book() -> RuleBook:
    """Return rules of two plugins."""
    rules = RuleBook([BAKED, MINE], "oven")
    rules.add(topic_rule("door_open", "door.open", "Door open"), "door")
    return rules


def entry(name: str = "1f1b5b0c", **fields: Any) -> LedgerEntry:
    """Make an entry of the ledger, from five minutes ago."""
    return LedgerEntry(
        **{
            "notification": f"{name}-notification",
            "message_id": f"2026-{name}",
            "user": "alice",
            "backend": "chat",
            "destination": "Ali[ce]",
            "filter_name": "My Bread",
            "outcome": Outcome.SENT,
            "reason": "",
            "attempts": 1,
            "at": NOW - timedelta(minutes=5),
            "thread": f"oven/loaf/{name}",
            "summary": "nela's rye bread is baked",
            **fields,
        }
    )


class ChatPlace:
    """A conversation with alice, and the store behind it.

    :ivar talk: the conversation
    """

    def __init__(self, store: Store) -> None:
        self.store = store
        chat = Preference("", "alice", "chat", True, (Destination("Ali[ce]", True),), FILTERS)
        mail = Preference("", "alice", "mail", True, (Destination("a@example.org", True),), (Filter("", "posts"),))
        store.preferences.save(User("alice", (chat, mail)))
        self.talk = self.other()

    def other(
        self,
        rules: Callable[[], RuleBook] = book,
        now: Callable[[], datetime] = lambda: NOW,
        **sections: Any,
    ) -> Conversation:
        """Return another conversation, with these sections of the configuration."""
        return Conversation("chat", self.store, rules, Settings(base_url=URL, **sections), now)

    def say(self, text: str) -> list[str]:
        """Say something as alice."""
        return self.talk.answer("Ali[ce]", text)

    @property
    def preference(self) -> Preference:
        """What alice has set for the chat."""
        return self.store.preferences.user("alice").preferences[0]

    def filter_by(self, *filters: Filter) -> None:
        """Give alice these filters, for the chat only."""
        self.store.preferences.save(User("alice", (replace(self.preference, filters=filters),)))
