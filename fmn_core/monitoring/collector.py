"""Collector: reads what stages have counted and timed, at the moment somebody asks. Floor F4."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from importlib.metadata import version

from prometheus_client.core import Metric

from fmn_core.delivery import Delivery
from fmn_core.instruments import Pulse
from fmn_core.matching import TimesRules
from fmn_core.runner import Source, Stage
from fmn_core.supervisor import Supervisor
from fmn_core.worker import Worker

from .census import Census
from .depths import Depths
from .metrics import Sheet

#: what a worker counts beside the outcomes of messages
_NOTIFICATIONS = "notifications"


class StagesCollector:
    """Reads the stages of a process.

    :param pulses: of their threads
    :param depths: of their queues
    :param census: of what waits in the store
    :param ages: seconds since each source of lookups was asked with success
    """

    def __init__(
        self,
        everybody: Sequence[Source | Stage],
        pulses: Mapping[str, Pulse],
        depths: Depths,
        census: Census,
        ages: Callable[[], Mapping[str, float]],
    ) -> None:
        self._everybody, self._pulses, self._ages = everybody, pulses, ages
        self._depths, self._census = depths, census

    def collect(self) -> Iterable[Metric]:
        """Return one reading; called by prometheus-client."""
        sheet = _sheet()
        for name, pulse in self._pulses.items():
            sheet.add("fmn_stage_ready", pulse.ready, name)
            sheet.add("fmn_stage_failures_total", pulse.failures, name)
        for one in self._everybody:
            if isinstance(one, Delivery):
                _delivery(sheet, one)
            else:
                _messages(sheet, one)
            if isinstance(one, Worker):
                _worker(sheet, one)
        _queues(sheet, self._depths)
        _store(sheet, self._census)
        for source, age in self._ages().items():
            sheet.add("fmn_lookups_age_seconds", age, source)
        return sheet.families()


def _sheet() -> Sheet:
    sheet = Sheet()
    sheet.add("fmn_info", 1, version("fmn-core"))
    return sheet


def _messages(sheet: Sheet, one: Source | Stage) -> None:
    for outcome, count in dict(one.counts).items():
        if outcome != _NOTIFICATIONS:
            sheet.add("fmn_messages_total", count, one.name, outcome)


def _worker(sheet: Sheet, worker: Worker) -> None:
    sheet.add("fmn_notifications_total", worker.counts[_NOTIFICATIONS])
    sheet.add_timing("fmn_message_seconds", worker.timing)
    sheet.add_timing("fmn_matching_lag_seconds", worker.lag)
    faults = worker.matcher.faults
    for rule, count in dict(faults.errors).items():
        sheet.add("fmn_rule_errors_total", count, rule)
    if isinstance(worker.matcher, TimesRules):
        for rule, timing in dict(worker.matcher.rule_timings).items():
            sheet.add_timing("fmn_rule_seconds", timing, rule)
    sheet.add("fmn_unusable_filters", len(faults.unusable))
    _revision(sheet, worker.name, worker.revision)


def _delivery(sheet: Sheet, delivery: Delivery) -> None:
    for outcome, count in dict(delivery.counts).items():
        sheet.add("fmn_deliveries_total", count, delivery.backend, str(outcome))
    sheet.add_timing("fmn_delivery_lag_seconds", delivery.lag, delivery.backend)
    sheet.add("fmn_backend_away", bool(delivery.away), delivery.backend)
    _revision(sheet, delivery.name, delivery.revision)


def _queues(sheet: Sheet, depths: Depths) -> None:
    for queue, depth in depths.latest.items():
        sheet.add("fmn_queue_depth", depth, queue)
    if depths.dead is not None:
        sheet.add("fmn_dead_letters", depths.dead)


def _store(sheet: Sheet, census: Census) -> None:
    for backend, reasons in census.waiting.items():
        for reason, count in reasons.items():
            sheet.add("fmn_waiting", count, backend, str(reason))
    for backend, count in census.suspended.items():
        sheet.add("fmn_suspended_destinations", count, backend)


def _revision(sheet: Sheet, stage: str, revision: int | None) -> None:
    if revision is not None:
        sheet.add("fmn_store_revision", revision, stage)


class SupervisorCollector:
    """Reads a supervisor. What its processes do, each tells itself, on a port of its own."""

    def __init__(self, supervisor: Supervisor) -> None:
        self._supervisor = supervisor

    def collect(self) -> Iterable[Metric]:
        """Return one reading; called by prometheus-client."""
        sheet = _sheet()
        for child in self._supervisor.children:
            sheet.add("fmn_process_ready", child.ready, child.name)
            sheet.add("fmn_process_starts_total", child.starts, child.name)
        return sheet.families()
