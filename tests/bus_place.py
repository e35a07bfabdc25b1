"""A place of a test's own on a real broker: an exchange and a queue, as fedora-messaging's configuration names them."""

from __future__ import annotations

import json
import uuid
from pathlib import Path
from typing import Any

import pika
import tomli_w

QUEUE = {"durable": False, "auto_delete": False, "exclusive": False, "arguments": {}}


class BusPlace:
    """What the operator of the bus has set up, and the application that publishes there."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self._folder = url, folder
        self.name = f"fmn-test-{uuid.uuid4().hex[:12]}"
        self.connection = pika.BlockingConnection(pika.URLParameters(url))
        self.channel = self.connection.channel()
        self.channel.exchange_declare(self.name, "topic")
        self.channel.queue_declare(self.name)
        self.channel.queue_bind(self.name, self.name, "#")

    def settings(self, **changes: Any) -> dict[str, Any]:
        """Return a configuration of fedora-messaging that leads here."""
        return {
            "amqp_url": self.url,
            "passive_declares": False,
            "publish_exchange": self.name,
            "exchanges": {self.name: {"type": "topic", "durable": False, "auto_delete": False, "arguments": {}}},
            "queues": {self.name: QUEUE},
            "bindings": [{"queue": self.name, "exchange": self.name, "routing_keys": ["#"]}],
        } | changes

    def configuration(self, **changes: Any) -> Path:
        """Write it into a file."""
        path = self._folder / "bus.toml"
        path.write_text(tomli_w.dumps(self.settings(**changes)), "utf-8")
        return path

    def publish(self, topic: str, body: Any, headers: dict[str, Any] | None = None, **properties: Any) -> None:
        """Publish as fedora-messaging does, with whatever properties instead of its own; bytes go out as they are."""
        known = {"fedora_messaging_schema": "base.message", "fedora_messaging_severity": 20}
        properties = {"message_id": f"id of {topic}", "content_encoding": "utf-8"} | properties
        raw = body if isinstance(body, bytes) else json.dumps(body).encode()
        full = pika.BasicProperties(headers=known if headers is None else headers, **properties)
        self.channel.basic_publish(self.name, topic, raw, full)

    def waiting(self) -> int:
        """Return how many messages wait, those that are out not counted."""
        return int(self.channel.queue_declare(self.name, passive=True).method.message_count)

    def close(self) -> None:
        """Take everything along, on a connection that no test has made use of."""
        with pika.BlockingConnection(pika.URLParameters(self.url)) as connection:
            connection.channel().queue_delete(self.name)
            connection.channel().exchange_delete(self.name)
        if self.connection.is_open:
            self.connection.close()
