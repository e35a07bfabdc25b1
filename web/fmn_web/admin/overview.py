"""Overview: how queues, workers and deliveries are, and what became of today's notifications."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, render_template

from fmn_core.model import Outcome
from fmn_core.store import Why
from fmn_core.store.reports import QUEUES, WORKER, Report
from fmn_web.parts import Parts

from .wording import OUTCOMES, REASONS, age


def add(pages: Blueprint, parts: Parts) -> None:
    """Add the page."""

    @pages.get("")
    def overview() -> str:
        now = datetime.now(UTC)
        (today,) = parts.store.ledger.volume(now.date(), 1).values()
        return render_template(
            "admin/overview.html",
            queues=parts.store.reports.find(QUEUES),
            workers=_workers(parts, now),
            today={OUTCOMES[outcome]: today[outcome] for outcome in Outcome},
            backends=_backends(parts),
            reasons=REASONS,
            now=now,
            age=age,
        )


def _workers(parts: Parts, now: datetime) -> list[tuple[Report, int | None]]:
    """Return the workers that told of themselves lately, and how many changes of preferences each is behind."""
    revision = parts.store.preferences.revision()
    fresh = [one for one in parts.store.reports.like(WORKER) if one.is_fresh(now)]
    known = [(one, one.value.get("revision")) for one in fresh]
    return [(one, None if at is None else max(0, revision - at)) for one, at in known]


def _backends(parts: Parts) -> list[tuple[str, dict[Why, int], int]]:
    """Return the title of each backend, what waits for it and why, and how many of its addresses are suspended."""
    store = parts.store
    found = []
    for name, one in sorted(parts.registry.backends.items()):
        waiting = {why: count for why, count in store.waiting.census(name).items() if count}
        found.append((one.title, waiting, store.switches.suspended(name)))
    return found
