"""IndexMatcher: asks a message which filters could match, not every filter whether it does. Floor F3.

A filter is found under the rarest thing that one of its rules asks for: a package, an account, the owner of a package,
an expression, a topic. Changes are made in place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping

from fmn_core.errors import UsageError
from fmn_core.instruments import Timing
from fmn_core.lookups import Lookups
from fmn_core.model import Message, Preference
from fmn_core.rules import RuleBook

from .base import Faults, Match
from .bodies import Bodies, Body, Entry, divide
from .inquiry import Inquiry
from .plans import Plans
from .predicates import NAMED, Predicate, Predicates


class IndexMatcher:
    """The engine of the worker.

    :param rules: what filters may name
    :param lookups: what rules may ask
    """

    def __init__(self, rules: RuleBook, lookups: Lookups) -> None:
        self.faults = Faults()
        self.rule_timings: dict[str, Timing] = {}
        self._latest: Inquiry | None = None
        self._lookups = lookups
        self._predicates = Predicates(rules)
        self._bodies = Bodies(self._predicates)
        self._plans = Plans()
        self._entries: dict[str, tuple[Entry, ...]] = {}
        self._unusable: dict[str, list[str]] = {}
        self._named: tuple[dict[str, list[Entry]], ...] = tuple({} for _ in NAMED)

    def match(self, message: Message) -> list[Match]:
        """See :meth:`Matcher.match`."""
        inquiry = Inquiry(message, self._plans, self._predicates.validated, self._lookups, self.faults)
        self._latest = inquiry
        self._consider_named(inquiry, message)
        for body in inquiry.plan.open:
            if inquiry.holds(body):
                inquiry.consider(body.members)
        for group, bodies in self._plans.by_search.items():
            self._consider_found(inquiry, inquiry.found(group), bodies)
        return inquiry.matches()

    def time_rules(self) -> None:
        """See :meth:`TimesRules.time_rules`."""
        if self._latest is not None:
            self._latest.time_rules(self.rule_timings)

    def _consider_named(self, inquiry: Inquiry, message: Message) -> None:
        packages, usernames, agents, owners, groups = self._named
        facts, lookups = message.facts, self._lookups
        if named := facts.packages:
            if packages:
                _consider(inquiry, packages, named)
            if owners:
                _consider(inquiry, owners, _union(lookups.owners, named))
        if named := facts.usernames:
            if usernames:
                _consider(inquiry, usernames, named)
            if groups:
                _consider(inquiry, groups, _union(lookups.groups, named))
        if agents and facts.agent is not None:
            _consider(inquiry, agents, (facts.agent,))

    def _consider_found(
        self, inquiry: Inquiry, found: Iterable[Predicate], bodies: Mapping[Predicate, list[Body]]
    ) -> None:
        for predicate in found:
            for body in bodies.get(predicate, ()):
                if inquiry.holds(body):
                    inquiry.consider(body.members)

    def put(self, preference: Preference) -> None:
        """See :meth:`Matcher.put`."""
        self.remove(preference.id)
        if not preference.enabled:
            return
        entries = [
            entry
            for rank, one in enumerate(preference.filters)
            if one.active and one.rules and (entry := self._entry(preference, rank)) is not None
        ]
        self._entries[preference.id] = tuple(entries)
        for entry in entries:
            self._place(entry)

    def remove(self, preference_id: str) -> None:
        """See :meth:`Matcher.remove`."""
        for filter_id in self._unusable.pop(preference_id, ()):
            self.faults.unusable.pop(filter_id, None)
        for entry in self._entries.pop(preference_id, ()):
            self._displace(entry)
            self._predicates.release(entry.own)
            self._bodies.release(entry.body)

    def size(self) -> dict[str, int]:
        """Return how much of each thing is held, for metrics and for those who look for leaks."""
        return {
            "preferences": len(self._entries),
            "bodies": len(self._bodies),
            "predicates": len(self._predicates),
            "names": sum(map(len, self._named)),
        }

    def _entry(self, preference: Preference, rank: int) -> Entry | None:
        one = preference.filters[rank]
        try:
            all_holding, all_never = self._predicates.of(one.rules)
        except UsageError as error:
            self.faults.refused(one.id, str(error))
            self._unusable.setdefault(preference.id, []).append(one.id)
            return None
        holding, shared_holding = divide(all_holding)
        never, shared_never = divide(all_never)
        self._predicates.keep((holding, never))
        body = self._bodies.get((shared_holding, shared_never))
        return Entry(preference, rank, (holding, never), body)

    def _place(self, entry: Entry) -> None:
        if entry.key is None:
            entry.body.members.append(entry)
            if len(entry.body.members) == 1:
                self._plans.add(entry.body)
            return
        places = self._named[entry.key.kind]
        for name in entry.key.values:
            places.setdefault(name, []).append(entry)

    def _displace(self, entry: Entry) -> None:
        if entry.key is None:
            entry.body.members.remove(entry)
            if not entry.body.members:
                self._plans.discard(entry.body)
            return
        places = self._named[entry.key.kind]
        for name in entry.key.values:
            places[name].remove(entry)
            if not places[name]:
                del places[name]


def _consider(inquiry: Inquiry, places: dict[str, list[Entry]], names: Iterable[str]) -> None:
    for name in names:
        entries = places.get(name)
        if entries is not None:
            inquiry.consider(entries)


def _union(ask: Callable[[str], frozenset[str]], names: frozenset[str]) -> Iterable[str]:
    """Return all that is answered for any of the names; mostly there is one."""
    if len(names) == 1:
        return ask(*names)
    return set().union(*map(ask, names))
