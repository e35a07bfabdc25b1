"""A small local server that speaks what is recorded, in the form of the real services."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest

RECORDED = Path(__file__).parent / "answers.jsonl"


class Far:
    """The far end: says what it was told to say, and remembers what it was asked."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[int, dict[str, str], bytes]] = {}
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.released = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        threading.Thread(target=self._server.serve_forever, args=(0.02,), daemon=True).start()

    def say(self, path: str, body: Any, status: int = 200, **headers: str) -> None:
        """Answer with bytes, or with JSON."""
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        self.answers[path] = (status, {name.replace("_", "-"): value for name, value in headers.items()}, content)

    def record(self, path: Path = RECORDED) -> None:
        """Say what is recorded in a file."""
        for line in path.read_text("utf-8").splitlines():
            row = json.loads(line)
            self.say(row["url"], row["body"], row["status"])

    def paths(self) -> list[str]:
        return [path for path, _ in self.asked]

    def close(self) -> None:
        self.released.set()
        self._server.shutdown()
        self._server.server_close()

    def _handler(far) -> type[BaseHTTPRequestHandler]:  # noqa: N805 - its inner class has a self of its own
        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            wbufsize = -1  # headers and body in one packet, else each answer waits for an acknowledgement

            def do_GET(self) -> None:
                headers = {name.lower(): value for name, value in self.headers.items()}
                far.asked.append((self.path, headers))
                if self.path.startswith("/hang"):
                    far.released.wait(30)
                    return
                status, extra, body = far.answers.get(self.path, (404, {}, b"<h1>nothing here</h1>"))
                if "ETag" in extra and headers.get("if-none-match") == extra["ETag"]:
                    status, body = 304, b""
                self.send_response(status)
                for name, value in extra.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *arguments: Any) -> None:
                """Say nothing on standard error."""

        return Handler


@pytest.fixture
def far(monkeypatch: pytest.MonkeyPatch) -> Iterator[Far]:
    """A server of this test's own; no proxy stands before it."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    server = Far()
    yield server
    server.close()


@pytest.fixture
def recorded(far: Far) -> Far:
    """The server, which says what is recorded."""
    far.record()
    return far
