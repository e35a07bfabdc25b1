"""Which of a user's events a client wants, by the query of its URL: ``?app=koji&app=bodhi&severity=warning``. Pure.

Values of one name are alternatives; all names must hold.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from fmn_core import Severity, UsageError

from .carrier import Event
from .payload import NOTICE

#: parameters that choose; the others of a URL say who asks and where to begin
CHOOSING = ("app", "package", "agent", "topic", "severity")
OTHERS = ("token", "last_event_id")

#: applications that people call by another name than their topics do
CALLED = {"koji": "buildsys"}

LEVELS = {one.name.lower(): one for one in Severity}
#: values that a query may have
MOST = 100


class Choice:
    """What is wanted.

    :param wanted: parameter -> alternatives
    """

    def __init__(self, wanted: Mapping[str, frozenset[str]]) -> None:
        self._wanted = wanted

    def takes(self, event: Event) -> bool:
        """Tell whether an event is wanted: a digest is if anything in it is, and what FMN itself has to say always."""
        return event.name == NOTICE or any(map(self._takes, _notifications(json.loads(event.data))))

    def _takes(self, said: Mapping[str, Any]) -> bool:
        return all(_holds(name, values, said) for name, values in self._wanted.items())


def read_choice(query: Iterable[tuple[str, str]]) -> Choice | None:
    """Read a query.

    :returns: None if all is wanted
    :raises UsageError: if it has names or values that there are not, naming those that there are
    """
    wanted: dict[str, set[str]] = {}
    for name, value in query:
        if name in CHOOSING:
            wanted.setdefault(name, set()).add(value.strip())
        elif name not in OTHERS:
            raise UsageError(f"no parameter is named {name!r}: there are {', '.join((*CHOOSING, *OTHERS))}")
    if sum(map(len, wanted.values())) > MOST:
        raise UsageError(f"more than {MOST} values are too many")
    for level in wanted.get("severity", set()) - LEVELS.keys():
        raise UsageError(f"no severity is named {level!r}: there are {', '.join(LEVELS)}")
    if "app" in wanted:
        wanted["app"] |= {CALLED[app] for app in wanted["app"] & CALLED.keys()}
    return Choice({name: frozenset(values) for name, values in wanted.items()}) if wanted else None


def _holds(name: str, values: frozenset[str], said: Mapping[str, Any]) -> bool:
    match name:
        case "package":
            return not values.isdisjoint(said.get("packages", ()))
        case "topic":
            return any(_begins(said.get(of, ""), value) for value in values for of in ("topic", "title"))
        case "severity":
            return LEVELS.get(said.get("severity", ""), Severity.INFO) >= min(LEVELS[value] for value in values)
        case _:
            return said.get(name) in values


def _begins(topic: str, value: str) -> bool:
    return f"{topic}.".startswith(f"{value.rstrip('.')}.")


def _notifications(data: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    if "groups" not in data:
        yield data
    for group in data.get("groups", ()):
        yield from group["notifications"]
