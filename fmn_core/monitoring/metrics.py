"""The metrics that there are, each declared once, and the sheet that one reading of them fills. Floor F4."""

from __future__ import annotations

import itertools
from collections.abc import Iterable
from enum import Enum
from typing import NamedTuple

from prometheus_client.core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    HistogramMetricFamily,
    Metric,
    SummaryMetricFamily,
)

from fmn_core.instruments import Timing


class Kind(Enum):
    """What Prometheus makes of a metric."""

    COUNTER = CounterMetricFamily
    GAUGE = GaugeMetricFamily
    HISTOGRAM = HistogramMetricFamily
    SUMMARY = SummaryMetricFamily


class Declared(NamedTuple):
    """A metric.

    :param meaning: for whoever reads it
    """

    name: str
    kind: Kind
    labels: tuple[str, ...]
    meaning: str


METRICS = {
    one.name: one
    for one in (
        Declared("fmn_info", Kind.GAUGE, ("version",), "always 1; the version that runs"),
        Declared("fmn_stage_ready", Kind.GAUGE, ("stage",), "1 where a stage has all it needs, else 0"),
        Declared("fmn_stage_failures_total", Kind.COUNTER, ("stage",), "times that a stage stopped and began again"),
        Declared("fmn_messages_total", Kind.COUNTER, ("stage", "outcome"), "messages by what became of them"),
        Declared("fmn_notifications_total", Kind.COUNTER, (), "notifications that matching made"),
        Declared("fmn_message_seconds", Kind.HISTOGRAM, (), "a message in a worker, until it is handed over"),
        Declared("fmn_matching_lag_seconds", Kind.HISTOGRAM, (), "from the bus until notifications are handed over"),
        Declared("fmn_rule_errors_total", Kind.COUNTER, ("rule",), "messages on which a rule raised"),
        Declared("fmn_rule_seconds", Kind.SUMMARY, ("rule",), "a question to a rule, of one message a second"),
        Declared("fmn_unusable_filters", Kind.GAUGE, (), "filters that can never match, for want of a rule"),
        Declared("fmn_store_revision", Kind.GAUGE, ("stage",), "revision of the preferences that are in force"),
        Declared("fmn_deliveries_total", Kind.COUNTER, ("backend", "outcome"), "attempts by what became of them"),
        Declared("fmn_delivery_lag_seconds", Kind.HISTOGRAM, ("backend",), "from the bus until it is sent"),
        Declared("fmn_backend_away", Kind.GAUGE, ("backend",), "1 while a backend is away and its queue waits, else 0"),
        Declared("fmn_waiting", Kind.GAUGE, ("backend", "reason"), "notifications in the waiting room of the store"),
        Declared("fmn_suspended_destinations", Kind.GAUGE, ("backend",), "addresses that were refused"),
        Declared("fmn_dead_letters", Kind.GAUGE, (), "pieces of work that were given up"),
        Declared("fmn_queue_depth", Kind.GAUGE, ("queue",), "pieces that wait on a queue or are out"),
        Declared("fmn_lookups_age_seconds", Kind.GAUGE, ("source",), "age of the answers that serve"),
        Declared("fmn_process_ready", Kind.GAUGE, ("process",), "1 where a supervised process is ready, else 0"),
        Declared("fmn_process_starts_total", Kind.COUNTER, ("process",), "times that a process was started"),
    )
}


class Sheet:
    """One reading. What is not declared cannot be added."""

    def __init__(self) -> None:
        self._families: dict[str, Metric] = {}

    def add(self, name: str, value: float, *labels: str) -> None:
        """Add the value of a counter or gauge."""
        family = self._family(name)
        assert isinstance(family, CounterMetricFamily | GaugeMetricFamily)  # noqa: S101 - an invariant of ours
        family.add_metric(labels, value)

    def add_timing(self, name: str, timing: Timing, *labels: str) -> None:
        """Add what a timing has noted."""
        family = self._family(name)
        counts = list(timing.counts)  # copied first: the stage goes on
        if isinstance(family, SummaryMetricFamily):
            family.add_metric(labels, count_value=sum(counts), sum_value=timing.sum)
            return
        assert isinstance(family, HistogramMetricFamily)  # noqa: S101 - an invariant of ours
        bounds = [*map(str, timing.bounds), "+Inf"]
        buckets = list(zip(bounds, itertools.accumulate(counts), strict=True))
        family.add_metric(labels, buckets=buckets, sum_value=timing.sum)

    def families(self) -> Iterable[Metric]:
        """Return all that was added."""
        return self._families.values()

    def _family(self, name: str) -> Metric:
        if name not in self._families:
            declared = METRICS[name]
            self._families[name] = declared.kind.value(name, declared.meaning, labels=declared.labels)
        return self._families[name]
