"""My notifications: everything of the visitor on one page, a card for each backend."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from flask import Blueprint, render_template

from fmn_core.backends import Backend
from fmn_core.model import Destination, Preference
from fmn_core.planning import in_words as plan_in_words
from fmn_core.store import Confirmation, State

from .parts import Parts
from .visitor import visitor

#: of which it is told how much a filter let through
DAYS = 7


@dataclass(frozen=True)
class Place:
    """A destination, and what is to be done about it.

    :param state: in words
    :param asks: whether somebody there may be asked (again)
    :param fails: whether nothing can get there
    """

    address: str
    state: str
    asks: bool
    fails: bool = False


@dataclass(frozen=True)
class Card:
    """What the visitor has for one backend.

    :param backend: None for one whose plugin is gone
    :param plan: when notifications are sent, in words
    """

    name: str
    title: str
    backend: Backend | None
    preference: Preference
    places: list[Place]
    plan: str


def blueprint(parts: Parts) -> Blueprint:
    """Make the page."""
    pages = Blueprint("mine", __name__)

    @pages.get("/notifications")
    def index() -> str:
        since = datetime.now(UTC) - timedelta(days=DAYS)
        counts: Counter[str] = parts.store.ledger.let_through(visitor(), since)
        return render_template("mine.html", cards=cards(parts, visitor()), counts=counts, days=DAYS,
                               rules=parts.registry.rules)  # fmt: skip

    return pages


def cards(parts: Parts, user: str) -> list[Card]:
    """Return a card for each backend that is installed, and for each that the user has used."""
    mine = {one.backend: one for one in parts.store.preferences.user(user).preferences}
    asked = parts.store.confirmations.of_user(user)
    names = sorted({*mine, *parts.registry.backends}, key=lambda name: (name not in parts.registry.backends, name))
    return [_card(parts, name, mine.get(name) or Preference("", user, name), asked) for name in names]


def _card(parts: Parts, name: str, one: Preference, asked: list[Confirmation]) -> Card:
    backend = parts.registry.backends.get(name)
    latest = {each.address: each for each in reversed(asked) if each.backend == name}
    places = [_place(place, latest.get(place.address)) for place in one.destinations]
    title = backend.title if backend else f"{name} (its plugin is not installed)"
    return Card(name, title, backend, one, places, plan_in_words(one.digest))


def _place(one: Destination, asked: Confirmation | None) -> Place:
    if one.suspended:
        return Place(one.address, f"suspended: {one.suspended}", True, fails=True)
    if one.confirmed:
        return Place(one.address, "confirmed", False)
    words = {
        State.PENDING: "a message with a link is on its way there",
        State.ASKED: "not confirmed yet: follow the link in the message that we sent there",
        State.REJECTED: "rejected by whoever reads there",
        State.INVALID: f"could not be asked: {asked.reason if asked else ''}",
    }
    state = asked.state if asked else None
    fails = state in (State.REJECTED, State.INVALID)
    return Place(one.address, words.get(state, "not confirmed") if state else "not confirmed", True, fails)
