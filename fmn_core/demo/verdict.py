"""What should have arrived, found without index, queues and ledger, and how it compares with what did. Floor F4."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from fmn_core.backends import Arrival, Rehearsal
from fmn_core.lookups import Lookups
from fmn_core.matching import LinearMatcher, notifications
from fmn_core.model import Message, Notification, Preference
from fmn_core.rules import RuleBook


def expected(
    messages: Iterable[Message], preferences: Iterable[Preference], rules: RuleBook, lookups: Lookups
) -> list[Notification]:
    """Ask every filter about every message.

    :param messages: described
    """
    matcher = LinearMatcher(rules, lookups)
    for preference in preferences:
        matcher.put(_named(preference))
    return [one for message in messages for one in notifications(message, matcher.match(message))]


def _named(preference: Preference) -> Preference:
    """Give ids to what has not been near a store."""
    key = f"{preference.user}/{preference.backend}"
    filters = tuple(replace(one, id=f"{key}/{number}") for number, one in enumerate(preference.filters))
    return replace(preference, id=key, filters=filters)


@dataclass
class Verdict:
    """How what arrived compares with what should have.

    :param arrived: arrivals by backend, whatever they are
    :param missing: what should have arrived and did not
    :param surplus: backend and arrival of what should not, or not again
    """

    arrived: Counter[str] = field(default_factory=Counter)
    missing: list[Notification] = field(default_factory=list)
    surplus: list[tuple[str, Arrival]] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether everything arrived, once, and nothing else."""
        return not self.missing and not self.surplus


def judge(wanted: Iterable[Notification], rehearsals: Mapping[str, Rehearsal]) -> Verdict:
    """Hold what the far ends received against what they should have."""
    waiting: dict[tuple[str, str], list[Notification]] = defaultdict(list)
    for notification in wanted:
        waiting[notification.backend, notification.destination].append(notification)
    verdict = Verdict()
    for backend, rehearsal in rehearsals.items():
        for arrival in rehearsal.arrived():
            verdict.arrived[backend] += 1
            candidates = waiting[backend, arrival.destination]
            found = _recognise(arrival, candidates, rehearsal)
            if found is None:
                verdict.surplus.append((backend, arrival))
            else:
                candidates.remove(found)
    verdict.missing = [notification for rest in waiting.values() for notification in rest]
    return verdict


def _recognise(arrival: Arrival, candidates: Sequence[Notification], rehearsal: Rehearsal) -> Notification | None:
    """Return the notification that an arrival is; of several marks in its text the longest says most."""
    marked = [(len(mark), one) for one in candidates if (mark := rehearsal.mark(one)) in arrival.text]
    return max(marked, key=lambda pair: pair[0])[1] if marked else None
