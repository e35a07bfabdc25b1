"""LinearMatcher: the algorithm of 2016, kept as the oracle that the index is held against. Floor F3.

For every preference, for every filter, for every rule in order until one fails. Results of identical rules are
remembered for the length of a message under rule, negation and arguments as JSON text; nothing else is clever.
"""

from __future__ import annotations

import json

from fmn_core.errors import UsageError
from fmn_core.lookups import Lookups
from fmn_core.model import Filter, Message, Preference, RuleUse
from fmn_core.rules import RuleBook

from .base import Faults, Match, prepare


class LinearMatcher:
    """Asks every rule of every filter of every preference.

    :param rules: what filters may name
    :param lookups: what rules may ask
    """

    def __init__(self, rules: RuleBook, lookups: Lookups) -> None:
        self.faults = Faults()
        self._rules, self._lookups = rules, lookups
        self._preferences: dict[str, Preference] = {}

    def put(self, preference: Preference) -> None:
        """See :meth:`Matcher.put`."""
        self.remove(preference.id)
        if preference.enabled:
            self._preferences[preference.id] = preference

    def remove(self, preference_id: str) -> None:
        """See :meth:`Matcher.remove`."""
        gone = self._preferences.pop(preference_id, None)
        for one in gone.filters if gone else ():
            self.faults.unusable.pop(one.id, None)

    def match(self, message: Message) -> list[Match]:
        """See :meth:`Matcher.match`."""
        remembered: dict[str, bool] = {}
        found = []
        for preference in self._preferences.values():
            for one in preference.filters:
                if one.active and self._matches(one, message, remembered):
                    found.append(Match(preference, one))
                    break
        return found

    def _matches(self, one: Filter, message: Message, remembered: dict[str, bool]) -> bool:
        for use in one.rules:
            key = json.dumps([use.rule, use.negated, use.arguments], sort_keys=True, default=repr)
            if key not in remembered:
                remembered[key] = self._holds(use, one, message)
            if not remembered[key]:
                return False
        return bool(one.rules)

    def _holds(self, use: RuleUse, one: Filter, message: Message) -> bool:
        try:
            rule, arguments = prepare(use, self._rules)
        except UsageError as error:
            self.faults.refused(one.id, str(error))
            return False
        try:
            return rule.matches(message, arguments, self._lookups) is not use.negated
        except Exception as error:
            self.faults.raised(use.rule, message, error)
            return False
