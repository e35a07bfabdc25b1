"""Rules: what each costs, and which of them raise, as the workers that run now have told."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from flask import Blueprint, render_template, request

from fmn_core.store.reports import WORKER, Report
from fmn_web.parts import Parts


@dataclass(frozen=True)
class Cost:
    """What a rule costs.

    :param count: questions that were timed
    :param seconds: that these took
    :param errors: messages on which it raised
    """

    identifier: str
    title: str
    plugin: str
    count: int
    seconds: float
    errors: int

    @property
    def mean(self) -> float:
        """Microseconds of a question."""
        return self.seconds / self.count * 1e6 if self.count else 0.0


#: what the table can be sorted by: heading, and the key of a row
SORTS = {
    "cost": ("Each question", lambda one: (-one.mean, one.identifier)),
    "share": ("All together", lambda one: (-one.seconds, one.identifier)),
    "errors": ("Errors", lambda one: (-one.errors, -one.mean, one.identifier)),
    "name": ("Rule", lambda one: one.identifier),
}


def add(pages: Blueprint, parts: Parts) -> None:
    """Add the page."""

    @pages.get("/rules")
    def rules() -> str:
        fresh = [one for one in parts.store.reports.like(WORKER) if one.is_fresh(datetime.now(UTC))]
        by = request.args.get("by", "")
        by = by if by in SORTS else "cost"
        return render_template(
            "admin/rules.html",
            rules=sorted(costs(fresh, parts), key=SORTS[by][1]),
            workers=len(fresh),
            unusable=max((one.value.get("unusable", 0) for one in fresh), default=0),
            by=by,
            headings={name: heading for name, (heading, _) in SORTS.items()},
        )


def costs(reports: Iterable[Report], parts: Parts) -> list[Cost]:
    """Add up what workers have told."""
    total: dict[str, dict[str, Any]] = {}
    for report in reports:
        for name, numbers in report.value.get("rules", {}).items():
            sums = total.setdefault(name, {"count": 0, "seconds": 0.0, "errors": 0})
            for what in sums:
                sums[what] += numbers.get(what, 0)
    book = parts.registry.rules
    known = {name: (book.get(name).title, book.plugin_of(name)) for name in total if name in book}
    return [Cost(name, *known.get(name, ("not installed here", "")), **sums) for name, sums in total.items()]
