"""The far end for the demo: a web server on this machine that writes down what is posted to it."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from fmn_core import Arrival, Rehearsal


class _Server(ThreadingHTTPServer):
    """A server that keeps what arrives, also in a file."""

    def __init__(self, file: Path) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.file, self.arrived, self.lock = file, list[Arrival](), threading.Lock()

    @property
    def place(self) -> str:
        """Its URL."""
        return f"http://127.0.0.1:{self.server_port}"

    def keep(self, path: str, text: str) -> None:
        """Write down what was posted."""
        with self.lock, self.file.open("a", encoding="utf-8") as lines:
            lines.write(text + "\n")
            self.arrived.append(Arrival(self.place + path, text))


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_POST(self) -> None:
        """Keep the text, and say that it is here."""
        self.server.keep(self.path, self.rfile.read(int(self.headers["Content-Length"])).decode("utf-8"))
        self.send_response(204)
        self.end_headers()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - a name of the library
        """Say nothing: the demo has its own screen."""


class WebhookRehearsal(Rehearsal):
    """Webhooks on this machine.

    :param folder: where what arrives is written down
    """

    def __init__(self, folder: Path) -> None:
        self._server = _Server(folder / "webhooks.jsonl")
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)
        self._thread.start()
        self.title = f"web server {self._server.place}"
        self.settings = {"webhook": {"hosts": ["127.0.0.1"]}}

    def addresses(self, user: str) -> Sequence[str]:
        """See :meth:`fmn_core.Rehearsal.addresses`."""
        return [f"{self._server.place}/{user}"]

    def arrived(self) -> Sequence[Arrival]:
        """See :meth:`fmn_core.Rehearsal.arrived`."""
        with self._server.lock:
            return list(self._server.arrived)

    def close(self) -> None:
        """See :meth:`fmn_core.Rehearsal.close`."""
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
