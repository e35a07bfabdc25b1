"""Datagrepper in small: a server that speaks its JSON, and misbehaves as it is told to."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ROWS = 100


def fedmsg(message_id: str, topic: str, timestamp: float, **body: Any) -> dict[str, Any]:
    """Return a message as datagrepper gives it."""
    return {
        "i": 1, "msg_id": message_id, "topic": topic, "timestamp": timestamp, "msg": body, "source_name": "datanommer",
        "source_version": "0.6.4", "headers": {}, "username": None, "certificate": None, "signature": None,
    }  # fmt: skip


class Grepper:
    """``with`` runs it.

    :ivar messages: what it knows
    :ivar instead: answers in place of it; gets the handler
    :ivar asked: what it was asked, path and query
    """

    def __init__(self) -> None:
        self.messages: list[dict[str, Any]] = []
        self.instead: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.asked: list[tuple[str, dict[str, str]]] = []
        grepper = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                parts = urlsplit(self.path)
                query = {name: values[0] for name, values in parse_qs(parts.query).items()}
                grepper.asked.append((parts.path, query))
                if grepper.instead:
                    grepper.instead(self)
                else:
                    answer(self, *grepper.answer(parts.path, query))

            def log_message(self, *arguments: Any) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}/datagrepper"

    def __enter__(self) -> Grepper:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.02,))
        self._thread.start()
        return self

    def __exit__(self, *error: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def answer(self, path: str, query: dict[str, str]) -> tuple[int, Any]:
        if path == "/datagrepper/id":
            found = [one for one in self.messages if one["msg_id"] == query["id"]]
            return (200, found[0]) if found else (404, {"error": "not found"})
        start, end, number = float(query["start"]), float(query["end"]), int(query["page"])
        found = [one for one in self.messages if start <= one["timestamp"] <= end]
        if "package" in query:
            found = [one for one in found if query["package"] in one["msg"].get("packages", [])]
        found.sort(key=lambda one: one["timestamp"], reverse=True)
        rows = int(query["rows_per_page"])
        some = found[(number - 1) * rows : number * rows]
        return 200, {"raw_messages": some, "count": len(some), "total": len(found), "pages": -(-len(found) // rows)}


def answer(handler: BaseHTTPRequestHandler, status: int, body: Any) -> None:
    """Answer with JSON, or with what is no JSON."""
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    handler.send_response(status)
    handler.send_header("Content-Type", "application/json")
    handler.send_header("Content-Length", str(len(raw)))
    handler.end_headers()
    handler.wfile.write(raw)
