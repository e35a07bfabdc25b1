"""Completion: names that a field proposes while somebody types. The visitor's own come first."""

from __future__ import annotations

from collections.abc import Iterator
from typing import cast, get_args

from flask import Blueprint, Response, jsonify, request

from fmn_core.lookups import Directory, Kind
from fmn_core.model import topic_words
from fmn_core.plugins import PluginRegistry
from fmn_core.samples import Sample

from .visitor import visitor

#: what can be completed
KINDS = ("package", "user", "group", "app")
#: names that are proposed at once, and characters of what was typed that are looked at
MOST, LONGEST = 20, 100


class Names:
    """The names that are known.

    :param registry: whose rules have samples, from which applications are known
    :param lookups: who maintains what
    """

    def __init__(self, registry: PluginRegistry, lookups: Directory) -> None:
        self._apps = sorted({topic_words(str(one.message.get("topic", "")))[0] for one in _samples(registry)} - {""})
        self._lookups = lookups

    def of(self, kind: str, user: str) -> list[str]:
        """Return names that somebody may mean, those first that are closest to them.

        :param kind: one of :data:`KINDS`
        """
        lookups = self._lookups
        if kind == "package":
            return sorted(lookups.packages(user))
        if kind == "group":
            return sorted(lookups.groups(user))
        if kind == "user":
            others = {name for group in lookups.groups(user) for name in lookups.members(group)}
            return [user, *sorted(others - {user})]
        return self._apps

    def like(self, kind: str, user: str, typed: str) -> list[str]:
        """Return some of the names that hold what was typed: those that begin with it first, and of these one's own."""
        wanted = typed[:LONGEST].strip().lower()
        own = self.of(kind, user)
        others = self._lookups.known(cast(Kind, kind)) if wanted and kind in get_args(Kind) else ()
        found = [name for name in dict.fromkeys((*own, *others)) if wanted in name.lower()]
        return sorted(found, key=lambda name: not name.lower().startswith(wanted))[:MOST]


def _samples(registry: PluginRegistry) -> Iterator[Sample]:
    return (sample for rule in registry.rules for sample in rule.samples)


def blueprint(names: Names) -> Blueprint:
    """Make what answers while somebody types."""
    pages = Blueprint("completion", __name__)

    @pages.get(f"/complete/<any({', '.join(KINDS)}):kind>")
    def like(kind: str) -> Response:
        return jsonify(names.like(kind, visitor(), request.args.get("q", "")))

    return pages
