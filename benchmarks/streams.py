"""What thousands of open streams weigh, and how fast events reach them: ``streams.py [--clients N] [--redis URL]``.

The real ``fmn sse`` runs as a process, the clients in another. For comparison a bare aiohttp server, which knows no
tokens, no replay and no users, writes the same bytes to the same clients.
"""

from __future__ import annotations

import argparse
import json
import re
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.request import urlopen

import redis
from raw_clients import Clients

from fmn_backend_sse import fmn_register_backends
from fmn_backend_sse.keys import opened_keys
from fmn_core.commands import FMN
from fmn_core.config import Settings, load_settings
from fmn_core.model import Notification
from fmn_core.testing import notification

#: rounds of which the middle one is told
ROUNDS = 5

BARE = """
import asyncio, resource, sys
from aiohttp import web
resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
streams = set()
async def stream(request):
    response = web.StreamResponse(headers={"Content-Type": "text/event-stream"})
    await response.prepare(request)
    await response.write(b"retry: 3000\\n\\nid: 0\\n\\n")
    streams.add(response)
    await asyncio.get_running_loop().create_future()
async def say(request):
    data = await request.read()
    for one in streams:
        await one.write(data)
    return web.Response()
async def main():
    application = web.Application()
    application.add_routes([web.get("/events/{user}", stream), web.post("/say", say)])
    runner = web.AppRunner(application, handler_cancellation=True, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    print(f"http://127.0.0.1:{runner.addresses[0][1]}/", flush=True)
    await asyncio.Event().wait()
asyncio.run(main())
"""


@contextmanager
def running(*command: str) -> Iterator[tuple[int, str]]:
    """Run a server; the value is its process id and its URL."""
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        found = re.search(r"http://[^/]+", process.stdout.readline())
        if found is None:
            raise SystemExit("the server did not start")
        yield process.pid, found[0]
    finally:
        process.kill()
        process.wait()
        process.stdout.close()


def resident(pid: int) -> int:
    """Return the bytes of memory that a process has."""
    status = Path(f"/proc/{pid}/status").read_text()
    return int(re.search(r"VmRSS:\s+(\d+)", status)[1]) * 1024  # type: ignore[index]  # each process has the line


def middle(rounds: list[float]) -> float:
    return sorted(rounds)[len(rounds) // 2]


def opened(pid: int, clients: Clients, first: list[str], others: list[str]) -> dict[str, Any]:
    """Open streams and tell what they weigh; what the first ones need is needed once."""
    clients.open(first, b"\nid: ")
    before = resident(pid)
    seconds = clients.open(others, b"\nid: ")
    time.sleep(1.0)  # the last answers are sent, and what was needed for a moment is given back
    after = resident(pid)
    return {
        "server_mb": round(before / 2**20, 1),
        "open_seconds": round(seconds, 2),
        "kb_each": round((after - before) / len(others) / 1024, 2),
    }


def timed(clients: Clients, say: Callable[[str], None]) -> float:
    """Say something, and return the seconds until every client has it."""
    rounds = []
    for _ in range(ROUNDS):
        mark = uuid.uuid4().hex
        clients.expect(mark.encode())
        began = time.monotonic()
        say(mark)
        rounds.append(clients.arrived() - began)
    return middle(rounds)


def ours(settings: Settings, config: Path, count: int, users: int) -> dict[str, Any]:
    """Measure ``fmn sse`` with so many clients, evenly of so many users."""
    names = [f"user{number % users}" for number in range(count)]
    (backend,) = fmn_register_backends(settings)
    with running(*FMN, "--config", str(config), "sse") as (pid, base), opened_keys(settings) as keys:
        urls = {name: keys.url(base, name) for name in sorted(set(names))}
        with closing(Clients()) as clients, closing(backend):
            row = opened(pid, clients, [urls[name] for name in names[:20]], [urls[name] for name in names[20:]])

            def say(mark: str) -> None:
                for name in urls:
                    backend.deliver(made(mark, name))

            lasted = timed(clients, say)
    return {**row, "event_to_all_ms": round(lasted * 1000, 1), "events_a_second": round(count / lasted)}


def bare(count: int) -> dict[str, Any]:
    """Measure the server that does nothing but write."""
    with running(sys.executable, "-c", BARE) as (pid, base), closing(Clients()) as clients:
        urls = [f"{base}/events/user{number}?token={'0' * 80}" for number in range(count)]
        row = opened(pid, clients, urls[:20], urls[20:])

        def say(mark: str) -> None:
            from fmn_backend_sse.payload import payload

            data = f"id: 1764000000000000-00000000\nevent: notification\ndata: {payload(made(mark, 'jane'))}\n\n"
            urlopen(f"{base}/say", data.encode(), timeout=60).close()

        lasted = timed(clients, say)
    return {**row, "event_to_all_ms": round(lasted * 1000, 1), "events_a_second": round(count / lasted)}


def made(mark: str, user: str) -> Notification:
    facts = {"summary": f"ralph's build of kernel-6.18 completed {mark}", "url": "https://koji.example.org/1"}
    return notification(facts, user=user, backend="sse", destination=user, message_id=mark)


@contextmanager
def own_keys(url: str) -> Iterator[str]:
    """Return what all keys of this run begin with in Redis; they are deleted at its end."""
    prefix = f"fmn-bench-{uuid.uuid4().hex[:12]}"
    try:
        yield prefix
    finally:
        if url:
            with closing(redis.Redis.from_url(url)) as client:
                for key in client.scan_iter(f"{prefix}:*", count=1000):
                    client.unlink(key)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--clients", type=int, default=5000)
    parser.add_argument("--redis", default="", help="URL of the Redis that carries events; a file does otherwise")
    arguments = parser.parse_args()
    print(json.dumps({"what": "bare aiohttp", "clients": arguments.clients, **bare(arguments.clients)}), flush=True)
    with tempfile.TemporaryDirectory() as folder, own_keys(arguments.redis) as prefix:
        config = Path(folder) / "fmn.toml"
        shared = f'[redis]\nurl = "{arguments.redis}"\n' if arguments.redis else ""
        config.write_text(f'data_dir = "."\n{shared}[plugin.sse]\nport = 0\nredis_prefix = "{prefix}"\n')
        for users in (1, arguments.clients):
            row = ours(load_settings(config, {}), config, arguments.clients, users)
            what = f"fmn sse, {'Redis' if shared else 'file'}"
            print(json.dumps({"what": what, "clients": arguments.clients, "users": users, **row}), flush=True)


if __name__ == "__main__":
    main()
