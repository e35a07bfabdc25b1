"""Preferences: one for each backend, with its destinations."""

from __future__ import annotations

from fmn_core.errors import UnknownNameError
from fmn_core.store.exchange import plan_of
from fmn_web.mine import Card, cards
from fmn_web.newcomer import have

from . import models, views
from .operation import Answer, Call, Operation

_ONE = "/preferences/{backend}"


def every(call: Call) -> Answer:
    """List the preferences."""
    return Answer([views.preference(call.parts, card) for card in cards(call.parts, call.user)])


def one(call: Call) -> Answer:
    """Return a preference."""
    return Answer(views.preference(call.parts, card_of(call)))


def change(call: Call) -> Answer:
    """Switch a preference on or off, or say when its notifications are sent."""
    backend, wish, switches = _installed(call), call.body, call.parts.store.switches
    have(call.parts, call.user, backend)
    if wish.digest is not None:
        switches.set_digest(call.user, backend, plan_of(wish.digest))
    if wish.enabled is not None:
        switches.switch(call.user, backend, wish.enabled)
    return one(call)


def add(call: Call) -> Answer:
    """Add an address, where it is asked whether that is right."""
    backend, address = _installed(call), call.body.address
    have(call.parts, call.user, backend)
    state = call.parts.asking.ask(call.user, backend, address)
    return Answer(models.Asked(address=address, state=str(state)))


def remove(call: Call) -> Answer:
    """Remove an address."""
    address = call.path["address"]
    if not call.parts.store.destinations.remove(call.user, card_of(call).name, address):
        raise UnknownNameError("address", address, [])
    return Answer()


def _installed(call: Call) -> str:
    backend = call.path["backend"]
    if backend not in call.parts.registry.backends:
        raise UnknownNameError("backend", backend, call.parts.registry.backends)
    return backend


def card_of(call: Call) -> Card:
    """Return what somebody has for a backend, also for one whose plugin is gone."""
    found = {card.name: card for card in cards(call.parts, call.user)}
    if call.path["backend"] not in found:
        raise UnknownNameError("backend", call.path["backend"], found)
    return found[call.path["backend"]]


OPERATIONS = (
    Operation("preferences", "GET", "/preferences", "What you have, for each backend", every, list[models.Preference]),
    Operation("preference", "GET", _ONE, "What you have for one backend", one, models.Preference),
    Operation(
        "change_preference", "PATCH", _ONE, "Switch it on or off, or say when notifications are sent", change,
        models.Preference, models.PreferenceChange, writes=True,
    ),
    Operation(
        "add_destination", "POST", f"{_ONE}/destinations", "Add an address, or ask there again", add,
        models.Asked, models.Address, status=202, writes=True,
    ),
    Operation(
        "remove_destination", "DELETE", f"{_ONE}/destinations/{{address}}", "Remove an address", remove,
        status=204, writes=True,
    ),
)  # fmt: skip
