"""What becomes of notifications while a server is away: ``outage.py [--seconds N] [--notifications N] [--backend B]``.

``fmn deliver`` and the server are processes. The server is killed, notifications are published at a steady rate while
it is away, and it is started again on the same port: all must arrive, in order for each destination, none twice.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import json
import re
import socket
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any, ClassVar

import tomli_w
from aiosmtpd.controller import Controller

from fmn_core.app import Application
from fmn_core.bench.processes import running
from fmn_core.codec import encode_notification
from fmn_core.config import load_settings
from fmn_core.model import Destination, Filter, Notification, Outcome, Preference, RuleUse, User
from fmn_core.testing import notification
from fmn_core.transport.base import deliveries

HOST = "127.0.0.1"
PEOPLE = 40
#: notifications before the server goes away, so that it is known to have been there
BEFORE = PEOPLE
#: seconds after its return in which everything must have come
PATIENCE = 600.0
TICK = 0.05
_NUMBER = re.compile(r"number (\d+)\.")


class MailServer:
    """Writes address and number of each mail to a file before it says that it took it."""

    settings: ClassVar[dict[str, Any]] = {}

    def __init__(self, file: Path, port: int) -> None:
        self._file, self._controller = file, Controller(self, hostname=HOST, port=port)

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as aiosmtpd has it
        note(self._file, envelope.rcpt_tos[0].partition("@")[0], envelope.content.decode("utf-8", "replace"))
        return "250 OK"

    def serve(self) -> None:
        self._controller.start()
        while True:
            time.sleep(60)


class ChatServer:
    """Enough of an IRC server for one who writes to others; notes who gets which number, as the mail server does."""

    settings: ClassVar[dict[str, Any]] = {
        "rate": 1000,
        "burst": 1000,
        "overflow_lines": 0,
        "identification": "none",
        "pause": 1,
    }

    def __init__(self, file: Path, port: int) -> None:
        self._file, self._port = file, port

    def serve(self) -> None:
        asyncio.run(self._serve())

    async def _serve(self) -> None:
        async with await asyncio.start_server(self._talk, HOST, self._port, limit=1 << 20) as server:
            await server.serve_forever()

    async def _talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nick = "*"
        while line := (await reader.readline()).decode("utf-8", "replace").rstrip("\r\n"):
            command, _, rest = line.partition(" ")
            target, _, text = rest.partition(" ")
            answers: list[str] = []
            if command == "NICK":
                nick = rest.lstrip(":")
            elif command == "USER":
                answers = [f":here 001 {nick} :welcome", f":here 422 {nick} :no message of the day"]
            elif command == "CAP" and target == "LS":
                answers = [f":here CAP {nick} LS :"]
            elif command == "PING":
                answers = [f":here PONG here {rest}"]
            elif command == "WHOIS":
                answers = [f":here 311 {nick} {rest} user host * :name", f":here 318 {nick} {rest} :end"]
            elif command == "ISON":
                answers = [f":here 303 {nick} :{rest.lstrip(':')}"]
            elif command in ("PRIVMSG", "NOTICE"):
                note(self._file, target, text)
            writer.write("".join(f"{answer}\r\n" for answer in answers).encode())
            with suppress(ConnectionError):
                await writer.drain()
        writer.close()


SERVERS = {"email": MailServer, "irc": ChatServer}


def note(file: Path, who: str, text: str) -> None:
    """Write down what arrived, each number of a text once."""
    numbers = dict.fromkeys(_NUMBER.findall(text))
    with file.open("a") as out:
        out.write("".join(f"{who} {number}\n" for number in numbers))


class Server:
    """The server's process."""

    def __init__(self, backend: str, file: Path) -> None:
        with socket.create_server((HOST, 0)) as free:
            self.port: int = free.getsockname()[1]
        self._command = [sys.executable, __file__, "--serve", backend, str(file), str(self.port)]

    def start(self) -> None:
        """Start it, and return when it listens."""
        self._process = subprocess.Popen(self._command)
        while self._process.poll() is None:
            with suppress(OSError), socket.create_connection((HOST, self.port), timeout=1):
                return
            time.sleep(TICK)
        raise SystemExit("the server ended by itself")

    def kill(self) -> None:
        """Kill it."""
        self._process.kill()
        self._process.wait()


def person(backend: str, number: int) -> User:
    """Make somebody who wants to hear of everything."""
    name = f"person{number}"
    address = f"{name}@example.org" if backend == "email" else name
    wish = Filter("", "builds of my packages", (RuleUse("user_package_filter"),))
    return User(name, (Preference("", name, backend, True, (Destination(address, confirmed=True),), (wish,)),))


