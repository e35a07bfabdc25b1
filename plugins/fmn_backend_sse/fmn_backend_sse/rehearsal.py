"""The far end of a demo: the server of live events on a free port, and a client that keeps what it receives."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from http.client import HTTPResponse
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from fmn_core import Arrival, Rehearsal, Settings

from .keys import opened_keys
from .serving import serving

LOG = "events.jsonl"


class StreamRehearsal(Rehearsal):
    """A server, and a client for each user.

    :param folder: the data folder, where ``events.jsonl`` is written too
    """

    def __init__(self, folder: Path) -> None:
        self._stack = ExitStack()
        settings = Settings(data_dir=folder, plugin={"sse": {"port": 0}})
        self.title = "events at"
        self._url = self._stack.enter_context(serving(settings))
        self._keys = self._stack.enter_context(opened_keys(settings))
        self.settings = {"sse": {"port": int(self._url.rpartition(":")[2])}}
        self._log = folder / LOG
        self._log.touch()
        self._lock = threading.Lock()
        self._arrived: list[Arrival] = []
        self._clients: list[tuple[HTTPResponse, threading.Thread]] = []

    def addresses(self, user: str) -> Sequence[str]:
        """See :meth:`fmn_core.Rehearsal.addresses`."""
        stream = self._keys.url(self._url, user)
        response = urlopen(stream, timeout=60)  # noqa: S310 - our own server; it gives a sign of life before that
        client = threading.Thread(target=self._listen, args=(user, response), name=f"client-{user}", daemon=True)
        client.start()
        self._clients.append((response, client))
        self.title += f" {stream}"
        return [user]

    def arrived(self) -> Sequence[Arrival]:
        """See :meth:`fmn_core.Rehearsal.arrived`."""
        with self._lock:
            return list(self._arrived)

    def close(self) -> None:
        """See :meth:`fmn_core.Rehearsal.close`."""
        self._stack.close()  # the server ends the streams, and the clients with them
        for response, client in self._clients:
            client.join()
            response.close()

    def _listen(self, user: str, response: HTTPResponse) -> None:
        for event in events(line.decode("utf-8").rstrip("\r\n") for line in response):
            row = {"user": user, **event, "data": json.loads(event["data"])}
            with self._lock, self._log.open("a", encoding="utf-8") as log:
                log.write(json.dumps(row) + "\n")
                self._arrived.append(Arrival(user, event["data"]))


def events(lines: Iterator[str]) -> Iterator[dict[str, Any]]:
    """Read a stream as browsers do: fields until an empty line; what has no data is no event."""
    fields: dict[str, str] = {}
    for line in lines:
        name, _, value = line.partition(":")
        if name:
            fields[name] = value.removeprefix(" ")
        elif not line:
            if "data" in fields:
                yield fields
            fields = {}
