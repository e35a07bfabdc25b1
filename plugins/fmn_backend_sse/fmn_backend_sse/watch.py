"""How a server is, for those who operate it: metrics and health, at a place of their own. No name of anybody."""

from __future__ import annotations

from aiohttp import web

from .figures import CONTENT_TYPE, Figures
from .hub import Hub


class Watch:
    """Answers ``/metrics``, ``/healthz``, ``/healthz/live`` and ``/healthz/ready``."""

    def __init__(self, hub: Hub, figures: Figures) -> None:
        self._hub, self._figures = hub, figures

    def application(self) -> web.Application:
        """Return the pages as aiohttp runs them."""
        application = web.Application()
        application.router.add_get("/metrics", self._metrics)
        application.router.add_get("/healthz/live", self._live)
        for path in ("/healthz", "/healthz/ready"):
            application.router.add_get(path, self.ready)
        return application

    async def ready(self, request: web.Request) -> web.Response:
        """Tell whether events can be read."""
        ready = self._hub.reachable.is_set()
        return web.json_response({"ready": ready}, status=200 if ready else 503)

    async def _live(self, request: web.Request) -> web.Response:
        return web.json_response({"live": True})

    async def _metrics(self, request: web.Request) -> web.Response:
        now = {"clients": self._hub.clients, "users": self._hub.users, "carrier_up": self._hub.reachable.is_set()}
        return web.Response(text=self._figures.text(now), headers={"Content-Type": CONTENT_TYPE})
