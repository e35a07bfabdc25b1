"""Volume: how many notifications there were on each of the last days, as a drawing and as a table."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, render_template

from fmn_web.parts import Parts

from . import plot
from .wording import OUTCOMES

DAYS = 30


def add(pages: Blueprint, parts: Parts) -> None:
    """Add the page."""

    @pages.get("/volume")
    def volume() -> str:
        found = parts.store.ledger.volume(datetime.now(UTC).date(), DAYS)
        return render_template(
            "admin/volume.html",
            volume=found,
            plot=plot.drawn(found),
            width=plot.WIDTH,
            height=plot.HEIGHT,
            left=plot.LEFT,
            stack=plot.STACK,
            outcomes=OUTCOMES,
            days=DAYS,
        )
