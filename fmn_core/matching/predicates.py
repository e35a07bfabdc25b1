"""Predicate: a rule with its arguments, shared by every filter that uses it so; and the table of all. Floor F3."""

from __future__ import annotations

import enum
import sys
from collections.abc import Iterable, Mapping
from typing import Any

from fmn_core.codec import dumps
from fmn_core.errors import UsageError
from fmn_core.model import RuleUse, of_topic
from fmn_core.rules import Arguments, Hint, Rule, RuleBook
from fmn_core.snapshot import Snapshot

from .base import prepare
from .patterns import PatternGroup


class Kind(enum.IntEnum):
    """By what a positive rule lets its filter be found, most selective first."""

    PACKAGE = 0
    USERNAME = 1
    AGENT = 2
    OWNER = 3
    GROUP = 4
    SEARCH = 5
    TOPIC = 6
    APP = 7
    NONE = 8


#: kinds whose values are names that a message carries: a filter is found under the name itself
NAMED = (Kind.PACKAGE, Kind.USERNAME, Kind.AGENT, Kind.OWNER, Kind.GROUP)
_NOBODY = Snapshot()
_FIELDS = ("packages", "usernames", "agents", "owners", "groups")


class Predicate:
    """A rule with its arguments.

    :ivar raw: the arguments as they were given, see :class:`Validated`
    :ivar kind: how selective the hint is
    :ivar values: the names under which a filter with this predicate is found; only of the kinds in ``NAMED``
    :ivar topical: the hint, if the topic has a say in it
    :ivar group: with which its expression is searched for, if it is a search
    :ivar uses: filters and bodies that hold it
    """

    __slots__ = ("group", "kind", "raw", "rule", "topical", "uses", "values")

    def __init__(self, rule: Rule, raw: Mapping[str, Any], hint: Hint, group: PatternGroup[Predicate] | None) -> None:
        self.rule, self.raw, self.group = rule, raw, group
        self.topical = hint if hint.topics is not None or hint.apps is not None else None
        self.kind, self.values = _selective(hint, group)
        self.uses = 0

    def by_topic(self, topic: str) -> bool | None:
        """Return what the topic alone decides, or None."""
        if self.topical is not None and not self.topical.admits_topic(topic):
            return False
        return self._asked_about(topic) if self.rule.topic_decides else None

    def _asked_about(self, topic: str) -> bool | None:
        try:
            return bool(self.rule.predicate(of_topic(topic), self.rule.parse(self.raw), _NOBODY))
        except Exception:
            return None  # it is asked about each message of the topic, where it raises too, and is counted


class Validated(dict[Predicate, Arguments]):
    """Validated arguments of the predicates that were asked lately.

    All are validated when a predicate is made, and let go of: most predicates of 300,000 filters are never asked, and
    a model is ten times the size of what it was made from.
    """

    #: kept at most; beyond that, all are made anew as they are needed
    KEPT = 50_000

    def __missing__(self, predicate: Predicate) -> Arguments:
        if len(self) >= self.KEPT:
            self.clear()
        made = self[predicate] = predicate.rule.parse(predicate.raw)
        return made


def _selective(hint: Hint, group: PatternGroup[Predicate] | None) -> tuple[Kind, tuple[str, ...]]:
    for kind, field in zip(NAMED, _FIELDS, strict=True):
        values = getattr(hint, field)
        if values is not None:
            return kind, tuple(sys.intern(value) for value in dict.fromkeys(values))
    if group is not None:
        return Kind.SEARCH, ()
    if hint.topics is not None:
        return Kind.TOPIC, ()
    return (Kind.NONE if hint.apps is None else Kind.APP), ()


def _text(arguments: Mapping[str, Any]) -> str:
    """Write arguments as text, not as the bytes of orjson, which keep the kilobytes they were written in."""
    return dumps(arguments).decode() if arguments else ""


class Predicates:
    """The table of predicates in use: identical rules are one."""

    def __init__(self, rules: RuleBook) -> None:
        self._rules = rules
        self._known: dict[str, dict[str, Predicate]] = {}
        self._unusable: dict[tuple[str, str], str] = {}
        self._groups: dict[str, PatternGroup[Predicate]] = {}
        self.validated = Validated()

    def __len__(self) -> int:
        return sum(map(len, self._known.values()))

    def of(self, uses: Iterable[RuleUse]) -> tuple[Iterable[Predicate], Iterable[Predicate]]:
        """Return the predicates of a filter, each once: those that must hold, and those that must not.

        :raises UsageError: if a rule is not installed or cannot take its arguments
        """
        sides: tuple[dict[Predicate, None], dict[Predicate, None]] = {}, {}
        try:
            for use in uses:
                sides[use.negated][self._get(use)] = None
        except UsageError:
            self.keep(sides)
            self.release(sides)  # nobody may hold those that were made on the way
            raise
        return sides

    def _get(self, use: RuleUse) -> Predicate:
        key = _text(use.arguments)
        try:
            return self._known[use.rule][key]
        except KeyError:
            return self._make(use, key)

    def _make(self, use: RuleUse, key: str) -> Predicate:
        trouble = (use.rule, key if use.rule in self._rules else "")
        if trouble in self._unusable:
            raise UsageError(self._unusable[trouble])
        try:
            made = self._validated(use)
        except UsageError as error:
            self._unusable[trouble] = str(error)
            raise
        self._known.setdefault(use.rule, {})[key] = made
        return made

    def _validated(self, use: RuleUse) -> Predicate:
        rule, arguments = prepare(use, self._rules)
        try:
            hint = rule.hint_for(arguments)
            hint.admits_topic("")
            group = self._group(rule)
            made = Predicate(rule, use.arguments, hint, group)
            if rule.search is not None and group is not None:
                group.add(made, rule.search.pattern(arguments))
        except Exception as error:
            raise UsageError(f"rule {rule.identifier!r} gives no hint for its arguments: {error!r}") from error
        return made

    def _group(self, rule: Rule) -> PatternGroup[Predicate] | None:
        if rule.search is None:
            return None
        if rule.identifier not in self._groups:
            self._groups[rule.identifier] = PatternGroup(rule.identifier, rule.search)
        return self._groups[rule.identifier]

    def keep(self, held: Iterable[Iterable[Predicate]]) -> None:
        """Count one more holder of each."""
        for predicates in held:
            for predicate in predicates:
                predicate.uses += 1

    def release(self, held: Iterable[Iterable[Predicate]]) -> None:
        """Count one holder less of each, and forget those that nobody holds."""
        for predicates in held:
            for predicate in predicates:
                predicate.uses -= 1
                if predicate.uses == 0:
                    self._forget(predicate)

    def _forget(self, predicate: Predicate) -> None:
        del self._known[predicate.rule.identifier][_text(predicate.raw)]
        self.validated.pop(predicate, None)
        if predicate.group is not None:
            predicate.group.discard(predicate)
