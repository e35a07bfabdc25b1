"""Admin: pages for those who run the instance. They read the store and write orders into it; no broker is asked."""

from __future__ import annotations

from flask import Blueprint

from fmn_web.parts import Parts

from . import dead, deeds, log, overview, people, plugins, rules, volume

#: endpoint and title of the pages, in their order
TABS = (
    ("admin.overview", "Overview"),
    ("admin.users", "Users"),
    ("admin.plugins", "Plugins"),
    ("admin.rules", "Rules"),
    ("admin.dead", "Dead letters"),
    ("admin.volume", "Volume"),
    ("admin.log", "Log"),
)


def blueprint(parts: Parts) -> Blueprint:
    """Make the pages."""
    pages = Blueprint("admin", __name__, url_prefix="/admin")
    pages.context_processor(lambda: {"tabs": TABS})
    for topic in (overview, people, deeds, plugins, rules, dead, volume, log):
        topic.add(pages, parts)
    return pages


def is_admin(parts: Parts, name: str) -> bool:
    """Tell whether somebody runs this instance: as the lookups know the group, or as the configuration says."""
    web = parts.settings.web
    return name in web.admins or (bool(web.admin_group) and name in parts.lookups.members(web.admin_group))
