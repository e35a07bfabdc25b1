"""For WSGI servers: ``fmn_web.wsgi:create``. The one module of the web that assembles its parts itself."""

from __future__ import annotations

from flask import Flask

from fmn_core.app import Application
from fmn_core.config import load_settings

from . import create_app


def create(application: Application | None = None) -> Flask:
    """Build the web application from the configuration that ``FMN_CONFIG`` names.

    :param application: ready-made parts, from a command that has them already
    """
    parts = application or Application(load_settings())
    return create_app(parts.settings, parts.registry, parts.store, parts.lookups)
