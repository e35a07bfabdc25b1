"""Plugins: those that are installed where the pages are, sound or broken."""

from __future__ import annotations

from flask import Blueprint, render_template

from fmn_core.plugins import Status
from fmn_web.parts import Parts

#: what is to be seen first
_ORDER = {Status.BROKEN: 0, Status.SOUND: 1, Status.DISABLED: 2}


def add(pages: Blueprint, parts: Parts) -> None:
    """Add the page."""

    @pages.get("/plugins")
    def plugins() -> str:
        found = sorted(parts.registry.plugins, key=lambda one: (_ORDER[one.status], one.group, one.name))
        broken = sum(one.status is Status.BROKEN for one in found)
        return render_template("admin/plugins.html", plugins=found, broken=broken)
