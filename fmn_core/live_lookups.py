"""The snapshot in force: swapped as a whole, so that a reader never sees half of it and never waits. Floor F1."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from .lookups import Answers, Kind
from .snapshot import Snapshot


class LiveLookups:
    """What rules ask. Reading costs no more than from the snapshot itself.

    :param clock: returns seconds since the epoch
    :ivar answers: the last answers of each source, of which the snapshot is made
    :ivar failures: source -> why it gives no answer now
    """

    snapshot: Snapshot
    owners: Callable[[str], frozenset[str]]
    packages: Callable[..., frozenset[str]]
    members: Callable[[str], frozenset[str]]
    groups: Callable[[str], frozenset[str]]
    known: Callable[[Kind], tuple[str, ...]]

    def __init__(self, clock: Callable[[], float] = time.time) -> None:
        self._clock = clock
        self.answers: Mapping[str, Answers] = {}
        self.failures: Mapping[str, str] = {}
        self._swap(Snapshot())

    def use(self, answers: Mapping[str, Answers]) -> None:
        """Swap in the answers of all sources.

        :param answers: by name of the source, always in the same order
        """
        self._swap(self.snapshot.patched(one.data for one in answers.values()))
        self.answers = dict(answers)

    def ages(self) -> dict[str, float]:
        """Return for each source that has answered the seconds since it was asked for everything."""
        now = self._clock()
        return {name: max(0.0, now - one.label.fetched_at) for name, one in self.answers.items()}

    def _swap(self, snapshot: Snapshot) -> None:
        """Swap in attribute and answers in one step, so that no reader sees half of each.

        The answers are bound methods of the snapshot, so that asking costs no further call.
        """
        vars(self).update(
            snapshot=snapshot,
            owners=snapshot.owners,
            packages=snapshot.packages,
            members=snapshot.members,
            groups=snapshot.groups,
            known=snapshot.known,
        )
