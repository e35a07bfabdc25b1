"""How fast mails leave, against a bare loop of smtplib: ``mails.py [--mails N] [--people N] [--rounds N] [--slow N]``.

Ours goes the whole way: a queue on the disk, delivery with its ledger, composing, SMTP. The loop sends the same bytes
over one connection, with nothing else to do. Both use the same sink, a server in a process of its own; they take turns.
With ``--slow`` one more person has a server that takes five seconds for each mail; with ``--plain`` the sink does not
take commands at once (PIPELINING), which nearly all servers do and smtplib makes no use of.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import multiprocessing
import smtplib
import socket
import tempfile
import time
from contextlib import closing
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller

from fmn_core.app import Application
from fmn_core.codec import encode_notification
from fmn_core.config import Settings
from fmn_core.model import Destination, Filter, Notification, Outcome, Preference, RuleUse, User
from fmn_core.testing import notification
from fmn_core.transport.base import deliveries

SLOW = "slow@example.org"
PATIENCE = 300.0


class Sink:
    """Takes every mail and keeps it; one address takes its time."""

    def __init__(self, pause: float, plain: bool) -> None:
        self.mails: list[tuple[str, bytes]] = []
        self._pause, self._plain = pause, plain

    async def handle_EHLO(  # noqa: N802 - as aiosmtpd has it
        self, server: Any, session: Any, envelope: Any, hostname: str, responses: list[str]
    ) -> list[str]:
        session.host_name = hostname
        return responses if self._plain else [*responses[:-1], "250-PIPELINING", responses[-1]]

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:  # noqa: N802 - as aiosmtpd has it
        if address == SLOW:
            await asyncio.sleep(self._pause)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:  # noqa: N802 - as aiosmtpd has it
        self.mails.append((envelope.rcpt_tos[0], envelope.content))
        return "250 OK"


def free_port() -> int:
    """Return a port on which nobody listens."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port: int = taken.getsockname()[1]
        return port


def serve(pipe: Connection, pause: float, plain: bool) -> None:
    """Run a sink; whoever says something gets what has come since."""
    sink = Sink(pause, plain)
    controller = Controller(sink, hostname="127.0.0.1", port=free_port())
    controller.start()
    pipe.send(controller.port)
    while pipe.recv():
        mails, sink.mails[:] = list(sink.mails), []
        pipe.send(mails)
    controller.stop()


class Far:
    """The sink's process, seen from here."""

    def __init__(self, pause: float, plain: bool = False) -> None:
        self._pipe, far = multiprocessing.Pipe()
        spawn = multiprocessing.get_context("spawn")
        self._process = spawn.Process(target=serve, args=(far, pause, plain), daemon=True)
        self._process.start()
        self.port: int = self._pipe.recv()

    def mails(self) -> list[tuple[str, bytes]]:
        """Return what came since the last question."""
        self._pipe.send(True)
        came: list[tuple[str, bytes]] = self._pipe.recv()
        return came

    def close(self) -> None:
        """End it."""
        self._pipe.send(False)
        self._process.join()


def people(count: int) -> list[User]:
    """Make people who want everything by mail."""
    wish = Filter("", "builds of my packages", (RuleUse("koji_build_completed"), RuleUse("user_package_filter")))
    return [
        User(
            name,
            (Preference("", name, "email", True, (Destination(f"{name}@example.org", confirmed=True),), (wish,)),),
        )
        for name in [*(f"person{number}" for number in range(count)), "slow"]
    ]


def notes(users: list[User], count: int, prefix: str) -> list[Notification]:
    """Make notifications, one for each person after the other."""
    return [
        note(users[number % (len(users) - 1)], f"{prefix}-{number}", f"package{number % 97}") for number in range(count)
    ]


