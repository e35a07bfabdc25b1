"""Filters: read, tried, added, changed and removed one by one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any, cast

from fmn_core import model
from fmn_core.errors import UnknownNameError, UsageError
from fmn_core.foresight import forecast
from fmn_core.rules import RuleBook
from fmn_core.store import version_of
from fmn_core.store.documents import FilterPart, Installed
from fmn_core.store.exchange import filter_of
from fmn_web.newcomer import have
from fmn_web.sizes import excess, make_room

from . import models, views
from .operation import Answer, Call, Operation
from .preferences import card_of

_ONE = "/filters/{filter}"
_OF_BACKEND = "/preferences/{backend}"


class _WithKept:
    """The installed rules, and those of a saved filter whose plugin is gone: they may stay as they are."""

    def __init__(self, rules: RuleBook, saved: model.Filter) -> None:
        self._rules, self._saved = rules, saved

    def __contains__(self, identifier: object) -> bool:
        return identifier in self._rules or self._is_kept(identifier)

    def get(self, identifier: str) -> Any:
        """Return a rule, or what takes the arguments of one that is gone."""
        return self if self._is_kept(identifier) else self._rules.get(identifier)

    def _is_kept(self, identifier: object) -> bool:
        return identifier not in self._rules and any(use.rule == identifier for use in self._saved.rules)

    def parse(self, arguments: Mapping[str, Any]) -> None:
        """Take arguments that are saved already.

        :raises UsageError: for others
        """
        if not any(dict(use.arguments) == dict(arguments) for use in self._saved.rules):
            raise UsageError("its plugin is not installed, so its arguments can only stay as they are")


def installed(call_parts: Any, path: Mapping[str, str], user: str) -> Installed:
    """Return what a filter that is sent is held against."""
    registry = call_parts.registry
    found = call_parts.store.editing.find_filter(user, path.get("filter", ""))
    rules = _WithKept(registry.rules, found[1]) if found else registry.rules
    return Installed(cast(RuleBook, rules), registry.backends)


def get(call: Call) -> Answer:
    """Return a filter."""
    return _shown(call, *_mine(call))


def add(call: Call) -> Answer:
    """Add a filter behind those that there are."""
    backend = call.path["backend"]
    if backend not in call.parts.registry.backends:
        raise UnknownNameError("backend", backend, call.parts.registry.backends)
    wanted = _sound(call.body)
    have(call.parts, call.user, backend)
    make_room(call.parts, call.user, backend, wanted)
    return _shown(call, backend, call.parts.store.editing.add_filter(call.user, backend, wanted))


def put(call: Call) -> Answer:
    """Put another version of a filter in its place."""
    backend, saved = _mine(call)
    wanted = replace(_sound(call.body, saved), id=saved.id)
    make_room(call.parts, call.user, backend, wanted)
    return _shown(call, backend, call.parts.store.editing.replace_filter(call.user, wanted, call.version))


def switch(call: Call) -> Answer:
    """Switch a filter on or off."""
    _mine(call)
    call.parts.store.switches.switch_filter(call.user, call.path["filter"], call.body.active)
    return get(call)


def remove(call: Call) -> Answer:
    """Remove a filter."""
    if call.parts.store.editing.remove_filter(call.user, call.path["filter"]) is None:
        raise UnknownNameError("filter", call.path["filter"], [])
    return Answer()


def order(call: Call) -> Answer:
    """Put the filters of a backend in an order."""
    backend = card_of(call).name
    call.parts.store.editing.order_filters(call.user, backend, call.body.filters)
    return Answer([views.filter_(call.parts, backend, one) for one in card_of(call).preference.filters])


def foresee(call: Call) -> Answer:
    """Tell what a filter would have let through in the last seven days."""
    parts, registry = call.parts, call.parts.registry
    saved = parts.store.editing.find_filter(call.user, call.body.saved) if call.body.saved else None
    if call.body.saved and saved is None:
        raise UnknownNameError("filter", call.body.saved, [])
    found = forecast(
        _sound(call.body.filter), saved and saved[1], parts.store.archive, registry.rules, registry.summaries,
        parts.lookups, datetime.now(UTC),
    )  # fmt: skip
    return Answer(views.forecast(found))


def _mine(call: Call) -> tuple[str, model.Filter]:
    found = call.parts.store.editing.find_filter(call.user, call.path["filter"])
    if found is None:
        raise UnknownNameError("filter", call.path["filter"], [])
    return found[0].backend, found[1]


def _shown(call: Call, backend: str, one: model.Filter) -> Answer:
    return Answer(views.filter_(call.parts, backend, one), {"ETag": f'"{version_of(one)}"'})


def _sound(part: FilterPart, saved: model.Filter | None = None) -> model.Filter:
    """Return the filter that was sent, if it is no larger than the pages would let it be.

    :raises UsageError: if it is
    """
    one = filter_of(part)
    if not one.rules:
        raise UsageError("a filter needs a rule, or it lets nothing through")
    if problems := list(excess(one, [saved] if saved else [])):
        raise UsageError("; ".join(problems))
    return one


OPERATIONS = (
    Operation(
        "add_filter", "POST", f"{_OF_BACKEND}/filters", "Add a filter", add, models.Filter, FilterPart,
        status=201, writes=True,
    ),
    Operation(
        "order_filters", "PUT", f"{_OF_BACKEND}/order", "Put filters in an order", order, list[models.Filter],
        models.Order, writes=True,
    ),
    Operation("filter", "GET", _ONE, "One filter", get, models.Filter),
    Operation(
        "replace_filter", "PUT", _ONE, "Put another version of a filter in its place", put, models.Filter, FilterPart,
        writes=True, versioned=True,
    ),
    Operation(
        "switch_filter", "PATCH", _ONE, "Switch a filter on or off", switch, models.Filter, models.Switch, writes=True
    ),
    Operation("remove_filter", "DELETE", _ONE, "Remove a filter", remove, status=204, writes=True),
    Operation(
        "forecast", "POST", "/forecast", "What a filter would have let through of late", foresee, models.Forecast,
        models.Wish,
    ),
)  # fmt: skip
