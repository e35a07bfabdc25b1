"""Watching: what a rule reads while it is asked, so that an explanation can show the values it saw. Floor F3."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from typing import Any

from fmn_core.lookups import Lookups
from fmn_core.model import ALL_ROLES, FactsOf, Message, Role
from fmn_core.rules import Arguments, Rule

#: longer texts are cut, of longer lists the beginning is shown
LONGEST_TEXT = 100
LONGEST_LIST = 10

Seen = dict[str, Any]


def seen_by(rule: Rule, arguments: Arguments, message: Message, lookups: Lookups) -> Seen:
    """Ask a rule once more and return what it reads: facts, fields of the body, answers of lookups.

    Where the topic decides, that is the topic.
    """
    seen: Seen = {}
    watched = replace(message, body=_Body(message.body, seen, "body"), facts=_Facts(message.facts, seen))
    try:
        if rule.hint_for(arguments).admits_topic(message.topic):
            rule.predicate(watched, arguments, _Lookups(lookups, seen))
    except Exception:  # noqa: S110 - that it raises is known; here only what it had read by then is of interest
        pass
    return seen or {"topic": message.topic}


def _short(value: Any) -> Any:
    if isinstance(value, set | frozenset):
        value = sorted(value)
    if isinstance(value, list | tuple) and len(value) > LONGEST_LIST:
        return [*map(_short, value[:LONGEST_LIST]), f"and {len(value) - LONGEST_LIST} more"]
    if isinstance(value, str) and len(value) > LONGEST_TEXT:
        return value[:LONGEST_TEXT] + "…"
    return value


class _Body(dict[str, Any]):
    """A JSON object that notes which of its fields are read."""

    def __init__(self, fields: Any, seen: Seen, path: str) -> None:
        super().__init__(fields)
        self._seen, self._path = seen, path

    def __getitem__(self, key: str) -> Any:
        return self._note(key, super().__getitem__(key))

    def get(self, key: str, default: Any = None) -> Any:
        return self._note(key, super().get(key, default))

    def _note(self, key: str, value: Any) -> Any:
        path = f"{self._path}.{key}"
        if isinstance(value, dict):
            return _Body(value, self._seen, path)
        if isinstance(value, list) and any(isinstance(item, dict) for item in value):
            return [_Body(item, self._seen, path) if isinstance(item, dict) else item for item in value]
        self._seen[path] = _short(value)
        return value


class _Facts:
    """Facts that note which of them are read."""

    def __init__(self, facts: FactsOf, seen: Seen) -> None:
        self._facts, self._seen = facts, seen

    def __getattr__(self, name: str) -> Any:
        value = getattr(self._facts, name)
        self._seen[name] = _short(value)
        return value


class _Lookups:
    """Lookups that note what they answer."""

    def __init__(self, lookups: Lookups, seen: Seen) -> None:
        self._lookups, self._seen = lookups, seen

    def _note(self, what: str, names: frozenset[str]) -> frozenset[str]:
        self._seen[what] = _short(names)
        return names

    def owners(self, package: str) -> frozenset[str]:
        return self._note(f"owners of {package}", self._lookups.owners(package))

    def packages(self, user: str, roles: Collection[Role] = ALL_ROLES) -> frozenset[str]:
        return self._note(f"packages of {user}", self._lookups.packages(user, roles))

    def members(self, group: str) -> frozenset[str]:
        return self._note(f"members of {group}", self._lookups.members(group))

    def groups(self, user: str) -> frozenset[str]:
        return self._note(f"groups of {user}", self._lookups.groups(user))
