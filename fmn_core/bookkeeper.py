"""Bookkeeper: tells the store what the rules of this process cost and which of them fail, every few seconds. Floor F3.

It reads plain numbers that the worker keeps anyway, in a thread of its own. A store that is away is told of elsewhere.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from typing import Any

from .errors import StoreError
from .matching import TimesRules
from .plugins import PluginInfo, Status
from .store import Store
from .store.reports import WORKER
from .worker import Worker

log = logging.getLogger(__name__)


class Bookkeeper:
    """Tells of the workers of this process.

    :param plugins: those of this process
    :param now: the time
    """

    def __init__(
        self,
        store: Store,
        workers: Sequence[Worker],
        plugins: Sequence[PluginInfo] = (),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._store, self._workers, self._now = store, workers, now
        self._broken = {f"{one.name} {one.version}": one.reason for one in plugins if one.status is Status.BROKEN}
        self._name = f"{WORKER}{socket.gethostname()}.{os.getpid()}"

    def turn(self) -> None:
        """Tell once; while the store is away, nobody is told."""
        try:
            reports = self._store.reports
            for number, worker in enumerate(self._workers):
                value = {**told(worker), "broken": self._broken}
                reports.put(f"{self._name}.{number}" if number else self._name, value, self._now())
        except StoreError as error:
            log.debug("nobody is told what rules cost: %s", error)


def told(worker: Worker) -> dict[str, Any]:
    """Return what a worker has to tell, since it began."""
    errors = dict(worker.matcher.faults.errors)
    timings = dict(worker.matcher.rule_timings) if isinstance(worker.matcher, TimesRules) else {}
    rules = {name: {"count": 0, "seconds": 0.0, "errors": errors.get(name, 0)} for name in {*errors, *timings}}
    for name, timing in timings.items():
        rules[name].update(count=timing.count, seconds=timing.sum)
    return {
        "rules": rules,
        "revision": worker.revision,
        "matched": worker.counts["matched"],
        "notifications": worker.counts["notifications"],
        "unusable": len(worker.matcher.faults.unusable),
    }
