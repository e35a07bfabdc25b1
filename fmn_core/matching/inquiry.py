"""Inquiry: one message put to the index; everything is asked at most once, and the answers are kept. Floor F3."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Collection, Iterable, Mapping
from functools import partial
from time import perf_counter
from typing import Any

from fmn_core.instruments import Timing
from fmn_core.lookups import Lookups
from fmn_core.model import Message
from fmn_core.rules import Arguments

from .base import Faults, Match
from .bodies import Body, Entry, Rules
from .patterns import PatternGroup
from .plans import Plans
from .predicates import Predicate

#: the answer of a rule; None if it raised, which is neither true nor false
Answer = bool | None

_NONE: frozenset[Predicate] = frozenset()
_UNASKED: Any = object()


class Inquiry:
    """What is known of one message so far.

    :ivar plan: what the topic decides
    """

    __slots__ = (
        "_answers",
        "_arguments",
        "_bodies",
        "_faults",
        "_found",
        "_hits",
        "_lookups",
        "_message",
        "_plans",
        "plan",
    )

    def __init__(
        self, message: Message, plans: Plans, arguments: Mapping[Predicate, Arguments], lookups: Lookups, faults: Faults
    ) -> None:
        self._message, self._plans, self._arguments = message, plans, arguments
        self._lookups, self._faults = lookups, faults
        self.plan = plans.get(message.topic)
        self._answers: dict[Predicate, Answer] = {}
        self._bodies: dict[Body, bool] = {}
        self._hits: dict[PatternGroup[Predicate], Collection[Predicate] | None] = {}
        self._found: dict[str, Entry] = {}

    def matches(self) -> list[Match]:
        """Return the first matching filter of each preference that was considered."""
        return [Match(entry.preference, entry.filter) for entry in self._found.values()]

    def consider(self, entries: Iterable[Entry]) -> None:
        """Take the entries that match, each unless an earlier filter of its preference does."""
        for entry in entries:
            preference = entry.preference.id
            other = self._found.get(preference)
            if other is not None and other.rank <= entry.rank:
                continue
            if self.holds(entry.body) and self._names_agree(entry):
                self._found[preference] = entry

    def holds(self, body: Body) -> bool:
        """Tell whether all rules of a body are as they should be."""
        known = self._bodies.get(body)
        if known is None:
            left = self.plan.residuals.get(body)
            if left is None:
                left = self._plans.residual(self.plan, body)
            known = left if left is True or left is False else self._agree(left)
            self._bodies[body] = known
        return known

    def found(self, group: PatternGroup[Predicate]) -> Collection[Predicate]:
        """Return the predicates of a group whose expression is found in the message, all in one pass."""
        hits = self._pass(group) or _NONE
        return [*hits, *(p for p in group.alone if self._answer(p))] if group.alone else hits

    def time_rules(self, timings: dict[str, Timing]) -> None:
        """Put every question that was asked once more, now with a watch.

        :param timings: by rule; what is timed for the first time is added
        """
        for predicate in self._answers:
            if predicate.group is None or predicate in predicate.group.alone:
                _note(timings, predicate.rule.identifier, partial(self._put, predicate))
        for group in self._hits:
            _note(timings, group.rule, partial(group.hits, self._message))

    def _agree(self, rules: Rules) -> bool:
        holding, never = rules
        for predicate in holding:
            if not self._answer(predicate):
                return False
        for predicate in never:  # noqa: SIM110 - a generator costs more than what it would ask here
            if self._answer(predicate) is not False:
                return False
        return True

    def _names_agree(self, entry: Entry) -> bool:
        if entry.key is not None and not self._fitting_answer(entry.key):
            return False
        for predicate in entry.holding:
            if not self._fitting_answer(predicate):
                return False
        for predicate in entry.never:  # noqa: SIM110 - as above
            if self._fitting_answer(predicate) is not False:
                return False
        return True

    def _fitting_answer(self, predicate: Predicate) -> Answer:
        """Answer for a rule that no plan has compared with the topic."""
        if predicate.topical is not None and not predicate.topical.admits_topic(self.plan.topic):
            return False
        return self._answer(predicate)

    def _answer(self, predicate: Predicate) -> Answer:
        """Answer for a rule whose hint admits the topic."""
        answer: Answer = self._answers.get(predicate, _UNASKED)
        if answer is _UNASKED:
            answer = self._ask(predicate) if predicate.group is None else self._searched(predicate, predicate.group)
            self._answers[predicate] = answer
        return answer

    def _put(self, predicate: Predicate) -> object:
        return predicate.rule.predicate(self._message, self._arguments[predicate], self._lookups)

    def _ask(self, predicate: Predicate) -> Answer:
        try:
            return bool(predicate.rule.predicate(self._message, self._arguments[predicate], self._lookups))
        except Exception as error:
            self._faults.raised(predicate.rule.identifier, self._message, error)
            return None

    def _searched(self, predicate: Predicate, group: PatternGroup[Predicate]) -> Answer:
        hits = self._pass(group)  # first: it may be this that finds an expression to be alone
        if predicate in group.alone:
            return self._ask(predicate)
        return None if hits is None else predicate in hits

    def _pass(self, group: PatternGroup[Predicate]) -> Collection[Predicate] | None:
        """Search for all expressions of a group; None if the texts raise, as each of its rules then would."""
        if group not in self._hits:
            try:
                self._hits[group] = group.hits(self._message)
            except Exception as error:
                self._hits[group] = None
                self._faults.raised(group.rule, self._message, error)
        return self._hits[group]


def _note(timings: dict[str, Timing], rule: str, question: Callable[[], object]) -> None:
    began = perf_counter()
    with contextlib.suppress(Exception):  # it was counted when it was asked for the answer
        question()
    seconds = perf_counter() - began
    if rule not in timings:
        timings[rule] = Timing()
    timings[rule].observe(seconds)
