"""Dead letters: what was given up and why, and orders to try it again or to forget it. The clerk carries them out."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from werkzeug import Response

from fmn_core.store import What
from fmn_core.store.reports import DEAD, QUEUES
from fmn_web.parts import Parts
from fmn_web.visitor import visitor

from .wording import age, order_in_words

#: orders that are shown
SHOWN = 20
#: after which it is said that nobody carries out an order
LATE = timedelta(seconds=30)


def add(pages: Blueprint, parts: Parts) -> None:
    """Add the pages."""

    @pages.get("/dead")
    def dead() -> str:
        orders, now = parts.store.orders.latest(SHOWN, whats=[What.REPLAY, What.DROP]), datetime.now(UTC)
        queues, told = parts.store.reports.find(QUEUES), parts.store.reports.find(DEAD)
        return render_template(
            "admin/dead.html",
            letters=[_letter(one) for one in told.value["letters"]] if told else [],
            queues=queues,
            ordered={one.argument for one in orders if one.done_at is None},
            orders=orders,
            late=any(one.done_at is None and now - one.made_at > LATE for one in orders),
            now=now,
            age=age,
            order_in_words=order_in_words,
        )

    @pages.post("/dead/replay")
    def replay() -> Response:
        return _order(parts, What.REPLAY, request.form.get("id"))

    @pages.post("/dead/drop")
    def drop() -> Response:
        return _order(parts, What.DROP, request.form.get("id"))

    @pages.post("/dead/replay-all")
    def replay_all() -> Response:
        if request.form.get("sure"):
            parts.store.orders.place(What.REPLAY, None, visitor(), datetime.now(UTC))
            flash("It is ordered. What came of it stands below in a moment.")
        else:
            flash("Nothing was ordered: tick the box to say that you mean all.")
        return redirect(url_for("admin.dead"))


def _order(parts: Parts, what: What, letter: str | None) -> Response:
    if letter:
        parts.store.orders.place(what, letter, visitor(), datetime.now(UTC))
        flash("It is ordered. What came of it stands below in a moment.")
    return redirect(url_for("admin.dead"))


def _letter(told: dict[str, Any]) -> dict[str, Any]:
    return {**told, "died_at": datetime.fromtimestamp(told["died_at"], UTC)}
