"""Log: what those who run the instance have done: acted as somebody, disabled somebody, ordered something."""

from __future__ import annotations

from flask import Blueprint, render_template, request

from fmn_web.parts import Parts

from .wording import order_in_words

#: entries on a page
SHOWN = 50


def add(pages: Blueprint, parts: Parts) -> None:
    """Add the page."""

    @pages.get("/log")
    def log() -> str:
        found = parts.store.orders.latest(SHOWN + 1, request.args.get("before", ""))
        older = found[SHOWN - 1].id if len(found) > SHOWN else ""
        return render_template("admin/log.html", orders=found[:SHOWN], older=older, order_in_words=order_in_words)
