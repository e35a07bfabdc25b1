"""Plugins: those that are installed where the pages are, sound or broken, and those that are broken in workers."""

from __future__ import annotations

from datetime import UTC, datetime

from flask import Blueprint, render_template

from fmn_core.plugins import Status
from fmn_core.store.reports import WORKER
from fmn_web.parts import Parts

#: what is to be seen first
_ORDER = {Status.BROKEN: 0, Status.SOUND: 1, Status.DISABLED: 2}


def add(pages: Blueprint, parts: Parts) -> None:
    """Add the page."""

    @pages.get("/plugins")
    def plugins() -> str:
        found = sorted(parts.registry.plugins, key=lambda one: (_ORDER[one.status], one.group, one.name))
        broken = sum(one.status is Status.BROKEN for one in found)
        elsewhere = [
            (one.name.removeprefix(WORKER), plugin, reason)
            for one in parts.store.reports.like(WORKER)
            if one.is_fresh(datetime.now(UTC))
            for plugin, reason in one.value.get("broken", {}).items()
        ]
        return render_template("admin/plugins.html", plugins=found, broken=broken, elsewhere=elsewhere)
