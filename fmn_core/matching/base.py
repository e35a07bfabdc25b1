"""Match, the contract of every engine, what both remember of faults, and the way from matches to notifications.

Floor F3. The semantics are those of a filter's rules joined by AND and a preference's filters tried in order.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

from fmn_core.errors import ArgumentsError, UsageError
from fmn_core.instruments import Timing
from fmn_core.model import Filter, Message, Notification, Preference, RuleUse, notification_id
from fmn_core.rules import Arguments, Rule, RuleBook
from fmn_core.summaries import freeze

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Match:
    """A message is wanted by a preference, because of the first of its filters that matches."""

    preference: Preference
    filter: Filter


class Faults:
    """What went wrong with rules: counted for every message, logged once.

    :ivar errors: rule identifier -> how often it raised
    :ivar unusable: filter id -> why the filter can never match: a rule that is not installed, or its arguments
    """

    def __init__(self) -> None:
        self.errors: Counter[str] = Counter()
        self.unusable: dict[str, str] = {}
        self._said: set[str] = set()

    def raised(self, rule: str, message: Message, error: Exception) -> None:
        """Count a rule that raised; the filter does not match, negated or not."""
        self.errors[rule] += 1
        if rule not in self._said:
            self._said.add(rule)
            log.warning(
                "rule %r raised %s on message %s (%s); filters with it do not match, and this is said once",
                rule, repr(error)[:200], message.id, message.topic,
                exc_info=error if log.isEnabledFor(logging.DEBUG) else None,
            )  # fmt: skip

    def refused(self, filter_id: str, reason: str) -> None:
        """Remember a filter that cannot be used."""
        self.unusable[filter_id] = reason
        if reason not in self._said:
            self._said.add(reason)
            log.warning("filter %s cannot match, nor others for the same reason: %s", filter_id, reason)


class Matcher(Protocol):
    """Holds preferences and says which of them want a message. Belongs to one thread."""

    faults: Faults

    def match(self, message: Message) -> list[Match]:
        """Return one match for each preference that wants a message, in no particular order.

        :param message: described by a :class:`fmn_core.summaries.SummaryBook`
        """

    def put(self, preference: Preference) -> None:
        """Take a preference, in place of the one with the same id; one that is disabled is forgotten."""

    def remove(self, preference_id: str) -> None:
        """Forget a preference; one that is not known is no error."""


@runtime_checkable
class TimesRules(Protocol):
    """An engine that can tell how long rules take, at no cost to matching.

    :ivar rule_timings: by rule identifier
    """

    rule_timings: dict[str, Timing]

    def time_rules(self) -> None:
        """Put the latest message to its rules once more, with a watch: do it now and then."""


def prepare(use: RuleUse, rules: RuleBook) -> tuple[Rule, Arguments]:
    """Return the rule that a filter uses, and its arguments validated.

    :raises UsageError: if the rule is not installed or cannot take these arguments, whatever its validators raised
    """
    rule = rules.get(use.rule)
    try:
        return rule, rule.parse(use.arguments)
    except UsageError:
        raise
    except Exception as error:
        raise ArgumentsError(use.rule, [repr(error)]) from None


def notifications(message: Message, matches: Iterable[Match]) -> list[Notification]:
    """Make one notification for each confirmed destination of each match.

    :param message: described; its facts are computed in full if there is anything to notify of
    """
    wanted = [(one, place) for one in matches for place in one.preference.destinations if place.receives]
    if not wanted:
        return []
    common = {
        "message_id": message.id,
        "topic": message.topic,
        "sent_at": message.sent_at,
        "severity": message.severity,
        "facts": freeze(message.facts),
    }
    return [_notification(common, one, place.address) for one, place in wanted]


def _notification(common: Mapping[str, Any], one: Match, address: str) -> Notification:
    """Make a notification without its constructor, which takes three times as long.

    :param common: fields that all notifications of a message share
    """
    preference, used = one.preference, one.filter
    made = object.__new__(Notification)
    fields = made.__dict__
    fields.update(common)
    fields["id"] = notification_id(common["message_id"], preference.user, preference.backend, address)
    fields["user"], fields["backend"], fields["destination"] = preference.user, preference.backend, address
    fields["preference"], fields["presentation"] = preference.id, preference.presentation
    fields["filter_id"], fields["filter_name"], fields["oneshot"] = used.id, used.name, used.oneshot
    return made