def note(user: User, message_id: str, package: str) -> Notification:
    """Make a notification as a build has it."""
    [preference] = user.preferences
    facts = {
        "summary": f"somebody's build of {package}-1.0-1.fc43 completed (http://koji.example.org/b/1)",
        "details": "\n".join(f"    {package}-1.0-1.fc43.{arch}.rpm" for arch in ("x86_64", "aarch64", "s390x") * 5),
        "url": "http://koji.example.org/b/1",
        "packages": frozenset({package}),
        "usernames": frozenset({"somebody"}),
        "thread": f"koji/build/{message_id}",
        "app": "buildsys",
    }
    where = {"user": user.name, "backend": "email", "destination": preference.destinations[0].address}
    used = {
        "preference": preference.id,
        "filter_id": preference.filters[0].id,
        "filter_name": preference.filters[0].name,
    }
    return notification(facts, message_id=message_id, **where, **used)


def ours(app: Application, users: list[User], sink: Far, count: int, prefix: str, slow: int) -> dict[str, Any]:
    """Send mails through delivery, and say how long that took."""
    some = notes(users, count, prefix)
    late = [note(users[-1], f"{prefix}-slow-{number}", "glacier") for number in range(slow)]
    with closing(app.transport()) as transport:
        transport.publish(deliveries("email"), [encode_notification(one) for one in [*late, *some]])
    [stage] = app.deliveries(["email"])
    with closing(app.transport()) as transport:
        began = time.perf_counter()
        wanted = {one.id for one in some}
        done: set[str] = set()
        while len(done) < count and time.perf_counter() - began < PATIENCE:
            stage.handle(transport, transport.receive(stage.queues, stage.room))
            if stage.counts[Outcome.SENT] >= count:
                done = app.store.ledger.sent(wanted)
        seconds = time.perf_counter() - began
        while stage.busy and not slow:
            stage.handle(transport, [])
        stage.finish()
    stage.close()
    came = [mail for mail in sink.mails() if mail[0] != SLOW]
    return {"seconds": seconds, "mails": came, "slow_sent": stage.counts[Outcome.SENT] - count}


def loop(port: int, mails: list[tuple[str, bytes]]) -> float:
    """Send the same bytes over one connection, and return the seconds."""
    began = time.perf_counter()
    with smtplib.SMTP("127.0.0.1", port) as connection:
        for address, content in mails:
            connection.sendmail("fmn@localhost", [address], content)
    return time.perf_counter() - began


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--mails", type=int, default=1000)
    parser.add_argument("--people", type=int, default=100)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--slow", type=int, default=0, help="mails to the one who takes five seconds for each")
    parser.add_argument("--plain", action="store_true", help="the sink takes one command after the other only")
    parser.add_argument("--store", default="", help="URL of an empty database; SQLite by default")
    chosen = parser.parse_args()
    sink = Far(5.0, chosen.plain)
    with tempfile.TemporaryDirectory(prefix="fmn-mails-") as folder:
        plugin = {"email": {"host": "127.0.0.1", "port": sink.port}}
        settings = Settings(data_dir=Path(folder), store={"url": chosen.store}, plugin=plugin)
        with closing(Application(settings)) as app:
            users = app.store.preferences.save_all(people(chosen.people))
            ratios = []
            for number in range(chosen.rounds):
                result = ours(app, users, sink, chosen.mails, f"round{number}", chosen.slow)
                bare = loop(sink.port, result["mails"])
                sink.mails()
                ratios.append(bare / result["seconds"])
                row = {
                    "mails": len(result["mails"]),
                    "bytes": sum(len(content) for _, content in result["mails"]),
                    "ours_per_second": round(chosen.mails / result["seconds"]),
                    "loop_per_second": round(len(result["mails"]) / bare),
                    "ratio": round(ratios[-1], 2),
                    "slow_sent_meanwhile": result["slow_sent"],
                }
                print(json.dumps(row), flush=True)
            print(json.dumps({"ratio_in_the_middle": round(sorted(ratios)[len(ratios) // 2], 2)}))
    sink.close()


if __name__ == "__main__":
    main()