def notification_of(user: User, number: int) -> Notification:
    """Make the notification with a number, which stands in its text."""
    [preference] = user.preferences
    [wish] = preference.filters
    facts = {"summary": f"build number {number}. of a package completed", "thread": f"build/{number}"}
    return notification(
        facts, message_id=f"m{number}", user=user.name, backend=preference.backend,
        destination=preference.destinations[0].address, preference=preference.id, filter_id=wish.id,
        filter_name=wish.name,
    )  # fmt: skip


class Trial:
    """One outage.

    :param raw: the configuration
    """

    def __init__(self, folder: Path, backend: str, raw: dict[str, Any]) -> None:
        self._backend, self._arrived = backend, folder / "arrived"
        self._arrived.touch()
        self.server = Server(backend, self._arrived)
        section = {"host": HOST, "port": self.server.port, **SERVERS[backend].settings}
        self._configuration = folder / "fmn.toml"
        self._log = folder / "log"
        logging = {"data_dir": str(folder), "plugins": {"enabled": [backend]}, "plugin": {backend: section}}
        self._configuration.write_text(tomli_w.dumps({**logging, **raw}))
        self._sent = 0

    def run(self, seconds: float, count: int) -> dict[str, Any]:
        """Let the server be away for so long while notifications come, and say what became of them."""
        try:
            return self._run(seconds, count)
        finally:
            self.server.kill()

    def _run(self, seconds: float, count: int) -> dict[str, Any]:
        self.server.start()
        with closing(Application(load_settings(self._configuration, {}))) as app, closing(app.transport()) as queue:
            users = app.store.preferences.save_all([person(self._backend, number) for number in range(PEOPLE)])
            some = [notification_of(users[number % PEOPLE], number) for number in range(BEFORE + count)]
            with running(self._configuration, [("deliver", self._backend)], errors=self._log) as [delivery]:
                queue.publish(deliveries(self._backend), list(map(encode_notification, some[:BEFORE])))
                self._wait_for(app, BEFORE)
                self.server.kill()
                self._publish(queue, some[BEFORE:], seconds)
                self.server.start()
                began = time.monotonic()
                self._wait_for(app, len(some))
                drained = time.monotonic() - began
                ended = delivery.end()
        return {**self._judge(some), "drained_after_seconds": round(drained, 1), "ended_well": ended}

    def _publish(self, queue: Any, some: Sequence[Notification], seconds: float) -> None:
        began = time.monotonic()
        for number, one in enumerate(some, 1):
            queue.publish(deliveries(self._backend), [encode_notification(one)])
            time.sleep(max(0.0, began + number * seconds / len(some) - time.monotonic()))

    def _wait_for(self, app: Application, count: int) -> None:
        until = time.monotonic() + PATIENCE
        while app.store.ledger.counts().get((self._backend, Outcome.SENT), 0) < count and time.monotonic() < until:
            time.sleep(TICK)

    def _judge(self, some: Sequence[Notification]) -> dict[str, Any]:
        arrived: dict[str, list[int]] = defaultdict(list)
        for line in self._arrived.read_text().splitlines():
            who, _, number = line.partition(" ")
            arrived[who].append(int(number))
        numbers = [number for row in arrived.values() for number in row]
        warnings = [line for line in self._log.read_text().splitlines() if "WARNING" in line or "ERROR" in line]
        return {
            "expected": len(some),
            "delivered": len(set(numbers)),
            "repeated": len(numbers) - len(set(numbers)),
            "out_of_order": sum(a > b for row in arrived.values() for a, b in itertools.pairwise(row)),
            "warnings": warnings,
        }


def main() -> None:
    """Run, or be the server."""
    if sys.argv[1:2] == ["--serve"]:
        backend, file, port = sys.argv[2:]
        SERVERS[backend](Path(file), int(port)).serve()
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0, help="for which the server is away")
    parser.add_argument("--notifications", type=int, default=2000)
    parser.add_argument("--backend", choices=sorted(SERVERS), default="email")
    parser.add_argument("--transport", default="", help="URL of a broker; a file by default")
    parser.add_argument("--store", default="", help="URL of an empty database; SQLite by default")
    chosen = parser.parse_args()
    raw = {name: {"url": url} for name, url in (("transport", chosen.transport), ("store", chosen.store)) if url}
    with tempfile.TemporaryDirectory(prefix="fmn-outage-") as folder:
        result = Trial(Path(folder), chosen.backend, raw).run(chosen.seconds, chosen.notifications)
    print(json.dumps(result, indent=2))
    right = result["delivered"] == result["expected"] and not result["repeated"] and not result["out_of_order"]
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
