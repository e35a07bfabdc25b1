"""What Koji says of builds, in the envelopes of today's bus and of that of 2016."""

from __future__ import annotations

import itertools
import time
import uuid
from datetime import UTC, datetime
from typing import Any

from fmn_core.demo.events import BUILDING, COMPLETE, Build, build_state

_NUMBERS = itertools.count(1000)

#: a name that nobody should have: it would like to be headers, commands, colours, markup, and longer than anything
HOSTILE = (
    "eve\r\nBcc: mallory@example.org\r\nQUIT :x\x00\x01\x03\x1b[31m <b> \u2028\u202e\ud800\U0001f600 " + "x" * 10_000
)


class KojiBuild:
    """A build of a package that somebody makes.

    :ivar name: name, version and release
    :ivar summaries: what is said of its start and of its end
    """

    def __init__(self, package: str, owner: str = "ralph") -> None:
        number = next(_NUMBERS)
        self._build = Build(number, package, f"4.{number}", "1.fc44", owner)
        self.name = f"{package}-4.{number}-1.fc44"
        self.summaries = [f"{owner}'s build of {self.name} {what}" for what in ("started", "completed")]

    def started(self) -> dict[str, Any]:
        """Return the message that it has begun, as it is written today."""
        return today(*build_state(self._build, None, BUILDING))

    def completed(self) -> dict[str, Any]:
        """Return the message that it is done, as it was written in 2016."""
        return formerly(*build_state(self._build, BUILDING, COMPLETE))


def today(topic: str, body: dict[str, Any]) -> dict[str, Any]:
    """Put a body into the envelope of fedora-messaging."""
    headers = {"sent-at": datetime.now(UTC).isoformat(), "fedora_messaging_severity": 20}
    return {"id": str(uuid.uuid4()), "topic": f"org.fedoraproject.prod.{topic}", "body": body, "headers": headers}


def formerly(topic: str, body: dict[str, Any]) -> dict[str, Any]:
    """Put a body into the envelope of fedmsg."""
    envelope = {"msg_id": f"2016-{uuid.uuid4()}", "timestamp": time.time(), "username": "koji"}
    return {**envelope, "topic": f"org.fedoraproject.prod.{topic}", "msg": body}
