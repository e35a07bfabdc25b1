"""Plan: what the topic of a message decides before anything is asked; kept for each topic that comes. Floor F3."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TypeVar

from .bodies import Body, Rules
from .patterns import PatternGroup
from .predicates import Predicate

#: what a topic leaves of a body: nothing to ask, as it holds or does not; or the rules still to ask
Residual = Rules | bool

Key = TypeVar("Key")

#: residuals kept over all plans; beyond that, all are made anew as they are needed
KEPT = 200_000


def residual(body: Body, topic: str) -> Residual:
    """Return what is left of a body once its rules are asked about the topic alone."""
    holding, never = [], []
    for predicate in body.holding:
        known = predicate.by_topic(topic)
        if known is False:
            return False
        if known is None:
            holding.append(predicate)
    for predicate in body.never:
        known = predicate.by_topic(topic)
        if known is True:
            return False
        if known is None:
            never.append(predicate)
    return (tuple(holding), tuple(never)) if holding or never else True


class Plan:
    """One topic.

    :ivar open: bodies to ask about every message of the topic
    :ivar residuals: what is left of every body that was come upon so far
    """

    __slots__ = ("open", "residuals", "topic")

    def __init__(self, topic: str, bodies: Iterable[Body]) -> None:
        self.topic = topic
        left = {body: residual(body, topic) for body in bodies}
        self.residuals: dict[Body, Residual] = {body: rules for body, rules in left.items() if rules is not False}
        self.open = tuple(self.residuals)


class Plans:
    """The plans by topic, and the bodies that are not found by a name.

    :ivar by_search: bodies that are found by an expression, by the group it belongs to
    """

    def __init__(self) -> None:
        self.by_search: dict[PatternGroup[Predicate], dict[Predicate, list[Body]]] = {}
        self._by_topic: dict[Predicate | None, list[Body]] = {}
        self._plans: dict[str, Plan] = {}
        self._kept = 0

    def add(self, body: Body) -> None:
        """Let a body be found by its expression, by its topic, or else by every message."""
        key = body.key
        if key is not None and key.group is not None:
            self.by_search.setdefault(key.group, {}).setdefault(key, []).append(body)
        else:
            self._by_topic.setdefault(key, []).append(body)
            self._plans.clear()

    def discard(self, body: Body) -> None:
        """Let a body not be found any more."""
        key = body.key
        if key is not None and key.group is not None:
            _take(self.by_search[key.group], key, body)
            if not self.by_search[key.group]:
                del self.by_search[key.group]
        else:
            _take(self._by_topic, key, body)
            self._plans.clear()

    def get(self, topic: str) -> Plan:
        """Return the plan of a topic."""
        return self._plans.get(topic) or self._make(topic)

    def _make(self, topic: str) -> Plan:
        bodies = [
            body
            for key, bodies in self._by_topic.items()
            if key is None or key.by_topic(topic) is not False
            for body in bodies
        ]
        plan = self._plans[topic] = Plan(topic, bodies)
        self._count(1 + len(plan.open))
        return plan

    def residual(self, plan: Plan, body: Body) -> Residual:
        """Return what the topic leaves of a body, as known from before if possible."""
        if body not in plan.residuals:
            plan.residuals[body] = residual(body, plan.topic)
            self._count(1)
        return plan.residuals[body]

    def _count(self, made: int) -> None:
        self._kept += made
        if self._kept > KEPT:
            self._kept = 0
            self._plans.clear()


def _take(places: dict[Key, list[Body]], key: Key, body: Body) -> None:
    places[key].remove(body)
    if not places[key]:
        del places[key]
