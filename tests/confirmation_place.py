"""A place for tests of confirmations: a store with alice, a clock set by hand, and what is read at the addresses."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

from fmn_core.asking import Asking
from fmn_core.backends import Backend
from fmn_core.config import ConfirmationSettings
from fmn_core.errors import UsageError
from fmn_core.model import Destination, Notification, Preference, User
from fmn_core.store import State, Store, Why
from fmn_core.store.confirmations import Answer
from fmn_core.testing import RecordingBackend

NOON = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
DAY = timedelta(days=1)
ADDRESS = "alice@example.org"


class Mail(RecordingBackend):
    def check_address(self, address: str) -> str:
        if "@" not in address:
            raise UsageError(f"{address!r} is no mail address: there is no @ in it")
        return address.lower()


class Stream(RecordingBackend):
    confirms_itself = True


class Lenient(RecordingBackend):
    """Takes anything."""


BACKENDS: dict[str, Backend] = {one.name: one for one in (Mail("mail"), Stream("stream"), Lenient("any"))}


class Place:
    """A store with alice, a clock that is set by hand, and what somebody reads at the addresses."""

    def __init__(self, store: Store, **settings: object) -> None:
        self.store, self.now = store, NOON
        self.settings = ConfirmationSettings(**{"per_account": 1000, "per_address": 1000, **settings})
        self.lifetime = timedelta(hours=self.settings.expire_hours)
        self.asking = Asking(store, BACKENDS, "https://fmn.example.org/", self.settings, lambda: self.now)
        self.add("alice")

    def add(self, user: str, *preferences: Preference) -> None:
        self.store.preferences.save(User(user, preferences or (Preference("", user, "mail"),)))

    def ask(self, user: str = "alice", address: str = ADDRESS, backend: str = "mail") -> str:
        """Ask, and return the secret of the request."""
        assert self.asking.ask(user, backend, address) is State.PENDING
        return secret_of(self.requests(address.lower())[-1])

    def requests(self, address: str = ADDRESS, backend: str = "mail") -> list[Notification]:
        return [w.notification for w in self.store.waiting.take(backend, address, [Why.NOTICE], 1000)]

    def send(self) -> None:
        """Note all requests as sent."""
        for one in self.requests():
            self.store.confirmations.was_sent(one.id, self.now)

    def look(self, secret: str) -> State | None:
        found = self.store.confirmations.look(secret, self.now, self.lifetime)
        return found and found.state

    def accept(self, secret: str) -> Answer | None:
        return self.store.confirmations.accept(secret, self.now, self.lifetime)

    def reject(self, secret: str) -> Answer | None:
        return self.store.confirmations.reject(secret, self.now, self.lifetime)

    def preference(self, user: str = "alice", backend: str = "mail") -> Preference:
        return next(p for p in self.store.preferences.user(user).preferences if p.backend == backend)

    def destinations(self, user: str = "alice") -> tuple[Destination, ...]:
        return self.preference(user).destinations


def secret_of(request: Notification) -> str:
    found = re.search(r"/confirm/accept/([\w-]+)$", request.facts.details, re.MULTILINE)
    assert found
    return found[1]
