"""An application with somebody who has a token, as programs see it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import Annotated, Any

from fmn_core import topic_rule
from fmn_core.config import Settings
from fmn_core.model import Facts, Filter, Message, Outcome, Preference, RuleUse, User
from fmn_core.plugins import PluginRegistry
from fmn_core.rules import Arguments, Rule, RuleBook, Words, always, completes
from fmn_core.store import Archived, LedgerEntry, Store
from fmn_core.testing import RecordingBackend
from fmn_web import create_app
from fmn_web.api.operation import ROOT

NOW = datetime.now(UTC)


class Names(Arguments):
    """Some names."""

    names: Annotated[Words, completes("package")]


RULES = (
    topic_rule("boat_sank", "boats.sank", "Boat sank"),
    topic_rule("boat_built", "boats.built", "Boat built"),
    Rule("named", "Named so", "", always, Names),
)


class ApiPlace:
    """Jane and Joe, each with a filter; Jane's program has a token.

    :ivar app: the application
    """

    def __init__(self, folder: Any, store: Store, web: Any = None, **sections: Any) -> None:
        backends = {"mail": RecordingBackend("mail"), "post": RecordingBackend("post")}
        registry = PluginRegistry(rules=RuleBook(RULES, "toys"), backends=backends)
        self.store = store
        settings = Settings(data_dir=folder, web={"demo_login": True, **(web or {})}, **sections)
        self.app = create_app(settings, registry, store)
        for name in ("jane", "joe"):
            filters = (Filter("", f"{name}'s", (RuleUse("boat_sank"),)),)
            store.preferences.save(User(name, (Preference("", name, "mail", True, filters=filters),)))
        _, self.secret = store.tokens.make("jane", "api", "script", NOW, writes=True)
        _, self.reading = store.tokens.make("jane", "api", "reader", NOW)

    def filter_of(self, name: str) -> Filter:
        """Return somebody's filter."""
        return self.store.preferences.user(name).preferences[0].filters[0]

    def happened(self, user: str = "jane", notification: str = "n1", message: str = "m1") -> None:
        """Let a boat sink, and somebody hear of it."""
        facts = Facts("t", "a boat sank", packages=frozenset(["boat"]), thread="boat/1")
        self.store.archive.put([Archived.of(Message(message, "a.b.c.boats.sank", {}, sent_at=NOW, facts=facts), NOW)])
        entry = LedgerEntry(notification, message, user, "mail", "x@example.org", "sunk", Outcome.SENT, "", 1, NOW)
        self.store.ledger.record([replace(entry, thread="boat/1", summary="a boat sank")])

    def call(self, method: str, path: str, body: Any = None, secret: str | None = None, **headers: str) -> Any:
        """Call an operation, and return the answer."""
        bearer = {"Authorization": f"Bearer {self.secret if secret is None else secret}"} if secret != "" else {}
        more = {name.replace("_", "-"): value for name, value in headers.items()}
        sent = {"json": body} if body is not None else {}
        return self.app.test_client().open(ROOT + path, method=method, headers=bearer | more, **sent)
