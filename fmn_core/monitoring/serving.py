"""The server of metrics and health: ``/metrics``, ``/healthz``, ``/healthz/live``, ``/healthz/ready``. Floor F4."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from fmn_core.app import Application
from fmn_core.config import host_and_port
from fmn_core.delivery import Delivery
from fmn_core.errors import UsageError
from fmn_core.runner import Chore, Runner, Source, Stage
from fmn_core.supervisor import Supervisor
from fmn_core.transport.base import MESSAGES
from fmn_core.worker import Worker

from . import health
from .census import Census
from .collector import StagesCollector, SupervisorCollector
from .depths import EVERY, Depths
from .health import Examine

log = logging.getLogger(__name__)

#: seconds that a client may take
PATIENCE = 10.0
JSON = "application/json"

#: status, type and body
Answer = tuple[HTTPStatus, str, bytes]


class _Handler(BaseHTTPRequestHandler):
    """Answers what the pages of its server are asked for."""

    server: Door
    timeout = PATIENCE
    server_version, sys_version = "fmn", ""

    def do_GET(self) -> None:
        """Answer."""
        status, kind, body = self.server.answer(self.path.partition("?")[0])
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - a name of the library
        """Tell of it where somebody looks for it."""
        log.debug(format, *args)


class Door(ThreadingHTTPServer):
    """A place that is taken, and what is to be seen there once it is opened.

    :ivar pages: path -> what makes the answer
    """

    daemon_threads = True

    def __init__(self, host: str, port: int) -> None:
        self.address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        self.pages: Mapping[str, Callable[[], Answer]] = {}
        super().__init__((host, port), _Handler)

    def server_bind(self) -> None:
        """Take the place; the library would ask the name service who we are, too."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.socket.bind(self.server_address)
        self.server_address = self.socket.getsockname()
        self.server_name, self.server_port = str(self.server_address[0]), int(self.server_address[1])

    def answer(self, path: str) -> Answer:
        """Return what is to be seen under a path."""
        if path not in self.pages:
            return HTTPStatus.NOT_FOUND, "text/plain", f"there is {' '.join(self.pages)}\n".encode()
        try:
            return self.pages[path]()
        except Exception:
            log.exception("page %s cannot be made", path)
            return HTTPStatus.INTERNAL_SERVER_ERROR, "text/plain", b"see the log\n"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """Tell of a client that left, where somebody looks for it."""
        log.debug("client %s", client_address, exc_info=True)

    @contextlib.contextmanager
    def open(self, collector: Collector, examine: Examine) -> Iterator[None]:
        """Serve as long as the block lasts."""
        registry = CollectorRegistry()
        registry.register(collector)
        ProcessCollector(registry=registry)
        self.pages = {
            "/metrics": lambda: (HTTPStatus.OK, CONTENT_TYPE_LATEST, generate_latest(registry)),
            "/healthz": lambda: _judged(health.whole(examine())),
            "/healthz/live": lambda: _judged(health.live(examine())),
            "/healthz/ready": lambda: _judged(health.ready(examine())),
        }
        thread = threading.Thread(target=partial(self.serve_forever, 0.1), name="monitoring", daemon=True)
        thread.start()
        try:
            yield
        finally:
            self.shutdown()
            self.server_close()


def _judged(judgement: tuple[bool, dict[str, Any]]) -> Answer:
    well, words = judgement
    status = HTTPStatus.OK if well else HTTPStatus.SERVICE_UNAVAILABLE
    return status, JSON, json.dumps(words).encode() + b"\n"


def open_door(listen: str) -> Door:
    """Take a place, before anything else is done that would be in vain without it.

    :param listen: ``HOST:PORT``; port 0 for any that is free
    :raises UsageError: if somebody else has it
    """
    try:
        return Door(*host_and_port(listen))
    except OSError as error:
        raise UsageError(f"monitoring cannot listen on {listen}: {error.strerror or error}") from None


@contextlib.contextmanager
def monitored(
    door: Door, app: Application, runner: Runner, stages: Sequence[Stage], sources: Sequence[Source]
) -> Iterator[None]:
    """Let stages be watched as long as the block lasts; the runner is not running yet."""
    queues = list(dict.fromkeys([*([MESSAGES] if sources else []), *(q for one in stages for q in one.queues)]))
    depths = Depths(queues)
    runner.add(Chore("look at the queues", EVERY, depths.look, wired=True))
    backends = [one.backend for one in stages if isinstance(one, Delivery)]
    census = Census(backends)
    if backends:
        runner.add(Chore("look at the waiting room", EVERY, lambda: census.look(app.store)))
    ages: Callable[[], Mapping[str, float]] = dict
    if any(isinstance(one, Worker) for one in stages):  # it alone has lookups, which nobody else shall load
        ages = getattr(app.lookups, "ages", dict)
    collector = StagesCollector([*sources, *stages], runner.pulses, depths, census, ages)
    with door.open(collector, partial(health.of_stages, runner.pulses, stages)):
        yield


@contextlib.contextmanager
def supervised_by(door: Door, supervisor: Supervisor) -> Iterator[None]:
    """Let a supervisor be watched as long as the block lasts."""
    with door.open(SupervisorCollector(supervisor), partial(health.of_supervisor, supervisor)):
        yield
